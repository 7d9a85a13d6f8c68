// vade: sums of distances from some rows to every cluster.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <vade/core/matrix.hpp>
#include <vade/metrics/detail/label_groups.hpp>
#include <vade/mixture/detail/sample_tile.hpp>

namespace vade::detail {

/// Rows of the data in the order of their clusters, so that sums over a cluster run over neighbours.
struct RowsByCluster {
  std::vector<Index> cluster;  ///< of each row, counted without gaps
  std::vector<Index> order;    ///< rows, those of cluster 0 first, ascending within a cluster
  std::vector<Index> begin;    ///< place in `order` where each cluster begins, and the end

  explicit RowsByCluster(const LabelGroups& groups)
      : cluster(groups.of_row), order(cluster.size()), begin(groups.values.size() + 1, 0) {
    for (const Index k : cluster) ++begin[static_cast<std::size_t>(k) + 1];
    for (std::size_t k = 1; k < begin.size(); ++k) begin[k] += begin[k - 1];
    std::vector<Index> next = begin;
    for (std::size_t i = 0; i < cluster.size(); ++i)
      order[static_cast<std::size_t>(next[static_cast<std::size_t>(cluster[i])]++)] = static_cast<Index>(i);
  }

  Index size(Index k) const { return begin[static_cast<std::size_t>(k) + 1] - begin[static_cast<std::size_t>(k)]; }
};

/// Adds the distances of a block of rows of `tile` to `Count` points `[Count x J]` to `sums`, in order.
template <std::size_t Count, Real T>
inline void add_distances(const SampleTile<T>& tile, Index row, const T* points,
                          Eigen::Array<T, static_cast<int>(row_block<T>), 1>& sums) {
  Lanes<T> squares[Count][block_registers] = {};
  add_squares<Count, false, T>(tile.column(0) + row, tile.stride(), tile.features(), points, nullptr, squares);
  for (std::size_t c = 0; c < Count; ++c) {
    Eigen::Array<T, static_cast<int>(row_block<T>), 1> distances;
    for (int v = 0; v < block_registers; ++v) store_lanes<T>(distances.data() + v * lane_count<T>, squares[c][v]);
    sums += distances.sqrt();
  }
}

/// Sum of the distances of the rows [begin, end) of x to all rows of each cluster: `[clusters x (end − begin)]`.
/// Few points are added in T before the sum goes on in double. O((end − begin) N J).
template <Real T>
Matrix<double> distance_sums(const MatrixRef<T>& x, const RowsByCluster& rows, Index begin, Index end) {
  constexpr Index few = 32;
  const auto clusters = static_cast<Index>(rows.begin.size()) - 1;
  SampleTile<T> tile(end - begin, x.cols());
  tile.load(x, begin, end - begin);
  Matrix<double> sums = Matrix<double>::Zero(clusters, tile.padded());
  Matrix<T> points(few, x.cols());
  for (Index k = 0; k < clusters; ++k) {
    const Index stop = rows.begin[static_cast<std::size_t>(k) + 1];
    for (Index first = rows.begin[static_cast<std::size_t>(k)]; first < stop; first += few) {
      const Index count = std::min(few, stop - first);
      for (Index p = 0; p < count; ++p) points.row(p) = x.row(rows.order[static_cast<std::size_t>(first + p)]);
      for (Index row = 0; row < tile.padded(); row += row_block<T>) {
        Eigen::Array<T, static_cast<int>(row_block<T>), 1> part;
        part.setZero();
        constexpr auto step = static_cast<Index>(block_points);
        Index p = 0;
        for (; p + step <= count; p += step) add_distances<block_points, T>(tile, row, &points(p, 0), part);
        for (; p < count; ++p) add_distances<1, T>(tile, row, &points(p, 0), part);
        sums.row(k).segment(row, row_block<T>) += part.matrix().transpose().template cast<double>();
      }
    }
  }
  return sums;
}

}  // namespace vade::detail
