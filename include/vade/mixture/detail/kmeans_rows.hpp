// vade: the rows that k-means works on, as they are or in standard units.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/column_moments.hpp>
#include <vade/mixture/detail/sample_tile.hpp>

namespace vade::detail {

/// The rows of x as they are. Arithmetic is in T. Refers to x.
template <Real T>
class PlainRows {
 public:
  using Scalar = T;

  explicit PlainRows(const MatrixRef<T>& x) : x_(x) {}

  Index rows() const { return x_.rows(); }
  Index cols() const { return x_.cols(); }
  /// Copies `count` rows from row `first` into `tile`.
  void load(SampleTile<T>& tile, Index first, Index count) const { tile.load(x_, first, count); }
  /// Adds row i to `sums` `[J]`.
  void add_row(Index i, double* sums) const {
    const T* row = x_.data() + i * x_.outerStride();
    for (Index j = 0; j < x_.cols(); ++j) sums[j] += static_cast<double>(row[j]);
  }
  RowVector<T> row(Index i) const { return x_.row(i); }

 private:
  const MatrixRef<T>& x_;
};

/// The rows of x less their mean, each column divided by its standard deviation (`ColumnMoments::unit`): what is found
/// in them does not depend on the units of the columns. Arithmetic is in double, whatever x holds: a float has no
/// digits for the difference of two rows that are close together and far from the mean. No copy of x is made. Refers to
/// x.
template <Real T>
class StandardRows {
 public:
  using Scalar = double;

  StandardRows(const MatrixRef<T>& x, const ColumnMoments& moments)
      : x_(x), origin_(moments.mean), scale_(moments.unit.cwiseInverse()) {}

  Index rows() const { return x_.rows(); }
  Index cols() const { return x_.cols(); }
  void load(SampleTile<double>& tile, Index first, Index count) const {
    tile.load(x_, first, count, origin_.data(), scale_.data());
  }
  void add_row(Index i, double* sums) const {
    const T* row = x_.data() + i * x_.outerStride();
    for (Index j = 0; j < x_.cols(); ++j) sums[j] += (static_cast<double>(row[j]) - origin_(j)) * scale_(j);
  }
  RowVector<double> row(Index i) const { return (x_.row(i).template cast<double>() - origin_).cwiseProduct(scale_); }

 private:
  const MatrixRef<T>& x_;
  RowVector<double> origin_, scale_;
};

}  // namespace vade::detail
