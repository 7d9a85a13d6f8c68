// vade: the greedy k-means++ start.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/random.hpp>
#include <vade/mixture/detail/kmeans_rows.hpp>
#include <vade/mixture/detail/nearest.hpp>
#include <vade/mixture/detail/tile_plan.hpp>

namespace vade::detail {

/// Chooses K rows of x as centres, each drawn with probability proportional to its squared distance to the nearest
/// centre so far; of 2 + ⌊log K⌋ draws the one that lowers the total distance most is kept.
/// Source: Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007. `Rows` are `PlainRows`
/// or `StandardRows`; refers to them.
template <class Rows>
class KMeansSeeding {
  using T = typename Rows::Scalar;

 public:
  KMeansSeeding(const Rows& x, Index clusters)
      : x_(x),
        plan_(x.rows(), x.cols() + 2, 1),
        clusters_(clusters),
        trials_(2 + static_cast<Index>(std::log(static_cast<double>(clusters)))),
        nearest_(static_cast<std::size_t>(x.rows())),
        totals_(static_cast<std::size_t>(plan_.chunks)) {}

  /// O(N J K log K) time, memory for one distance per row. @throws ValueError if x has fewer than K distinct rows
  Matrix<T> draw(std::uint64_t seed, std::uint32_t restart) {
    Matrix<T> centres(clusters_, x_.cols());
    nearest_.assign(nearest_.size(), std::numeric_limits<T>::max());
    for (Index k = 0; k < clusters_; ++k) {
      RandomStream stream(seed, Purpose::mixture, restart, static_cast<std::uint32_t>(k));
      Index chosen = 0;
      if (k == 0) {
        chosen = std::min(static_cast<Index>(stream.uniform<double>() * static_cast<double>(x_.rows())), x_.rows() - 1);
      } else {
        double total = 0;
        for (const double part : totals_) total += part;
        if (!(total > 0))
          throw ValueError(message("kmeans: x has only ", k, " distinct rows, wanted at least clusters = ", clusters_));
        std::vector<Index> candidates;
        for (Index t = 0; t < trials_; ++t) candidates.push_back(row_at(stream.uniform<double>() * total));
        chosen = best_of(candidates);
      }
      centres.row(k) = x_.row(chosen);
      lower_distances(chosen);
    }
    return centres;
  }

 private:
  /// Calls `body(chunk, tile, first, count)` for each tile.
  template <class Body>
  void for_each_loaded_tile(Body&& body) const {
    plan_.for_each_chunk([&](Index chunk, Index begin, Index end) {
      SampleTile<T> tile(plan_.tile_rows, x_.cols());
      TileBuffer<T> distance(plan_.tile_rows, 1);
      plan_.for_each_tile(begin, end, [&](Index first, Index count) {
        x_.load(tile, first, count);
        body(chunk, tile, distance.data(), first, count);
      });
    });
  }

  void lower_distances(Index chosen) {
    totals_.assign(totals_.size(), 0.0);
    const RowVector<T> centre = x_.row(chosen);
    for_each_loaded_tile([&](Index chunk, const SampleTile<T>& tile, T* distance, Index first, Index count) {
      squared_distances(tile, centre.data(), distance);
      double sum = 0;
      for (Index i = 0; i < count; ++i) {
        T& nearest = nearest_[static_cast<std::size_t>(first + i)];
        nearest = std::min(nearest, distance[i]);
        sum += static_cast<double>(nearest);
      }
      totals_[static_cast<std::size_t>(chunk)] += sum;
    });
  }

  /// The row at which the running sum of distances passes `target`.
  Index row_at(double target) const {
    Index chunk = 0;
    while (chunk + 1 < plan_.chunks && target >= totals_[static_cast<std::size_t>(chunk)])
      target -= totals_[static_cast<std::size_t>(chunk++)];
    Index last = 0;  // rounding may leave a rest at the end of a chunk: then its last row with a distance
    const Index end = std::min(plan_.rows, (chunk + 1) * plan_.chunk_rows);
    for (Index i = chunk * plan_.chunk_rows; i < end; ++i) {
      const auto distance = static_cast<double>(nearest_[static_cast<std::size_t>(i)]);
      if (distance > 0) last = i;
      if (target < distance) return i;
      target -= distance;
    }
    return last;
  }

  Index best_of(const std::vector<Index>& candidates) const {
    const auto trials = static_cast<Index>(candidates.size());
    Matrix<double> parts = Matrix<double>::Zero(plan_.chunks, trials);
    Matrix<T> points(trials, x_.cols());
    for (Index t = 0; t < trials; ++t) points.row(t) = x_.row(candidates[static_cast<std::size_t>(t)]);
    for_each_loaded_tile([&](Index chunk, const SampleTile<T>& tile, T* distance, Index first, Index count) {
      for (Index t = 0; t < trials; ++t) {
        squared_distances(tile, points.data() + t * points.cols(), distance);
        double sum = 0;
        for (Index i = 0; i < count; ++i)
          sum += static_cast<double>(std::min(nearest_[static_cast<std::size_t>(first + i)], distance[i]));
        parts(chunk, t) += sum;
      }
    });
    Index best = 0;
    const RowVector<double> totals = parts.colwise().sum();
    totals.minCoeff(&best);
    return candidates[static_cast<std::size_t>(best)];
  }

  const Rows& x_;
  TilePlan plan_;
  Index clusters_;
  Index trials_;
  std::vector<T> nearest_;      // squared distance of each row to the nearest centre so far
  std::vector<double> totals_;  // its sum over each chunk
};

}  // namespace vade::detail
