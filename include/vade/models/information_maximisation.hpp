// vade: a classifier that finds classes without labels, by maximising information.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <vade/autodiff/structure.hpp>
#include <vade/core/stop_token.hpp>
#include <vade/data/views.hpp>
#include <vade/elbo/information.hpp>
#include <vade/models/adversarial_views.hpp>
#include <vade/models/detail/answers.hpp>
#include <vade/models/network_options.hpp>
#include <vade/models/row_source.hpp>
#include <vade/nn/batch_norm.hpp>
#include <vade/training/cluster_monitor.hpp>
#include <vade/training/train.hpp>

/// The idea (IMSAT: Hu et al., "Learning Discrete Representations via Information Maximizing Self-Augmented Training",
/// ICML 2017). A network p(c|x) should be certain about each row, use all classes, and not change its mind when a row
/// is replaced by a random view Tx of it. With p̄ the mean of p(c|x) over a batch, minimise
///
///     KL(p(c|x) ‖ p(c|Tx)) + λ [H(c|x) − μ H(p̄)],   no gradient into the first p(c|x).
///
/// The middle term is certainty, the last is balance; λ = 0.1 and μ = 4. The value of the loss, which needs no labels,
/// tells good runs from bad ones, so restarts can be judged by it, where μ is 1 or more.
namespace vade {

/// Shape of the classifier, and of its training.
struct InformationMaximisationOptions {
  std::vector<Index> hidden = {512, 512};
  Index clusters = 10;
  Augmentation augmentation = {};  ///< what a view is
  /// Share of the views' half-widths by epoch. Wide views from the start lead more draws into partitions that merge
  /// classes (docs/results.md has the figures); narrow ones first, and wide ones later, do not.
  Schedule view_strength = Schedule::warm_up(0.5, 1, 12);
  double certainty_weight = 0.1;  ///< λ
  /// μ. Above 1 it presses for classes of equal size; where they may differ, let it fall to 0 once there are classes, slowly:
  /// fast, and classes merge (docs/results.md has the figures).
  Schedule balance = Schedule::constant(4);
  FitOptions fit = {.epochs = 40, .batch = 250, .learning_rate = Schedule::drop(2e-3, 0.1, 0.3)};

  /// @throws ValueError naming the field
  void check() const {
    check_between<Index>("InformationMaximisationOptions", "clusters", clusters, 2, NetworkOptions::widest);
    check_between<Index>("InformationMaximisationOptions", "number of hidden layers", static_cast<Index>(hidden.size()), 1,
                         NetworkOptions::most_layers);
    for (const Index width : hidden)
      check_between<Index>("InformationMaximisationOptions", "hidden width", width, 1, NetworkOptions::widest);
    check_at_least("InformationMaximisationOptions", "certainty_weight", certainty_weight, 0.0);
    check_at_least<Index>("InformationMaximisationOptions", "batch", fit.batch, 2);
    fit.check();
    if (fit.average_decay > 0)
      throw ValueError("InformationMaximisationOptions: average_decay is above 0, but the statistics of batch normalisation are "
                       "those of the weights as they are, not of their average");
  }
  void for_each_option(auto&& visit) const {
    visit("hidden", hidden), visit("clusters", clusters), visit("augmentation", augmentation);
    visit("view_strength", view_strength), visit("certainty_weight", certainty_weight), visit("balance", balance);
    visit("fit", fit);
  }
};

/// Successive halving (Jamieson and Talwalkar, AISTATS 2016): which draw of the weights a classifier begins with decides
/// which partition it finds, and the loss tells early. After each `rung` epochs the half with the higher `judged_loss` gives
/// up, until one is left. Of E epochs, R candidates cost R rung + R/2 rung + ... + the rest of E for one.
struct HalvingOptions {
  int candidates = 4;  ///< R; 1 is no contest
  int rung = 5;        ///< epochs between two cuts

  /// @throws ValueError naming the field
  void check() const {
    check_between("HalvingOptions", "candidates", candidates, 1, 1 << 10);
    check_between("HalvingOptions", "rung", rung, 1, FitOptions::most_epochs);
  }
  void for_each_option(auto&& visit) const { visit("candidates", candidates), visit("rung", rung); }
};

/// p(c|x) by ReLU layers with batch normalisation and a linear layer of K logits.
template <Real T>
class InformationMaximisingClassifier {
 public:
  static constexpr std::array<std::string_view, 3> term_names{"consistency", "conditional_entropy", "marginal_entropy"};

