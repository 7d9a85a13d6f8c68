// vade: what VaDE minimises.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/data/views.hpp>
#include <vade/elbo/multi_sample.hpp>
#include <vade/elbo/vade.hpp>
#include <vade/models/network.hpp>
#include <vade/training/cluster_monitor.hpp>
#include <vade/training/train.hpp>

namespace vade {

/// What a random view of a row is asked to agree with.
enum class ConsistencyTarget {
  start,  ///< the partition of the start, where it gives one (else `own`): a fixed teacher, as in distillation
  own,    ///< γ(x) as it is now, held fixed in the step
};

/// Whether a row and a random view of it should fall into the same cluster, and how much. With t the target of a row x
/// and γ′ = γ(Tx), adds to the loss
///     w(e) [ −Σ_c t_c log γ′_c  −  b H(mean over the batch of γ′) ].
/// Gradients flow through γ′ into the encoder; the mixture is moved by the bound alone. With weight 0 nothing is computed:
/// that is plain VaDE, bit for bit. A large weight holds the partition and takes from the bound; a schedule that falls to 0,
/// such as `Schedule::linear(300)`, holds it while the decoder is learned, and ends on the plain bound.
struct ConsistencyOptions {
  Schedule weight = Schedule::constant(0);  ///< w, against a bound of the order of 100 nats
  double balance = 0.4;                     ///< b: 0 for data whose clusters are known to differ in size
  ConsistencyTarget target = ConsistencyTarget::start;
  Augmentation augmentation = {};  ///< what a view is
};

/// How the bound is trained.
struct VadeObjectiveOptions {
  ResponsibilityKind responsibilities = ResponsibilityKind::exact;
  Schedule kl_weight = Schedule::constant(1);
  double mixture_rate = 1;  ///< learning rate of π, μ_c, σ_c as a multiple of the networks'
  int freeze_epochs = 0;    ///< first epochs in which γ is the one of the start, where a start gives one
  int samples = 1;        ///< L draws of z a row for the reconstruction, and for sampled responsibilities
  ConsistencyOptions consistency = {};

  /// @throws ValueError naming the field
  void check(int epochs) const {
    check_at_least("VadeObjectiveOptions", "mixture_rate", mixture_rate, 0.0);
    check_at_least("VadeObjectiveOptions", "freeze_epochs", freeze_epochs, 0);
    check_between("VadeObjectiveOptions", "samples", samples, 1, 1 << 20);
    check_at_least("ConsistencyOptions", "balance", consistency.balance, 0.0);
    if (epochs > 0 && kl_weight.warm_up_epochs() > epochs)
      throw ValueError(detail::message("VadeObjectiveOptions: kl_weight warms up for ", kl_weight.warm_up_epochs(),
                                       " epochs, but training has ", epochs, ": the full bound would never be used"));
  }
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
      : weight_logits("mixture.weight_logits", Matrix<T>::Zero(1, clusters)),
        means("mixture.means", Matrix<T>::Zero(clusters, latent)),
        log_variances("mixture.log_variances", Matrix<T>::Zero(clusters, latent)) {}

  /// π `[1 x K]`.
  RowVector<T> weights() const {
    const auto& l = weight_logits.value();
    const RowVector<T> e = (l.array() - l.maxCoeff()).exp().matrix();
    return e / e.sum();
  }

  void for_each_parameter(auto&& visit) { visit(weight_logits), visit(means), visit(log_variances); }
  void for_each_parameter(auto&& visit) const { visit(weight_logits), visit(means), visit(log_variances); }
};

/// −ELBO of VaDE with weight β(epoch) on the divergence and L draws of z a row, plus the consistency term.
template <Real T, class Posterior = DiagonalPosterior>
class VadeObjective {
 public:
  static constexpr std::array<std::string_view, 6> term_names{"reconstruction", "latent_prior",    "cluster_prior",
                                                              "latent_entropy", "cluster_entropy", "consistency"};

  /// `frozen` `[N x K]` is q(c|x) for the freeze epochs, or empty. `data` are the rows to train on. @throws as `Views`
  VadeObjective(Network<T, Posterior>& network, MixtureParameters<T>& mixture, const VadeObjectiveOptions& options,
                const Dataset& data, Matrix<T> frozen = {})
      : network_(&network),
        mixture_(&mixture),
        options_(options),
        frozen_(std::move(frozen)),
        monitor_(data.rows(), mixture.means.rows()) {
    if (options.consistency.weight.peak() > 0) views_.emplace(data, options.consistency.augmentation);
  }

