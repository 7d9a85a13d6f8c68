// vade: what VaDE minimises.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <vade/data/views.hpp>
#include <vade/elbo/multi_sample.hpp>
#include <vade/elbo/vade.hpp>
#include <vade/models/adversarial_views.hpp>
#include <vade/models/detail/inference.hpp>
#include <vade/models/network.hpp>
#include <vade/models/objectives.hpp>
#include <vade/models/online_mixture.hpp>
#include <vade/optim/weight_average.hpp>
#include <vade/training/bound_monitor.hpp>
#include <vade/training/cluster_monitor.hpp>
#include <vade/training/code_monitor.hpp>
#include <vade/training/start_monitor.hpp>
#include <vade/training/train.hpp>

namespace vade {

/// What a row, or a random view of it, is asked to agree with.
enum class ConsistencyTarget {
  start,    ///< the partition of the start, where it gives one (else `own`): a fixed teacher, as in distillation
  own,      ///< γ(x) as it is now, held fixed in the step
  average,  ///< γ(x) of a moving average of the weights: a mean teacher (Tarvainen and Valpola 2017)
};

/// Whether a row, or a random view of it, should fall into a given cluster, and how much. With t the target of a row x
/// and γ′ = γ(Tx), adds to the loss
///     w(e) [ −Σ_c t_c log γ′_c  −  b H(mean over the batch of γ′) ].
/// Gradients flow through γ′ into the encoder; the mixture is moved by the bound alone. With weight 0 nothing is computed:
/// that is plain VaDE, bit for bit. A large weight holds the partition and takes from the bound; a schedule that falls to 0,
/// such as `Schedule::linear(300)`, holds it while the decoder is learned, and ends on the plain bound.
struct ConsistencyOptions {
  Schedule weight = Schedule::constant(0);  ///< w, against a bound of the order of 100 nats
  double balance = 0.4;                     ///< b: 0 for data whose clusters may differ in size
  ConsistencyTarget target = ConsistencyTarget::start;
  double teacher_decay = 0.99;     ///< of the moving average, for `ConsistencyTarget::average`
  Augmentation augmentation = {};  ///< what a view is
  /// Share of the views' half-widths. With 0 the row is its own view, which costs nothing and asks nothing of the data:
  /// for a partition that is held as it is. Wider views take from the bound (docs/results.md).
  double view_strength = 1;

  bool draws_views() const { return weight.peak() > 0 && view_strength > 0; }
  /// Whether there must be views of `data`: to be drawn, or, of images at any strength, to tell how far rows and views agree.
  bool wants_views(const Dataset& data) const {
    const bool images = data.image() && std::holds_alternative<ImageAugmentation>(augmentation);
    return draws_views() || (weight.peak() > 0 && images);
  }
  void for_each_option(auto&& visit) const {
    visit("weight", weight), visit("balance", balance), visit("target", target), visit("teacher_decay", teacher_decay);
    visit("augmentation", augmentation), visit("view_strength", view_strength);
  }
};

/// What moves π, μ_c and σ_c.
enum class MixtureUpdate {
  gradient,  ///< the optimizer, with everything else
  em,        ///< online EM: in each step they are the maximisers of the bound for the posteriors of the last epoch or so
};

/// How the bound is trained.
struct VadeObjectiveOptions {
  ResponsibilityKind responsibilities = ResponsibilityKind::exact;
  MixtureUpdate mixture = MixtureUpdate::gradient;
  Schedule kl_weight = Schedule::constant(1);
  double mixture_rate = 1;  ///< learning rate of π, μ_c, σ_c as a multiple of the networks', where gradients move them
  int freeze_epochs = 0;    ///< first epochs in which γ is the one of the start, where a start gives one
  bool revive = false;      ///< whether, after these, a dead cluster takes half of the largest one: at most one an epoch
  int samples = 1;        ///< L draws of z a row for the reconstruction, and for sampled responsibilities
  ConsistencyOptions consistency = {};

