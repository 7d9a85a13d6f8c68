// vade: the variances of a Gaussian likelihood by online EM.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include <vade/core/checks.hpp>
#include <vade/models/observation.hpp>

namespace vade {

/// For given x̂ the bound has its maximum over s² at the mean squared residual of each input (L.12), so that no learning rate
/// is needed to get there: an optimizer moves log s² by about its rate in a step, whatever the units are. Since x̂ changes from
/// step to step, residuals are remembered, and older ones fade (L.13):
///     r_i ← (1 − ρ) r_i + ρ Σ_b w_b (x_bi − x̂_bi)²,   s_i² = max(r_i, f_i),
/// with Σ_b w_b = 1, and ρ = max(B/N, 1/t) in step t, as of `OnlineMixture`. Rybkin, Daniilidis and Levine, "Simple and
/// effective VAE training with calibrated decoders", ICML 2021, take s² from each batch alone.
template <Real T>
class OnlineVariance {
 public:
  explicit OnlineVariance(Index inputs) : residuals_(RowVector<double>::Zero(inputs)) {}

  /// Takes Σ_b w_b (x_bi − x̂_bi)² of a batch in, `[1 x D]`; `share` in (0, 1] is what it counts for against all before it, at
  /// least an equal part. O(D). @throws ShapeError, ValueError
  void observe(const RowVector<double>& squared_residuals, double share) {
    check_shape("OnlineVariance::observe", "squared_residuals", squared_residuals, 1, residuals_.cols());
    check_between("OnlineVariance::observe", "share", share, 0.0, 1.0);
    ++observed_;
    const double part = std::max(share, 1 / observed_);
    residuals_ = (1 - part) * residuals_ + part * squared_residuals;
  }

  /// Puts s² in place, not below `floor` f `[1 x D]`, once anything was observed. O(D).
  void update(Observation<T>& observation, const RowVector<double>& floor) const {
    if (observed_ > 0) observation.set_variances(residuals_.cwiseMax(floor));
  }

  /// How many inputs have no more than their floor.
  Index at_floor(const RowVector<double>& floor) const { return (residuals_.array() <= floor.array()).count(); }

  /// Batches that were observed.
  double observed() const { return observed_; }

  /// For a `Checkpoint`.
  void for_each_state(auto&& visit) {
    visit("residuals", residuals_);
    visit("residuals.observed", observed_);
  }

 private:
  RowVector<double> residuals_;  // r
  double observed_ = 0;          // t
};

}  // namespace vade
