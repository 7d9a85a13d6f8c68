// vade: the network that gives q(z|x).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <vade/distributions/posterior.hpp>
#include <vade/nn/mlp.hpp>

namespace vade {

/// x `[B x D]` → ReLU layers → one linear head: the mean `[B x J]`, then log-variances, which are clamped to
/// ±`log_variance_bound` (e⁻¹² is far below any useful posterior variance, e¹² far above the prior's), then what else
/// `Posterior` asks for (see `distributions/posterior.hpp`).
template <Real T, class Posterior = DiagonalPosterior>
class GaussianEncoder {
 public:
  using Gaussian = typename Posterior::template Gaussian<T>;
  static constexpr T log_variance_bound = T{12};

  GaussianEncoder() = default;

  /// `hidden` are the widths between D and the head. Layers are drawn from (seed, first_layer ...). What a posterior
  /// has beside mean and variance starts at zero, so that all kinds start as the diagonal one of the same seed.
  /// @throws ValueError for no hidden layer or a width below 1
  GaussianEncoder(const std::string& name, Index inputs, const std::vector<Index>& hidden, Index latent,
                  std::uint64_t seed, std::uint32_t first_layer) {
    if (hidden.empty()) throw ValueError("GaussianEncoder: " + name + " has no hidden layer, wanted at least one");
    trunk_ = Mlp<T, Relu, Relu>(name, trunk_widths(inputs, hidden), seed, first_layer);
    const auto layer = first_layer + static_cast<std::uint32_t>(hidden.size());
    head_ = Dense<T>(name + ".head", hidden.back(), 2 * latent, Initialiser::glorot, seed, layer);
    latent_ = latent;
    if (const Index columns = head_columns(latent); columns > 2 * latent) {
      Dense<T> wide(name + ".head", hidden.back(), columns, Initialiser::zero, seed, layer);
      wide.weight().value().leftCols(2 * latent) = head_.weight().value();
      head_ = std::move(wide);
    }
  }

  Index inputs() const { return trunk_.inputs(); }
  Index latent() const { return latent_; }
  Mlp<T, Relu, Relu>& trunk() { return trunk_; }
  const Mlp<T, Relu, Relu>& trunk() const { return trunk_; }
  Dense<T>& head() { return head_; }
  const Dense<T>& head() const { return head_; }

  /// q(z|x) for x `[B x D]`. @throws ShapeError
  Gaussian operator()(Var<T> x) { return apply(*this, x); }
  Gaussian operator()(Var<T> x) const { return apply(*this, x); }

  /// Gives every posterior the same variance, e^`log_variance` in each dimension, and no correlations, whatever x: its
  /// weights become 0. A head that no pretraining has taught would otherwise drown the code in noise. Beyond the bound it
  /// is the bound: from there, unlike from outside, gradients lead back.
  void reset_log_variance(T log_variance) { reset_log_variance(RowVector<T>::Constant(latent_, log_variance)); }

  /// The same with one log-variance for each dimension, `[1 x J]`. @throws ShapeError
  void reset_log_variance(const RowVector<T>& log_variances) {
    check_shape("GaussianEncoder::reset_log_variance", "log_variances", log_variances, 1, latent_);
    const Index rest = head_.outputs() - latent_;
    head_.weight().value().rightCols(rest).setZero();
    head_.bias().value().rightCols(rest).setZero();
    head_.bias().value().middleCols(latent_, latent_) =
        log_variances.cwiseMax(-log_variance_bound).cwiseMin(log_variance_bound);
  }

  /// `visit(name, rows, columns)` for each parameter that such an encoder has, in their order, without making it; `hidden`
  /// has at least one width. O(layers).
  static void for_each_shape(const std::string& name, Index inputs, const std::vector<Index>& hidden, Index latent,
                             auto&& visit) {
    Mlp<T>::for_each_shape(name, trunk_widths(inputs, hidden), visit);
    Dense<T>::for_each_shape(name + ".head", hidden.back(), head_columns(latent), visit);
  }

  void for_each_parameter(auto&& visit) { trunk_.for_each_parameter(visit), head_.for_each_parameter(visit); }
  void for_each_parameter(auto&& visit) const { trunk_.for_each_parameter(visit), head_.for_each_parameter(visit); }

 private:
  static std::vector<Index> trunk_widths(Index inputs, const std::vector<Index>& hidden) {
    std::vector<Index> widths{inputs};
    widths.insert(widths.end(), hidden.begin(), hidden.end());
    return widths;
  }

  /// The first 2 J columns are those of the diagonal posterior, whatever else there is.
  static Index head_columns(Index latent) { return std::max(2 * latent, Posterior::columns(latent)); }

  static Gaussian apply(auto& self, Var<T> x) {
    return Posterior::from_head(self.head_(self.trunk_(x)), self.latent_, log_variance_bound);
  }

  Mlp<T, Relu, Relu> trunk_;
  Dense<T> head_;
  Index latent_ = 0;
};

}  // namespace vade
