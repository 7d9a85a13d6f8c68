// vade: what the autoencoder and the VAE minimise.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/elbo/multi_sample.hpp>
#include <vade/models/network.hpp>
#include <vade/models/observation_fit.hpp>
#include <vade/training/bound_monitor.hpp>
#include <vade/training/code_monitor.hpp>
#include <vade/training/train.hpp>

namespace vade {

/// The parameters of a network that an optimizer moves: all but the variances of its likelihood, which `ObservationFit` sets.
template <Real T>
std::vector<Parameter<T>*> optimized_parameters(auto& network) {
  std::vector<Parameter<T>*> parameters = parameters_of<T>(network.encoder);
  for (Parameter<T>* p : parameters_of<T>(network.decoder)) parameters.push_back(p);
  return parameters;
}

/// The share B/N of the rows that is in a batch.
template <Real T>
double share_of(const Batch<T>& batch) {
  return static_cast<double>(batch.x.rows()) / static_cast<double>(batch.data.rows());
}

/// −E[log p(x|z)] with z the code itself: no noise, no prior. Trains a network that has `code`, `decoder` and
/// `observation`, be it an `Autoencoder`'s or the one of a VAE, whose variances are then left alone.
template <Real T, class AnyNetwork>
class AutoencoderObjective {
 public:
  static constexpr std::array<std::string_view, 1> term_names{"reconstruction"};

  explicit AutoencoderObjective(AnyNetwork& network)
      : network_(&network), fit_(network.observation, parameter_count(network)) {}

  Losses<T, 1> record(const Batch<T>& batch) {
    fit_.begin_step(batch.data);
    const Var<T> decoded = network_->decoder(network_->code(batch.x));
    const Var<T> reconstruction = std::as_const(network_->observation).mean_log_prob(decoded, batch.x);
    fit_.observe(batch.x.value(), decoded.value(), share_of(batch));
    return {.loss = -reconstruction, .terms = {reconstruction}};
  }

  std::vector<ParameterGroup<T>> groups() { return {{optimized_parameters<T>(*network_), 1.0}}; }
  std::vector<Parameter<T>*> own_parameters() { return fit_.own_parameters(); }
  void end_epoch(EpochRecord& record) { fit_.finish(record); }
  void for_each_state(auto&& visit) { fit_.for_each_state(visit); }
  void for_each_counter(auto&& visit) const { fit_.for_each_counter(visit); }

  /// The reconstruction of rows x `[B x D]`: what `Training` looks at before it takes an epoch as done.
  Var<T> probe(Var<T> x) const {
    const AnyNetwork& network = *network_;
    return network.observation.mean_log_prob(network.decoder(network.code(x)), x);
  }

 private:
  AnyNetwork* network_;
  ObservationFit<T> fit_;
};

/// A warm-up of the KL weight that training would not reach the end of is a mistake: the full bound would never be used.
/// @throws ValueError
inline void check_warm_up(std::string_view who, const Schedule& kl_weight, int epochs) {
  if (epochs > 0 && kl_weight.warm_up_epochs() > epochs)
    throw ValueError(detail::message(who, ": kl_weight warms up for ", kl_weight.warm_up_epochs(), " epochs, but training has ",
                                     epochs, ": the full bound would never be used"));
}

/// How many codes are drawn for a row, and what is made of them (see `elbo/multi_sample.hpp`).
struct SampleOptions {
  int samples = 1;                   ///< L
  bool importance_weighted = false;  ///< the bound of importance-weighted draws instead of the mean of L bounds

  /// @throws ValueError naming the field
  void check() const { check_between("SampleOptions", "samples", samples, 1, 1 << 20); }
  void for_each_option(auto&& visit) const {
    visit("samples", samples), visit("importance_weighted", importance_weighted);
  }
};

/// −ELBO of the VAE, with weight β(epoch) on KL(q(z|x) ‖ N(0, I)) and L draws of z a row; or, for β = 1, minus the
/// importance-weighted bound. The terms add up to the bound, B.7.
template <Real T, class Posterior = DiagonalPosterior>
class VaeObjective {
 public:
  static constexpr std::array<std::string_view, 3> term_names{"reconstruction", "latent_prior", "latent_entropy"};

