// vade: mean and standard deviation of columns, in any unit.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

/// Columns have units: millimetres or light years. What is computed here is right in all of them: each column is
/// divided by a power of two near its largest magnitude, which is exact, and centred before it is squared. No square
/// overflows or underflows, and nothing cancels.
namespace vade {

/// Mean and standard deviation of each column, `[1 x D]`. A deviation of exactly 0 marks a constant column.
struct ColumnSpread {
  RowVector<double> mean, deviation;

  /// Whether column j has a spread that is more than rounding.
  bool varies(Index j) const { return deviation(j) > 0; }
};

namespace detail {

/// 2^exponent as a product of two factors, since one of them may not be a double.
struct PowerOfTwo {
  double first, second;
  explicit PowerOfTwo(int exponent)
      : first(std::ldexp(1.0, exponent / 2)), second(std::ldexp(1.0, exponent - exponent / 2)) {}
};

}  // namespace detail

/// m_j = Σ_i x_ij / N and s_j = √(Σ_i (x_ij − m_j)² / N) of `x` `[N x D]`. A column is constant, with s_j = 0, where
/// s_j is no more than 2 ε |m_j| for the ε of T: the values then differ as those of one number do after different
/// roundings.
///
/// x → 2^k x changes m and s by exactly 2^k, as long as nothing leaves the range of normal numbers; x → −x leaves s.
/// The mean is corrected by that of the residuals, and s by the square of it (Chan, Golub, LeVeque 1983, "Algorithms
/// for computing the sample variance", eq. 1.7): the relative error of s is about N ε + (N ε m / s)², with the ε of
/// double. Four passes, O(N D); D doubles a few times. @throws ValueError for no rows, or with row and column where x
/// is not finite
template <Real T>
ColumnSpread column_spread(MatrixRef<T> x) {
  check_at_least("column_spread", "rows", x.rows(), Index{1});
  check_finite("column_spread", "x", x);
  const auto count = static_cast<double>(x.rows());
  const Index columns = x.cols();

  // y_ij = x_ij / 2^k_j lies in [−1, 1].
  RowVector<double> largest = RowVector<double>::Zero(columns);
  for (Index i = 0; i < x.rows(); ++i) largest = largest.cwiseMax(x.row(i).template cast<double>().cwiseAbs());
  RowVector<double> down_first(columns), down_second(columns), up_first(columns), up_second(columns);
  for (Index j = 0; j < columns; ++j) {
    int exponent = 0;
    std::frexp(largest(j), &exponent);
    const detail::PowerOfTwo down(-exponent), up(exponent);
    down_first(j) = down.first, down_second(j) = down.second;
    up_first(j) = up.first, up_second(j) = up.second;
  }
  const auto y = [&](Index i) {
    return x.row(i).template cast<double>().cwiseProduct(down_first).cwiseProduct(down_second);
  };

  RowVector<double> mean = RowVector<double>::Zero(columns);
  for (Index i = 0; i < x.rows(); ++i) mean += y(i);
  mean /= count;
  RowVector<double> correction = RowVector<double>::Zero(columns);
  for (Index i = 0; i < x.rows(); ++i) correction += y(i) - mean;
  mean += correction / count;
  RowVector<double> sum = RowVector<double>::Zero(columns), squares = sum;
  for (Index i = 0; i < x.rows(); ++i) {
    const RowVector<double> residual = y(i) - mean;
    sum += residual;
    squares += residual.cwiseAbs2();
  }

  constexpr double rounding = 2.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
  ColumnSpread spread{mean, RowVector<double>::Zero(columns)};
  for (Index j = 0; j < columns; ++j) {
    const double deviation = std::sqrt(std::max(0.0, squares(j) / count - (sum(j) / count) * (sum(j) / count)));
    spread.mean(j) = mean(j) * up_first(j) * up_second(j);
    if (deviation > rounding * std::abs(mean(j))) spread.deviation(j) = deviation * up_first(j) * up_second(j);
  }
  return spread;
}

}  // namespace vade
