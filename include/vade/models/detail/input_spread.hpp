// vade: mean and variance of the columns that a model is fitted to.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <span>

#include <vade/core/matrix.hpp>
#include <vade/data/dataset.hpp>

namespace vade::detail {

/// Means and variances `[1 x D]` of the columns of a data set, bytes scaled to [0, 1]. A column whose deviation is no more
/// than rounding, 2 ε |mean| with the ε of float, has the variance 0. Two passes, O(N D).
struct InputSpread {
  RowVector<double> mean, variance;

  InputSpread() = default;

  explicit InputSpread(const Dataset& data)
      : mean(RowVector<double>::Zero(data.columns())), variance(RowVector<double>::Zero(data.columns())) {
    const double unit = data.is_bytes() ? 1.0 / 255 : 1.0;
    const auto rows = static_cast<double>(data.rows());
    const auto of = [unit]<class Stored>(std::span<const Stored> row) {
      using Values = Eigen::Matrix<Stored, 1, Eigen::Dynamic>;
      return RowVector<double>(unit * Eigen::Map<const Values>(row.data(), static_cast<Index>(row.size())).template cast<double>());
    };
    for (Index i = 0; i < data.rows(); ++i) data.with_row(i, [&](auto row) { mean += of(row) / rows; });
    for (Index i = 0; i < data.rows(); ++i)
      data.with_row(i, [&](auto row) { variance += (of(row) - mean).cwiseAbs2() / rows; });
    const double rounding = 2.0 * static_cast<double>(std::numeric_limits<float>::epsilon());
    for (Index j = 0; j < mean.cols(); ++j)
      if (std::sqrt(variance(j)) <= rounding * std::abs(mean(j))) variance(j) = 0;
  }

  /// The least s² of each input: a millionth of its variance; of one without spread, from which nothing can be learned, the
  /// mean variance of all, and 1 where none has any.
  RowVector<double> floors() const {
    const double pooled = variance.maxCoeff() > 0 ? variance.mean() : 1.0;
    return (variance.array() > 0).select((1e-6 * variance).array(), pooled).matrix();
  }
};

}  // namespace vade::detail