  /// @throws ValueError
  InformationMaximisingClassifier(Index inputs, InformationMaximisationOptions options, std::uint64_t seed)
      : options_(std::move(options)), seed_(seed) {
    options_.check();
    Index width = inputs;
    std::uint32_t layer = first_layer;
    for (const Index next : options_.hidden) {
      trunk_.emplace_back("classifier." + std::to_string(layer - first_layer), width, next, seed, layer);
      width = next;
      ++layer;
    }
    logits_ = Dense<T>("classifier.logits", width, options_.clusters, Initialiser::glorot, seed, layer);
    logits_.weight().value() *= static_cast<T>(0.01);  // starts undecided: no class is favoured by the draw
  }

  const InformationMaximisationOptions& options() const { return options_; }
  Index inputs() const { return trunk_.front().inputs(); }

  /// Trains on `data` as `stage`. @throws as `train` and as `Views`
  FitReport fit(const Dataset& data, const Stage& stage, const Observer& observer = {}, StopToken stop = {},
                Checkpoint* checkpoint = nullptr) {
    Views<T>::check(data, options_.augmentation, options_.view_strength.peak());
    Tape<T> tape;
    const Views<T> views(data, options_.augmentation);
    return PausableFit(*this, tape, data, views, stage, checkpoint).to(options_.fit.epochs, observer, std::move(stop));
  }

  /// The same for any matrix `[N x D]` of float or double: a `Dataset` is made of it, which copies the rows once.
  template <class Derived>
  FitReport fit(const Eigen::DenseBase<Derived>& rows, const Stage& stage, const Observer& observer = {},
                StopToken stop = {}, Checkpoint* checkpoint = nullptr) {
    return fit(Dataset::from_matrix(rows.derived()), stage, observer, std::move(stop), checkpoint);
  }

  /// Trains several classifiers from different draws and returns the one that is left; what all of them did is added to
  /// `report`, as stages "name 1", "name 2" ... The bytes of the one that is left are those of `fit` with its seed.
  /// @throws as `fit`; ValueError
  static InformationMaximisingClassifier fit_best(const Dataset& data, const InformationMaximisationOptions& options,
                                                  const HalvingOptions& halving, std::uint64_t seed, const Stage& stage,
                                                  FitReport& report, const Observer& observer = {},
                                                  const StopToken& stop = {}, Checkpoint* checkpoint = nullptr) {
    struct Candidate {
      InformationMaximisingClassifier classifier;
      PausableFit fit;
      Candidate(const Dataset& data, const Views<T>& views, const InformationMaximisationOptions& options,
                std::uint64_t seed, Tape<T>& tape, const Stage& stage, Checkpoint* checkpoint)
          : classifier(data.columns(), options, seed), fit(classifier, tape, data, views, stage, checkpoint) {}
    };
    halving.check();
    Views<T>::check(data, options.augmentation, options.view_strength.peak());
    Tape<T> tape;
    const Views<T> views(data, options.augmentation);
    std::vector<std::unique_ptr<Candidate>> field;
    for (int k = 0; k < halving.candidates; ++k)
      field.push_back(std::make_unique<Candidate>(data, views, options, seed + (static_cast<std::uint64_t>(k) << 32),
                                                  tape, Stage{stage.name + " " + std::to_string(k + 1), stage.number},
                                                  checkpoint));
    for (int until = halving.rung; field.size() > 1; until += halving.rung) {
      for (auto& candidate : field)
        if (report.stop == StopReason::finished) report.append(candidate->fit.to(until, observer, stop));
      if (report.stop != StopReason::finished) break;  // some have not been as far as others: nobody loses
      std::ranges::stable_sort(field, {}, [](const auto& candidate) { return candidate->classifier.judged_loss(); });
      const std::size_t left = (field.size() + 1) / 2;
      for (std::size_t k = left; checkpoint && k < field.size(); ++k) checkpoint->drop(field[k]->fit.training.stage().name);
      field.resize(left);
    }
    if (report.stop == StopReason::finished) report.append(field.front()->fit.to(options.fit.epochs, observer, stop));
    return std::move(field.front()->classifier);
  }

  /// Mean loss of the last epoch.
  double loss() const { return loss_; }

  /// The loss that the terms of the last epoch have with the balance at its end, or with a balance of 1 where that is
  /// lower, which is divergence − λ I(x; c). Lower is better, and comparable between runs on the same data and options.
  /// Without a reward for information, clusters that merged would have the lower loss: fewer views cross them.
  double judged_loss() const { return judged_loss_; }

  /// p(c|x) `[N x K]`, by the remembered statistics of the normalisation. @throws ShapeError; ValueError for
  /// answers that are not finite
  Matrix<T> predict_proba(const RowSource<T>& x) const {
    Matrix<T> result(x.count(), options_.clusters);
    for_each_batch(x, 512, [&](Var<T> rows, Index first) {
      const auto p = softmax(apply(*this, rows)).value();
      detail::check_answers("InformationMaximisingClassifier::predict_proba", p, first);
      result.middleRows(first, rows.rows()) = p;
    });
    return result;
  }

