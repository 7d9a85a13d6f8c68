// vade: columns in one scale, without those that are constant.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/column_spread.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/printable.hpp>
#include <vade/data/dataset.hpp>

namespace vade {

/// What is brought to unit variance: each column by itself, so that units do not matter; all of them by one factor, for
/// columns in one unit; or nothing.
enum class Scaling { each_column, all_columns, none };

/// z_ik = (x_ij − mean_k) · factor_k in float, for the columns j = `columns()[k]` of a table that are not constant. It
/// is made from the rows that a model is fitted to, and brings these and later ones to the model:
///
///     const vade::ColumnScale scale(table.data.images);
///     model.fit(scale.apply(table.data.images), options);
///     model.predict(scale.apply(new_rows));
///
/// With `each_column`, equal data in other units give equal inputs, up to rounding. Nothing is lost without a word:
/// columns that are left out are those that `column_spread` calls constant, and what float cannot hold is an error.
class ColumnScale {
 public:
  /// Of `data` `[N x D]`; messages call column j `names[j]`, or j. O(N D).
  /// @throws ValueError if all columns are constant, or naming a column whose factor is no double; ShapeError for other
  /// than D names
  explicit ColumnScale(const Dataset& data, Scaling scaling = Scaling::each_column, std::vector<std::string> names = {})
      : names_(std::move(names)), width_(data.columns()) {
    if (!names_.empty()) check_same_count("ColumnScale", "names", static_cast<Index>(names_.size()), width_);
    const ColumnSpread spread = column_spread<double>(data.matrix<double>());
    for (Index j = 0; j < width_; ++j) (spread.varies(j) ? columns_ : constant_).push_back(j);
    if (columns_.empty()) throw ValueError("ColumnScale: all columns are constant, wanted at least one that varies");
    const auto count = static_cast<Index>(columns_.size());
    mean_ = RowVector<double>::Zero(count), factor_ = RowVector<double>::Ones(count);
    if (scaling == Scaling::none) return;
    RowVector<double> deviation(count);
    for (Index k = 0; k < count; ++k) {
      mean_(k) = spread.mean(column(k));
      deviation(k) = spread.deviation(column(k));
    }
    if (scaling == Scaling::all_columns) {  // √(Σ_k s_k² / D), by the largest s_k so that no square overflows
      const double largest = deviation.maxCoeff();
      deviation.setConstant(largest * std::sqrt((deviation / largest).squaredNorm() / static_cast<double>(width_)));
    }
    factor_ = deviation.cwiseInverse();
    for (Index k = 0; k < count; ++k)
      if (!std::isfinite(factor_(k)))
        throw ValueError(detail::message("ColumnScale: ", name(column(k)), " has a standard deviation of ",
                                         deviation(k),
                                         ", whose inverse is too large for a double: multiply the column"));
  }

  /// Numbers of the columns that vary, in their order, and of those that are constant.
  const std::vector<Index>& columns() const { return columns_; }
  const std::vector<Index>& constant() const { return constant_; }
  /// `[1 x columns().size()]`
  const RowVector<double>& mean() const { return mean_; }
  const RowVector<double>& factor() const { return factor_; }

  /// Rows `[N x D]` as inputs of a model `[N x columns().size()]`, in float. O(N D).
  /// @throws ShapeError for another width; ValueError naming row and column where an input is too large for float
  Dataset apply(const Dataset& rows) const {
    check_width("ColumnScale::apply", "the rows", Extent{rows.rows(), rows.columns()}, width_);
    const Matrix<double> x = rows.matrix<double>();
    Matrix<float> z(x.rows(), mean_.size());
    for (Index i = 0; i < z.rows(); ++i)
      for (Index k = 0; k < z.cols(); ++k) {
        z(i, k) = static_cast<float>((x(i, column(k)) - mean_(k)) * factor_(k));
        if (!std::isfinite(z(i, k)))
          throw ValueError(
              detail::message("ColumnScale::apply: ", name(column(k)), " has ", x(i, column(k)), " at row ", i,
                              ", which is too large after scaling: divide the column, or scale each column"));
      }
    return Dataset::from_matrix(std::move(z));
  }

  /// Sees that the columns still vary as inputs. With `all_columns` and `none`, float may lose a small spread beside a
  /// large one, or beside a large mean. `inputs` is `apply` of the rows that this was made from. O(N D). @throws
  /// ValueError naming the column
  void check_spread(const Dataset& inputs) const {
    check_width("ColumnScale::check_spread", "the inputs", Extent{inputs.rows(), inputs.columns()}, mean_.size());
    const ColumnSpread spread = column_spread<float>(inputs.matrix<float>());
    for (Index k = 0; k < mean_.size(); ++k)
      if (!spread.varies(k))
        throw ValueError("ColumnScale: " + name(column(k)) + " varies, but too little for float: scale each column");
  }

 private:
  struct Extent {
    Index height, width;
    Index rows() const { return height; }
    Index cols() const { return width; }
  };

  Index column(Index k) const { return columns_[static_cast<std::size_t>(k)]; }
  std::string name(Index j) const {
    return names_.empty() ? "column " + std::to_string(j)
                          : "column '" + printable(names_[static_cast<std::size_t>(j)]) + "'";
  }

  std::vector<std::string> names_;
  Index width_ = 0;
  std::vector<Index> columns_, constant_;
  RowVector<double> mean_, factor_;
};

}  // namespace vade
