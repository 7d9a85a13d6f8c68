// vade: the network that gives q(z|x).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <vade/autodiff/pointwise.hpp>
#include <vade/autodiff/structure.hpp>
#include <vade/nn/mlp.hpp>

namespace vade {

/// Posterior of a batch: `mean` and `log_variance` `[B x J]`.
template <Real T>
struct GaussianPosterior {
  Var<T> mean;
  Var<T> log_variance;
};

/// x `[B x D]` → ReLU layers → one linear head of 2 J columns: the mean, then the log-variance, which is clamped to
/// ±`log_variance_bound` (e⁻¹² is far below any useful posterior variance, e¹² far above the prior's).
template <Real T>
class GaussianEncoder {
 public:
  static constexpr T log_variance_bound = T{12};

  GaussianEncoder() = default;

  /// `hidden` are the widths between D and the head. Layers are drawn from (seed, first_layer ...).
  /// @throws ValueError for no hidden layer or a width below 1
  GaussianEncoder(const std::string& name, Index inputs, const std::vector<Index>& hidden, Index latent,
                  std::uint64_t seed, std::uint32_t first_layer) {
    if (hidden.empty()) throw ValueError("GaussianEncoder: " + name + " has no hidden layer, wanted at least one");
    std::vector<Index> widths{inputs};
    widths.insert(widths.end(), hidden.begin(), hidden.end());
    trunk_ = Mlp<T, Relu, Relu>(name, widths, seed, first_layer);
    head_ = Dense<T>(name + ".head", hidden.back(), 2 * latent, Initialiser::glorot, seed,
                     first_layer + static_cast<std::uint32_t>(hidden.size()));
  }

  Index inputs() const { return trunk_.inputs(); }
  Index latent() const { return head_.outputs() / 2; }
  Mlp<T, Relu, Relu>& trunk() { return trunk_; }
  const Mlp<T, Relu, Relu>& trunk() const { return trunk_; }
  Dense<T>& head() { return head_; }
  const Dense<T>& head() const { return head_; }

  /// q(z|x) for x `[B x D]`. @throws ShapeError
  GaussianPosterior<T> operator()(Var<T> x) { return apply(*this, x); }
  GaussianPosterior<T> operator()(Var<T> x) const { return apply(*this, x); }

  /// Gives every posterior the same log-variance, whatever x: its weights become 0 and its bias `log_variance`. A head
  /// that no pretraining has taught would otherwise drown the code in noise.
  void reset_log_variance(T log_variance) {
    head_.weight().value().rightCols(latent()).setZero();
    head_.bias().value().rightCols(latent()).setConstant(log_variance);
  }

  void for_each_parameter(auto&& visit) { trunk_.for_each_parameter(visit), head_.for_each_parameter(visit); }
  void for_each_parameter(auto&& visit) const { trunk_.for_each_parameter(visit), head_.for_each_parameter(visit); }

 private:
  static GaussianPosterior<T> apply(auto& self, Var<T> x) {
    const Var<T> out = self.head_(self.trunk_(x));
    const Index latent = self.latent();
    return {.mean = columns(out, 0, latent),
            .log_variance = clamp(columns(out, latent, latent), -log_variance_bound, log_variance_bound)};
  }

  Mlp<T, Relu, Relu> trunk_;
  Dense<T> head_;
};

}  // namespace vade
