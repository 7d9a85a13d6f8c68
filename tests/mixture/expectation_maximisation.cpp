// vade: the equations of docs/derivations/expectation_maximisation.md, by plain loops.
// SPDX-License-Identifier: MIT
#include <vade/mixture/full_covariance.hpp>
#include <vade/mixture/gaussian_mixture.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>
#include <Eigen/LU>

namespace em {

namespace {

using doctest::Approx;
using vade::GaussianMixture;
using vade::Index;
using vade::Matrix;
using vade::RowVector;

using Diagonal = GaussianMixture<double>;
using Full = GaussianMixture<double, vade::FullCovariance>;

/// Data of 70 rows, and three components that do not fit them yet.
struct Case {
  Matrix<double> x = Matrix<double>(70, 2);
  RowVector<double> weights = RowVector<double>(3);
  Matrix<double> means = Matrix<double>(3, 2);
  Matrix<double> variances = Matrix<double>(3, 2);

  Case() {
    vade::fill_normal(x, 4, vade::Purpose::user);
    for (Index i = 0; i < x.rows(); i += 3) x(i, 0) += 3;
    for (Index i = 0; i < x.rows(); i += 2) x(i, 1) -= 0.5 * x(i, 0);
    weights << 0.2, 0.3, 0.5;
    means << -1, 0, 1, 1, 3, -1;
    variances << 0.5, 1, 2, 0.7, 1, 1.5;
  }

  Diagonal mixture() const {
    Diagonal m;
    m.set_parameters(weights, means, variances);
    return m;
  }

  /// π_k N(x_n; μ_k, σ_k²).
  double joint(Index n, Index k) const {
    double log_density = std::log(weights(k));
    for (Index j = 0; j < 2; ++j)
      log_density -= 0.5 * (std::log(2 * 3.14159265358979323846 * variances(k, j)) +
                            std::pow(x(n, j) - means(k, j), 2) / variances(k, j));
    return std::exp(log_density);
  }
  double density(Index n) const { return joint(n, 0) + joint(n, 1) + joint(n, 2); }
  double gamma(Index n, Index k) const { return joint(n, k) / density(n); }
  double mass(Index k) const {
    double total = 0;
    for (Index n = 0; n < x.rows(); ++n) total += gamma(n, k);
    return total;
  }
  /// Σ_n γ_nk (x_n − centre)(x_n − centre)ᵀ / N_k, about the weighted mean.
  Matrix<double> covariance(Index k) const {
    RowVector<double> mean = RowVector<double>::Zero(2);
    for (Index n = 0; n < x.rows(); ++n) mean += gamma(n, k) / mass(k) * x.row(n);
    Matrix<double> total = Matrix<double>::Zero(2, 2);
    for (Index n = 0; n < x.rows(); ++n)
      total += gamma(n, k) / mass(k) * (x.row(n) - mean).transpose() * (x.row(n) - mean);
    return total;
  }

