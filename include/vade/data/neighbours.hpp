// vade: the nearest rows of each row.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/memory.hpp>
#include <vade/core/small_units.hpp>
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

  /// Nothing that was turned away is nearer than this.
  double farthest() const { return heap_.front().first; }

 private:
  std::size_t wanted_;
  std::vector<Neighbour> heap_;  // the farthest on top
};

/// Offers every row of x but i, by its distance from row i, in double.
template <Real T>
void search_all_rows(const MatrixRef<T>& x, Index i, NearestSoFar& nearest) {
  const RowVector<double> row = x.row(i).template cast<double>();
  for (Index j = 0; j < x.rows(); ++j)
    if (j != i) nearest.offer({(row - x.row(j).template cast<double>()).norm(), j});
}

}  // namespace detail

/// The `count` nearest other rows of each row of x `[N x D]`, by distances from differences. Blocked matrix products
/// ‖a‖² + ‖b‖² − 2 a·b of centred rows find twice as many candidates and a few, which are taken if no other row can be
/// nearer for all the rounding of such products; else, as within very tight groups that are far apart, the row is compared
/// with all others. All in double. O(N² D) time on all threads, O(N (D + count)) memory.
/// @throws ValueError for NaN or infinity, distances that overflow, or unless 1 <= count < N
template <Real T>
Neighbours nearest_neighbours(const MatrixRef<T>& x, Index count) {
  check_at_least<Index>("nearest_neighbours", "rows of x", x.rows(), 2);
  check_between<Index>("nearest_neighbours", "count", count, 1, x.rows() - 1);
  check_finite("nearest_neighbours", "x", x);
  const auto rows = static_cast<double>(x.rows()), neighbours = static_cast<double>(count);
  check_memory("nearest_neighbours", detail::message(count, " neighbours of ", x.rows(), " rows of ", x.cols(), " columns"),
               16 * rows * neighbours + 8 * rows * static_cast<double>(x.cols()));
  if constexpr (std::same_as<T, double>)  // no float is so small that its square is no double
    if (const T factor = small_unit_factor(x); factor != 1) {
      Neighbours result = nearest_neighbours<T>(MatrixRef<T>(Matrix<T>(x * factor)), count);
      result.distances /= factor;
      return result;
    }
  Matrix<double> centred = x.template cast<double>();
  centred.rowwise() -= RowVector<double>(centred.colwise().mean());
  const Eigen::ArrayXd squares = centred.rowwise().squaredNorm().array();
  const auto candidates = static_cast<std::size_t>(std::min(2 * count + 8, x.rows() - 1));
  const bool in_range = (squares * 8).allFinite();
  const double longest = std::sqrt(squares.maxCoeff());
  constexpr Index tile_rows = 64, tile_columns = 1024;

  Neighbours result{IndexMatrix(x.rows(), count), Matrix<double>(x.rows(), count)};
  parallel_ranges(x.rows(), tile_rows, [&](Index begin, Index end) {
    std::vector<detail::NearestSoFar> nearest(static_cast<std::size_t>(end - begin), detail::NearestSoFar(candidates));
    Matrix<double> dots(tile_rows, tile_columns);
    for (Index first = 0; in_range && first < x.rows(); first += tile_columns) {
      const Index columns = std::min(tile_columns, x.rows() - first);
      product_a_bt(centred.middleRows(begin, end - begin), centred.middleRows(first, columns),
                   dots.topLeftCorner(end - begin, columns));
      for (Index i = begin; i < end; ++i)
        for (Index j = first; j < first + columns; ++j)
          if (j != i)
            nearest[static_cast<std::size_t>(i - begin)].offer(
                {squares(i) + squares(j) - 2 * dots(i - begin, j - first), j});
    }
    for (Index i = begin; i < end; ++i) {
      detail::NearestSoFar& of_row = nearest[static_cast<std::size_t>(i - begin)];
      const double cutoff = in_range ? of_row.farthest() : 0;
      for (auto& [distance, j] : of_row.found())
        distance = (x.row(i).template cast<double>() - x.row(j).template cast<double>()).norm();
      std::ranges::sort(of_row.found());
      const auto last = static_cast<std::size_t>(count) - 1;
      // Sums of D products are wrong by D roundings of (‖a‖ + ‖b‖)², centring and the other steps add a few more.
      const double width = static_cast<double>(x.cols()) + 8, reach = std::sqrt(squares(i)) + longest;
      using Limits = std::numeric_limits<double>;
      const double rounding = width * (Limits::epsilon() * reach * reach + Limits::min());
      const bool all_offered = in_range && static_cast<Index>(candidates) == x.rows() - 1;
      if (!all_offered && !(in_range && of_row.found()[last].first * of_row.found()[last].first < cutoff - rounding)) {
        of_row = detail::NearestSoFar(static_cast<std::size_t>(count));
        detail::search_all_rows<T>(x, i, of_row);
        std::ranges::sort(of_row.found());
      }
      for (Index k = 0; k < count; ++k)
        std::tie(result.distances(i, k), result.rows(i, k)) = of_row.found()[static_cast<std::size_t>(k)];
    }
  });
  if (!result.distances.allFinite()) throw ValueError("nearest_neighbours: distances overflow, wanted smaller values in x");
  return result;
}

}  // namespace vade
