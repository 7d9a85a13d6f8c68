#include <vade/metrics/silhouette.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <vade/core/random.hpp>

#include "golden.hpp"

namespace {

/// The definition, row by row.
std::vector<double> direct_silhouette(const vade::Matrix<double>& x, const vade::Labels& labels, vade::Label clusters) {
  std::vector<double> values;
  for (vade::Index i = 0; i < x.rows(); ++i) {
    std::vector<double> sum(static_cast<std::size_t>(clusters), 0.0), count = sum;
    for (vade::Index j = 0; j < x.rows(); ++j) {
      if (i == j) continue;
      const auto k = static_cast<std::size_t>(labels[static_cast<std::size_t>(j)]);
      sum[k] += (x.row(i) - x.row(j)).norm();
      ++count[k];
    }
    const auto own = static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
    double beside = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < sum.size(); ++k)
      if (k != own && count[k] > 0) beside = std::min(beside, sum[k] / count[k]);
    const double within = count[own] > 0 ? sum[own] / count[own] : 0.0;
    values.push_back(count[own] > 0 ? (beside - within) / std::max(beside, within) : 0.0);
  }
  return values;
}

}  // namespace

TEST_CASE("the silhouette agrees with scikit-learn") {
  const vade::ConstMatrixView<double> x(golden::x.data(), 60, 3);
  for (std::size_t i = 0; i < golden::geometry.size(); ++i) {
    const vade::Labels& labels = golden::cases[i].predicted;
    CHECK(vade::silhouette(x, labels) == doctest::Approx(golden::geometry[i].silhouette).epsilon(1e-12));
    CHECK(vade::silhouette(vade::Matrix<float>(x.cast<float>()), labels) ==
          doctest::Approx(golden::geometry[i].silhouette).epsilon(1e-5));
    const std::vector<double> values = vade::silhouette_samples<double>(x, labels);
    for (std::size_t r = 0; r < golden::geometry[i].samples.size(); ++r)
      CHECK(values[r] == doctest::Approx(golden::geometry[i].samples[r]).epsilon(1e-11));
  }
}

TEST_CASE("the silhouette of every row is the definition's, at sizes around tiles and blocks") {
  for (const vade::Index rows : {3, 7, 31, 33, 255, 257, 300}) {
    vade::Matrix<double> x(rows, 5);
    vade::fill_normal(x, 3, vade::Purpose::user);
    vade::Labels labels;
    vade::RandomStream stream(9, vade::Purpose::user);
    for (vade::Index i = 0; i < rows; ++i) labels.push_back(static_cast<vade::Label>(stream.below(2)));
    labels[0] = 2;  // alone in its cluster
    labels[1] = labels[2] = 1;
    const std::vector<double> wanted = direct_silhouette(x, labels, 3);
    const std::vector<double> got = vade::silhouette_samples<double>(x, labels);
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(got[i] == doctest::Approx(wanted[i]).epsilon(1e-11));
  }
}

TEST_CASE("a row that is alone in its cluster has silhouette 0, and so have rows that all coincide") {
  vade::Matrix<double> x(3, 1);
  x << 0, 1, 50;
  CHECK(vade::silhouette_samples<double>(x, {0, 0, 1})[2] == 0.0);
  CHECK(vade::silhouette(vade::Matrix<double>::Ones(4, 2).eval(), {0, 0, 1, 1}) == 0.0);
}

TEST_CASE("the silhouette ignores names of clusters, and single precision survives an offset") {
  const vade::Matrix<double> x = vade::ConstMatrixView<double>(golden::x.data(), 60, 3);
  vade::Labels renamed = golden::cases[0].predicted;
  for (vade::Label& label : renamed) label = 40 - 7 * label;
  CHECK(vade::silhouette(x, renamed) == doctest::Approx(golden::geometry[0].silhouette).epsilon(1e-12));
  const vade::Matrix<float> shifted = (x.array() + 4096.0).cast<float>().matrix();
  CHECK(vade::silhouette(shifted, renamed) == doctest::Approx(golden::geometry[0].silhouette).epsilon(1e-3));
}

TEST_CASE("the silhouette is the same bytes for any number of threads") {
  vade::Matrix<float> x(1000, 4);
  vade::fill_normal(x, 3, vade::Purpose::user);
  vade::Labels labels;
  for (int i = 0; i < 1000; ++i) labels.push_back(i % 7);
  const int before = vade::default_pool().threads();
  vade::set_threads(1);
  const double wanted = vade::silhouette(x, labels);
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    CHECK(vade::silhouette(x, labels) == wanted);
  }
  vade::set_threads(before);
}

