// vade: tests of metrics/energy_distance.hpp. S.n are equations of docs/derivations/synthetic.md.
// SPDX-License-Identifier: MIT
#include <vade/metrics/energy_distance.hpp>

#include <limits>

#include <doctest/doctest.h>

namespace {

using doctest::Approx;
using vade::energy_distance;
using vade::energy_test;
using vade::EnergyTest;
using vade::Index;
using vade::Matrix;

Matrix<double> cloud(Index rows, Index columns, std::uint64_t seed, double shift = 0) {
  Matrix<double> m(rows, columns);
  vade::fill_normal(m, seed, vade::Purpose::user);
  return (m.array() + shift).matrix();
}

/// The definition, pair by pair.
double by_formula(const Matrix<double>& x, const Matrix<double>& y) {
  const auto mean_distance = [](const Matrix<double>& a, const Matrix<double>& b) {
    double total = 0;
    for (Index i = 0; i < a.rows(); ++i)
      for (Index j = 0; j < b.rows(); ++j) total += (a.row(i) - b.row(j)).norm();
    return total / static_cast<double>(a.rows() * b.rows());
  };
  return 2 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y);
}

}  // namespace

TEST_CASE("S.6: the energy distance is the formula, at sizes around tiles, in one to five dimensions") {
  for (const Index n : {1, 3, 127, 130})
    for (const Index m : {1, 126, 200})
      for (const Index d : {1, 2, 5}) {
        const Matrix<double> x = cloud(n, d, 1), y = cloud(m, d, 2, 0.5);
        CHECK(energy_distance(x, y) == Approx(by_formula(x, y)).epsilon(1e-10));
      }
}

TEST_CASE("S.6: two points have twice their distance; a sample and itself, in any order, nothing") {
  Matrix<double> a(1, 2), b(1, 2);
  a << 0, 0;
  b << 3, 4;
  CHECK(energy_distance(a, b) == Approx(10).epsilon(1e-15));
  const Matrix<double> x = cloud(50, 2, 3);
  CHECK(std::abs(energy_distance(x, x.colwise().reverse())) < 1e-12);
}

TEST_CASE("S.6: it is symmetric, does not see rotations and shifts, and scales with the data") {
  const Matrix<double> x = cloud(60, 2, 1), y = cloud(40, 2, 2, 1);
  const double e = energy_distance(x, y);
  CHECK(energy_distance(y, x) == Approx(e).epsilon(1e-12));
  CHECK(energy_distance((x.array() + 7).matrix(), (y.array() + 7).matrix()) == Approx(e).epsilon(1e-10));
  Matrix<double> turn(2, 2);
  turn << 0.6, -0.8, 0.8, 0.6;
  CHECK(energy_distance(x * turn, y * turn) == Approx(e).epsilon(1e-11));
  CHECK(energy_distance(3 * x, 3 * y) == Approx(3 * e).epsilon(1e-12));
}

TEST_CASE("S.6: for two standard normals whose means are 1 apart it is near the known expectation") {
  // E|X − Y| for X − Y ~ N(1, 2): √2 (2 φ(a) + a (2 Φ(a) − 1)), a = 1/√2; E|X − X′| = 2/√π.
  const double a = 1 / std::sqrt(2.0), phi = std::exp(-0.25) / std::sqrt(6.283185307179586);
  const double apart = std::sqrt(2.0) * (2 * phi + a * std::erf(a / std::sqrt(2.0)));
  const double wanted = 2 * apart - 4 / std::sqrt(3.14159265358979);
  CHECK(energy_distance(cloud(3000, 1, 1), cloud(3000, 1, 2, 1)) == Approx(wanted).epsilon(0.1));
}

TEST_CASE("S.7: p-values of samples of one density are uniform") {
  int small = 0, large = 0;
  const int rounds = 200;
  for (int r = 0; r < rounds; ++r) {
    const auto seed = static_cast<std::uint64_t>(r);
    const double p = energy_test(cloud(20, 2, 1000 + seed), cloud(30, 2, 5000 + seed), 39, seed).p_value;
    small += p <= 0.1 ? 1 : 0;
    large += p > 0.5 ? 1 : 0;
  }
  CHECK(std::abs(small - 20) < 5 * 4.25);  // five standard deviations √(200 · 0.1 · 0.9)
  CHECK(std::abs(large - 100) < 5 * 7.08);
}

TEST_CASE("S.7: equal statistics are ties, whatever they are rounded to") {
  // Of the 20 deals of six rows into three and three, two are the samples, apart: p is about 2/20.
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const double p = energy_test(cloud(3, 2, 2 * seed), cloud(3, 2, 2 * seed + 1, 30), 2000, seed).p_value;
    CHECK(std::abs(p - 0.1) < 5 * 0.0067);  // five standard deviations √(0.1 · 0.9 / 2000)
  }
}

TEST_CASE("S.7: samples of two densities are told apart: by mean, by spread, and by correlation alone") {
  const Matrix<double> x = cloud(200, 2, 1);
  CHECK(energy_test(x, cloud(200, 2, 2, 0.6)).p_value == Approx(1.0 / 201));
  CHECK(energy_test(x, 2 * cloud(200, 2, 2)).p_value == Approx(1.0 / 201));
  Matrix<double> correlated = cloud(400, 2, 3);
  correlated.col(1) = 0.95 * correlated.col(0) + std::sqrt(1 - 0.95 * 0.95) * correlated.col(1);
  CHECK(energy_test(cloud(400, 2, 4), correlated).p_value < 0.02);
  CHECK(energy_test(x, cloud(200, 2, 6)).p_value > 0.05);
}