  /// @throws ValueError naming the field
  void check(int epochs) const {
    check_at_least("VadeObjectiveOptions", "mixture_rate", mixture_rate, 0.0);
    check_at_least("VadeObjectiveOptions", "freeze_epochs", freeze_epochs, 0);
    check_between("VadeObjectiveOptions", "samples", samples, 1, 1 << 20);
    check_at_least("ConsistencyOptions", "balance", consistency.balance, 0.0);
    check_at_least("ConsistencyOptions", "view_strength", consistency.view_strength, 0.0);
    check_between("ConsistencyOptions", "teacher_decay", consistency.teacher_decay, 0.0, 0.999999);
    if (revive && mixture == MixtureUpdate::em)
      throw ValueError("VadeObjectiveOptions: revive is true with mixture = em, whose sums would bring the dead cluster back");
    check_warm_up("VadeObjectiveOptions", kl_weight, epochs);
  }
  void for_each_option(auto&& visit) const {
    visit("responsibilities", responsibilities), visit("mixture", mixture), visit("kl_weight", kl_weight);
    visit("mixture_rate", mixture_rate), visit("freeze_epochs", freeze_epochs), visit("revive", revive);
    visit("samples", samples), visit("consistency", consistency);
  }
};

/// −ELBO of VaDE with weight β(epoch) on the divergence and L draws of z a row, plus the consistency term.
template <Real T, class Posterior = DiagonalPosterior>
class VadeObjective {
 public:
  static constexpr std::array<std::string_view, 6> term_names{"reconstruction", "latent_prior",    "cluster_prior",
                                                              "latent_entropy", "cluster_entropy", "consistency"};

  /// `frozen` `[N x K]` is q(c|x) for the freeze epochs, or empty; for a fit that goes on from a checkpoint, which has it, any
  /// matrix of that shape. `data` are the rows to train on, and must outlive this. @throws ShapeError; as `Views`
  VadeObjective(Network<T, Posterior>& network, MixtureParameters<T>& mixture, const VadeObjectiveOptions& options,
                const Dataset& data, Matrix<T> frozen = {})
      : network_(&network),
        mixture_(&mixture),
        options_(options),
        frozen_(std::move(frozen)),
        data_(&data),
        monitor_(data.rows(), mixture.means.rows()),
        start_(data.rows(), mixture.means.rows()),
        codes_(mixture.means.cols()),
        fit_(network.observation, parameter_count(network)) {
    if (frozen_.size() > 0) check_shape("VadeObjective", "frozen", frozen_, data.rows(), mixture.means.rows());
    if (frozen_.size() > 0) start_.begin(top_columns(frozen_), centre_distances());
    const ConsistencyOptions& consistency = options.consistency;
    if (consistency.target == ConsistencyTarget::average && consistency.weight.peak() > 0)
      teacher_.emplace(taught_parameters(), consistency.teacher_decay);
    if (options.mixture == MixtureUpdate::em) online_.emplace(mixture.means.rows(), mixture.means.cols());
    if (consistency.wants_views(data)) views_.emplace(data, consistency.augmentation);
  }

  Losses<T, 6> record(const Batch<T>& batch) {
    Tape<T>& tape = batch.x.tape();
    if (online_) online_->update(*mixture_);  // with the posteriors of the step before
    if (teacher_) teacher_->update();
    fit_.begin_step(*data_);
    const MixturePrior<T> prior = mixture_->on(tape);
    const auto q = network_->encoder(batch.x);
    bounds_.observe(Posterior::at_bound(q, network_->encoder.log_variance_bound), q.mean.value().size());
    codes_.observe(q.mean.value(), q.marginal_log_variance().value());
    const Index samples = options_.samples;
    const Var<T> z = repeat_rows(q, samples)
                         .sample(posterior_noise(tape, batch.rows, q.mean.cols(), batch.seed, batch.draw, samples));
    const Var<T> decoded = network_->decoder(z), x = repeat_rows(batch.x, samples);
    const Var<T> reconstruction = std::as_const(network_->observation).mean_log_prob(decoded, x);
    fit_.observe(x.value(), decoded.value(), share_of(batch));
    const Var<T> densities = prior.expected_log_density(q);
    const Var<T> own =
        options_.responsibilities == ResponsibilityKind::exact
            ? stop_gradient(exact_responsibilities(densities, prior.weight_logits))
            : average_draws(sampled_responsibilities(z, prior.weight_logits, prior.means, prior.log_variances), samples);
    const bool freeze = frozen_.size() > 0 && batch.epoch < options_.freeze_epochs;
    const Var<T> gamma = freeze ? frozen_rows(tape, batch.rows) : own;
    const VadeTerms<T> terms = vade_terms(reconstruction, q, densities, gamma, prior.weight_logits);
    monitor_.observe(batch.rows, own.value());
    if (online_)
      online_->observe(gamma.value(), q.mean.value(), q.marginal_log_variance().value(),
                       share_of(batch));

    Var<T> loss = -terms.bound(static_cast<T>(options_.kl_weight.at(batch.epoch, batch.epochs)));
    Var<T> consistency = tape.constant(Matrix<T>::Zero(1, 1));
    if (const double weight = options_.consistency.weight.at(batch.epoch, batch.epochs); weight > 0) {
      const Var<T> target = freeze ? gamma : consistency_target(batch, gamma);
      const bool views = options_.consistency.draws_views();
      const Var<T> log_gamma = log_responsibilities(views ? view_posterior(batch) : q, prior.held());
      const Var<T> view_gamma = exp(log_gamma);
      if (views) monitor_.observe_views(own.value(), view_gamma.value());
      viewed_ = viewed_ || views;
      consistency = view_term(target, log_gamma, view_gamma);
      loss = loss + static_cast<T>(weight) * consistency;
    }
    return {.loss = loss,
            .terms = {terms.reconstruction, terms.latent_prior, terms.cluster_prior, terms.latent_entropy,
                      terms.cluster_entropy, consistency}};
  }

