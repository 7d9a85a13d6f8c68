// vade: the bound of Variational Deep Embedding, term by term.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/distributions/categorical.hpp>
#include <vade/distributions/gaussian.hpp>
#include <vade/distributions/gaussian_mixture_prior.hpp>

/// The model: c ~ Categorical(π), z ~ N(μ_c, diag σ_c²), x ~ p(x|z). The posterior is q(z, c|x) = q(z|x) q(c|x) with
/// q(z|x) = N(μ, diag σ²) and γ_c = q(c|x). Then log p(x) is at least the sum of five expectations under q
/// (Jiang et al., "Variational Deep Embedding", IJCAI 2017, equation 9):
///
///     E[log p(x|z)] + E[log p(z|c)] + E[log p(c)] − E[log q(z|x)] − E[log q(c|x)].
///
/// Which γ? The sum depends on γ_c through Σ_c γ_c (S_c + log π_c − log γ_c), S_c = E_q[log N(z; μ_c, σ_c²)], whose
/// maximum over the simplex is at γ = softmax(S + log π), with value log Σ_c e^{S_c + log π_c}. The paper takes
/// p(c|z) at a draw of z instead, which is another point: a lower bound, and noise in every gradient. Both are here,
/// by name. At the maximum the derivative with respect to γ vanishes on the simplex (the envelope theorem), so γ
/// enters the terms as a constant and the gradient is still exact; a test compares the two. Derived, with the numbers
/// used here, in docs/derivations/vade_bound.md and responsibilities.md.
namespace vade {

/// How q(c|x) is found.
enum class ResponsibilityKind {
  exact,    ///< softmax_c(log π_c + E_q[log N(z; μ_c, σ_c²)]): the maximiser of the bound
  sampled,  ///< p(c|z) at the drawn z: equation 16 of the paper
};

/// R.2: γ `[B x K]`, exact: softmax over c of log π_c + S_bc. O(B K J). @throws ShapeError
template <Real T>
Var<T> exact_responsibilities(Var<T> expected_log_densities, Var<T> weight_logits) {
  return softmax(expected_log_densities + log_softmax(weight_logits));
}

/// R.5: γ `[B x K]` = p(c|z) at the draw z `[B x J]`. O(B K J). @throws ShapeError
template <Real T>
Var<T> sampled_responsibilities(Var<T> z, Var<T> weight_logits, Var<T> means, Var<T> log_variances) {
  return mixture_responsibilities(z, weight_logits, means, log_variances);
}

/// The five terms, each `[1 x 1]`, a mean over rows in nats.
template <Real T>
struct VadeTerms {
  Var<T> reconstruction;   ///< D.3: E[log p(x|z)], from draws of z
  Var<T> latent_prior;     ///< D.4: E[log p(z|c)] = Σ_c γ_c S_c
  Var<T> cluster_prior;    ///< D.5: E[log p(c)] = Σ_c γ_c log π_c
  Var<T> latent_entropy;   ///< D.6: −E[log q(z|x)] = ½ Σ_j (1 + log 2π + log σ_j²)
  Var<T> cluster_entropy;  ///< D.7: −E[log q(c|x)] = −Σ_c γ_c log γ_c

  /// D.8: KL(q(z, c|x) ‖ p(z, c)) = −(the last four).
  Var<T> kl() const { return -(latent_prior + cluster_prior + latent_entropy + cluster_entropy); }
  /// D.2: the bound, with weight β on the divergence; β = 1 is the bound itself.
  Var<T> bound(std::type_identity_t<T> beta = T{1}) const { return reconstruction - beta * kl(); }
};

/// The terms for posteriors q(z|x), one a row, diagonal or full, responsibilities γ `[B x K]`, the matrix S `[B x K]`
/// of `expected_log_density`, and a reconstruction term computed from a draw of z. S asks for the marginal variances of q
/// alone (F.8), the entropy for its whole covariance. O(B K). @throws ShapeError
template <class Gaussian, Real T>
VadeTerms<T> vade_terms(Var<T> reconstruction, const Gaussian& q, Var<T> expected_log_densities,
                        Var<T> responsibilities, Var<T> weight_logits) {
  const Var<T> entropies = q.entropy();
  check_shape("vade_terms", "reconstruction", reconstruction, 1, 1);
  check_shape("vade_terms", "responsibilities", responsibilities, expected_log_densities.rows(),
              expected_log_densities.cols());
  check_same_count("vade_terms", "rows of log_variance", entropies.rows(), expected_log_densities.rows());
  check_shape("vade_terms", "weight_logits", weight_logits, 1, expected_log_densities.cols());
  return {.reconstruction = reconstruction,
          .latent_prior = mean(row_sums(responsibilities * expected_log_densities)),
          .cluster_prior = mean(row_sums(responsibilities * log_softmax(weight_logits))),
          .latent_entropy = mean(entropies),
          .cluster_entropy = mean(categorical_entropy(responsibilities))};
}

/// The same for diagonal posteriors, of which the entropy needs `log_variance` `[B x J]` alone.
template <Real T>
VadeTerms<T> vade_terms(Var<T> reconstruction, Var<T> log_variance, Var<T> expected_log_densities,
                        Var<T> responsibilities, Var<T> weight_logits) {
  return vade_terms(reconstruction, DiagonalGaussian<T>{.mean = {}, .log_variance = log_variance},
                    expected_log_densities, responsibilities, weight_logits);
}

}  // namespace vade
