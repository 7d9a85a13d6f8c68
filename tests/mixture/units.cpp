// vade: the laws of units: what clustering finds does not depend on the units of the columns, on where their zero is,
// or on the order of columns and rows. SPDX-License-Identifier: MIT
#include <vade/mixture/full_covariance.hpp>
#include <vade/mixture/gaussian_mixture.hpp>
#include <vade/mixture/kmeans.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <vector>

#include <doctest/doctest.h>

#include <vade/core/random.hpp>

namespace {

using doctest::Approx;
using vade::Index;
using vade::Labels;
using vade::Matrix;
using vade::RowVector;

using DiagonalUnits = vade::GaussianMixture<double, vade::DiagonalCovariance>;
using FullUnits = vade::GaussianMixture<double, vade::FullCovariance>;

/// 600 rows of three clusters in the first two columns; the third is noise, correlated with the first.
Matrix<double> three_in_three() {
  Matrix<double> x(600, 3);
  vade::fill_normal(x, 11, vade::Purpose::user);
  for (Index i = 0; i < x.rows(); ++i) {
    x(i, 2) += 0.5 * x(i, 0);
    x(i, 0) += i % 3 == 1 ? 6 : 0;
    x(i, 1) += i % 3 == 2 ? 6 : 0;
  }
  return x;
}

Matrix<double> in_units(const Matrix<double>& x, const RowVector<double>& units) { return x * units.asDiagonal(); }

template <class Mixture>
RowVector<double> variances_of(const Mixture& m, Index k) {
  if constexpr (std::same_as<Mixture, DiagonalUnits>)
    return m.variances().row(k);
  else
    return m.covariances()[static_cast<std::size_t>(k)].diagonal().transpose();
}

/// `b` is what `a` is with columns times `units` plus `shift`: the same iterations, labels and responsibilities, a
/// log-likelihood that differs by Σ log unit, and parameters in those units.
template <class Mixture>
void check_same_mixture(const Mixture& a, const vade::GaussianMixtureReport& report_a, const Matrix<double>& x,
                        const Mixture& b, const vade::GaussianMixtureReport& report_b, const Matrix<double>& y,
                        const RowVector<double>& units, double shift, double error) {
  const double jacobian = units.array().abs().log().sum();
  REQUIRE(report_b.iterations == report_a.iterations);
  for (std::size_t i = 0; i < report_a.log_likelihood.size(); ++i)
    CHECK(std::abs(report_b.log_likelihood[i] + jacobian - report_a.log_likelihood[i]) < error);
  CHECK(report_b.floored == report_a.floored);
  CHECK(b.predict(y) == a.predict(x));
  CHECK((b.predict_proba(y) - a.predict_proba(x)).cwiseAbs().maxCoeff() < error);
  for (Index k = 0; k < a.clusters(); ++k) {
    const RowVector<double> mean = (b.means().row(k).array() - shift) / units.array();
    CHECK((mean - a.means().row(k)).cwiseAbs().maxCoeff() < error);
    const RowVector<double> variance = variances_of(b, k).array() / units.array().square();
    CHECK((variance - variances_of(a, k)).cwiseAbs().maxCoeff() < error);
  }
}

RowVector<double> row_of(double a, double b, double c) {
  RowVector<double> row(3);
  row << a, b, c;
  return row;
}

double two_cluster_accuracy(const Labels& labels) {
  double agree = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) agree += labels[i] == static_cast<vade::Label>(i % 2);
  agree /= static_cast<double>(labels.size());
  return std::max(agree, 1 - agree);
}

}  // namespace

TEST_CASE_TEMPLATE("Law of units: columns times powers of two give the same mixture, to rounding of a logarithm",
                   Mixture, DiagonalUnits, FullUnits) {
  const Matrix<double> x = three_in_three();
  const vade::GaussianMixtureOptions options{.clusters = 3, .restarts = 2, .tolerance = 1e-8};
  Mixture wanted(options);
  const auto report = wanted.fit(x);
  for (const RowVector<double>& units : {row_of(1024, 1, 0x1p-20), row_of(0x1p40, 0x1p-40, 2)}) {
    const Matrix<double> y = in_units(x, units);
    Mixture mixture(options);
    const auto got = mixture.fit(y);
    check_same_mixture(wanted, report, x, mixture, got, y, units, 0, 1e-12);
  }
}

TEST_CASE_TEMPLATE(
    "Law of units: a column times 1e±3, 1e±6 or −1 changes no label, and the likelihood by its logarithm", Mixture,
    DiagonalUnits, FullUnits) {
  const Matrix<double> x = three_in_three();
  const vade::GaussianMixtureOptions options{.clusters = 3, .tolerance = 1e-8};
  Mixture wanted(options);
  const auto report = wanted.fit(x);
  for (const double unit : {1e3, 1e-3, 1e6, 1e-6, -1.0})
    for (Index j = 0; j <= 3; ++j) {  // one column, and all of them
      CAPTURE(unit);
      CAPTURE(j);
      RowVector<double> units = RowVector<double>::Ones(3);
      if (j < 3)
        units(j) = unit;
      else
        units.setConstant(unit);
      const Matrix<double> y = in_units(x, units);
      Mixture mixture(options);
      const auto got = mixture.fit(y);
      check_same_mixture(wanted, report, x, mixture, got, y, units, 0, 1e-9);
    }
}

