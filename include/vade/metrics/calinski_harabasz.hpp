// vade: the variance ratio of a clustering.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/small_units.hpp>
#include <vade/metrics/detail/label_groups.hpp>
#include <vade/mixture/detail/column_moments.hpp>

namespace vade {

/// (B / (K − 1)) / (W / (N − K)): squared distances of the cluster means to the mean of all rows, weighted by size,
/// over squared distances of the rows to their cluster's mean. Higher is better; 1 where W is 0, as in
/// scikit-learn, which is told by equal rows, not by what rounding leaves of W.
/// x `[N x J]`, `labels` `[N]` with K different values. Sums are in double, about means, in two passes. O(N J).
/// x → a x + b changes nothing, however small a is; columns that have different units must be scaled first.
/// Source: Caliński and Harabasz, "A dendrite method for cluster analysis", Communications in Statistics 3 (1974).
/// @throws ShapeError if counts differ or x has no column; ValueError on a negative label, NaN or infinity, or unless
/// 2 <= K <= N − 1
template <Real T>
double calinski_harabasz(const MatrixRef<T>& x, const Labels& labels) {
  check_same_count("calinski_harabasz", "labels against rows of x", static_cast<Index>(labels.size()), x.rows());
  if (x.cols() < 1) throw ShapeError("calinski_harabasz: x is " + shape_text(x) + ", wanted at least one column");
  const detail::LabelGroups groups("calinski_harabasz", "labels", labels);
  const std::vector<Index>& cluster = groups.of_row;
  const Index clusters = groups.count();
  check_between("calinski_harabasz", "different labels", clusters, Index{2}, std::max<Index>(x.rows() - 1, 1));
  if constexpr (std::same_as<T, double>)  // squares are of doubles
    if (const T factor = small_unit_factor(x); factor != 1)
      return calinski_harabasz<T>(MatrixRef<T>(Matrix<T>(x * factor)), labels);
  const detail::ColumnMoments data = detail::column_moments<T>("calinski_harabasz", x);

  Matrix<double> means = Matrix<double>::Zero(clusters, x.cols());  // relative to the mean of the data
  std::vector<double> sizes(groups.values.size(), 0.0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ++sizes[static_cast<std::size_t>(cluster[i])];
    means.row(cluster[i]) += x.row(static_cast<Index>(i)).template cast<double>() - data.mean;
  }
  double between = 0;
  for (Index k = 0; k < clusters; ++k) {
    means.row(k) /= sizes[static_cast<std::size_t>(k)];
    between += sizes[static_cast<std::size_t>(k)] * means.row(k).squaredNorm();
  }
  double within = 0;
  bool alike = true;  // the rows of each cluster; W itself would be what rounding leaves
  std::vector<Index> first(groups.values.size(), -1);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = x.row(static_cast<Index>(i));
    within += (row.template cast<double>() - data.mean - means.row(cluster[i])).squaredNorm();
    Index& example = first[static_cast<std::size_t>(cluster[i])];
    if (example < 0) example = static_cast<Index>(i);
    alike = alike && row == x.row(example);
  }
  if (alike || within == 0) return 1.0;
  return between * static_cast<double>(x.rows() - clusters) / (within * static_cast<double>(clusters - 1));
}

/// The same for any row-major matrix of float or double, without naming T.
template <class M>
requires Real<typename M::Scalar>
double calinski_harabasz(const M& x, const Labels& labels) {
  return calinski_harabasz<typename M::Scalar>(MatrixRef<typename M::Scalar>(x), labels);
}

}  // namespace vade