  std::vector<ParameterGroup<T>> groups() {
    std::vector<ParameterGroup<T>> groups{{optimized_parameters<T>(*network_), 1.0}};
    if (!online_) groups.push_back({parameters_of<T>(*mixture_), options_.mixture_rate, /*decays=*/false});
    return groups;
  }

  /// The bound at the posterior means, for rows x `[B x D]`: what `Training` looks at before it takes an epoch as done.
  Var<T> probe(Var<T> x) const {
    const Network<T, Posterior>& network = *network_;
    const auto q = network.encoder(x);
    const MixturePrior<T> prior = std::as_const(*mixture_).on(x.tape());
    const Var<T> densities = prior.expected_log_density(q);
    return vade_terms(network.observation.mean_log_prob(network.decoder(q.mean), x), q, densities,
                      exact_responsibilities(densities, prior.weight_logits), prior.weight_logits)
        .bound();
  }

  /// The variances of the likelihood, and the mixture where EM moves it.
  std::vector<Parameter<T>*> own_parameters() {
    std::vector<Parameter<T>*> own = fit_.own_parameters();
    if (online_) std::ranges::copy(parameters_of<T>(*mixture_), std::back_inserter(own));
    return own;
  }

  void end_epoch(EpochRecord& record) {
    if (views_ && !std::exchange(viewed_, false)) watch_views(static_cast<std::uint32_t>(record.epoch));
    const RowVector<double> shares = monitor_.finish(record);
    const Matrix<double> distances = centre_distances();
    record.terms.push_back({"closest_centres", distances.minCoeff()});
    start_.finish(monitor_.labels(), distances, record);
    bounds_.finish(record);
    codes_.finish(record);
    fit_.finish(record);
    // Not after the last epoch: a cluster cut in two wants training.
    if (options_.revive && record.epoch >= options_.freeze_epochs && record.epoch < record.epochs)
      revive_smallest(shares, record);
  }

  /// What the next epoch depends on besides the parameters, for a `Checkpoint`.
  void for_each_state(auto&& visit) {
    visit("frozen", frozen_);
    monitor_.for_each_state(visit);
    start_.for_each_state(visit);
    fit_.for_each_state(visit);
    if (teacher_) teacher_->for_each_state([&](const std::string& name, auto& value) { visit("teacher." + name, value); });
    if (!online_) return;
    online_->for_each_state(visit);
    mixture_->for_each_parameter([&](Parameter<T>& p) { visit(p.name(), p.value()); });
  }

  /// What has counted the steps so far.
  void for_each_counter(auto&& visit) const {
    if (teacher_) visit("the teacher", static_cast<double>(teacher_->updates()));
    if (online_) visit("the mixture", online_->observed());
    fit_.for_each_counter(visit);
  }

 private:
  /// Encoder and mixture: what γ is made of.
  std::vector<Parameter<T>*> taught_parameters() {
    std::vector<Parameter<T>*> parameters = parameters_of<T>(network_->encoder);
    std::ranges::copy(parameters_of<T>(*mixture_), std::back_inserter(parameters));
    return parameters;
  }

  /// t for the rows of a batch, which no gradient reaches; `gamma` is γ as it is now.
  Var<T> consistency_target(const Batch<T>& batch, Var<T> gamma) {
    Tape<T>& tape = batch.x.tape();
    if (frozen_.size() > 0 && options_.consistency.target == ConsistencyTarget::start)
      return frozen_rows(tape, batch.rows);
    if (!teacher_) return stop_gradient(gamma);
    return teacher_->with_averages([&] {
      return std::as_const(*mixture_).on(tape).responsibilities(std::as_const(*network_).encoder(batch.x));
    });
  }