TEST_CASE("S.7: the null is of as many deals, ascending, never negative, and its quantiles are its entries") {
  const EnergyTest test = energy_test(cloud(30, 2, 1), cloud(50, 2, 2), 40, 3);
  REQUIRE(test.null.size() == 40);
  CHECK(std::is_sorted(test.null.begin(), test.null.end()));
  CHECK(test.null.front() > 0);
  CHECK(test.null_quantile(0) == test.null[0]);
  CHECK(test.null_quantile(0.5) == test.null[19]);
  CHECK(test.null_quantile(0.95) == test.null[37]);
  CHECK(test.null_quantile(1) == test.null[39]);
  CHECK(test.statistic == Approx(energy_distance(cloud(30, 2, 1), cloud(50, 2, 2))).epsilon(1e-12));
  CHECK_THROWS_AS(test.null_quantile(1.5), vade::ValueError);
}

TEST_CASE("S.7: each deal is the distance of the rows that it deals") {
  const Matrix<double> x = cloud(7, 2, 1), y = cloud(5, 2, 2);
  Matrix<double> all(12, 2);
  all << x, y;
  vade::RandomStream stream(4, vade::Purpose::subsample, 1);
  const auto order = vade::random_permutation(12, stream);
  Matrix<double> first(7, 2), second(5, 2);
  std::vector<bool> taken(12, false);
  for (std::size_t i = 0; i < 7; ++i) {
    first.row(static_cast<Index>(i)) = all.row(order[i]);
    taken[static_cast<std::size_t>(order[i])] = true;
  }
  for (Index i = 0, at = 0; i < 12; ++i)
    if (!taken[static_cast<std::size_t>(i)]) second.row(at++) = all.row(i);
  CHECK(energy_test(x, y, 1, 4).null[0] == Approx(by_formula(first, second)).epsilon(1e-12));
}

TEST_CASE("Results are the same bytes for any number of threads, and for the same seed only") {
  const int before = vade::default_pool().threads();
  const Matrix<double> x = cloud(300, 2, 1), y = cloud(200, 2, 2);
  vade::set_threads(1);
  const EnergyTest one = energy_test(x, y, 20, 5);
  vade::set_threads(3);
  const EnergyTest three = energy_test(x, y, 20, 5);
  vade::set_threads(before);
  CHECK(one.statistic == three.statistic);
  CHECK(one.null == three.null);
  CHECK(one.null != energy_test(x, y, 20, 6).null);
}

TEST_CASE("Samples that do not fit are refused by name") {
  CHECK_THROWS_WITH_AS(energy_distance(cloud(3, 2, 1), cloud(3, 1, 1)),
                       "energy_distance: y is [3 x 1], wanted [at least 1 x 2]", vade::ShapeError);
  CHECK_THROWS_AS(energy_distance(Matrix<double>(0, 2), cloud(3, 2, 1)), vade::ShapeError);
  Matrix<double> bad = cloud(3, 2, 1);
  bad(1, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(energy_test(cloud(3, 2, 1), bad), vade::ValueError);
  CHECK_THROWS_AS(energy_test(cloud(3, 2, 1), cloud(3, 2, 1), 0), vade::ValueError);
}

TEST_CASE("S.6: distances that overflow are refused, not a p-value of one over all") {
  const Matrix<double> x = cloud(20, 2, 1) * 1e200, y = cloud(20, 2, 2);
  CHECK_THROWS_WITH_AS(energy_distance(x, y), "energy_distance: distances overflow, wanted smaller values in x and y",
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(energy_test(x, y, 20), "energy_test: distances overflow, wanted smaller values in x and y",
                       vade::ValueError);
}

TEST_CASE("S.7: without a null there is no quantile of it, and a wrong level is refused first") {
  CHECK_THROWS_WITH_AS(EnergyTest{}.null_quantile(0.5),
                       "EnergyTest::null_quantile: null is empty, wanted that of an energy_test", vade::StateError);
  CHECK_THROWS_AS(EnergyTest{}.null_quantile(-0.5), vade::ValueError);
}

TEST_CASE("S.6: distances scale with the data, also where their squares would underflow") {
  const Matrix<double> x = cloud(20, 2, 1), y = cloud(20, 2, 2, 1);
  CHECK(energy_distance(1e-150 * x, 1e-150 * y) == Approx(1e-150 * energy_distance(x, y)).epsilon(1e-12).scale(0));
  CHECK(energy_distance(1e-170 * x, 1e-170 * y) == Approx(1e-170 * energy_distance(x, y)).epsilon(1e-12).scale(0));
  CHECK(energy_distance(1e-290 * x, 1e-290 * y) == Approx(1e-290 * energy_distance(x, y)).epsilon(1e-12).scale(0));
}

TEST_CASE("S.7: more permutations than memory holds are refused with their sizes") {
  const Matrix<double> x = Matrix<double>::Zero(2000, 1);
  CHECK_THROWS_WITH_AS(vade::energy_test(x, x, 1'000'000'000),
                       doctest::Contains("energy_test: 1000000001 deals of 4000 rows of 1 columns take"), vade::ResourceError);
  CHECK_THROWS_AS(vade::energy_test(x, x, 1'000'000'001), vade::ValueError);
}
