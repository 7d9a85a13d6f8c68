// vade: the families that a posterior may come from.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string_view>

#include <vade/autodiff/structure.hpp>
#include <vade/distributions/full_gaussian.hpp>

/// A posterior policy says which Gaussian q(z|x) is, and how an encoder's last layer gives it: as a head
/// `[B x columns]` whose first J columns are means and next J columns logarithms of squared scales, which are clamped to
/// ±`bound`. It is the second template parameter of encoders and models.
namespace vade {

/// q(z|x) = N(μ, diag σ²): a head of 2 J columns, μ and log σ².
struct DiagonalPosterior {
  static constexpr std::string_view name = "diagonal";
  template <Real T>
  using Gaussian = DiagonalGaussian<T>;

  static Index columns(Index latent) { return 2 * latent; }

  template <Real T>
  static Gaussian<T> from_head(Var<T> head, Index latent, std::type_identity_t<T> bound) {
    return {.mean = vade::columns(head, 0, latent),
            .log_variance = clamp(vade::columns(head, latent, latent), -bound, bound)};
  }

  /// How many logarithms `from_head` has clamped.
  template <Real T>
  static Index at_bound(const Gaussian<T>& q, std::type_identity_t<T> bound) {
    return (q.log_variance.value().array().abs() >= bound).count();
  }
};

/// q(z|x) = N(μ, L Lᵀ), F.1: a head of 2 J + J (J − 1) / 2 columns, μ, log L_jj², and the entries of L below the
/// diagonal. It costs that much more memory and, per row, O(J²) instead of O(J).
struct FullPosterior {
  static constexpr std::string_view name = "full";
  template <Real T>
  using Gaussian = FullGaussian<T>;

  static Index columns(Index latent) { return 2 * latent + lower_count(latent); }

  template <Real T>
  static Gaussian<T> from_head(Var<T> head, Index latent, std::type_identity_t<T> bound) {
    return {.mean = vade::columns(head, 0, latent),
            .log_scale = T{0.5} * clamp(vade::columns(head, latent, latent), -bound, bound),
            .lower = latent > 1 ? vade::columns(head, 2 * latent, lower_count(latent))
                                : head.tape().constant(head.rows(), 0)};
  }

  /// How many logarithms `from_head` has clamped.
  template <Real T>
  static Index at_bound(const Gaussian<T>& q, std::type_identity_t<T> bound) {
    return (q.log_scale.value().array().abs() >= T{0.5} * bound).count();
  }
};

/// The requirements on a policy.
template <class P, class T>
concept PosteriorPolicy = Real<T> && requires(Var<T> v, Tape<T>& tape, typename P::template Gaussian<T> q) {
  { P::name } -> std::convertible_to<std::string_view>;           // in model files
  { P::columns(Index{}) } -> std::same_as<Index>;                 // of the head, for J
  { P::from_head(v, Index{}, T{}) } -> std::same_as<decltype(q)>;
  { P::at_bound(q, T{}) } -> std::same_as<Index>;
  { q.mean } -> std::convertible_to<Var<T>>;                      // [B x J]
  { q.sample(v) } -> std::same_as<Var<T>>;                        // [B x J]
  { q.log_prob(v) } -> std::same_as<Var<T>>;                      // [B x 1]
  { q.entropy() } -> std::same_as<Var<T>>;                        // [B x 1]
  { q.expected_standard_log_prob() } -> std::same_as<Var<T>>;     // [B x 1]
  { q.kl_to_standard() } -> std::same_as<Var<T>>;                 // [B x 1]
  { q.marginal_log_variance() } -> std::same_as<Var<T>>;          // [B x J]
  { q.copy_to(tape) } -> std::same_as<decltype(q)>;
};

static_assert(PosteriorPolicy<DiagonalPosterior, float> && PosteriorPolicy<FullPosterior, double>);

}  // namespace vade
