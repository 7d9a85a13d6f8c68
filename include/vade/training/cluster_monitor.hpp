// vade: is the clustering healthy? Indicators that need no labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/special.hpp>
#include <vade/kernel/product.hpp>
#include <vade/training/report.hpp>

namespace vade {

/// Collects, from the responsibilities that training computes anyway, one epoch's indicators:
///
/// | name                 | meaning                                                              |
/// |----------------------|----------------------------------------------------------------------|
/// | `effective_clusters` | exp H(π̄) of the mean responsibilities π̄: K when balanced, 1 when collapsed |
/// | `smallest_share`, `largest_share` | extremes of π̄                                            |
/// | `confidence`         | mean of max_c γ_c                                                     |
/// | `label_churn`        | share of rows whose most likely cluster changed since the last epoch  |
/// | `agreement`          | share of rows with the same most likely cluster for x and its view    |
/// | `view_information`   | I(c; c′) in nats between the clusters of x and of its view            |
///
/// The last two only where views are observed. A share below 0.1 / K is a dead cluster, and an alarm. What to do about it:
/// let the fit split the largest cluster (`VadeObjectiveOptions::revive`), or fit again (`fit_best`, which takes fits
/// without alarms first).
class ClusterMonitor {
 public:
  ClusterMonitor(Index rows, Index clusters)
      : labels_(static_cast<std::size_t>(rows), Label{-1}),
        shares_(RowVector<double>::Zero(clusters)),
        joint_(Matrix<double>::Zero(clusters, clusters)) {}

  /// γ `[B x K]` of the rows of a batch. O(B K).
  template <class M>
  void observe(std::span<const Index> rows, const M& responsibilities) {
    for (Index i = 0; i < responsibilities.rows(); ++i) {
      Index top = 0;
      confidence_ += static_cast<double>(responsibilities.row(i).maxCoeff(&top));
      Label& label = labels_[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])];
      known_ += label >= 0;
      changed_ += label >= 0 && label != static_cast<Label>(top);
      label = static_cast<Label>(top);
    }
    shares_ += responsibilities.colwise().sum().template cast<double>();
    seen_ += responsibilities.rows();
  }

  /// γ of the same rows and of their views. O(B K²).
  template <class M1, class M2>
  void observe_views(const M1& clean, const M2& view) {
    const Labels clusters = top_columns(clean), view_clusters = top_columns(view);
    for (std::size_t i = 0; i < clusters.size(); ++i) agreeing_ += clusters[i] == view_clusters[i];
    Matrix<typename M1::Scalar> joint(joint_.rows(), joint_.cols());
    product_at_b(clean, view, joint);
    joint_ += joint.template cast<double>();
    viewed_ += clean.rows();
  }

  /// The most likely cluster of each row when it was last seen; −1 before.
  const Labels& labels() const { return labels_; }

  /// What it remembers from one epoch to the next, for a `Checkpoint`.
  void for_each_state(auto&& visit) { visit("monitor.labels", labels_); }

  static bool is_dead(double share, Index clusters) { return share < 0.1 / static_cast<double>(clusters); }

  /// Adds the indicators of the rows seen since the last call, and begins anew. Returns π̄ `[1 x K]`, which is 0 where no
  /// rows were seen.
  RowVector<double> finish(EpochRecord& record) {
    if (seen_ == 0) return shares_;
    const Index clusters = shares_.size();
    const auto seen = static_cast<double>(seen_);
    shares_ /= seen;
    const double h = entropy(std::span<const double>(shares_.data(), static_cast<std::size_t>(clusters)));
    record.terms.push_back({"effective_clusters", std::exp(h)});
    record.terms.push_back({"smallest_share", shares_.minCoeff()});
    record.terms.push_back({"largest_share", shares_.maxCoeff()});
    record.terms.push_back({"confidence", confidence_ / seen});
    if (known_ > 0)
      record.terms.push_back({"label_churn", static_cast<double>(changed_) / static_cast<double>(known_)});
    for (Index c = 0; c < clusters; ++c)
      if (is_dead(shares_(c), clusters))
        record.alarms.push_back(detail::message("cluster ", c, " is dead: share ", shares_(c), "; set revive, fit again with another seed, or use fewer clusters"));
    if (viewed_ > 0) {
      record.terms.push_back({"agreement", static_cast<double>(agreeing_) / static_cast<double>(viewed_)});
      record.terms.push_back({"view_information", mutual_information()});
    }
    RowVector<double> shares = shares_;
    shares_.setZero();
    joint_.setZero();
    confidence_ = 0;
    seen_ = viewed_ = agreeing_ = known_ = changed_ = 0;
    return shares;
  }

 private:
  double mutual_information() const {
    const Matrix<double> p = (joint_ + joint_.transpose()) / (2 * static_cast<double>(viewed_));
    const RowVector<double> marginal = p.colwise().sum();
    double sum = 0;
    for (Index a = 0; a < p.rows(); ++a)
      for (Index b = 0; b < p.cols(); ++b)
        if (p(a, b) > 0) sum += p(a, b) * std::log(p(a, b) / (marginal(a) * marginal(b)));
    return sum;
  }

  Labels labels_;
  RowVector<double> shares_;
  Matrix<double> joint_;
  double confidence_ = 0;
  Index seen_ = 0, viewed_ = 0, agreeing_ = 0, known_ = 0, changed_ = 0;
};

}  // namespace vade
