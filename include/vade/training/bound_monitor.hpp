// vade: do log-variances run into their bound?
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/training/report.hpp>

namespace vade {

/// Counts the posterior's log-variances that are clamped. At the bound they have no gradient from the clamp, so an entry
/// that stays there is no longer trained. One epoch's indicator is `log_variances_at_bound`, their share of all; more than
/// one in a hundred is an alarm. What to do about it: at the lower bound the model is surer than its data allow, so scale
/// the columns, give the likelihood a larger variance, or train more gently; at the upper one a code is not used at all.
class BoundMonitor {
 public:
  static constexpr double tolerated = 0.01;

  /// `at_bound` of `entries` log-variances of a batch.
  void observe(Index at_bound, Index entries) { at_bound_ += at_bound, entries_ += entries; }

  /// Adds the indicator for what was seen since the last call, and begins anew.
  void finish(EpochRecord& record) {
    if (entries_ == 0) return;
    const double share = static_cast<double>(at_bound_) / static_cast<double>(entries_);
    record.terms.push_back({"log_variances_at_bound", share});
    if (share > tolerated)
      record.alarms.push_back(detail::message("of the log-variances of q(z|x) a share of ", share,
                                              " is at its bound, where it is not trained: scale the columns, give the likelihood a "
                                              "larger variance, or lower the learning rate"));
    at_bound_ = entries_ = 0;
  }

 private:
  Index at_bound_ = 0, entries_ = 0;
};

}  // namespace vade
