// vade: tests of data/synthetic.hpp. S.n are equations of docs/derivations/synthetic.md.
// SPDX-License-Identifier: MIT
#include <vade/data/synthetic.hpp>

#include <doctest/doctest.h>
#include <Eigen/LU>

namespace {

using doctest::Approx;
using vade::Index;
using vade::Matrix;
using vade::PlanePoint;
using vade::RowVector;
using vade::Synthetic;
using vade::synthetic_data;

constexpr double pi = 3.14159265358979323846;
constexpr Index many = 40000;

/// Mean and covariance of the rows with this label, or of all for −1.
struct Moments {
  RowVector<double> mean;
  Matrix<double> covariance;
  double rows = 0;
};

Moments moments(const vade::LabelledDataset& data, vade::Label label = -1) {
  const Matrix<double> all = data.images.matrix<double>();
  Matrix<double> chosen(all.rows(), 2);
  Index count = 0;
  for (Index i = 0; i < all.rows(); ++i)
    if (label < 0 || data.labels[static_cast<std::size_t>(i)] == label) chosen.row(count++) = all.row(i);
  const Matrix<double> rows = chosen.topRows(count);
  Moments m{.mean = rows.colwise().mean(), .covariance = {}, .rows = static_cast<double>(count)};
  const Matrix<double> d = rows.rowwise() - m.mean;
  m.covariance = d.transpose() * d / m.rows;
  return m;
}

/// Mean and covariance are those of a Gaussian, each entry within five standard errors (false alarm 6e-7).
void check_gaussian(const Moments& m, const RowVector<double>& mean, const Matrix<double>& covariance) {
  for (Index i = 0; i < 2; ++i) {
    CHECK(std::abs(m.mean(i) - mean(i)) < 5 * std::sqrt(covariance(i, i) / m.rows));
    for (Index j = 0; j < 2; ++j) {
      const double error =
          std::sqrt((covariance(i, i) * covariance(j, j) + covariance(i, j) * covariance(i, j)) / m.rows);
      CHECK(std::abs(m.covariance(i, j) - covariance(i, j)) < 5 * error);
    }
  }
}

Matrix<double> diagonal(double a, double b) {
  Matrix<double> m = Matrix<double>::Zero(2, 2);
  m(0, 0) = a;
  m(1, 1) = b;
  return m;
}

Matrix<double> rotation(double angle) {
  Matrix<double> r(2, 2);
  r << std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle);
  return r;
}

RowVector<double> point(double x, double y) {
  RowVector<double> p(2);
  p << x, y;
  return p;
}

}  // namespace

TEST_CASE("S.1: the isotropic-noise Gaussian has covariance diag(9, 1/9) + 0.2 I") {
  check_gaussian(moments(synthetic_data(Synthetic::isotropic, many, 1)), point(0, 0), diagonal(9.2, 1.0 / 9 + 0.2));
}

TEST_CASE("S.2: the rotated Gaussian is turned by 60 degrees, counter-clockwise") {
  const Matrix<double> r = rotation(pi / 3);
  check_gaussian(moments(synthetic_data(Synthetic::rotated, many, 1)), point(0, 0),
                 r * diagonal(9, 1.0 / 9) * r.transpose() + diagonal(0.2, 0.2));
  const PlanePoint up = vade::rotate({1, 0}, pi / 2);
  CHECK(up.x == Approx(0));
  CHECK(up.y == Approx(1));
}

TEST_CASE("S.3: points of the figure 8 lie on a lemniscate, on both of its loops") {
  // (X² + Y²)² = 2 (X² − Y²) for X = 2x, Y = y.
  bool left = false, right = false;
  for (double z = -3; z <= 3; z += 0.01) {
    const PlanePoint p = vade::figure_eight_point(z);
    const double x2 = 4 * p.x * p.x, y2 = p.y * p.y;
    CHECK((x2 + y2) * (x2 + y2) == Approx(2 * (x2 - y2)).epsilon(1e-12));
    left = left || p.x < -0.7;
    right = right || p.x > 0.6;
  }
  CHECK(left);
  CHECK(right);
  CHECK(vade::figure_eight_point(0).x == Approx(std::sqrt(0.5) * std::cos(1.5 * pi) / 2));
}

TEST_CASE("S.3: the noise of the figure 8 has variance 0.02, and the rows follow the curve") {
  const auto data = synthetic_data(Synthetic::figure_eight, 4000, 1);
  double squares = 0;
  for (Index i = 0; i < 4000; ++i) {
    vade::RandomStream stream(1, vade::Purpose::synthetic, 0, static_cast<std::uint32_t>(i));
    const PlanePoint p = vade::figure_eight_point(stream.normal<double>());
    const auto row = data.images.slice(i, 1).matrix<double>();
    squares += std::pow(row(0, 0) - p.x, 2) + std::pow(row(0, 1) - p.y, 2);
  }
  CHECK(std::abs(squares / 8000 - 0.02) < 5 * 0.02 * std::sqrt(2.0 / 8000));
}

