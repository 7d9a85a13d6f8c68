// vade: mixtures of Gaussians with full covariances, on the tape.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include <vade/autodiff/products.hpp>
#include <vade/distributions/full_gaussian.hpp>

/// p(z, c) = π_c N(z; μ_c, L_c L_cᵀ): `weight_logits` `[1 x K]` with π = softmax(weight_logits), and K Gaussians as the
/// rows of a `FullGaussian`. The entropy of a mixture has no closed form. For mixtures with diagonal covariances see
/// `gaussian_mixture_prior.hpp`; to fit one to data, `mixture/gaussian_mixture.hpp`. Derived, with the numbers L.n used
/// here, in docs/derivations/likelihoods_and_mixtures.md.
namespace vade {

namespace detail {

/// w = L_c⁻¹ (z_b − μ_c) into `w` `[J]`.
template <Real T>
void whiten(ConstMatrixView<T> z, Index b, ConstMatrixView<T> means, ConstMatrixView<T> scales,
            ConstMatrixView<T> lowers, Index c, T* w) {
  for (Index j = 0; j < z.cols(); ++j)
    w[j] = (z(b, j) - means(c, j) - dot(lower_row(lowers, c, j), static_cast<const T*>(w), j)) / scales(c, j);
}

}  // namespace detail

/// L.7: S_bc = log N(z_b; μ_c, L_c L_cᵀ), `[B x K]`. L.8: with w = L_c⁻¹ (z_b − μ_c), u = L_c⁻ᵀ w and S̄ the adjoint,
///     z̄_b −= S̄ u,   μ̄_c += S̄ u,   L̄_jk += S̄ u_j w_k for k < j,   (log σ)‾_cj += S̄ (σ_j u_j w_j − 1).
/// O(B K J²). @throws ShapeError
template <Real T>
Var<T> full_mixture_log_density(Var<T> z, const FullGaussian<T>& components) {
  const Var<T> means = components.mean, log_scales = components.log_scale, lowers = components.lower;
  const Index rows = z.rows(), latent = z.cols(), clusters = means.rows();
  check_shape("full_mixture_log_density", "means", means, clusters, latent);
  check_shape("full_mixture_log_density", "log_scales", log_scales, clusters, latent);
  check_shape("full_mixture_log_density", "lower", lowers, clusters, lower_count(latent));
  Tape<T>& tape = z.tape();
  const Var<T> s = tape.record({z, means, log_scales, lowers}, rows, clusters);
  const Var<T> scales = tape.constant(clusters, latent);
  const Var<T> scratch = tape.constant(2, latent);  // w, u
  scales.mutable_value() = log_scales.value().array().exp().matrix();
  {
    MatrixView<T> out = s.mutable_value();
    T* const w = scratch.mutable_value().data();
    for (Index c = 0; c < clusters; ++c) {
      const T constant = T{-0.5} * static_cast<T>(latent) * log_two_pi<T> - log_scales.value().row(c).sum();
      for (Index b = 0; b < rows; ++b) {
        detail::whiten(z.value(), b, means.value(), scales.value(), lowers.value(), c, w);
        out(b, c) = constant - T{0.5} * detail::dot(w, w, latent);
      }
    }
  }
  s.on_backward([z, means, log_scales, lowers, s, scales, scratch] {
    const ConstMatrixView<T> bar = s.adjoint(), d = scales.value(), l = lowers.value();
    const Index size = d.cols();
    T* const w = scratch.mutable_value().data();
    T* const u = w + size;
    T* const z_bar = detail::adjoint_to_add(z);
    T* const mean_bar = detail::adjoint_to_add(means);
    T* const scale_bar = detail::adjoint_to_add(log_scales);
    T* const lower_bar = detail::adjoint_to_add(lowers);
    for (Index b = 0; b < bar.rows(); ++b)
      for (Index c = 0; c < bar.cols(); ++c) {
        detail::whiten(z.value(), b, means.value(), d, l, c, w);
        std::copy(w, w + size, u);
        detail::solve_transposed(d.data() + c * size, l.data() + c * l.cols(), u, size);
        for (Index j = 0; j < size; ++j) {
          if (z_bar != nullptr) z_bar[b * size + j] -= bar(b, c) * u[j];
          if (mean_bar != nullptr) mean_bar[c * size + j] += bar(b, c) * u[j];
          if (scale_bar != nullptr) scale_bar[c * size + j] += bar(b, c) * (d(c, j) * u[j] * w[j] - T{1});
          for (Index k = 0; lower_bar != nullptr && k < j; ++k)
            lower_bar[c * l.cols() + lower_count(j) + k] += bar(b, c) * u[j] * w[k];
        }
      }
  });
  return s;
}

/// L.9: log p(z_b) = log Σ_c π_c N(z_b; μ_c, L_c L_cᵀ), `[B x 1]`. O(B K J²). @throws ShapeError
template <Real T>
Var<T> full_mixture_log_prob(Var<T> z, Var<T> weight_logits, const FullGaussian<T>& components) {
  return log_sum_exp(full_mixture_log_density(z, components) + log_softmax(weight_logits));
}

/// L.10: p(c|z_b) = softmax_c(log π_c + S_bc), `[B x K]`. O(B K J²). @throws ShapeError
template <Real T>
Var<T> full_mixture_responsibilities(Var<T> z, Var<T> weight_logits, const FullGaussian<T>& components) {
  return softmax(full_mixture_log_density(z, components) + log_softmax(weight_logits));
}

/// L.11: z_b = μ_c + L_c ε_b for the component c of each row, given as indicators `[B x K]` (see `indicators`) and
/// standard normal `noise` `[B x J]`. Gradients reach the components, not the choice. O(B K J²). @throws ShapeError
template <Real T>
Var<T> full_mixture_sample(Var<T> indicators, const FullGaussian<T>& components, Var<T> noise) {
  const Var<T> lower = components.lower.cols() > 0 ? matmul(indicators, components.lower)
                                                   : noise.tape().constant(noise.rows(), 0);
  return FullGaussian<T>{matmul(indicators, components.mean), matmul(indicators, components.log_scale), lower}.sample(
      noise);
}

}  // namespace vade
