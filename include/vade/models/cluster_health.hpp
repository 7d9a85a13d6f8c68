// vade: is the clustering of a fitted model healthy? An answer without labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <vade/data/views.hpp>
#include <vade/models/vade.hpp>
#include <vade/training/cluster_monitor.hpp>

namespace vade {

/// The indicators of `ClusterMonitor` for a model that is at rest, over all rows of a data set.
struct ClusterHealth {
  double effective_clusters = 0;  ///< exp H of the mean responsibilities
  double smallest_share = 0, largest_share = 0;
  double confidence = 0;          ///< mean of max_c γ_c
  double agreement = 0;           ///< share of rows in the cluster of their view
  double view_information = 0;    ///< I(c; c′) in nats between the clusters of a row and of a view of it; at most log K
  std::vector<std::string> alarms;  ///< in words, none where all is well
};

/// Every row is looked at, and one random view of it. What a good partition has is `view_information`: clusters that are
/// many and even, certain, and the same for a row and its view (the quantity that IIC maximises: Ji, Henriques and
/// Vedaldi, ICCV 2019). Under a Bernoulli likelihood views are kept in [0, 1]. O(parameters · N).
/// @throws as `Vade::predict_proba` and `Views`
template <Real T, class Posterior>
ClusterHealth cluster_health(const Vade<T, Posterior>& model, const Dataset& data, const Augmentation& augmentation,
                             std::uint64_t seed = 0) {
  const Views<T> views(data, augmentation);
  ClusterMonitor monitor(data.rows(), model.options().clusters);
  constexpr Index batch = 2048;
  for (Index first = 0; first < data.rows(); first += batch) {
    std::vector<Index> rows(static_cast<std::size_t>(std::min(batch, data.rows() - first)));
    std::iota(rows.begin(), rows.end(), first);
    Matrix<T> x(static_cast<Index>(rows.size()), data.columns());
    data.gather<T>(rows, MatrixView<T>(x.data(), x.rows(), x.cols()));
    const Matrix<T> gamma = model.predict_proba(x);
    views.draw(rows, 1, seed, 0, MatrixView<T>(x.data(), x.rows(), x.cols()));
    if (model.options().network.likelihood == Likelihood::bernoulli) x = x.cwiseMax(T{0}).cwiseMin(T{1});
    monitor.observe(rows, gamma);
    monitor.observe_views(gamma, model.predict_proba(x));
  }
  EpochRecord record;
  monitor.finish(record);
  return {.effective_clusters = record.term("effective_clusters"),
          .smallest_share = record.term("smallest_share"),
          .largest_share = record.term("largest_share"),
          .confidence = record.term("confidence"),
          .agreement = record.term("agreement"),
          .view_information = record.term("view_information"),
          .alarms = std::move(record.alarms)};
}

}  // namespace vade