TEST_CASE("Slip: document 004's u = 0.6 + 1.8 Phi(z) without pi is an arc through the centre without loops, not S.3") {
  // A figure 8 reaches both ends of the lemniscate, x = ±½ √2, and comes back towards the centre from both.
  const auto printed = [](double z) {
    const double u = 0.6 + 1.8 * vade::normal_cdf(z);
    return std::sqrt(0.5) * std::cos(u) / (1 + std::sin(u) * std::sin(u));
  };
  const auto ours = [](double z) { return vade::figure_eight_point(z).x; };
  const auto reach = [](const auto& x_at, double sign) {
    double farthest = 0;
    for (double z = -4; z <= 4; z += 0.01) farthest = std::max(farthest, sign * x_at(z));
    return farthest;
  };
  for (const double sign : {-1.0, 1.0}) {
    CHECK(reach(printed, sign) < 0.5);
    CHECK(reach(ours, sign) > 0.707);
    CHECK(std::abs(printed(4 * sign)) > 0.3);
    CHECK(std::abs(ours(4 * sign)) < 0.12);
  }
}

TEST_CASE("S.4: the angle of a blob is 0, 4, 8 or 12, with the shares of the normal distribution") {
  // u < c exactly if z < −(2/π) log(2π/c − 1).
  const auto share_below = [](double c) { return vade::normal_cdf(-2 / pi * std::log(2 * pi / c - 1)); };
  const double edges[] = {0, share_below(1), share_below(3), share_below(5), 1};
  const auto data = synthetic_data(Synthetic::three_blobs, many, 2);
  double between = 0;
  for (double z = -4; z <= 4; z += 0.001) {
    const double angle = vade::blob_angle(z);
    CHECK(std::abs(angle - 6) < 6 + 1e-5);
    if (std::abs(angle / 4 - std::round(angle / 4)) > 0.05) between += 0.001 * std::exp(-z * z / 2) / std::sqrt(2 * pi);
  }
  CHECK(between < 0.16);  // the rest is within a twentieth of a step of a blob's angle
  for (int k = 0; k < 4; ++k) {
    const double share = edges[k + 1] - edges[k];
    const double got = static_cast<double>(std::count(data.labels.begin(), data.labels.end(), k)) / many;
    CHECK(std::abs(got - share) < 5 * std::sqrt(share * (1 - share) / many));
  }
  const Moments first = moments(data, 2);  // centred at angle 8, but for the few rows between blobs
  CHECK(first.mean(0) == Approx(std::cos(8.0)).epsilon(0.2).scale(0));
  CHECK(first.mean(1) == Approx(std::sin(8.0)).epsilon(0.05));
}

TEST_CASE(
    "S.5: the parts of the mixture are turned by 0, 120 and 60 degrees about their centres, and equally frequent") {
  const auto data = synthetic_data(Synthetic::mixture, many, 3);
  const double side = 3 * std::sqrt(3.0);
  const RowVector<double> centres[] = {point(0, side), point(-side, -side / 2), point(side, -side / 2)};
  const double angles[] = {0, 2 * pi / 3, pi / 3};
  for (vade::Label k = 0; k < 3; ++k) {
    const Moments m = moments(data, k);
    const Matrix<double> r = rotation(angles[k]);
    check_gaussian(m, centres[k], r * diagonal(3, 1.0 / 3) * r.transpose());
    CHECK(std::abs(m.rows / many - 1.0 / 3) < 5 * std::sqrt(2.0 / 9 / many));
  }
}

TEST_CASE("Slip: document 004's third rotation, which mixes pi/3 with 2/3, is no rotation; that of S.5 is one") {
  Matrix<double> printed(2, 2);
  printed << std::cos(pi / 3), -std::sin(2.0 / 3), std::sin(pi / 3), std::cos(pi / 3);
  CHECK(std::abs(printed.determinant() - 1) > 0.2);
  const PlanePoint centre = vade::mixture_point(2, {0, 0}), a = vade::mixture_point(2, {1, 0}),
                   b = vade::mixture_point(2, {0, 1});
  Matrix<double> ours(2, 2);
  ours << a.x - centre.x, b.x - centre.x, a.y - centre.y, b.y - centre.y;
  CHECK(ours.determinant() == Approx(1).epsilon(1e-14));
  CHECK((ours * ours.transpose()).isApprox(Matrix<double>::Identity(2, 2), 1e-14));
  CHECK(ours.isApprox(rotation(pi / 3), 1e-14));
}

