// vade: what the autoencoder and the VAE minimise.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include <vade/elbo/multi_sample.hpp>
#include <vade/models/network.hpp>
#include <vade/training/bound_monitor.hpp>
#include <vade/training/train.hpp>

namespace vade {

/// −E[log p(x|z)] with z the code itself: no noise, no prior. Trains a network that has `code`, `decoder` and
/// `observation`, be it an `Autoencoder`'s or the one of a VAE, whose variances are then left alone.
template <Real T, class AnyNetwork>
class AutoencoderObjective {
 public:
  static constexpr std::array<std::string_view, 1> term_names{"reconstruction"};

  explicit AutoencoderObjective(AnyNetwork& network) : network_(&network) {}

  Losses<T, 1> record(const Batch<T>& batch) {
    const Var<T> decoded = network_->decoder(network_->code(batch.x));
    const Var<T> reconstruction = network_->observation.mean_log_prob(decoded, batch.x);
    return {.loss = -reconstruction, .terms = {reconstruction}};
  }

  std::vector<ParameterGroup<T>> groups() { return {{parameters_of<T>(*network_), 1.0}}; }
  void end_epoch(EpochRecord&) {}

  /// The reconstruction of rows x `[B x D]`: what `Training` looks at before it takes an epoch as done.
  Var<T> probe(Var<T> x) const {
    const AnyNetwork& network = *network_;
    return network.observation.mean_log_prob(network.decoder(network.code(x)), x);
  }

 private:
  AnyNetwork* network_;
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
      : network_(&network), kl_weight_(kl_weight), draws_(draws) {
    draws.check();
  }

  Losses<T, 3> record(const Batch<T>& batch) {
    const Index samples = draws_.samples;
    const auto q = network_->encoder(batch.x);
    bounds_.observe(Posterior::at_bound(q, network_->encoder.log_variance_bound), q.mean.value().size());
    const auto each = repeat_rows(q, samples);
    const Var<T> x = repeat_rows(batch.x, samples);
    const Var<T> z = each.sample(
        posterior_noise(batch.x.tape(), batch.rows, q.mean.cols(), batch.seed, batch.draw, samples));
    const Var<T> decoded = network_->decoder(z);
    const VaeTerms<T> terms =
        draws_.importance_weighted
            ? importance_weighted_terms(draws_beside(network_->observation.log_prob(decoded, x), samples),
                                        draws_beside(standard_normal_log_prob(z), samples),
                                        draws_beside(each.log_prob(z), samples))
            : vae_terms(network_->observation.mean_log_prob(decoded, x), q);
    return {.loss = -terms.bound(static_cast<T>(kl_weight_.at(batch.epoch, batch.epochs))),
            .terms = {terms.reconstruction, terms.latent_prior, terms.latent_entropy}};
  }

  std::vector<ParameterGroup<T>> groups() { return {{parameters_of<T>(*network_), 1.0}}; }
  void end_epoch(EpochRecord& record) { bounds_.finish(record); }

  /// The bound at the posterior means, for rows x `[B x D]`: what `Training` looks at before it takes an epoch as done.
  Var<T> probe(Var<T> x) const {
    const Network<T, Posterior>& network = *network_;
    const auto q = network.encoder(x);
    return vae_terms(network.observation.mean_log_prob(network.decoder(q.mean), x), q).bound();
  }

 private:
  Network<T, Posterior>* network_;
  Schedule kl_weight_;
  SampleOptions draws_;
  BoundMonitor bounds_;
};

}  // namespace vade
