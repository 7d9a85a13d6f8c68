#include <vade/models/detail/draw_codes.hpp>

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

namespace draw_codes_test {

using vade::Index;
using vade::Matrix;
using vade::detail::draw_codes;

/// N(−1, 1) and N(1, 1) with equal weights: p(c = 1|z) = 1 / (1 + e^{−2z}).
vade::MixtureParameters<double> two_clusters() {
  vade::MixtureParameters<double> mixture(2, 1);
  mixture.means.value() << -1, 1;
  return mixture;
}

TEST_CASE("Draws of codes: with a confidence, those of a cluster that are as certain, and no others (R.5)") {
  const vade::MixtureParameters<double> mixture = two_clusters();
  const double t = 0.9, edge = 0.5 * std::log(t / (1 - t));  // p(1|z) >= t for z >= edge
  const Matrix<double> z = draw_codes<double>(mixture, 20000, 1, t, 3);
  CHECK(z.minCoeff() >= edge);
  // The mean of N(1, 1) beyond a = edge − 1 deviations: 1 + φ(a) / (1 − Φ(a)).
  const double a = edge - 1, density = std::exp(-a * a / 2) / std::sqrt(2 * std::numbers::pi), beyond = std::erfc(a / std::sqrt(2.0)) / 2;
  CHECK(std::abs(z.mean() - (1 + density / beyond)) < 0.02);  // 4 standard errors
  // Of both clusters: as far on either side.
  const Matrix<double> both = draw_codes<double>(mixture, 20000, {}, t, 3);
  CHECK(both.cwiseAbs().minCoeff() >= edge);
  CHECK(std::abs((both.array() > 0).cast<double>().mean() - 0.5) < 0.015);
}

TEST_CASE("Draws of codes: without a confidence, those of the whole Gaussian, and certain ones among them stay") {
  const vade::MixtureParameters<double> mixture = two_clusters();
  const Matrix<double> all = draw_codes<double>(mixture, 500, 1, 0, 3), certain = draw_codes<double>(mixture, 500, 1, 0.9, 3);
  const double edge = 0.5 * std::log(9.0);
  for (Index i = 0; i < all.rows(); ++i) CHECK((certain(i, 0) == all(i, 0)) == (all(i, 0) >= edge));
}

TEST_CASE("Draws of codes: a cluster that lies among the others cannot be certain, and says so") {
  vade::MixtureParameters<double> mixture(2, 1);  // the same Gaussian twice: p(c|z) = 1/2 everywhere
  CHECK_THROWS_WITH_AS(draw_codes<double>(mixture, 3, 1, 0.6, 3),
                       doctest::Contains("none has p(c|z) of 0.6 or more in cluster 1"), vade::ValueError);
  CHECK(draw_codes<double>(mixture, 3, 1, 0.5, 3).rows() == 3);
}

}  // namespace draw_codes_test