  /// The mixture after one iteration with a floor.
  Diagonal stepped(double floor) const {
    Diagonal m;
    m.fit_from(x, weights, means, variances, {.max_iterations = 1, .variance_floor = floor});
    return m;
  }
};

/// 2,000 rows in one column, of which 5 % hold the least integer for want of a value; the rest are N(±6, 1).
Matrix<double> with_sentinels() {
  Matrix<double> x(2000, 1);
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (Index i = 0; i < x.rows(); ++i) {
    x(i, 0) += i % 2 == 0 ? -6 : 6;
    if (i % 20 == 0) x(i, 0) = -2147483648.0;
  }
  return x;
}

/// Rows first, first + step, ... of x.
Matrix<double> every(Index step, Index first, const Matrix<double>& x) {
  Matrix<double> rows((x.rows() - first + step - 1) / step, x.cols());
  for (Index i = 0; i < rows.rows(); ++i) rows.row(i) = x.row(first + i * step);
  return rows;
}

Matrix<double> covariance(const Matrix<double>& rows) {
  const Matrix<double> centred = rows.rowwise() - rows.colwise().mean();
  return centred.transpose() * centred / static_cast<double>(rows.rows());
}

/// Whether component k has a covariance, of which it may keep the diagonal, but for a relative error.
bool has_covariance(const Diagonal& m, Index k, const Matrix<double>& wanted, double error) {
  return m.variances().row(k).isApprox(wanted.diagonal().transpose(), error);
}
bool has_covariance(const Full& m, Index k, const Matrix<double>& wanted, double error) {
  return m.covariances()[static_cast<std::size_t>(k)].isApprox(wanted, error);
}

/// A covariance in the form of the policy.
Matrix<double> in_form(const Diagonal&, const Matrix<double>& m) { return m.diagonal().transpose(); }
std::vector<Matrix<double>> in_form(const Full&, const Matrix<double>& m) { return {m}; }

}  // namespace

TEST_CASE("M.1: the mixture's log-density is the log of the weighted sum") {
  const Case c;
  const std::vector<double> got = c.mixture().log_prob(c.x);
  for (vade::Index n = 0; n < 70; ++n)
    CHECK(got[static_cast<std::size_t>(n)] == Approx(std::log(c.density(n))).epsilon(1e-12));
}

TEST_CASE("M.2: responsibilities are Bayes' rule") {
  const Case c;
  const vade::Matrix<double> got = c.mixture().predict_proba(c.x);
  for (vade::Index n = 0; n < 70; ++n)
    for (vade::Index k = 0; k < 3; ++k) CHECK(got(n, k) == Approx(c.gamma(n, k)).epsilon(1e-11));
}

TEST_CASE("M.3: at any responsibilities the lower bound is short of the log-likelihood by their divergence from M.2") {
  const Case c;
  const double log_likelihood = 70 * c.mixture().mean_log_likelihood(c.x);
  for (const double sharpness : {1.0, 0.5, 2.0}) {  // γ^s, normalised: M.2 for s = 1
    double bound = 0, divergence = 0;
    for (vade::Index n = 0; n < 70; ++n) {
      double sum = 0;
      for (vade::Index k = 0; k < 3; ++k) sum += std::pow(c.gamma(n, k), sharpness);
      for (vade::Index k = 0; k < 3; ++k) {
        const double g = std::pow(c.gamma(n, k), sharpness) / sum;
        bound += g * (std::log(c.joint(n, k)) - std::log(g));
        divergence += g * std::log(g / c.gamma(n, k));
      }
    }
    CHECK(bound == Approx(log_likelihood - divergence).epsilon(1e-11));
    if (sharpness != 1) CHECK(divergence > 0.1);
  }
}

TEST_CASE("M.4: weights become mean responsibilities") {
  const Case c;
  const auto weights = c.stepped(0).weights();
  for (vade::Index k = 0; k < 3; ++k) CHECK(weights(k) == Approx(c.mass(k) / 70).epsilon(1e-12));
  CHECK(weights.sum() == Approx(1).epsilon(1e-14));
}

TEST_CASE("M.5: means become weighted means") {
  const Case c;
  const auto means = c.stepped(0).means();
  for (vade::Index k = 0; k < 3; ++k)
    for (vade::Index j = 0; j < 2; ++j) {
      double total = 0;
      for (vade::Index n = 0; n < 70; ++n) total += c.gamma(n, k) * c.x(n, j);
      CHECK(means(k, j) == Approx(total / c.mass(k)).epsilon(1e-12));
    }
}

TEST_CASE("M.6: variances become weighted variances about the new means, plus the floor's share of those before") {
  const Case c;
  const RowVector<double> before = c.weights * c.variances;  // those of the columns are larger
  for (const double floor : {0.0, 0.25}) {
    const auto variances = c.stepped(floor).variances();
    for (vade::Index k = 0; k < 3; ++k)
      for (vade::Index j = 0; j < 2; ++j)
        CHECK(variances(k, j) == Approx(c.covariance(k)(j, j) + floor * before(j)).epsilon(1e-11));
  }
}

TEST_CASE("M.6: full covariances become weighted covariances about the new means") {
  const Case c;
  std::vector<vade::Matrix<double>> spread;
  for (vade::Index k = 0; k < 3; ++k) spread.push_back(c.variances.row(k).asDiagonal());
  Full m;
  m.fit_from(c.x, c.weights, c.means, spread, {.max_iterations = 1, .variance_floor = 0});
  for (std::size_t k = 0; k < 3; ++k)
    CHECK(m.covariances()[k].isApprox(c.covariance(static_cast<vade::Index>(k)), 1e-11));
}

TEST_CASE("M.6: variances keep their digits where another component is two thousand million spreads away") {
  const vade::Matrix<double> x = with_sentinels();
  Diagonal m;
  CHECK(m.fit(x, {.clusters = 3, .tolerance = 1e-6}).converged);
  vade::Index lost = 0, high = 0;
  CHECK(m.means().col(0).minCoeff(&lost) == -2147483648.0);
  CHECK(m.means().col(0).maxCoeff(&high) == Approx(6).epsilon(0.02));
  const vade::Index low = 3 - lost - high;
  CHECK(m.means()(low, 0) == Approx(-6).epsilon(0.02));
  CHECK(m.variances()(lost, 0) == Approx(1e-6).scale(0).epsilon(0.1));  // the floor: a share of those within clusters
  CHECK(m.variances()(low, 0) == Approx(1).epsilon(0.1));
  CHECK(has_covariance(m, high, covariance(every(2, 1, x)), 1e-5));
}

TEST_CASE_TEMPLATE("M.6: tight clusters at any distance have the covariances of their rows", Mixture, Diagonal, Full) {
  vade::Matrix<double> where(3, 2);
  where << 0, 0, 1, 2, 2, 1;
  for (const double distance : {1.0, 1e3, 1e6}) {
    CAPTURE(distance);
    vade::Matrix<double> x(300, 2);
    vade::fill_normal(x, 1, vade::Purpose::user);
    for (vade::Index i = 0; i < x.rows(); ++i) x.row(i) = 1e-3 * x.row(i) + distance * where.row(i % 3);
    Mixture m;
    REQUIRE_NOTHROW(m.fit(x, {.clusters = 3, .variance_floor = 0}));
    for (vade::Index cluster = 0; cluster < 3; ++cluster) {
      const vade::Matrix<double> rows = every(3, cluster, x);
      vade::Index k = 0;
      const Eigen::VectorXd distances = (m.means().rowwise() - rows.colwise().mean()).rowwise().norm();
      CHECK(distances.minCoeff(&k) < 1e-15 * (10 + distance));
      CHECK(has_covariance(m, k, covariance(rows), 1e-6));
    }
  }
}

TEST_CASE_TEMPLATE("M.6: a mean that comes from far away takes no digits along", Mixture, Diagonal, Full) {
  vade::Matrix<double> x(100, 2);
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (const double away : {1.0, 1e5, 1e10}) {
    CAPTURE(away);
    Mixture m;
    m.fit_from(x, vade::RowVector<double>::Ones(1), vade::Matrix<double>::Constant(1, 2, away),
               in_form(m, vade::Matrix<double>::Identity(2, 2) * away * away),
               {.max_iterations = 1, .variance_floor = 0});
    CHECK((m.means() - x.colwise().mean()).cwiseAbs().maxCoeff() < 1e-14);
    CHECK(has_covariance(m, 0, covariance(x), 1e-13));
  }
}

TEST_CASE("M.7: without a floor no iteration lowers the likelihood, and the last one hardly changes it") {
  const Case c;
  Diagonal m;
  const auto report = m.fit_from(c.x, c.weights, c.means, c.variances,
                                 {.max_iterations = 3000, .tolerance = 1e-12, .variance_floor = 0});
  REQUIRE(report.log_likelihood.size() > 10);
  REQUIRE(report.revived == 0);
  for (std::size_t i = 1; i < report.log_likelihood.size(); ++i)
    CHECK(report.log_likelihood[i] >= report.log_likelihood[i - 1] - 1e-13);
  CHECK(report.log_likelihood[5] > report.log_likelihood[0] + 0.01);
  CHECK(report.converged);
  CHECK(report.iterations < 3000);
  const double last = report.log_likelihood.back(), change = last - report.log_likelihood[report.log_likelihood.size() - 2];
  CHECK(std::abs(change) < 1e-12);
  CHECK(std::abs(m.mean_log_likelihood(c.x) - last) < 1e-11);  // nor would the next one
}

TEST_CASE("M.7: from the truth the likelihood does not fall, however far a component is from the others") {
  const vade::Matrix<double> x = with_sentinels();
  vade::RowVector<double> weights(3);
  vade::Matrix<double> means(3, 1);
  weights << 0.05, 0.45, 0.5;
  means << -2147483648.0, -6, 6;
  Diagonal m;
  const auto report = m.fit_from(x, weights, means, vade::Matrix<double>::Ones(3, 1), {.tolerance = 1e-6});
  REQUIRE(report.log_likelihood.size() > 1);
  for (std::size_t i = 1; i < report.log_likelihood.size(); ++i)
    CHECK(report.log_likelihood[i] >= report.log_likelihood[i - 1] - 1e-8);
  CHECK(report.converged);
  CHECK(m.mean_log_likelihood(x) > report.log_likelihood[0]);
}

TEST_CASE("M.8: where EM stands still, M.4 to M.6 hold at once, and the gradient R.7 in the logits is zero") {
  const Case c;
  Diagonal m;
  m.fit_from(c.x, c.weights, c.means, c.variances, {.max_iterations = 3000, .tolerance = 0, .variance_floor = 0});
  Case end = c;
  end.weights = m.weights();
  end.means = m.means();
  end.variances = m.variances();
  // R.7, once by its formula N_k − N π_k, once by differences of the log-likelihood in the logits.
  const auto gradient = [](const Case& at, vade::Index k) { return at.mass(k) - 70 * at.weights(k); };
  const auto by_difference = [](Case at, vade::Index k) {
    const auto likelihood = [&](double step) {
      Case moved = at;
      moved.weights(k) *= std::exp(step);
      moved.weights /= moved.weights.sum();
      double total = 0;
      for (vade::Index n = 0; n < 70; ++n) total += std::log(moved.density(n));
      return total;
    };
    return (likelihood(1e-5) - likelihood(-1e-5)) / 2e-5;
  };
  for (vade::Index k = 0; k < 3; ++k) {
    CHECK(end.mass(k) / 70 == Approx(end.weights(k)).epsilon(1e-6));
    for (vade::Index j = 0; j < 2; ++j) {
      double total = 0;
      for (vade::Index n = 0; n < 70; ++n) total += end.gamma(n, k) * end.x(n, j);
      CHECK(total / end.mass(k) == Approx(end.means(k, j)).epsilon(1e-6));
      CHECK(end.covariance(k)(j, j) == Approx(end.variances(k, j)).epsilon(1e-5));
    }
    CHECK(std::abs(gradient(end, k)) < 1e-6);
    CHECK(std::abs(by_difference(end, k)) < 1e-6);
    CHECK(by_difference(c, k) == Approx(gradient(c, k)).epsilon(1e-6));
    CHECK(std::abs(gradient(c, k)) > 0.1);
  }
}

}  // namespace em
