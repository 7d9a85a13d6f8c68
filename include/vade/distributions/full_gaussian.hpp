// vade: Gaussians with full covariance, by their Cholesky factors.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/autodiff/arithmetic.hpp>
#include <vade/distributions/gaussian.hpp>
#include <vade/distributions/triangular.hpp>

namespace vade {

/// F.1: q_b(z) = N(z; μ_b, L_b L_bᵀ) for each row b, with L = mask ⊙ L′ + diag σ:
///     `mean` μ            `[B x J]`
///     `log_scale` log σ   `[B x J]`, σ_j = L_jj. Not the deviation of z_j: σ_j² is its variance given z_1 ... z_{j−1}.
///     `lower` L′          `[B x J(J−1)/2]`, the entries below the diagonal, row by row: L_jk at j(j−1)/2 + k
/// All three are unconstrained, and each Σ = L Lᵀ is symmetric and positive definite. With `lower` = 0 this is the
/// diagonal Gaussian of log-variance 2 log σ. Results are per row, `[B x 1]` where not said, in nats. Costs are
/// O(B J²). Derived in docs/derivations/full_gaussian.md. @throws ShapeError, all of them
template <Real T>
struct FullGaussian {
  Var<T> mean;
  Var<T> log_scale;
  Var<T> lower;

  /// F.2: z = μ + L ε `[B x J]` for a standard normal draw `noise` ε `[B x J]`, through which gradients reach μ and L.
  Var<T> sample(Var<T> noise) const { return mean + triangular_product(exp(log_scale), lower, noise); }

  /// F.3: log q(z) = −½ [J log 2π + |L⁻¹ (z − μ)|²] − Σ_j log σ_j.
  Var<T> log_prob(Var<T> z) const {
    const Var<T> whitened = triangular_solve(exp(log_scale), lower, z - mean);
    return T{-0.5} * row_sums(square(whitened) + log_two_pi<T>) - row_sums(log_scale);
  }

  /// F.4: H[q] = Σ_j [½ (1 + log 2π) + log σ_j].
  Var<T> entropy() const {
    detail::check_factor("FullGaussian::entropy", log_scale, lower);
    return row_sums(log_scale + T{0.5} * (T{1} + log_two_pi<T>));
  }

  /// F.5: E_q[log N(z; 0, I)] = −½ Σ_j (log 2π + μ_j² + Σ_jj).
  Var<T> expected_standard_log_prob() const {
    return T{-0.5} * row_sums(square(mean) + triangular_squares(exp(log_scale), lower) + log_two_pi<T>);
  }

  /// F.6: KL(q ‖ N(0, I)) = ½ [Σ_j (μ_j² + σ_j² − 1 − 2 log σ_j) + Σ_{k<j} L_jk²], never negative.
  Var<T> kl_to_standard() const {
    detail::check_factor("FullGaussian::kl_to_standard", log_scale, lower);
    return T{0.5} * (row_sums(square(mean) + detail::exp_excess(T{2} * log_scale)) + row_sums(square(lower)));
  }

  /// F.8: log Σ_jj `[B x J]`, Σ_jj = Σ_{k<=j} L_jk²: log-variances of the marginals, all that an expectation of another
  /// diagonal Gaussian's log-density asks for.
  Var<T> marginal_log_variance() const { return log(triangular_squares(exp(log_scale), lower)); }

  /// The same numbers on another tape, as constants.
  FullGaussian copy_to(Tape<T>& tape) const {
    return {tape.constant(mean.value()), tape.constant(log_scale.value()), tape.constant(lower.value())};
  }
};

/// F.7: KL(q ‖ p) for q = N(μ, L Lᵀ), p = N(m, P Pᵀ) and W = P⁻¹ L, never negative:
///     ½ [|P⁻¹ (μ − m)|² + Σ_{k<j} W_jk² + Σ_j (e^{d_j} − 1 − d_j)],   d_j = 2 (log L_jj − log P_jj). O(B J³).
template <Real T>
Var<T> kl(const FullGaussian<T>& q, const FullGaussian<T>& p) {
  const Var<T> scale = exp(p.log_scale);
  const Var<T> distance = triangular_solve(scale, p.lower, q.mean - p.mean);
  const Var<T> quotient = triangular_quotient(scale, p.lower, exp(q.log_scale), q.lower);
  const Var<T> excess = detail::exp_excess(T{2} * (q.log_scale - p.log_scale));
  return T{0.5} * (row_sums(square(distance) + excess) + row_sums(square(quotient)));
}

/// F.9: E_q[log p(z)] = log p(μ) − ½ |P⁻¹ L|², the Frobenius norm, for q and p as above. O(B J³).
template <Real T>
Var<T> expected_log_prob(const FullGaussian<T>& q, const FullGaussian<T>& p) {
  const Var<T> scale = exp(p.log_scale);
  const Var<T> quotient = triangular_quotient(scale, p.lower, exp(q.log_scale), q.lower);
  const Var<T> diagonal = exp(T{2} * (q.log_scale - p.log_scale));
  return p.log_prob(q.mean) - T{0.5} * (row_sums(diagonal) + row_sums(square(quotient)));
}

}  // namespace vade
