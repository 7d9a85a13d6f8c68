// vade: the nearest rows of each row.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/thread_pool.hpp>
#include <vade/kernel/product.hpp>

namespace vade {

/// Numbers of rows, `[N x k]`.
using IndexMatrix = Eigen::Matrix<Index, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// For each of N rows its k nearest other rows by Euclidean distance, nearest first, of equal ones the lower number
/// first.
struct Neighbours {
  IndexMatrix rows;          ///< `[N x k]`
  Matrix<double> distances;  ///< `[N x k]`
};

namespace detail {

/// Distance and number: what the order of neighbours is by.
using Neighbour = std::pair<double, Index>;

/// The `wanted` smallest entries of everything that was offered.
class NearestSoFar {
 public:
  explicit NearestSoFar(std::size_t wanted) : wanted_(wanted) { heap_.reserve(wanted + 1); }

  void offer(const Neighbour& candidate) {
    if (heap_.size() == wanted_ && candidate > heap_.front()) return;
    heap_.push_back(candidate);
    std::ranges::push_heap(heap_);
    if (heap_.size() > wanted_) {
      std::ranges::pop_heap(heap_);
      heap_.pop_back();
    }
  }

  std::vector<Neighbour>& found() { return heap_; }

 private:
  std::size_t wanted_;
  std::vector<Neighbour> heap_;  // the farthest on top
};

}  // namespace detail

/// The `count` nearest other rows of each row of x `[N x D]`. Blocked matrix products ‖a‖² + ‖b‖² − 2 a·b of centred
/// rows find twice as many candidates and a few, whose distances are then computed again from differences, in double.
/// O(N² D) time on all threads, O(N count + tile) memory.
/// @throws ValueError for NaN or infinity, or unless 1 <= count < N
template <Real T>
Neighbours nearest_neighbours(const MatrixRef<T>& x, Index count) {
  check_at_least<Index>("nearest_neighbours", "rows of x", x.rows(), 2);
  check_between<Index>("nearest_neighbours", "count", count, 1, x.rows() - 1);
  check_finite("nearest_neighbours", "x", x);
  const Matrix<T> centred = x.rowwise() - RowVector<T>(x.template cast<double>().colwise().mean().template cast<T>());
  const Eigen::Array<T, Eigen::Dynamic, 1> squares = centred.rowwise().squaredNorm().array();
  const auto candidates = static_cast<std::size_t>(std::min(2 * count + 8, x.rows() - 1));
  constexpr Index tile_rows = 64, tile_columns = 1024;

  Neighbours result{IndexMatrix(x.rows(), count), Matrix<double>(x.rows(), count)};
  parallel_ranges(x.rows(), tile_rows, [&](Index begin, Index end) {
    std::vector<detail::NearestSoFar> nearest(static_cast<std::size_t>(end - begin), detail::NearestSoFar(candidates));
    Matrix<T> dots(tile_rows, tile_columns);
    for (Index first = 0; first < x.rows(); first += tile_columns) {
      const Index columns = std::min(tile_columns, x.rows() - first);
      product_a_bt(centred.middleRows(begin, end - begin), centred.middleRows(first, columns),
                   dots.topLeftCorner(end - begin, columns));
      for (Index i = begin; i < end; ++i)
        for (Index j = first; j < first + columns; ++j)
          if (j != i)
            nearest[static_cast<std::size_t>(i - begin)].offer(
                {static_cast<double>(squares(i) + squares(j) - 2 * dots(i - begin, j - first)), j});
    }
    for (Index i = begin; i < end; ++i) {
      auto& found = nearest[static_cast<std::size_t>(i - begin)].found();
      for (auto& [distance, j] : found)
        distance = (x.row(i).template cast<double>() - x.row(j).template cast<double>()).norm();
      std::ranges::sort(found);
      for (Index k = 0; k < count; ++k)
        std::tie(result.distances(i, k), result.rows(i, k)) = found[static_cast<std::size_t>(k)];
    }
  });
  return result;
}

}  // namespace vade
