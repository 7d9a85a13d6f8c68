// vade: what the autoencoder and the VAE minimise.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include <vade/elbo/vae.hpp>
#include <vade/models/network.hpp>
#include <vade/training/train.hpp>

namespace vade {

/// −E[log p(x|z)] with z the code itself: no noise, no prior. Trains a network that has `options`, `code` and
/// `decoder`, be it an `Autoencoder`'s or the one of a VAE, whose variances are then left alone.
template <Real T, class AnyNetwork>
class AutoencoderObjective {
 public:
  static constexpr std::array<std::string_view, 1> term_names{"reconstruction"};

  explicit AutoencoderObjective(AnyNetwork& network) : network_(&network) {}

  Losses<T, 1> record(const Batch<T>& batch) {
    const Var<T> decoded = network_->decoder(network_->code(batch.x));
    const Var<T> reconstruction = mean_log_likelihood(network_->options, decoded, batch.x);
    return {.loss = -reconstruction, .terms = {reconstruction}};
  }

  std::vector<ParameterGroup<T>> groups() { return {{parameters_of<T>(*network_), 1.0}}; }
  void end_epoch(EpochRecord&) {}

 private:
  AnyNetwork* network_;
};

/// −ELBO of the VAE, with weight β(epoch) on KL(q(z|x) ‖ N(0, I)) and one draw of z a row.
template <Real T, class Posterior = DiagonalPosterior>
class VaeObjective {
 public:
  static constexpr std::array<std::string_view, 3> term_names{"reconstruction", "latent_prior", "latent_entropy"};

  VaeObjective(Network<T, Posterior>& network, const Schedule& kl_weight) : network_(&network), kl_weight_(kl_weight) {}

  Losses<T, 3> record(const Batch<T>& batch) {
    const auto q = network_->encoder(batch.x);
    const Var<T> z = q.sample(posterior_noise(batch.x.tape(), batch.rows, q.mean.cols(), batch.seed, batch.draw));
    const Var<T> reconstruction = mean_log_likelihood(network_->options, network_->decoder(z), batch.x);
    const VaeTerms<T> terms = vae_terms(reconstruction, q);
    return {.loss = -terms.bound(static_cast<T>(kl_weight_.at(batch.epoch, batch.epochs))),
            .terms = {terms.reconstruction, terms.latent_prior, terms.latent_entropy}};
  }

  std::vector<ParameterGroup<T>> groups() { return {{parameters_of<T>(*network_), 1.0}}; }
  void end_epoch(EpochRecord&) {}

 private:
  Network<T, Posterior>* network_;
  Schedule kl_weight_;
};

}  // namespace vade