TEST_CASE("a sampled silhouette is exact on its rows, repeatable, and whole when all rows are asked for") {
  vade::Matrix<double> x(500, 2);
  vade::fill_normal(x, 3, vade::Purpose::user);
  vade::Labels labels;
  for (vade::Index i = 0; i < 500; ++i) {
    labels.push_back(static_cast<vade::Label>(i % 3));
    x(i, 0) += 2.0 * static_cast<double>(i % 3);
  }
  const double whole = vade::silhouette(x, labels);
  CHECK(vade::silhouette_sample(x, labels, 500, 1) == whole);
  const double sampled = vade::silhouette_sample(x, labels, 200, 1);
  CHECK(sampled == vade::silhouette_sample(x, labels, 200, 1));
  CHECK(sampled != vade::silhouette_sample(x, labels, 200, 2));
  CHECK(std::abs(sampled - whole) < 0.06);

  vade::RandomStream stream(1, vade::Purpose::subsample);
  std::vector<vade::Index> order = vade::random_permutation(500, stream);
  vade::Matrix<double> drawn(200, 2);
  vade::Labels drawn_labels;
  for (vade::Index i = 0; i < 200; ++i) {
    drawn.row(i) = x.row(order[static_cast<std::size_t>(i)]);
    drawn_labels.push_back(labels[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
  }
  CHECK(sampled == doctest::Approx(vade::silhouette(drawn, drawn_labels)).epsilon(1e-12));
}

TEST_CASE("the silhouette refuses labels and data that have no score") {
  vade::Matrix<double> x = vade::Matrix<double>::Random(4, 2);
  CHECK_THROWS_AS(vade::silhouette(x, {0, 0, 0, 0}), vade::ValueError);
  CHECK_THROWS_AS(vade::silhouette(x, {0, 1, 2, 3}), vade::ValueError);
  CHECK_THROWS_AS(vade::silhouette(x, {0, 1, 0}), vade::ShapeError);
  CHECK_THROWS_AS(vade::silhouette_sample(x, {0, 1, 0, 1}, 2, 0), vade::ValueError);
  x(3, 0) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(vade::silhouette(x, {0, 1, 0, 1}),
                       "silhouette: x has inf at row 3, column 0, wanted finite values", vade::ValueError);
}

TEST_CASE("squares that overflow are refused, not NaN") {
  vade::Matrix<float> x(6, 1);
  x << 0, 1, 2, 2e19f, 2.1e19f, 2.2e19f;
  const vade::Labels labels{0, 0, 0, 1, 1, 1};
  CHECK_THROWS_WITH_AS(vade::silhouette(x, labels), "silhouette: squared distances overflow, wanted smaller values in x",
                       vade::ValueError);
  CHECK(vade::silhouette(vade::Matrix<double>(x.cast<double>()), labels) > 0.9);
}

TEST_CASE("Law of units: the silhouette ignores a scale, also where squares would underflow") {
  vade::Matrix<float> x(6, 1);
  x << 1, 2, 3, 11, 12, 13;
  const vade::Labels labels{0, 0, 0, 1, 1, 1};
  const double wanted = vade::silhouette(x, labels);
  CHECK(vade::silhouette(vade::Matrix<float>(1e-17f * x), labels) == doctest::Approx(wanted).epsilon(1e-5));
  CHECK(vade::silhouette(vade::Matrix<float>(1e-25f * x), labels) == doctest::Approx(wanted).epsilon(1e-5));
  CHECK(vade::silhouette(vade::Matrix<float>(1e-35f * x), labels) == doctest::Approx(wanted).epsilon(1e-5));
  CHECK(vade::silhouette(vade::Matrix<double>(1e-300 * x.cast<double>()), labels) ==
        doctest::Approx(wanted).epsilon(1e-6));
  const vade::Matrix<double> same = 1e-25 * x.cast<double>();
  CHECK(vade::silhouette(same, labels) == doctest::Approx(wanted).epsilon(1e-5));
}

TEST_CASE("Law of units: scale, shift, and the order of columns and rows change no silhouette") {
  vade::Matrix<double> x(60, 3);
  vade::fill_normal(x, 5, vade::Purpose::user);
  x = (x.array() * 64).round();  // exact when shifted
  vade::Labels labels;
  for (vade::Index i = 0; i < 60; ++i) {
    labels.push_back(static_cast<vade::Label>(i % 3));
    x.row(i).array() += 128.0 * static_cast<double>(i % 3);
  }
  const std::vector<double> wanted = vade::silhouette_samples<double>(x, labels);
  const auto same = [&](const vade::Matrix<double>& y) {
    const std::vector<double> got = vade::silhouette_samples<double>(y, labels);
    for (std::size_t i = 0; i < wanted.size(); ++i) REQUIRE(std::abs(got[i] - wanted[i]) < 1e-9);
  };
  for (const double unit : {1e3, 1e-3, 1e6, 1e-6, -1.0}) same(unit * x);
  CHECK(vade::silhouette_samples<double>(0x1p-60 * x, labels) == wanted);  // to the bit
  same(x.array() + 1e6);
  same(x.rowwise().reverse());
  const vade::Labels backwards(labels.rbegin(), labels.rend());
  std::vector<double> turned = vade::silhouette_samples<double>(x.colwise().reverse(), backwards);
  for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(std::abs(turned[59 - i] - wanted[i]) < 1e-12);
}
