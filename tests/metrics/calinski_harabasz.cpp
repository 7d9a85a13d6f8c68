#include <vade/metrics/calinski_harabasz.hpp>

#include <doctest/doctest.h>

#include <limits>

#include <vade/core/random.hpp>

#include "golden.hpp"

TEST_CASE("Calinski-Harabasz agrees with scikit-learn") {
  const vade::ConstMatrixView<double> x(golden::x.data(), 60, 3);
  for (std::size_t i = 0; i < golden::geometry.size(); ++i) {
    const vade::Labels& labels = golden::cases[i].predicted;
    const double wanted = golden::geometry[i].calinski_harabasz;
    CHECK(vade::calinski_harabasz(x, labels) == doctest::Approx(wanted).epsilon(1e-12));
    CHECK(vade::calinski_harabasz(vade::Matrix<float>(x.cast<float>()), labels) ==
          doctest::Approx(wanted).epsilon(1e-6));
  }
}

TEST_CASE("Calinski-Harabasz of four points is what the formula says") {
  vade::Matrix<double> x(4, 1);
  x << 0, 2, 10, 12;  // B = 4 · 25, W = 4, N − K = 2
  CHECK(vade::calinski_harabasz(x, {0, 0, 1, 1}) == doctest::Approx(50.0));
}

TEST_CASE("Calinski-Harabasz ignores names of clusters, an offset and a scale of the data") {
  const vade::Matrix<double> x = vade::ConstMatrixView<double>(golden::x.data(), 60, 3);
  vade::Labels renamed = golden::cases[0].predicted;
  for (vade::Label& label : renamed) label = 40 - 7 * label;
  const double wanted = golden::geometry[0].calinski_harabasz;
  CHECK(vade::calinski_harabasz(x, renamed) == doctest::Approx(wanted).epsilon(1e-12));
  CHECK(vade::calinski_harabasz((x.array() * 3.0 + 1e6).matrix().eval(), renamed) ==
        doctest::Approx(wanted).epsilon(1e-7));
}

TEST_CASE("clusters of equal rows have the score 1, as in scikit-learn") {
  vade::Matrix<double> x(4, 1);
  x << 1, 1, 5, 5;
  CHECK(vade::calinski_harabasz(x, {0, 0, 1, 1}) == 1.0);
  // Rows whose mean is rounded.
  vade::Matrix<double> y(12, 2);
  vade::Labels labels(12, 0);
  for (vade::Index i = 0; i < 12; ++i) {
    y.row(i).setConstant(i < 7 ? 0.1 : 0.9);
    labels[static_cast<std::size_t>(i)] = i < 7 ? 0 : 1;
  }
  CHECK(vade::calinski_harabasz(y, labels) == 1.0);
  y(11, 1) += 1e-9;
  CHECK(vade::calinski_harabasz(y, labels) > 1e10);
}

TEST_CASE("Calinski-Harabasz refuses labels and data that have no score") {
  vade::Matrix<double> x = vade::Matrix<double>::Random(4, 2);
  CHECK_THROWS_AS(vade::calinski_harabasz(x, {0, 0, 0, 0}), vade::ValueError);
  CHECK_THROWS_AS(vade::calinski_harabasz(x, {0, 1, 2, 3}), vade::ValueError);
  CHECK_THROWS_AS(vade::calinski_harabasz(x, {0, 1, 0}), vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::calinski_harabasz(vade::Matrix<double>(4, 0), {0, 1, 0, 1}),
                       "calinski_harabasz: x is [4 x 0], wanted at least one column", vade::ShapeError);
  CHECK_THROWS_AS(vade::calinski_harabasz(x, {0, 1, 0, -1}), vade::ValueError);
  x(1, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(vade::calinski_harabasz(x, {0, 1, 0, 1}), vade::ValueError);
}

TEST_CASE("Law of units: Calinski-Harabasz ignores a scale, also where squares would underflow, and orders") {
  vade::Matrix<double> x(4, 1);
  x << 0, 2, 10, 12;
  const vade::Labels labels{0, 0, 1, 1};
  CHECK(vade::calinski_harabasz(vade::Matrix<double>(1e-150 * x), labels) == doctest::Approx(50.0));
  CHECK(vade::calinski_harabasz(vade::Matrix<float>((1e-25 * x).cast<float>()), labels) == doctest::Approx(50.0));
  CHECK(vade::calinski_harabasz(vade::Matrix<double>(1e-170 * x), labels) == doctest::Approx(50.0));
  CHECK(vade::calinski_harabasz(vade::Matrix<double>(1e-300 * x), labels) == doctest::Approx(50.0));

  vade::Matrix<double> y(60, 3);
  vade::fill_normal(y, 5, vade::Purpose::user);
  y = (y.array() * 64).round();  // exact when shifted
  vade::Labels thirds;
  for (vade::Index i = 0; i < 60; ++i) {
    thirds.push_back(static_cast<vade::Label>(i % 3));
    y.row(i).array() += 128.0 * static_cast<double>(i % 3);
  }
  const double wanted = vade::calinski_harabasz(y, thirds);
  const auto same = [&](const vade::Matrix<double>& z) {
    CHECK(vade::calinski_harabasz(z, thirds) == doctest::Approx(wanted).scale(0).epsilon(1e-9));
  };
  for (const double unit : {1e3, 1e-3, 1e6, 1e-6, -1.0, 0x1p-60}) same(unit * y);
  same(y.array() + 1e6);
  same(y.rowwise().reverse());
  const vade::Labels backwards(thirds.rbegin(), thirds.rend());
  CHECK(vade::calinski_harabasz(vade::Matrix<double>(y.colwise().reverse()), backwards) ==
        doctest::Approx(wanted).scale(0).epsilon(1e-12));
}