TEST_CASE_TEMPLATE("Law of the zero: a million added to all columns moves the means, and nothing else", Mixture,
                   DiagonalUnits, FullUnits) {
  Matrix<double> x = three_in_three();
  x = (x.array() * 1024).round() / 1024;  // exact when shifted
  const vade::GaussianMixtureOptions options{.clusters = 3, .tolerance = 1e-8};
  Mixture near_zero(options), far_away(options);
  const auto report = near_zero.fit(x);
  const Matrix<double> y = x.array() + 1e6;
  const auto got = far_away.fit(y);
  check_same_mixture(near_zero, report, x, far_away, got, y, RowVector<double>::Ones(3), 1e6, 1e-8);
}

TEST_CASE_TEMPLATE("Law of order: columns in another order, and rows in another order from the same start", Mixture,
                   DiagonalUnits, FullUnits) {
  const Matrix<double> x = three_in_three();
  const vade::GaussianMixtureOptions options{.clusters = 3, .tolerance = 1e-8};
  Mixture wanted(options), turned(options);
  const auto report = wanted.fit(x);
  Matrix<double> y = x;
  y.col(0) = x.col(2), y.col(2) = x.col(0);
  const auto got = turned.fit(y);
  CHECK(turned.predict(y) == wanted.predict(x));
  CHECK(got.iterations == report.iterations);
  CHECK(std::abs(got.log_likelihood.back() - report.log_likelihood.back()) < 1e-10);

  vade::RandomStream stream(3, vade::Purpose::user);
  const std::vector<Index> order = vade::random_permutation(x.rows(), stream);
  for (Index i = 0; i < x.rows(); ++i) y.row(i) = x.row(order[static_cast<std::size_t>(i)]);
  Mixture again(options);
  const vade::GaussianMixtureOptions few{.max_iterations = 5, .tolerance = 0};
  Mixture straight(options);
  const auto first = straight.fit_from(x, wanted.weights(), wanted.means(), wanted.covariances(), few);
  const auto second = again.fit_from(y, wanted.weights(), wanted.means(), wanted.covariances(), few);
  CHECK(std::abs(first.log_likelihood.back() - second.log_likelihood.back()) < 1e-11);
  const Labels labels = straight.predict(x), mixed = again.predict(y);
  for (std::size_t i = 0; i < mixed.size(); ++i) REQUIRE(mixed[i] == labels[static_cast<std::size_t>(order[i])]);
}

TEST_CASE("Law of units: a mixture in float has the same labels in any unit") {
  const Matrix<float> x = three_in_three().cast<float>();
  vade::GaussianMixture<float> wanted({.clusters = 3});
  wanted.fit(x);
  for (const float unit : {1e3f, 1e-3f, 1e6f, 1e-6f, 1e15f, 1e-15f}) {
    CAPTURE(unit);
    Matrix<float> y = x;
    y.col(1) *= unit;
    vade::GaussianMixture<float> mixture({.clusters = 3});
    mixture.fit(y);
    CHECK(mixture.predict(y) == wanted.predict(x));
  }
}

TEST_CASE("Two clusters 4 deviations apart are found whatever the unit of a column of noise is") {
  Matrix<double> x(1000, 2);
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (Index i = 0; i < x.rows(); ++i) x(i, 0) += 4.0 * static_cast<double>(i % 2);
  double wanted = 0;
  for (const double unit : {1.0, 1000.0, 1e-3, 1e6}) {
    CAPTURE(unit);
    Matrix<double> y = x;
    y.col(1) *= unit;
    vade::GaussianMixture<double> mixture({.clusters = 2, .restarts = 20});
    const double got = mixture.fit(y).log_likelihood.back() + std::log(unit);
    if (unit == 1) wanted = got;
    CHECK(wanted == Approx(-3.4955).epsilon(1e-4));
    CHECK(std::abs(got - wanted) < 1e-9);
    CHECK(two_cluster_accuracy(mixture.predict(y)) == Approx(0.976).epsilon(1e-3));
  }
}

TEST_CASE("Small units are not eaten by the floor: it is a share of the variance within the clusters") {
  Matrix<double> x(1000, 2);
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (Index i = 0; i < x.rows(); ++i) x.row(i).array() += 10.0 * static_cast<double>(i % 2);
  for (const double unit : {1.0, 1e-5, 1e-12}) {
    CAPTURE(unit);
    const Matrix<double> y = unit * x;
    vade::GaussianMixture<double> mixture({.clusters = 2});
    CHECK(mixture.fit(y).floored == 0);
    CHECK(two_cluster_accuracy(mixture.predict(y)) == 1.0);
    CHECK(std::sqrt(mixture.variances()(0, 0)) / unit == Approx(1.04).epsilon(0.03));
  }
}

