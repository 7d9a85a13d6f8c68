// vade: tests of testing/linear_model.hpp.
// SPDX-License-Identifier: MIT
#include <vade/testing/linear_model.hpp>

#include <doctest/doctest.h>
#include <Eigen/LU>

namespace {

using doctest::Approx;
using vade::Index;
using vade::Matrix;
using vade::RowVector;
using vade::testing::LinearModel;

/// log p(x) in closed form: x is a mixture of N(μ_c A, Aᵀ diag(σ_c²) A + s² I).
double closed_form(const LinearModel& m) {
  const Index inputs = m.x.cols();
  const Matrix<double> weights = m.weight_logits.array().exp().matrix();
  double density = 0;
  for (Index c = 0; c < m.clusters(); ++c) {
    const Matrix<double> spread = m.log_variances.row(c).array().exp().matrix().asDiagonal();
    const Eigen::MatrixXd covariance =
        m.decoder.transpose() * spread * m.decoder + m.variance * Matrix<double>::Identity(inputs, inputs);
    const Eigen::VectorXd d = (m.x.row(0) - m.means.row(c) * m.decoder).transpose();
    density += weights(0, c) / weights.sum() * std::exp(-0.5 * d.dot(covariance.inverse() * d)) /
               std::sqrt((6.283185307179586 * covariance).determinant());
  }
  return std::log(density);
}

}  // namespace

TEST_CASE("D.1: the quadrature's log-likelihood is that of the closed form, for one and several clusters") {
  for (const Index latent : {1, 2})
    for (const Index clusters : {1, 3})
      for (const std::uint64_t seed : {1u, 2u}) {
        const LinearModel m = LinearModel::random(latent, clusters, 3, seed);
        CHECK(m.log_evidence() == Approx(closed_form(m)).epsilon(1e-11));
      }
}

TEST_CASE("The posterior satisfies Bayes' rule at any code") {
  for (const Index latent : {1, 2}) {
    const LinearModel m = LinearModel::random(latent, 1, 3, 3);
    const Matrix<double> q = m.posterior();
    for (const double at : {-1.0, 0.2, 2.0}) {
      const RowVector<double> z = RowVector<double>::Constant(latent, at);
      double log_q = 0;
      for (Index j = 0; j < latent; ++j) log_q += vade::testing::log_normal(at, q(0, j), q(1, j));
      CHECK(log_q == Approx(m.log_prior(z) + m.log_likelihood(z) - m.log_evidence()).epsilon(1e-10));
    }
  }
}

TEST_CASE("The reconstruction term is the closed form for a Gaussian posterior") {
  const LinearModel m = LinearModel::random(2, 1, 4, 5);
  RowVector<double> mean(2), log_variance(2);
  mean << 0.3, -1;
  log_variance << -1, 0.5;
  double wanted = m.log_likelihood(mean);
  for (Index j = 0; j < 2; ++j) wanted -= 0.5 * std::exp(log_variance(j)) * m.decoder.row(j).squaredNorm() / m.variance;
  CHECK(m.reconstruction(mean, log_variance) == Approx(wanted).epsilon(1e-13));
}

TEST_CASE("Models out of range are refused by name") {
  CHECK_THROWS_WITH_AS(LinearModel::random(3, 1, 3, 1), "LinearModel: latent is 3, wanted a value in [1, 2]",
                       vade::ValueError);
  CHECK_THROWS_AS(LinearModel::random(1, 0, 3, 1), vade::ValueError);
  CHECK_THROWS_AS(LinearModel::random(2, 1, 1, 1), vade::ValueError);
  CHECK_THROWS_AS(LinearModel::random(1, 2, 3, 1).posterior(), vade::ValueError);
}