  /// The hidden layers with their normalisation folded in: ReLU layers that compute the same.
  std::vector<Dense<T, Relu>> folded_trunk(const std::string& name) const {
    std::vector<Dense<T, Relu>> layers;
    for (std::size_t i = 0; i < trunk_.size(); ++i) layers.push_back(trunk_[i].folded(name + "." + std::to_string(i)));
    return layers;
  }

  void for_each_parameter(auto&& visit) {
    for (auto& layer : trunk_) layer.for_each_parameter(visit);
    logits_.for_each_parameter(visit);
  }

 private:
  static constexpr std::uint32_t first_layer = 2000;

  class Objective {
   public:
    static constexpr auto term_names = InformationMaximisingClassifier::term_names;

    Objective(InformationMaximisingClassifier& classifier, const Views<T>& views, Index rows)
        : classifier_(&classifier), views_(&views), monitor_(rows, classifier.options_.clusters) {}

    Losses<T, 3> record(const Batch<T>& batch) {
      const InformationMaximisationOptions& options = classifier_->options_;
      Tape<T>& tape = batch.x.tape();
      // Rows and views in one batch, so that both are normalised by the same statistics, which inference remembers.
      const Index count = batch.x.rows(), width = batch.x.cols();
      const Var<T> both = tape.constant(2 * count, width);
      MatrixView<T> clean_and_view = both.mutable_value();
      clean_and_view.topRows(count) = batch.x.value();
      const MatrixView<T> view_rows(clean_and_view.data() + count * width, count, width);
      const double strength = options.view_strength.at(batch.epoch, batch.epochs);
      views_->draw(batch.rows, strength, batch.seed, batch.draw, view_rows);
      if (views_->adversarial())
        adversarial_.turn(batch.x.value(), view_rows,
                          [&](Var<T> x) { return log_softmax(apply(std::as_const(*classifier_), x)); });
      const Var<T> logits = apply(*classifier_, both);
      const Var<T> p = softmax(rows(logits, 0, count));
      const Var<T> view_log_p = log_softmax(rows(logits, count, count));
      const InformationTerms<T> terms = information_terms(p, view_log_p);
      const Var<T> view_p = exp(stop_gradient(view_log_p));
      monitor_.observe(batch.rows, p.value());
      monitor_.observe_views(p.value(), view_p.value());
      const double balance = options.balance.at(batch.epoch, batch.epochs);
      return {.loss = terms.loss(static_cast<T>(options.certainty_weight), static_cast<T>(balance)),
              .terms = {terms.consistency, terms.conditional_entropy, terms.marginal_entropy}};
    }

    std::vector<ParameterGroup<T>> groups() { return {{parameters_of<T>(*classifier_), 1.0}}; }
    void end_epoch(EpochRecord& record) { monitor_.finish(record); }
    Var<T> probe(Var<T> x) const { return sum(apply(std::as_const(*classifier_), x)); }
    void for_each_state(auto&& visit) {
      for (auto& layer : classifier_->trunk_) layer.for_each_state(visit);
      monitor_.for_each_state(visit);
    }

   private:
    InformationMaximisingClassifier* classifier_;
    const Views<T>* views_;
    AdversarialViews<T> adversarial_;
    ClusterMonitor monitor_;
  };

  void remember(const EpochRecord& last) {
    const double balance = std::max(1.0, options_.balance.at(last.epoch, last.epochs));
    loss_ = last.loss;
    judged_loss_ = last.term("consistency") +
                   options_.certainty_weight * (last.term("conditional_entropy") - balance * last.term("marginal_entropy"));
  }

  static Var<T> apply(auto& self, Var<T> x) {
    for (auto& layer : self.trunk_) x = layer(x);
    return self.logits_(x);
  }

  /// A fit that can pause.
  struct PausableFit {
    InformationMaximisingClassifier& classifier;
    Objective objective;
    Training<T, Objective> training;

    PausableFit(InformationMaximisingClassifier& c, Tape<T>& tape, const Dataset& data, const Views<T>& views,
                const Stage& stage, Checkpoint* checkpoint)
        : classifier(c),
          objective(c, views, data.rows()),
          training(objective, tape, data, c.options_.fit, stage, c.seed_, checkpoint) {}

    /// Goes on until `epoch` epochs are done in all.
    FitReport to(int epoch, const Observer& observer, StopToken stop) {
      FitReport report = training.run(epoch, observer, std::move(stop));
      if (!report.history.empty()) classifier.remember(report.history.back());
      return report;
    }
  };

  InformationMaximisationOptions options_;
  std::uint64_t seed_;
  std::vector<BatchNormDense<T, Relu>> trunk_;
  Dense<T> logits_;
  double loss_ = std::numeric_limits<double>::quiet_NaN();
  double judged_loss_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace vade
