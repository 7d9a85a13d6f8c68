// vade: integrals of few dimensions, for tests of bounds and closed forms.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <Eigen/Eigenvalues>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

/// Expectations under Gaussians by Gauss-Hermite rules, and integrals over a box by the trapezoidal rule: two ways to a
/// truth that share nothing with closed forms or with each other. Costs grow as (points)^dimensions.
namespace vade::testing {

/// The Gauss-Hermite rule of n nodes for the standard normal: Σ_k w_k f(u_k) = E[f(U)], exact for polynomials of degree
/// up to 2n − 1. Nodes are the eigenvalues of the Jacobi matrix of the Hermite polynomials, zero on the diagonal and √k
/// beside it; weights are the squares of the first components of its eigenvectors (Golub and Welsch, "Calculation of
/// Gauss quadrature rules", 1969). For integrands that are no polynomials use more nodes, and see that nothing changes.
class GaussHermite {
 public:
  /// O(n³), once. @throws ValueError unless n lies in [1, 200]
  explicit GaussHermite(Index n) {
    check_between("GaussHermite", "n", n, Index{1}, Index{200});
    Eigen::VectorXd beside(n - 1);
    for (Index k = 1; k < n; ++k) beside(k - 1) = std::sqrt(static_cast<double>(k));
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> jacobi;
    jacobi.computeFromTridiagonal(Eigen::VectorXd::Zero(n), beside);
    const RowVector<double> nodes = jacobi.eigenvalues().transpose();
    const RowVector<double> weights = jacobi.eigenvectors().row(0).cwiseAbs2();
    nodes_ = 0.5 * (nodes - nodes.reverse());  // ± in pairs, to the last digit
    weights_ = weights + weights.reverse();
    weights_ /= weights_.sum();
  }

  /// Ascending.
  const RowVector<double>& nodes() const { return nodes_; }
  /// Positive, sum 1.
  const RowVector<double>& weights() const { return weights_; }

  /// E[f(Z)] for Z ~ N(mean, e^log_variance). n evaluations.
  template <class F>
  double expectation(double mean, double log_variance, const F& f) const {
    const double deviation = std::exp(0.5 * log_variance);
    double total = 0;
    for (Index k = 0; k < nodes_.size(); ++k) total += weights_(k) * f(mean + deviation * nodes_(k));
    return total;
  }

  /// E[f(Z)] for Z = mean + L U, U ~ N(0, I), by the product rule: `mean` `[1 x J]`, L `[J x J]`, f takes z `[1 x J]`.
  /// n^J evaluations. @throws ShapeError
  template <class F>
  double expectation(const RowVector<double>& mean, const Matrix<double>& factor, const F& f) const {
    const Index latent = mean.size(), n = nodes_.size();
    check_shape("GaussHermite::expectation", "factor", factor, latent, latent);
    Eigen::Matrix<Index, Eigen::Dynamic, 1> at = Eigen::Matrix<Index, Eigen::Dynamic, 1>::Zero(latent);
    RowVector<double> u(latent);
    double total = 0;
    for (Index j = 0; j < latent;) {
      double weight = 1;
      for (Index i = 0; i < latent; ++i) {
        u(i) = nodes_(at(i));
        weight *= weights_(at(i));
      }
      const RowVector<double> z = mean + u * factor.transpose();
      total += weight * f(z);
      for (j = 0; j < latent && ++at(j) == n; ++j) at(j) = 0;  // count on, the first digit fastest
    }
    return total;
  }

 private:
  RowVector<double> nodes_;
  RowVector<double> weights_;
};

/// ∫ f over [low, high] by the trapezoidal rule; for smooth f that vanish at both ends its error falls faster than any
/// power of the step.
template <class F>
double integral(double low, double high, int steps, const F& f) {
  check_at_least("integral", "steps", steps, 1);
  const double h = (high - low) / steps;
  double total = 0.5 * (f(low) + f(high));
  for (int i = 1; i < steps; ++i) total += f(low + i * h);
  return total * h;
}

/// ∫∫ f(x, y) over the square [low, high]², the same in both directions.
template <class F>
double plane_integral(double low, double high, int steps, const F& f) {
  return integral(low, high, steps,
                  [&](double x) { return integral(low, high, steps, [&](double y) { return f(x, y); }); });
}

}  // namespace vade::testing