TEST_CASE("S.8: each density integrates to one, and its mean logarithm over draws is the same as over the plane") {
  for (const auto& info : vade::synthetic_densities) {
    const bool narrow = info.which == Synthetic::figure_eight || info.which == Synthetic::three_blobs;
    const double reach = narrow ? 4 : 16, step = narrow ? 0.08 : 0.2;
    double total = 0, mean = 0;
    for (double x = -reach; x <= reach; x += step)
      for (double y = -reach; y <= reach; y += step) {
        const double log_density = vade::synthetic_log_density(info.which, {x, y});
        total += step * step * std::exp(log_density);
        if (log_density > -700) mean += step * step * std::exp(log_density) * log_density;
      }
    CHECK(total == Approx(1).epsilon(1e-6));
    const Matrix<double> draws = synthetic_data(info.which, 3000, 9).images.matrix<double>();
    double sum = 0, squares = 0;
    for (Index i = 0; i < draws.rows(); ++i) {
      const double value = vade::synthetic_log_density(info.which, {draws(i, 0), draws(i, 1)});
      sum += value;
      squares += value * value;
    }
    const double average = sum / 3000, error = std::sqrt((squares / 3000 - average * average) / 3000);
    CHECK(std::abs(average - mean) < 5 * error);  // false alarm 6e-7
  }
}

TEST_CASE("S.8: densities of curves do not change with the step of the quadrature, near the curve and far from it") {
  for (const Synthetic which : {Synthetic::figure_eight, Synthetic::three_blobs}) {
    const vade::detail::LatentCurve fine(which, 12800);
    for (const double reach : {0.5, 1.0, 3.0, 20.0})
      for (int k = 0; k < 24; ++k) {
        const PlanePoint p{reach * std::cos(0.26 * k), reach * std::sin(0.26 * k)};
        const double got = vade::synthetic_log_density(which, p);
        CHECK(std::abs(got - fine.log_density(p)) < (reach > 3 ? 1e-8 : 1e-10) * (1 + std::abs(got)));
      }
  }
}

TEST_CASE("S.8: densities of points far away are small, and their logarithms finite") {
  CHECK(vade::synthetic_log_density(Synthetic::figure_eight, {5, 5}) == Approx(-1013.4).epsilon(1e-4));
  // The part of the mixture that is turned by 60 degrees is longest to the upper right, and decides there.
  const double side = 3 * std::sqrt(3.0), far = 1000;
  CHECK(vade::synthetic_log_density(Synthetic::mixture, {side + far * std::cos(pi / 3), -side / 2 + far * std::sin(pi / 3)}) ==
        Approx(-far * far / 6 - std::log(2 * pi) - std::log(3.0)).epsilon(1e-12));
  for (const auto& info : vade::synthetic_densities)
    for (const double distance : {50.0, 1e4}) {
      const double got = vade::synthetic_log_density(info.which, {distance, -distance});
      CHECK(std::isfinite(got));
      CHECK(got < -200);
    }
}

TEST_CASE("Rows depend on the seed, the part and their number alone") {
  for (const auto& info : vade::synthetic_densities) {
    const auto few = synthetic_data(info.which, 10, 5), more = synthetic_data(info.which, 100, 5);
    CHECK(more.images.slice(0, 10).fingerprint() == few.images.fingerprint());
    CHECK(synthetic_data(info.which, 10, 6).images.fingerprint() != few.images.fingerprint());
    CHECK(synthetic_data(info.which, 10, 5, 1).images.fingerprint() != few.images.fingerprint());
    CHECK(few.images.columns() == 2);
    CHECK(few.labels.size() == 10);
  }
}

TEST_CASE("Labels are small numbers from 0, all of which occur") {
  for (const auto& info : vade::synthetic_densities) {
    const auto data = synthetic_data(info.which, 2000, 7);
    const int groups = info.which == Synthetic::mixture ? 3 : info.which == Synthetic::three_blobs ? 4 : 6;
    for (int k = 0; k < groups; ++k) CHECK(std::count(data.labels.begin(), data.labels.end(), k) > 50);
    CHECK(*std::max_element(data.labels.begin(), data.labels.end()) == groups - 1);
  }
}

TEST_CASE("The table of densities is in the order of the enumeration, with names that differ") {
  for (std::size_t k = 0; k < vade::synthetic_densities.size(); ++k) {
    CHECK(static_cast<std::size_t>(vade::synthetic_densities[k].which) == k);
    for (std::size_t j = 0; j < k; ++j) CHECK(vade::synthetic_densities[k].name != vade::synthetic_densities[j].name);
  }
}

TEST_CASE("No rows are refused") {
  CHECK_THROWS_WITH_AS(synthetic_data(Synthetic::mixture, 0, 1),
                       "synthetic_data: rows is 0, wanted a value in [1, 4294967296]", vade::ValueError);
  // Row numbers of 32 bits: later rows would have the draws of earlier ones.
  CHECK_THROWS_AS(synthetic_data(Synthetic::mixture, (Index{1} << 32) + 1, 1), vade::ValueError);
}
