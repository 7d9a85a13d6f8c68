// vade: principal components.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include <Eigen/Eigenvalues>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/memory.hpp>

/// Principal component analysis by the eigenvectors of the covariance, in double whatever the data are.
namespace vade::report {

/// A linear map onto the directions of largest variance: z = (x − mean) componentsᵀ.
template <Real T>
struct Projection {
  RowVector<T> mean;        ///< `[1 x J]`
  Matrix<T> components;     ///< `[count x J]`: orthonormal rows, largest variance first
  RowVector<T> variance;    ///< `[1 x count]`: variance along each row, divisor N − 1
  T total_variance = 0;     ///< sum over all J directions

  /// Share of the whole variance along component `i`; 0 where the data do not vary.
  T explained(Index i) const { return total_variance > T{0} ? variance(i) / total_variance : T{0}; }
};

namespace detail {

template <Real T>
Projection<T> principal_components(const MatrixRef<T>& x, Index count) {
  constexpr std::string_view who = "principal_components";
  check_at_least(who, "rows of x", x.rows(), Index{2});
  check_at_least(who, "columns of x", x.cols(), Index{1});
  check_between(who, "count", count, Index{1}, x.cols());
  check_finite(who, "x", x);

  const auto side = static_cast<double>(x.cols());
  check_memory(who, vade::detail::message("covariances of ", x.cols(), " columns"), 4 * 8 * side * side);
  constexpr Index block = 1024;  // rows widened to double at a time, in fixed order: the same sums on every run
  RowVector<double> mean = RowVector<double>::Zero(x.cols());
  for (Index at = 0; at < x.rows(); at += block)
    mean += x.middleRows(at, std::min(block, x.rows() - at)).template cast<double>().colwise().sum();
  mean /= static_cast<double>(x.rows());

  Matrix<double> covariance = Matrix<double>::Zero(x.cols(), x.cols());
  Matrix<double> centred;
  for (Index at = 0; at < x.rows(); at += block) {
    centred = x.middleRows(at, std::min(block, x.rows() - at)).template cast<double>().rowwise() - mean;
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(centred.transpose());
  }
  covariance /= static_cast<double>(x.rows() - 1);

  const Eigen::SelfAdjointEigenSolver<Matrix<double>> solver(covariance);  // reads the lower triangle, sorts ascending
  if (solver.info() != Eigen::Success) throw ValueError("principal_components: the eigenvalues of x do not converge");
  Projection<T> result;
  result.mean = mean.cast<T>();
  result.components.resize(count, x.cols());
  result.variance.resize(count);
  result.total_variance = static_cast<T>(covariance.trace());
  for (Index i = 0; i < count; ++i) {
    const Index column = x.cols() - 1 - i;
    RowVector<double> direction = solver.eigenvectors().col(column).transpose();
    Index largest = 0;
    for (Index j = 1; j < x.cols(); ++j)  // a margin, so that rounding cannot choose between equal entries
      if (std::abs(direction(j)) > std::abs(direction(largest)) * (1 + 1e-9)) largest = j;
    if (direction(largest) < 0) direction = -direction;
    result.components.row(i) = direction.cast<T>();
    result.variance(i) = static_cast<T>(std::max(0.0, solver.eigenvalues()(column)));
  }
  return result;
}

}  // namespace detail

/// The `count` directions of largest variance of `x` `[N x J]`. A direction and its opposite are equally good: the
/// entry of largest magnitude is positive here, the first of them where several are. O(N J² + J³).
/// @throws ValueError for fewer than 2 rows, `count` outside [1, J], or values that are not finite
template <class Derived>
Projection<typename Derived::Scalar> principal_components(const Eigen::MatrixBase<Derived>& x, Index count) {
  return detail::principal_components<typename Derived::Scalar>(x.derived(), count);
}

/// Coordinates `[N x count]` of the rows of `x` `[N x J]`. O(N J count).
/// @throws ShapeError where `x` has not J columns
template <Real T, class Derived>
Matrix<T> project(const Projection<T>& projection, const Eigen::MatrixBase<Derived>& x) {
  check_width("project", "x", x, projection.mean.cols());
  return (x.rowwise() - projection.mean) * projection.components.transpose();
}

}  // namespace vade::report