  /// q(z|Tx).
  auto view_posterior(const Batch<T>& batch) {
    const Var<T> view = batch.x.tape().constant(batch.x.rows(), batch.x.cols());
    views_->draw(batch.rows, options_.consistency.view_strength, batch.seed, batch.draw, view.mutable_value());
    if (views_->adversarial())
      adversarial_.turn(batch.x.value(), view.mutable_value(), [&](Var<T> x) {
        const MixturePrior<T> prior = std::as_const(*mixture_).on(x.tape());
        return log_responsibilities(std::as_const(*network_).encoder(x), prior);
      });
    return network_->encoder(view);
  }

  /// log γ `[B x K]` of posteriors.
  static Var<T> log_responsibilities(const auto& q, const MixturePrior<T>& prior) {
    return log_softmax(prior.expected_log_density(q) + log_softmax(prior.weight_logits));
  }

  /// −mean Σ_c t_c log γ′_c − b H(mean γ′), `[1 x 1]`, with γ′ of the posteriors q(z|Tx).
  Var<T> view_term(Var<T> target, Var<T> log_gamma, Var<T> view_gamma) const {
    return -vade::mean(row_sums(target * log_gamma)) -
           static_cast<T>(options_.consistency.balance) * categorical_entropy(column_means(view_gamma));
  }

  /// Where an epoch drew no views, a thousand rows tell whether a view would leave its cluster.
  void watch_views(std::uint32_t epoch) {
    std::vector<Index> rows(static_cast<std::size_t>(std::min<Index>(1000, data_->rows())));
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] = static_cast<Index>(i) * data_->rows() / static_cast<Index>(rows.size());
    Matrix<T> x(static_cast<Index>(rows.size()), data_->columns());
    const MatrixView<T> out(x.data(), x.rows(), x.cols());
    data_->template gather<T>(rows, out);
    const Matrix<T> gamma = detail::responsibilities_of_rows("Vade::fit", *network_, *mixture_, RowSource<T>(x));
    views_->draw(rows, 1, network_->options.seed, epoch, out);
    monitor_.observe_views(gamma, detail::responsibilities_of_rows("Vade::fit", *network_, *mixture_, RowSource<T>(x)));
  }

  void revive_smallest(const RowVector<double>& shares, EpochRecord& record) {
    Index smallest = 0, largest = 0;
    shares.maxCoeff(&largest);
    if (!ClusterMonitor::is_dead(shares.minCoeff(&smallest), shares.cols()) || smallest == largest) return;
    mixture_->split(largest, smallest);
    record.alarms.push_back(detail::message("cluster ", smallest, " is revived: it takes half of cluster ", largest));
  }

  Var<T> frozen_rows(Tape<T>& tape, std::span<const Index> rows) const {
    const Var<T> gamma = tape.constant(static_cast<Index>(rows.size()), frozen_.cols());
    MatrixView<T> out = gamma.mutable_value();
    for (Index i = 0; i < out.rows(); ++i) out.row(i) = frozen_.row(rows[static_cast<std::size_t>(i)]);
    return gamma;
  }

  /// Distances of the centres in units of their pooled standard deviations `[K x K]`; infinite to themselves.
  Matrix<double> centre_distances() const {
    const auto& m = mixture_->means.value();
    const Matrix<T> variances = mixture_->variances();
    Matrix<double> distances = Matrix<double>::Constant(m.rows(), m.rows(), std::numeric_limits<double>::infinity());
    for (Index a = 0; a < m.rows(); ++a)
      for (Index b = 0; b < a; ++b) {
        const auto pooled = (variances.row(a) + variances.row(b)).array() * T{0.5};
        distances(a, b) = distances(b, a) = std::sqrt(static_cast<double>(((m.row(a) - m.row(b)).array().square() / pooled).sum()));
      }
    return distances;
  }

  Network<T, Posterior>* network_;
  MixtureParameters<T>* mixture_;
  VadeObjectiveOptions options_;
  Matrix<T> frozen_;
  const Dataset* data_;
  AdversarialViews<T> adversarial_;
  ClusterMonitor monitor_;
  StartMonitor start_;
  CodeMonitor codes_;
  ObservationFit<T> fit_;
  BoundMonitor bounds_;
  bool viewed_ = false;  // whether the epoch has drawn views
  std::optional<WeightAverage<T>> teacher_;  // of encoder and mixture, for ConsistencyTarget::average
  std::optional<OnlineMixture<T>> online_;   // where EM moves the mixture
  std::optional<Views<T>> views_;            // for the consistency term, or to watch
};

}  // namespace vade
