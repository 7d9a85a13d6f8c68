// vade: p(x|z) while a model is fitted: its variances, and whether they fit the rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include <vade/models/detail/input_spread.hpp>
#include <vade/models/online_variance.hpp>
#include <vade/training/train.hpp>

namespace vade {

/// Sets the variances that are learned, and watches how the reconstruction fits the rows. One epoch's indicators:
///
/// | name                 | meaning                                                                                 |
/// |----------------------|-----------------------------------------------------------------------------------------|
/// | `codes_gain`         | nats that the reconstruction is above that of the columns' means, which need no codes    |
/// | `residual_ratio`     | mean over inputs of squared residual / s² (Gaussian): 1 is right                         |
/// | `variances_at_floor` | share of inputs whose learned s² is held at a millionth of the column's variance         |
///
/// Alarms: in the first epoch's record, s² and the columns' variances that are orders apart, columns in units that networks
/// are not made for, and more weights than numbers; later, a gain of less than 0.1 nats once half of the epochs are done, a
/// learned s² that is not within a factor of 2 of the residuals then, a given one that is not within a factor of 100, and
/// more than one input in a hundred at the floor.
template <Real T>
class ObservationFit {
 public:
  ObservationFit(Observation<T>& observation, Index weights)
      : observation_(&observation), weights_(weights), variance_(observation.learns_variance() ? observation.inputs() : 0) {}

  /// Before a step is recorded: puts the variances in place. The first call goes through `data`, O(N D).
  void begin_step(const Dataset& data) {
    if (!spread_) {
      spread_.emplace(data);
      values_ = static_cast<double>(data.rows()) * static_cast<double>(data.columns());
      floors_ = spread_->floors();
    }
    if (observation_->learns_variance()) variance_.update(*observation_, floors_);
  }

  /// x and what was decoded for it, `[B x D]`; `weights` `[B x 1]`, which sum to one, are those of draws that do not count
  /// alike. O(B D), under a Bernoulli likelihood O(1).
  template <class M1, class M2>
  void observe(const M1& x, const M2& decoded, double share, const Matrix<double>& weights = {}) {
    if (!observation_->is_gaussian()) return;
    RowVector<double> squares = RowVector<double>::Zero(x.cols());
    for (Index i = 0; i < x.rows(); ++i) {
      const double weight = weights.size() > 0 ? weights(i, 0) : 1 / static_cast<double>(x.rows());
      squares += weight * (x.row(i).template cast<double>() - decoded.row(i).template cast<double>()).cwiseAbs2();
    }
    ratio_ += squares.cwiseQuotient(observation_->variances().template cast<double>()).mean();
    ++steps_;
    if (observation_->learns_variance()) variance_.observe(squares, share);
  }

  /// The parameters that are set here.
  std::vector<Parameter<T>*> own_parameters() {
    std::vector<Parameter<T>*> own;
    observation_->for_each_parameter([&](Parameter<T>& p) { own.push_back(&p); });
    return own;
  }

  /// At the end of an epoch.
  void finish(EpochRecord& record) {
    if (!spread_) return;
    const bool late = 2 * record.epoch > record.epochs;
    if (record.epoch == 1) look_at_data(record);
    const double gain = record.term("reconstruction") - baseline();
    record.terms.push_back({"codes_gain", gain});
    if (late && gain < 0.1)
      record.alarms.push_back(detail::message("the decoder reconstructs by ", gain, " nats better than the columns' means: it ignores "
                                              "the codes; lower observation_variance or learn it, or train for longer"));
    if (steps_ == 0) return;
    const double ratio = ratio_ / static_cast<double>(steps_);
    record.terms.push_back({"residual_ratio", ratio});
    const double most = observation_->learns_variance() ? 2 : 100;
    if ((late || most > 2) && record.epoch > 1 && !(ratio <= most && ratio >= 1 / most))
      record.alarms.push_back(detail::message("squared residuals are ", ratio, " times s², wanted 1: ",
                                              observation_->learns_variance() ? "train for longer, or with larger batches"
                                              : ratio < 1 ? "lower observation_variance, or learn it" : "raise observation_variance, or learn it"));
    ratio_ = 0, steps_ = 0;
    if (!observation_->learns_variance()) return;
    variance_.update(*observation_, floors_);
    const double at_floor = static_cast<double>(variance_.at_floor(floors_) - (spread_->variance.array() == 0).count()) /
                            static_cast<double>(floors_.cols());
    record.terms.push_back({"variances_at_floor", std::max(0.0, at_floor)});
    if (at_floor > 0.01)
      record.alarms.push_back(detail::message("of the learned variances a share of ", at_floor, " is held at a millionth of the column's "
                                              "variance: fewer codes, fewer epochs, or a given observation_variance"));
  }

  /// Steps that were counted, for `Training`.
  void for_each_counter(auto&& visit) const {
    if (observation_->learns_variance()) visit("the learned variances", variance_.observed());
  }

  /// For a `Checkpoint`: the sums, and the variances themselves.
  void for_each_state(auto&& visit) {
    if (!observation_->learns_variance()) return;
    variance_.for_each_state(visit);
    for (Parameter<T>* p : own_parameters()) visit(p->name(), p->value());
  }

 private:
  /// Mean log p(x) of the rows where every x̂ is the column's mean, under the likelihood as it is; where s² is learned, under
  /// the s² that is best for that.
  double baseline() const {
    if (!observation_->is_gaussian()) {
      double sum = 0;
      for (const double p : spread_->mean)
        for (const double q : {p, 1 - p})
          if (q > 0) sum += q * std::log(q);
      return sum;
    }
    const RowVector<double> s2 = observation_->learns_variance() ? RowVector<double>(spread_->variance.cwiseMax(floors_))
                                                                 : RowVector<double>(observation_->variances().template cast<double>());
    return -0.5 * ((2 * std::numbers::pi * s2.array()).log() + spread_->variance.array() / s2.array()).sum();
  }

  void look_at_data(EpochRecord& record) const {
    if (static_cast<double>(weights_) > values_)
      record.alarms.push_back(detail::message("the networks have ", weights_, " weights, and the rows ", values_, " numbers: they can learn "
                                              "the rows by heart; narrower hidden layers, or more rows"));
    if (!observation_->is_gaussian() || spread_->variance.maxCoeff() == 0) return;
    const double typical = spread_->variance.mean();
    const double offset = (spread_->mean.cwiseAbs2().array() / typical).maxCoeff();
    if (typical < 1e-6 || typical > 1e6 || offset > 1e6)
      record.alarms.push_back(detail::message("the columns vary by ", std::sqrt(typical), " about means of up to ",
                                              spread_->mean.cwiseAbs().maxCoeff(), ": centre them, and scale them to vary by about 1"));
    if (observation_->learns_variance()) return;
    const auto s2 = static_cast<double>(observation_->variances()(0));
    if (typical / s2 < 0.01)
      record.alarms.push_back(detail::message("s² is ", s2, ", but the columns have variances of ", typical,
                                              ": scale them, lower observation_variance, or learn it"));
    if (typical / s2 > 1e4)
      record.alarms.push_back(detail::message("s² is ", s2, ", but the columns have variances of ", typical,
                                              ": scale them, raise observation_variance, or learn it"));
  }

  Observation<T>* observation_;
  Index weights_;                             // of the networks
  OnlineVariance<T> variance_;
  std::optional<detail::InputSpread> spread_;  // of the data, once they are known
  RowVector<double> floors_;                   // of s²
  double values_ = 0;                          // numbers in the data
  double ratio_ = 0;                           // sum over the steps of an epoch
  Index steps_ = 0;
};

}  // namespace vade
