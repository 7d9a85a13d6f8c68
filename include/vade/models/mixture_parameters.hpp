// vade: the mixture prior of VaDE as parameters.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include <vade/autodiff/parameter.hpp>
#include <vade/elbo/vade.hpp>

namespace vade {

/// The mixture prior on a tape: logits of π `[1 x K]`, μ_c and log σ_c² `[K x J]`.
template <Real T>
struct MixturePrior {
  Var<T> weight_logits, means, log_variances;

  /// S `[B x K]` for posteriors q(z|x).
  Var<T> expected_log_density(const auto& q) const {
    return vade::expected_log_density(q.mean, q.marginal_log_variance(), means, log_variances);
  }
  /// R.2: γ `[B x K]`.
  Var<T> responsibilities(const auto& q) const { return exact_responsibilities(expected_log_density(q), weight_logits); }
  /// The same numbers, which no gradient reaches.
  MixturePrior held() const { return {stop_gradient(weight_logits), stop_gradient(means), stop_gradient(log_variances)}; }
};

/// The mixture prior as parameters: `weight_logits` `[1 x K]`, `means` and `log_variances` `[K x J]`.
template <Real T>
struct MixtureParameters {
  /// σ_c² stays within e^±`log_variance_bound`.
  static constexpr T log_variance_bound = T{12};

  Parameter<T> weight_logits;
  Parameter<T> means;
  Parameter<T> log_variances;

  MixtureParameters() = default;
  MixtureParameters(Index clusters, Index latent)
      : weight_logits(names[0], Matrix<T>::Zero(1, clusters)),
        means(names[1], Matrix<T>::Zero(clusters, latent)),
        log_variances(names[2], Matrix<T>::Zero(clusters, latent)) {}

  /// `visit(name, rows, columns)` for each parameter that such a mixture has, in their order, without making it. O(1).
  static void for_each_shape(Index clusters, Index latent, auto&& visit) {
    visit(std::string(names[0]), Index{1}, clusters);
    visit(std::string(names[1]), clusters, latent);
    visit(std::string(names[2]), clusters, latent);
  }

  /// On a tape, with log σ_c² within its bound; trainable from a mixture that is not const.
  MixturePrior<T> on(Tape<T>& tape) { return on_tape(*this, tape); }
  MixturePrior<T> on(Tape<T>& tape) const { return on_tape(*this, tape); }

  /// π `[1 x K]`.
  RowVector<T> weights() const {
    const auto& l = weight_logits.value();
    const RowVector<T> e = (l.array() - l.maxCoeff()).exp().matrix();
    return e / e.sum();
  }

  /// σ_c² `[K x J]`, within their bound.
  Matrix<T> variances() const {
    return log_variances.value().array().max(-log_variance_bound).min(log_variance_bound).exp().matrix();
  }

  /// M.12: cluster `from` becomes two, itself and `into`, which is given up: half of the weight each, apart by √2 σ along
  /// the axis where it was widest. Together they have the weight, the mean and the variances that it had. O(K J).
  void split(Index from, Index into) {
    Index widest = 0;
    log_variances.value().row(from).maxCoeff(&widest);
    const T step = std::sqrt(variances()(from, widest) / 2);
    weight_logits.value()(0, from) -= std::log(T{2});
    weight_logits.value()(0, into) = weight_logits.value()(0, from);
    log_variances.value()(from, widest) -= std::log(T{2});
    log_variances.value().row(into) = log_variances.value().row(from);
    means.value().row(into) = means.value().row(from);
    means.value()(from, widest) -= step;
    means.value()(into, widest) += step;
  }

  void for_each_parameter(auto&& visit) { visit(weight_logits), visit(means), visit(log_variances); }
  void for_each_parameter(auto&& visit) const { visit(weight_logits), visit(means), visit(log_variances); }

 private:
  static constexpr const char* names[] = {"mixture.weight_logits", "mixture.means", "mixture.log_variances"};

  static MixturePrior<T> on_tape(auto& self, Tape<T>& tape) {
    return {tape.parameter(self.weight_logits), tape.parameter(self.means),
            clamp(tape.parameter(self.log_variances), -log_variance_bound, log_variance_bound)};
  }
};

}  // namespace vade