TEST_CASE("One row that is far away does not widen the floor of the others") {
  Matrix<double> x(501, 2);
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (Index i = 0; i < 500; ++i) x.row(i).array() += 10.0 * static_cast<double>(i % 2);
  x.row(500).setConstant(-1e9);
  vade::GaussianMixture<double> mixture({.clusters = 3});
  const auto report = mixture.fit(x);
  CHECK(report.floored == 2);  // both variances of the component of one row
  CHECK(two_cluster_accuracy([&] {
          const Labels labels = mixture.predict(x.topRows(500));
          Labels zero_or_one;
          for (const vade::Label label : labels) zero_or_one.push_back(label == labels[0] ? 0 : 1);
          return zero_or_one;
        }()) == 1.0);
}

TEST_CASE("A fit from given parameters in another unit is the same fit") {
  const Matrix<double> x = three_in_three();
  vade::GaussianMixture<double> start({.clusters = 3});
  start.fit(x);
  const vade::GaussianMixtureOptions few{.max_iterations = 6, .tolerance = 0, .variance_floor = 1e-2};
  vade::GaussianMixture<double> wanted;
  const auto report = wanted.fit_from(x, start.weights(), start.means(), start.variances(), few);
  const RowVector<double> units = row_of(1e6, 1e-6, 1e-3);
  const Matrix<double> y = in_units(x, units);
  vade::GaussianMixture<double> mixture;
  const auto got = mixture.fit_from(y, start.weights(), in_units(start.means(), units),
                                    in_units(start.variances(), units.cwiseAbs2()), few);
  check_same_mixture(wanted, report, x, mixture, got, y, units, 0, 1e-9);
  // Variances of another unit than the data's, which are those of ones, do not make the floor: that of the data does.
  vade::GaussianMixture<double> careless;
  const auto careful = careless.fit_from(1e-5 * x, start.weights(), 1e-5 * start.means(), Matrix<double>::Ones(3, 3),
                                         {.max_iterations = 300, .tolerance = 1e-9});
  CHECK(careful.floored == 0);
}

TEST_CASE("A constant column, and one whose spread is only rounding, change no label") {
  const Matrix<double> x = three_in_three();
  vade::GaussianMixture<double> wanted({.clusters = 3});
  wanted.fit(x);
  Matrix<double> y(x.rows(), 5);
  y << x, Matrix<double>::Constant(x.rows(), 1, 0.1), Matrix<double>::Constant(x.rows(), 1, 0.3);
  for (Index i = 0; i < y.rows(); i += 2) y(i, 4) = std::nextafter(0.3, 1.0);
  vade::GaussianMixture<double> mixture({.clusters = 3});
  mixture.fit(y);
  CHECK(mixture.predict(y) == wanted.predict(x));
}

TEST_CASE_TEMPLATE("k-means: x → a x + b gives the same labels, in any unit that x can have", T, float, double) {
  Matrix<T> x = (three_in_three().array() * 64).round().matrix().cast<T>();  // whole numbers: exact when shifted
  const auto wanted = vade::kmeans(x, {.clusters = 3, .seed = 2});
  const Labels nearest = vade::assign_labels<T>(x, wanted.centres);
  const double smallest = sizeof(T) == 4 ? 1e-33 : 1e-300;
  for (const double a : {1e3, 1e-3, 1e6, 1e-6, 0x1p-60, -1.0, 1e-15, smallest}) {
    CAPTURE(a);
    const Matrix<T> y = static_cast<T>(a) * x;
    const auto result = vade::kmeans(y, {.clusters = 3, .seed = 2});
    CHECK(result.labels == wanted.labels);
    CHECK(result.iterations == wanted.iterations);
    if (a != smallest) CHECK(result.inertia == Approx(a * a * wanted.inertia).scale(0).epsilon(1e-5));
    CHECK((result.centres / static_cast<T>(a) - wanted.centres).cwiseAbs().maxCoeff() < T(0.01));
    const Matrix<T> start = y.topRows(3);
    CHECK(vade::kmeans_from<T>(y, start, {.max_iterations = 4}).labels ==
          vade::kmeans_from<T>(x, x.topRows(3), {.max_iterations = 4}).labels);
    CHECK(vade::assign_labels<T>(y, result.centres) == nearest);
  }
  const Matrix<T> shifted = x.array() + T(1e6);
  CHECK(vade::kmeans(shifted, {.clusters = 3, .seed = 2}).labels == wanted.labels);
}

TEST_CASE("k-means: columns and rows in another order give the same clusters from the same start") {
  const Matrix<double> x = three_in_three();
  const Matrix<double> start = x.topRows(3);
  const auto wanted = vade::kmeans_from<double>(x, start);
  const Matrix<double> turned = x.rowwise().reverse();
  CHECK(vade::kmeans_from<double>(turned, start.rowwise().reverse()).labels == wanted.labels);
  Labels backwards = vade::kmeans_from<double>(x.colwise().reverse(), start).labels;
  std::reverse(backwards.begin(), backwards.end());
  CHECK(backwards == wanted.labels);
}
