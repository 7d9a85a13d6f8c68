// vade: the warm starts of VaDE, carried out.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <vade/core/stop_token.hpp>
#include <vade/kernel/product.hpp>
#include <vade/mixture/gaussian_mixture.hpp>
#include <vade/models/detail/head_regression.hpp>
#include <vade/models/detail/inference.hpp>
#include <vade/models/objectives.hpp>
#include <vade/models/vade_objective.hpp>
#include <vade/models/warm_start.hpp>

namespace vade::detail {

/// Visits a `WarmStart`: leaves network and mixture ready for joint training, its history in `report`, and the
/// responsibilities for the freeze epochs, where it has any, in `responsibilities` `[N x K]`.
template <Real T, class Posterior>
struct VadeStart {
  Network<T, Posterior>& network;
  MixtureParameters<T>& mixture;
  Tape<T>& tape;
  const Dataset& data;
  const Observer& observer;
  StopToken stop;
  Checkpoint* checkpoint;
  FitReport report;
  Matrix<T> responsibilities;

  void operator()(const RandomStart&) {
    RandomStream stream(network.options.seed, Purpose::mixture);
    const std::vector<Index> order = random_permutation(data.rows(), stream);
    const Dataset chosen = data.select(std::span(order).first(static_cast<std::size_t>(mixture.means.rows())));
    mixture.means.value() = encode_rows("Vade::fit", network, RowSource<T>(chosen));
  }

  void operator()(const AutoencoderStart& start) {
    AutoencoderObjective<T, Network<T, Posterior>> objective(network);
    const Stage stage{"autoencoder", 1};
    report = train<T>(objective, tape, data, start.fit, stage, network.options.seed, observer, stop, checkpoint);
    const RowVector<T> pooled = start_mixture(stage.name, start.mixture_restarts);
    // No loss has taught the encoder any variance.
    network.encoder.reset_log_variance(RowVector<T>(pooled.array().log() + hand_over_log_variance));
  }

  void operator()(const VaeStart& start) {
    VaeObjective<T, Posterior> objective(network, start.kl_weight);
    const Stage stage{"vae", 2};
    report = train<T>(objective, tape, data, start.fit, stage, network.options.seed, observer, stop, checkpoint);
    start_mixture(stage.name, start.mixture_restarts);
    // The mixture was fitted to posterior means, but is the prior of codes drawn from whole posteriors.
    Matrix<T>& log_variances = mixture.log_variances.value();
    log_variances = (log_variances.array().exp().rowwise() + mean_posterior_variance().array()).log().matrix();
  }

  void operator()(const InformationStart& start) {
    InformationMaximisationOptions options = start.classifier;
    options.clusters = mixture.means.rows();
    const auto classifier = InformationMaximisingClassifier<T>::fit_best(
        data, options, start.halving, network.options.seed, {"classifier", 20}, report, observer, stop, checkpoint);
    responsibilities = classifier.predict_proba(data);
    auto& trunk = network.encoder.trunk();
    const auto layers = classifier.folded_trunk("encoder");
    for (std::size_t i = 0; i < layers.size(); ++i) {
      auto& target = i < trunk.hidden().size() ? trunk.hidden()[i] : trunk.output();
      if (i > trunk.hidden().size() || layers[i].outputs() != target.outputs()) break;
      target = layers[i];
    }
    start_from_responsibilities(start.separation);
  }

  void operator()(const PartitionStart& start) {
    responsibilities = Matrix<T>::Zero(data.rows(), mixture.means.rows());
    for (Index i = 0; i < data.rows(); ++i) responsibilities(i, start.labels[static_cast<std::size_t>(i)]) = T{1};
    start_from_responsibilities(start.separation);
  }

 private:
  /// log of the posterior's variance in units of the clusters' at the hand-over: e⁻⁴, a small part of it.
  static constexpr T hand_over_log_variance = T{-4};

  /// Centres far apart, weights by the shares of `responsibilities`, and the encoder's head where it brings each row
  /// nearest to its centre.
  void start_from_responsibilities(double separation) {
    mixture.means.value() = spread_centres(mixture.means.rows(), network.options.latent, separation);
    mixture.weight_logits.value() = responsibilities.colwise().mean().array().max(static_cast<T>(1e-4)).log().matrix();
    Matrix<T> targets(responsibilities.rows(), network.options.latent);
    product(responsibilities, mixture.means.value(), targets);
    regress_head(network.encoder, RowSource<T>(data), targets);
    network.encoder.reset_log_variance(hand_over_log_variance);
  }

  /// Mean over all rows of σ², `[1 x J]`.
  RowVector<T> mean_posterior_variance() const {
    RowVector<double> sum = RowVector<double>::Zero(network.options.latent);
    for_each_batch(RowSource<T>(data), inference_rows, [&](Var<T> x, Index) {
      const auto log_variance = std::as_const(network.encoder)(x).marginal_log_variance().value();
      sum += log_variance.array().exp().matrix().colwise().sum().template cast<double>();
    });
    return (sum / static_cast<double>(data.rows())).template cast<T>();
  }

  /// Fits the mixture to the codes of all rows; returns the variance within clusters, pooled, `[1 x J]`. @throws
  /// TrainingError where the codes have none, such as those of rows that are all equal
  RowVector<T> start_mixture(const std::string& stage, int restarts) {
    GaussianMixture<T> fitted;
    try {
      fitted.fit(encode_rows("Vade::fit", network, RowSource<T>(data)), {.clusters = mixture.means.rows(),
                                                               .restarts = restarts,
                                                               .max_iterations = 200,
                                                               .seed = network.options.seed});
    } catch (const Error& error) {
      throw TrainingError(message("Vade::fit: after stage ", stage, " no mixture fits the codes of the rows: ", error.what()));
    }
    mixture.weight_logits.value() = fitted.weights().array().max(static_cast<T>(1e-4)).log().matrix();
    mixture.means.value() = fitted.means();
    constexpr T bound = MixtureParameters<T>::log_variance_bound;  // beyond it no gradient would move them
    mixture.log_variances.value() = fitted.variances().array().log().max(-bound).min(bound).matrix();
    return fitted.weights() * fitted.variances();
  }

  /// K centres at distance `separation` from the origin: axes while there are enough, then both signs of axes, then
  /// random directions.
  Matrix<T> spread_centres(Index clusters, Index latent, double separation) const {
    Matrix<T> centres = Matrix<T>::Zero(clusters, latent);
    RandomStream stream(network.options.seed, Purpose::mixture);
    for (Index c = 0; c < clusters; ++c) {
      if (c < 2 * latent) {
        centres(c, c % latent) = static_cast<T>(c < latent ? separation : -separation);
        continue;
      }
      for (T& entry : centres.row(c)) entry = stream.normal<T>();
      centres.row(c) *= static_cast<T>(separation) / centres.row(c).norm();
    }
    return centres;
  }
};

}  // namespace vade::detail