  Losses<T, 6> record(const Batch<T>& batch) {
    Tape<T>& tape = batch.x.tape();
    const Var<T> weight_logits = tape.parameter(mixture_->weight_logits);
    const Var<T> means = tape.parameter(mixture_->means);
    constexpr T bound = MixtureParameters<T>::log_variance_bound;
    const Var<T> log_variances = clamp(tape.parameter(mixture_->log_variances), -bound, bound);

    const auto q = network_->encoder(batch.x);
    const Index samples = options_.samples;
    const Var<T> z = repeat_rows(q, samples)
                         .sample(posterior_noise(tape, batch.rows, q.mean.cols(), batch.seed, batch.draw, samples));
    const Var<T> reconstruction =
        network_->observation.mean_log_prob(network_->decoder(z), repeat_rows(batch.x, samples));
    const Var<T> densities = expected_log_density(q.mean, q.marginal_log_variance(), means, log_variances);
    const Var<T> own = options_.responsibilities == ResponsibilityKind::exact
                           ? stop_gradient(exact_responsibilities(densities, weight_logits))
                           : average_draws(sampled_responsibilities(z, weight_logits, means, log_variances),
                                           samples);
    const bool freeze = frozen_.size() > 0 && batch.epoch < options_.freeze_epochs;
    const Var<T> gamma = freeze ? frozen_rows(tape, batch.rows) : own;
    const VadeTerms<T> terms = vade_terms(reconstruction, q, densities, gamma, weight_logits);
    monitor_.observe(batch.rows, own.value());

    Var<T> loss = -terms.bound(static_cast<T>(options_.kl_weight.at(batch.epoch, batch.epochs)));
    Var<T> consistency = tape.constant(Matrix<T>::Zero(1, 1));
    if (const double weight = options_.consistency.weight.at(batch.epoch, batch.epochs); weight > 0) {
      const bool taught = frozen_.size() > 0 && options_.consistency.target == ConsistencyTarget::start;
      const Var<T> target = freeze ? gamma : taught ? frozen_rows(tape, batch.rows) : stop_gradient(gamma);
      consistency = view_term(batch, target, stop_gradient(weight_logits), stop_gradient(means),
                              stop_gradient(log_variances));
      loss = loss + static_cast<T>(weight) * consistency;
    }
    return {.loss = loss,
            .terms = {terms.reconstruction, terms.latent_prior, terms.cluster_prior, terms.latent_entropy,
                      terms.cluster_entropy, consistency}};
  }

  std::vector<ParameterGroup<T>> groups() {
    return {{parameters_of<T>(*network_), 1.0}, {parameters_of<T>(*mixture_), options_.mixture_rate}};
  }

  void end_epoch(EpochRecord& record) {
    monitor_.finish(record);
    record.terms.push_back({"closest_centres", closest_centres()});
  }

 private:
  /// −mean Σ_c t_c log γ′_c − b H(mean γ′), `[1 x 1]`.
  Var<T> view_term(const Batch<T>& batch, Var<T> target, Var<T> weight_logits, Var<T> means, Var<T> log_variances) {
    Tape<T>& tape = batch.x.tape();
    const Var<T> view = tape.constant(batch.x.rows(), batch.x.cols());
    views_->draw(batch.rows, 1, batch.seed, batch.draw, view.mutable_value());
    const auto q = network_->encoder(view);
    const Var<T> densities = expected_log_density(q.mean, q.marginal_log_variance(), means, log_variances);
    const Var<T> log_gamma = log_softmax(densities + log_softmax(weight_logits));
    const Var<T> view_gamma = exp(log_gamma);
    monitor_.observe_views(target.value(), view_gamma.value());
    return -vade::mean(row_sums(target * log_gamma)) -
           static_cast<T>(options_.consistency.balance) * categorical_entropy(column_means(view_gamma));
  }

  Var<T> frozen_rows(Tape<T>& tape, std::span<const Index> rows) const {
    const Var<T> gamma = tape.constant(static_cast<Index>(rows.size()), frozen_.cols());
    MatrixView<T> out = gamma.mutable_value();
    for (Index i = 0; i < out.rows(); ++i) out.row(i) = frozen_.row(rows[static_cast<std::size_t>(i)]);
    return gamma;
  }

  /// Smallest distance of two centres in units of their pooled standard deviation.
  double closest_centres() const {
    const auto& m = mixture_->means.value();
    const auto& l = mixture_->log_variances.value();
    double closest = std::numeric_limits<double>::infinity();
    for (Index a = 0; a < m.rows(); ++a)
      for (Index b = 0; b < a; ++b) {
        const auto pooled = (l.row(a).array().exp() + l.row(b).array().exp()) * T{0.5};
        closest = std::min(
            closest, std::sqrt(static_cast<double>(((m.row(a) - m.row(b)).array().square() / pooled).sum())));
      }
    return closest;
  }

  Network<T, Posterior>* network_;
  MixtureParameters<T>* mixture_;
  VadeObjectiveOptions options_;
  Matrix<T> frozen_;
  ClusterMonitor monitor_;
  std::optional<Views<T>> views_;  // where there is a consistency term
};

}  // namespace vade
