// vade: what all clustering asks of its data: enough rows, and the mean and variance of each column.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/tile_plan.hpp>

namespace vade::detail {

/// x has a column, and at least as many rows as there are clusters. @throws ShapeError, ValueError
template <class M>
void check_rows_for_clusters(std::string_view who, const M& x, Index clusters) {
  if (x.cols() < 1) throw ShapeError(message(who, ": x is ", shape_text(x), ", wanted at least one column"));
  if (x.rows() < clusters)
    throw ValueError(message(who, ": x has ", x.rows(), " rows, wanted at least clusters = ", clusters));
}

/// Mean and variance (divided by N) of each column, `[1 x J]` each.
struct ColumnMoments {
  RowVector<double> mean;
  RowVector<double> variance;
  /// Standard deviation: what a column is measured in where units must not matter. 1 where the column is constant, or
  /// has no more spread than numbers of T of its size have roundings.
  RowVector<double> unit;
};

/// One pass over x `[N x J]`, N >= 1, in double, relative to the first row: offsets of the data cost no digits. O(N J).
/// Serves as the check of the data, too: sums that are not finite come from entries that are not, or that are huge.
/// @throws ValueError
template <Real T>
ColumnMoments column_moments(std::string_view who, const MatrixRef<T>& x) {
  const Index features = x.cols();
  const TilePlan plan(x.rows(), features, 2 * features);
  const RowVector<double> origin = x.row(0).template cast<double>();
  std::vector<Matrix<double>> parts(static_cast<std::size_t>(plan.chunks));
  plan.for_each_chunk([&](Index chunk, Index begin, Index end) {
    Matrix<double> sums = Matrix<double>::Zero(2, features);
    for (Index i = begin; i < end; ++i) {
      const T* row = x.data() + i * x.outerStride();
      for (Index j = 0; j < features; ++j) {
        const double difference = static_cast<double>(row[j]) - origin(j);
        sums(0, j) += difference;
        sums(1, j) += difference * difference;
      }
    }
    parts[static_cast<std::size_t>(chunk)] = std::move(sums);
  });
  Matrix<double> sums = Matrix<double>::Zero(2, features);
  for (const Matrix<double>& part : parts) sums += part;
  if (!sums.allFinite()) {
    check_finite(who, "x", x);
    throw ValueError(message(who, ": x has entries so large that their squares overflow, wanted smaller values"));
  }
  sums /= static_cast<double>(x.rows());
  ColumnMoments moments;
  moments.mean = origin + sums.row(0);
  moments.variance = (sums.row(1) - sums.row(0).cwiseAbs2()).cwiseMax(0.0);
  constexpr double rounding = 2.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
  moments.unit = moments.variance.cwiseSqrt();
  for (Index j = 0; j < features; ++j)
    if (!(moments.unit(j) > rounding * std::abs(moments.mean(j)))) moments.unit(j) = 1;
  return moments;
}

}  // namespace vade::detail
