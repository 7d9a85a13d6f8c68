// vade: are the clusters of the start still there?
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/training/report.hpp>

namespace vade {

/// Compares the clusters of the rows with those of the start, or, where it gave no partition, with those of the first epoch,
/// which differ from the start's by one epoch of training. Two clusters were held apart if their centres were two pooled
/// standard deviations from each other; without such a pair there is nothing to compare. The rows of each cluster of the
/// start are followed to the cluster that most of them are in now. One epoch's indicator is `start_kept`, the share of rows
/// that are there. Less than a half, or two clusters that were held apart and
/// went to the same one, are an alarm.
class StartMonitor {
 public:
  static constexpr double apart = 2;  ///< pooled standard deviations

  StartMonitor(Index rows, Index clusters)
      : start_(static_cast<std::size_t>(rows), Label{-1}), apart_(Matrix<double>::Zero(clusters, clusters)) {}

  /// The partition of the start, and the distances of its centres `[K x K]` in pooled standard deviations.
  void begin(const Labels& labels, const Matrix<double>& distances) {
    start_ = labels;
    apart_ = (distances.array() >= apart).cast<double>().matrix();
  }

  /// The same after an epoch. Where there was no `begin`, the first call is one. O(N + K²).
  void finish(const Labels& labels, const Matrix<double>& distances, EpochRecord& record) {
    const Index clusters = apart_.rows();
    if (std::ranges::all_of(start_, [](Label label) { return label < 0; })) {
      begin(labels, distances);
      return;
    }
    if (apart_.isZero(0)) return;
    Matrix<double> counts = Matrix<double>::Zero(clusters, clusters);
    for (std::size_t i = 0; i < start_.size(); ++i)
      if (start_[i] >= 0 && labels[i] >= 0) ++counts(start_[i], labels[i]);
    std::vector<Index> now(static_cast<std::size_t>(clusters));
    double kept = 0;
    for (Index c = 0; c < clusters; ++c) kept += counts.row(c).maxCoeff(&now[static_cast<std::size_t>(c)]);
    const double rows = counts.sum();
    record.terms.push_back({"start_kept", kept / rows});
    const auto alive = [&](Index c) { return counts.row(c).sum() >= 0.1 * rows / static_cast<double>(clusters); };
    for (Index a = 0; a < clusters; ++a)
      for (Index b = 0; b < a; ++b)
        if (apart_(a, b) > 0 && alive(a) && alive(b) && now[static_cast<std::size_t>(a)] == now[static_cast<std::size_t>(b)])
          record.alarms.push_back(detail::message("clusters ", b, " and ", a, " of the start are one: lower observation_variance, hold "
                                                  "the partition by objective.consistency, or train for fewer epochs"));
    if (kept < 0.5 * rows)
      record.alarms.push_back(detail::message("only a share of ", kept / rows, " of the rows is in the clusters of the start: lower "
                                              "observation_variance, hold the partition by objective.consistency, or train for fewer epochs"));
  }

  /// For a `Checkpoint`.
  void for_each_state(auto&& visit) {
    visit("start.labels", start_);
    visit("start.apart", apart_);
  }

 private:
  Labels start_;
  Matrix<double> apart_;  // 1 where two clusters were held apart
};

}  // namespace vade