  VaeObjective(Network<T, Posterior>& network, const Schedule& kl_weight, const SampleOptions& draws = {})
      : network_(&network),
        kl_weight_(kl_weight),
        draws_(draws),
        codes_(network.options.latent),
        fit_(network.observation, parameter_count(network)) {
    draws.check();
  }

  Losses<T, 3> record(const Batch<T>& batch) {
    fit_.begin_step(batch.data);
    const Index samples = draws_.samples;
    const auto q = network_->encoder(batch.x);
    codes_.observe(q.mean.value(), q.marginal_log_variance().value());
    bounds_.observe(Posterior::at_bound(q, network_->encoder.log_variance_bound), q.mean.value().size());
    const auto each = repeat_rows(q, samples);
    const Var<T> x = repeat_rows(batch.x, samples);
    const Var<T> z = each.sample(
        posterior_noise(batch.x.tape(), batch.rows, q.mean.cols(), batch.seed, batch.draw, samples));
    const Var<T> decoded = network_->decoder(z);
    const VaeTerms<T> terms = draws_.importance_weighted ? weighted_terms(x, z, decoded, each, share_of(batch))
                                                         : vae_terms(observation().mean_log_prob(decoded, x), q);
    if (!draws_.importance_weighted) fit_.observe(x.value(), decoded.value(), share_of(batch));
    return {.loss = -terms.bound(static_cast<T>(kl_weight_.at(batch.epoch, batch.epochs))),
            .terms = {terms.reconstruction, terms.latent_prior, terms.latent_entropy}};
  }

  std::vector<ParameterGroup<T>> groups() { return {{optimized_parameters<T>(*network_), 1.0}}; }
  std::vector<Parameter<T>*> own_parameters() { return fit_.own_parameters(); }
  void end_epoch(EpochRecord& record) {
    bounds_.finish(record);
    codes_.finish(record);
    fit_.finish(record);
  }
  void for_each_state(auto&& visit) { fit_.for_each_state(visit); }
  void for_each_counter(auto&& visit) const { fit_.for_each_counter(visit); }

  /// The bound at the posterior means, for rows x `[B x D]`: what `Training` looks at before it takes an epoch as done.
  Var<T> probe(Var<T> x) const {
    const Network<T, Posterior>& network = *network_;
    const auto q = network.encoder(x);
    return vae_terms(network.observation.mean_log_prob(network.decoder(q.mean), x), q).bound();
  }

 private:
  const Observation<T>& observation() const { return network_->observation; }

  /// The terms of importance-weighted draws; a draw counts for s² by its weight, as it does in the gradient (B.7).
  VaeTerms<T> weighted_terms(Var<T> x, Var<T> z, Var<T> decoded, const auto& each, double share) {
    const Index samples = draws_.samples;
    const Var<T> likelihood = draws_beside(observation().log_prob(decoded, x), samples);
    const Var<T> prior = draws_beside(standard_normal_log_prob(z), samples);
    const Var<T> posterior = draws_beside(each.log_prob(z), samples);
    Matrix<double> weights = (likelihood.value() + prior.value() - posterior.value()).template cast<double>();
    weights.colwise() -= weights.rowwise().maxCoeff().eval();
    weights = weights.array().exp().matrix();
    weights.array().colwise() /= (weights.rowwise().sum() * static_cast<double>(weights.rows())).array().eval();
    fit_.observe(x.value(), decoded.value(), share, Matrix<double>(weights.reshaped<Eigen::RowMajor>(x.rows(), 1)));
    return importance_weighted_terms(likelihood, prior, posterior);
  }

  Network<T, Posterior>* network_;
  Schedule kl_weight_;
  SampleOptions draws_;
  BoundMonitor bounds_;
  CodeMonitor codes_;
  ObservationFit<T> fit_;
};

}  // namespace vade
