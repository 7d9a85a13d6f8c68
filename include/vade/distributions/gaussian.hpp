// vade: Gaussians with diagonal covariance.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <type_traits>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/cross_entropy.hpp>
#include <vade/autodiff/pointwise.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/core/special.hpp>

/// q(z) = N(z; μ, diag σ²) is given by `mean` μ and `log_variance` log σ², both `[B x J]`, one Gaussian a row. Results
/// are per row, `[B x 1]`, in nats. Closed forms: Kingma and Welling, "Auto-Encoding Variational Bayes" (2014),
/// appendix B; derived, with the numbers G.n and V.n used here, in docs/derivations.
namespace vade {

namespace detail {

/// y = eˢ − 1 − s, never negative. Slope eˢ − 1. What a Gaussian divergence is made of: near s = 0 it is s² / 2, which
/// e^s − s − 1 would lose to rounding, sign included.
template <Real T>
Var<T> exp_excess(Var<T> s) {
  return pointwise(s, [](const auto& a) { return (a.expm1() - a).max(T{0}); },
                   [](const auto& a, const auto&) { return a.expm1(); });
}

}  // namespace detail

/// G.3: z = μ + e^{½ log σ²} ⊙ ε for a standard normal draw `noise` ε `[B x J]`: the reparameterized sample, through
/// which gradients reach μ and σ.
template <Real T>
Var<T> gaussian_sample(Var<T> mean, Var<T> log_variance, Var<T> noise) {
  return mean + exp(T{0.5} * log_variance) * noise;
}

/// G.1: log N(z; μ, σ²) = −½ Σ_j [log 2π + log σ_j² + (z_j − μ_j)² / σ_j²].
template <Real T>
Var<T> gaussian_log_prob(Var<T> z, Var<T> mean, Var<T> log_variance) {
  return T{-0.5} * row_sums((log_variance + log_two_pi<T>) + square(z - mean) * exp(-log_variance));
}

/// G.1 of each cell, `[B x D]`: log N(x_ij; μ_ij, σ_ij²). `log_variance` may be a row, a column or a number.
template <Real T>
Var<T> gaussian_cell_log_prob(Var<T> x, Var<T> mean, Var<T> log_variance) {
  return T{-0.5} * (log_variance + log_two_pi<T> + square(x - mean) * exp(-log_variance));
}

/// O.1: the same over the cells that were observed (see `observed_row_sums`), `[B x 1]`. An absent x_ij must be finite.
template <Real T>
Var<T> gaussian_log_prob(Var<T> x, Var<T> mean, Var<T> log_variance, Var<T> observed) {
  return observed_row_sums(gaussian_cell_log_prob(x, mean, log_variance), observed);
}

/// G.1 for μ = 0 and σ = 1: log N(z; 0, I).
template <Real T>
Var<T> standard_normal_log_prob(Var<T> z) {
  return T{-0.5} * row_sums(square(z) + log_two_pi<T>);
}

/// G.6: H[q] = −E_q[log q(z)] = ½ Σ_j (1 + log 2π + log σ_j²).
template <Real T>
Var<T> gaussian_entropy(Var<T> log_variance) {
  return T{0.5} * row_sums(log_variance + (T{1} + log_two_pi<T>));
}

/// G.7: E_q[log N(z; 0, I)] = −½ Σ_j (log 2π + μ_j² + σ_j²).
template <Real T>
Var<T> gaussian_expected_standard_log_prob(Var<T> mean, Var<T> log_variance) {
  return T{-0.5} * row_sums(square(mean) + exp(log_variance) + log_two_pi<T>);
}

/// G.9: KL(q ‖ N(0, I)) = ½ Σ_j (μ_j² + σ_j² − 1 − log σ_j²): the difference of the two above, never negative.
template <Real T>
Var<T> gaussian_kl_to_standard(Var<T> mean, Var<T> log_variance) {
  return T{0.5} * row_sums(square(mean) + detail::exp_excess(log_variance));
}

/// G.8: KL(N(μ, σ²) ‖ N(m, s²)) = ½ Σ_j [log s_j² − log σ_j² + (σ_j² + (μ_j − m_j)²) / s_j² − 1], never negative.
template <Real T>
Var<T> gaussian_kl(Var<T> mean, Var<T> log_variance, Var<T> other_mean, Var<T> other_log_variance) {
  const Var<T> distance = square(mean - other_mean) * exp(-other_log_variance);
  return T{0.5} * row_sums(distance + detail::exp_excess(log_variance - other_log_variance));
}

/// V.5: (1/B) Σ_i log N(x_i; m_i, s² I) for one known variance s², `[1 x 1]`: the Gaussian likelihood of a decoder.
/// x and m are `[B x D]`, and the constant counts D dimensions. @throws ShapeError, or ValueError unless s² is positive
template <Real T>
Var<T> gaussian_mean_log_prob(Var<T> m, Var<T> x, std::type_identity_t<T> variance) {
  check_positive("gaussian_mean_log_prob", "variance", variance);
  const T constant = T{-0.5} * static_cast<T>(x.cols()) * (log_two_pi<T> + std::log(variance));
  return (T{-0.5} / (variance * static_cast<T>(x.rows()))) * squared_error(m, x) + constant;
}

/// The same for a variance that is learned: `log_variance` log s² is `[1 x 1]`, `[1 x D]`, one number for each input,
/// or `[B x D]`, an output of the decoder. L.1 in docs/derivations/likelihoods_and_mixtures.md. @throws ShapeError
template <Real T>
Var<T> gaussian_mean_log_prob(Var<T> m, Var<T> x, Var<T> log_variance) {
  check_shape("gaussian_mean_log_prob", "x", x, m.rows(), m.cols());
  return mean(gaussian_log_prob(x, m, log_variance));
}

/// q_b(z) = N(z; μ_b, diag σ_b²) for each row b, under the names that every Gaussian of the library has.
template <Real T>
struct DiagonalGaussian {
  Var<T> mean;          ///< μ `[B x J]`
  Var<T> log_variance;  ///< log σ² `[B x J]`

  /// G.3, `[B x J]`.
  Var<T> sample(Var<T> noise) const { return gaussian_sample(mean, log_variance, noise); }
  /// G.1; this and the rest are `[B x 1]`.
  Var<T> log_prob(Var<T> z) const { return gaussian_log_prob(z, mean, log_variance); }
  /// G.6.
  Var<T> entropy() const { return gaussian_entropy(log_variance); }
  /// G.7.
  Var<T> expected_standard_log_prob() const { return gaussian_expected_standard_log_prob(mean, log_variance); }
  /// G.9.
  Var<T> kl_to_standard() const { return gaussian_kl_to_standard(mean, log_variance); }
  /// log σ² itself, `[B x J]`.
  Var<T> marginal_log_variance() const { return log_variance; }
  /// The same numbers on another tape, as constants.
  DiagonalGaussian copy_to(Tape<T>& tape) const {
    return {tape.constant(mean.value()), tape.constant(log_variance.value())};
  }
};

/// G.8: KL(q ‖ p), `[B x 1]`.
template <Real T>
Var<T> kl(const DiagonalGaussian<T>& q, const DiagonalGaussian<T>& p) {
  return gaussian_kl(q.mean, q.log_variance, p.mean, p.log_variance);
}

}  // namespace vade
