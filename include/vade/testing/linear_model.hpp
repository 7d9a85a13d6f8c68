// vade: a model with a code of one or two numbers, whose log-likelihood quadrature knows.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include <vade/core/checks.hpp>
#include <vade/core/random.hpp>
#include <vade/testing/quadrature.hpp>

namespace vade::testing {

/// log N(z; mean, e^log_variance) of one number, from the textbook, apart from the library's own densities.
inline double log_normal(double z, double mean, double log_variance) {
  const double distance = z - mean;
  return -0.5 * (std::log(6.283185307179586476925) + log_variance + distance * distance * std::exp(-log_variance));
}

/// c ~ π, z ~ N(μ_c, diag σ_c²), x ~ N(z A, s² I): K clusters, J = 1 or 2, D inputs, and one observation x. Every bound
/// on log p(x) can be held against the truth here. All is done with plain sums and quadrature.
struct LinearModel {
  Matrix<double> weight_logits;  ///< `[1 x K]`, π = softmax
  Matrix<double> means;          ///< `[K x J]`
  Matrix<double> log_variances;  ///< `[K x J]`
  Matrix<double> decoder;        ///< A `[J x D]`
  Matrix<double> x;              ///< `[1 x D]`
  double variance = 0.4;         ///< s²

  /// A drawn model. With one cluster, A has orthogonal rows: then p(z|x) is a Gaussian with diagonal covariance.
  /// @throws ValueError unless J is 1 or 2, K at least 1 and D at least J
  static LinearModel random(Index latent, Index clusters, Index inputs, std::uint64_t seed) {
    check_between("LinearModel", "latent", latent, Index{1}, Index{2});
    check_at_least("LinearModel", "clusters", clusters, Index{1});
    check_at_least("LinearModel", "inputs", inputs, latent);
    const auto draw = [&](Index rows, Index columns, std::uint32_t what) {
      Matrix<double> m(rows, columns);
      fill_normal(m, seed, Purpose::user, what);
      return m;
    };
    LinearModel model{draw(1, clusters, 1), draw(clusters, latent, 2), 0.5 * draw(clusters, latent, 3),
                      draw(latent, inputs, 4), draw(1, inputs, 5)};
    Matrix<double>& a = model.decoder;
    if (latent == 2) a.row(1) -= a.row(1).dot(a.row(0)) / a.row(0).squaredNorm() * a.row(0);
    return model;
  }

  Index latent() const { return means.cols(); }
  Index clusters() const { return means.rows(); }

  /// log p(x|z), z `[1 x J]`.
  double log_likelihood(const RowVector<double>& z) const {
    double total = 0;
    for (Index i = 0; i < x.cols(); ++i) total += log_normal(x(0, i), z.dot(decoder.col(i)), std::log(variance));
    return total;
  }

  /// log p(z) = log Σ_c π_c N(z; μ_c, σ_c²).
  double log_prior(const RowVector<double>& z) const {
    const double top = weight_logits.maxCoeff();
    double density = 0, weights = 0;
    for (Index c = 0; c < clusters(); ++c) {
      double log_density = 0;
      for (Index j = 0; j < latent(); ++j) log_density += log_normal(z(j), means(c, j), log_variances(c, j));
      const double weight = std::exp(weight_logits(0, c) - top);
      density += weight * std::exp(log_density);
      weights += weight;
    }
    return std::log(density / weights);
  }

  /// log p(x) = log ∫ p(z) p(x|z) dz, by the trapezoidal rule.
  double log_evidence() const {
    const auto joint = [&](const RowVector<double>& z) { return std::exp(log_prior(z) + log_likelihood(z)); };
    RowVector<double> z(latent());
    const auto at = [&](double first, double last) {
      z(0) = first;
      z(latent() - 1) = last;
      return joint(z);
    };
    if (latent() == 1) return std::log(integral(-15, 15, 3000, [&](double a) { return at(a, a); }));
    return std::log(plane_integral(-12, 12, 240, at));
  }

  /// E_q[log p(x|z)] for q = N(mean, diag e^log_variance), `[1 x J]` each: a quadratic, so three nodes are exact.
  double reconstruction(const RowVector<double>& mean, const RowVector<double>& log_variance) const {
    const Matrix<double> factor = (0.5 * log_variance.array()).exp().matrix().asDiagonal();
    return GaussHermite(3).expectation(mean, factor, [&](const RowVector<double>& z) { return log_likelihood(z); });
  }

  /// Mean and log-variance of p(z|x), one in each row `[2 x J]`, for one cluster and orthogonal rows of A: precisions
  /// 1/σ² and ‖a_j‖²/s² add. @throws ValueError for several clusters
  Matrix<double> posterior() const {
    check_between("LinearModel::posterior", "clusters", clusters(), Index{1}, Index{1});
    Matrix<double> result(2, latent());
    for (Index j = 0; j < latent(); ++j) {
      const double prior = std::exp(-log_variances(0, j));
      const double precision = prior + decoder.row(j).squaredNorm() / variance;
      result(0, j) = (prior * means(0, j) + decoder.row(j).dot(x.row(0)) / variance) / precision;
      result(1, j) = -std::log(precision);
    }
    return result;
  }
};

}  // namespace vade::testing
