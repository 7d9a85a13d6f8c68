// vade: the bound of the variational autoencoder, term by term.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/distributions/gaussian.hpp>

namespace vade {

/// log p(x) ≥ E_q[log p(x|z)] + E_q[log p(z)] − E_q[log q(z|x)], each term `[1 x 1]`, a mean over rows in nats. V.3 in
/// docs/derivations. Source: Kingma and Welling 2014, equation 3; the last two terms are −KL(q(z|x) ‖ p(z)).
template <Real T>
struct VaeTerms {
  Var<T> reconstruction;   ///< E_q[log p(x|z)], from draws of z
  Var<T> latent_prior;     ///< E_q[log p(z)], closed form, or of weighted draws (B.7)
  Var<T> latent_entropy;   ///< −E_q[log q(z|x)], likewise

  /// KL(q(z|x) ‖ p(z)).
  Var<T> kl() const { return -(latent_prior + latent_entropy); }
  /// The bound, with weight β on the divergence; β = 1 is the bound itself.
  Var<T> bound(std::type_identity_t<T> beta = T{1}) const { return reconstruction - beta * kl(); }
};

/// The terms for posteriors q, one a row, diagonal or full, and a reconstruction term computed from draws of them.
/// O(B J), full: O(B J²). @throws ShapeError
template <class Gaussian, Real T>
VaeTerms<T> vae_terms(Var<T> reconstruction, const Gaussian& q) {
  check_shape("vae_terms", "reconstruction", reconstruction, 1, 1);
  return {.reconstruction = reconstruction,
          .latent_prior = mean(q.expected_standard_log_prob()),
          .latent_entropy = mean(q.entropy())};
}

/// The same for diagonal posteriors `mean`, `log_variance` `[B x J]`.
template <Real T>
VaeTerms<T> vae_terms(Var<T> reconstruction, Var<T> mean, Var<T> log_variance) {
  check_shape("vae_terms", "reconstruction", reconstruction, 1, 1);
  check_shape("vae_terms", "log_variance", log_variance, mean.rows(), mean.cols());
  return vae_terms(reconstruction, DiagonalGaussian<T>{mean, log_variance});
}

}  // namespace vade
