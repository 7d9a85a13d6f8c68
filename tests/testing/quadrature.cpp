// vade: tests of testing/quadrature.hpp.
// SPDX-License-Identifier: MIT
#include <vade/testing/quadrature.hpp>

#include <doctest/doctest.h>

namespace {

using doctest::Approx;
using vade::Index;
using vade::Matrix;
using vade::RowVector;
using vade::testing::GaussHermite;
using vade::testing::integral;
using vade::testing::plane_integral;

/// E[Uⁿ] of a standard normal: (n − 1)!! for even n, else 0. G.2 of docs/derivations.
double moment(int n) {
  double value = n % 2 == 0 ? 1 : 0;
  for (int k = n - 1; k > 0 && value > 0; k -= 2) value *= k;
  return value;
}

}  // namespace

TEST_CASE("G.2: a rule of n nodes has the moments of the standard normal up to degree 2n - 1, and not of 2n") {
  for (int n = 1; n <= 12; ++n) {
    const GaussHermite rule(n);
    for (int degree = 0; degree < 2 * n; ++degree) {
      const double got = rule.expectation(0, 0, [&](double u) { return std::pow(u, degree); });
      CHECK(std::abs(got - moment(degree)) < 1e-12 * moment(degree + degree % 2));  // rounding, against E|U|ⁿ
    }
    const double next = rule.expectation(0, 0, [&](double u) { return std::pow(u, 2 * n); });
    CHECK(next < 0.999 * moment(2 * n));
  }
}

TEST_CASE("Small rules are the known ones") {
  CHECK(GaussHermite(1).nodes()(0) == 0);
  const GaussHermite two(2), three(3);
  CHECK(two.nodes()(1) == Approx(1).epsilon(1e-15));
  CHECK(two.weights()(0) == Approx(0.5).epsilon(1e-15));
  CHECK(three.nodes()(2) == Approx(std::sqrt(3.0)).epsilon(1e-14));
  CHECK(three.weights()(0) == Approx(1.0 / 6).epsilon(1e-14));
  CHECK(three.weights()(1) == Approx(2.0 / 3).epsilon(1e-14));
}

TEST_CASE("Nodes ascend, in pairs about 0; weights are positive and sum to one") {
  for (const Index n : {2, 7, 40, 100}) {
    const GaussHermite rule(n);
    for (Index k = 1; k < n; ++k) CHECK(rule.nodes()(k) > rule.nodes()(k - 1));
    CHECK(rule.nodes().isApprox(-rule.nodes().reverse(), 1e-15));
    CHECK(rule.weights().minCoeff() >= 0);
    CHECK(rule.weights().sum() == Approx(1).epsilon(1e-15));
  }
}

TEST_CASE("Expectations of a smooth function converge to the known value, for any mean and variance") {
  const GaussHermite rule(40);
  for (const double mean : {-1.0, 0.5})
    for (const double log_variance : {-3.0, 0.0, 1.0}) {
      const double variance = std::exp(log_variance);
      CHECK(rule.expectation(mean, log_variance, [](double z) { return std::exp(z); }) ==
            Approx(std::exp(mean + variance / 2)).epsilon(1e-12));
      CHECK(rule.expectation(mean, log_variance, [](double z) { return std::cos(z); }) ==
            Approx(std::cos(mean) * std::exp(-variance / 2)).epsilon(1e-11));
    }
}

TEST_CASE("The product rule has mean and covariance L L' in one, two and three dimensions") {
  for (const Index latent : {1, 2, 3}) {
    RowVector<double> mean(latent);
    Matrix<double> factor = Matrix<double>::Zero(latent, latent);
    for (Index i = 0; i < latent; ++i) {
      mean(i) = 0.5 - static_cast<double>(i);
      for (Index j = 0; j <= i; ++j) factor(i, j) = 1 + 0.3 * static_cast<double>(i) - 0.7 * static_cast<double>(j);
    }
    const Matrix<double> covariance = factor * factor.transpose();
    const GaussHermite rule(3);
    for (Index i = 0; i < latent; ++i) {
      CHECK(rule.expectation(mean, factor, [&](const auto& z) { return z(i); }) == Approx(mean(i)).epsilon(1e-13));
      for (Index j = 0; j < latent; ++j)
        CHECK(rule.expectation(mean, factor, [&](const auto& z) { return (z(i) - mean(i)) * (z(j) - mean(j)); }) ==
              Approx(covariance(i, j)).epsilon(1e-13));
    }
  }
  RowVector<double> two(2);
  two.setZero();
  CHECK_THROWS_WITH_AS(
      GaussHermite(3).expectation(two, Matrix<double>(Matrix<double>::Identity(3, 3)), [](const auto&) { return 1.0; }),
      "GaussHermite::expectation: factor is [3 x 3], wanted [2 x 2]", vade::ShapeError);
}

TEST_CASE("The trapezoidal rule is exact for lines, of second order for parabolas, and far better for bells") {
  CHECK(integral(-1, 3, 5, [](double x) { return 2 * x + 1; }) == Approx(12).epsilon(1e-14));
  const auto parabola_error = [](int steps) { return integral(0, 1, steps, [](double x) { return x * x; }) - 1.0 / 3; };
  CHECK(parabola_error(10) / parabola_error(20) == Approx(4).epsilon(1e-9));
  const double root = std::sqrt(6.283185307179586);
  CHECK(integral(-10, 10, 40, [](double x) { return std::exp(-0.5 * x * x); }) == Approx(root).epsilon(1e-13));
  CHECK(plane_integral(-10, 10, 40, [](double x, double y) { return std::exp(-0.5 * (x * x + y * y + x * y)); }) ==
        Approx(2 * root * root / std::sqrt(3.0)).epsilon(1e-12));
}

TEST_CASE("Counts out of range are refused by name") {
  CHECK_THROWS_WITH_AS(GaussHermite(0), "GaussHermite: n is 0, wanted a value in [1, 200]", vade::ValueError);
  CHECK_THROWS_AS(integral(0, 1, 0, [](double) { return 1.0; }), vade::ValueError);
}
