// vade: checks for public boundaries. Inner loops check nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>

#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>

/// Each check takes `who` (the public function) and `what` (the argument), returns when the rule holds, and throws
/// with the rule and the offending value where it does not. Messages are built only on failure.
namespace vade {

namespace detail {

/// Joins the pieces of a message; numbers are printed with enough digits to be recognised, and without the decimal comma
/// and the groups of digits that the program's locale may have.
template <class... Parts>
std::string message(const Parts&... parts) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text.precision(9);
  (text << ... << parts);
  return text.str();
}

}  // namespace detail

/// `matrix` is `[rows x columns]`. @throws ShapeError
template <class M>
void check_shape(std::string_view who, std::string_view what, const M& matrix, Index rows, Index columns) {
  if (matrix.rows() != rows || matrix.cols() != columns)
    throw ShapeError(detail::message(who, ": ", what, " is ", shape_text(matrix), ", wanted ",
                                     shape_text(rows, columns)));
}

/// `matrix` has `columns` columns and at least one row. @throws ShapeError
template <class M>
void check_width(std::string_view who, std::string_view what, const M& matrix, Index columns) {
  if (matrix.cols() != columns || matrix.rows() < 1)
    throw ShapeError(detail::message(who, ": ", what, " is ", shape_text(matrix), ", wanted [at least 1 x ", columns,
                                     "]"));
}

/// Two counts agree, say rows of data and labels. @throws ShapeError
inline void check_same_count(std::string_view who, std::string_view what, Index got, Index wanted) {
  if (got != wanted) throw ShapeError(detail::message(who, ": ", what, ": got ", got, ", wanted ", wanted));
}

/// No entry is NaN or infinite; the first that is, is named by row and column. @throws ValueError
template <class M>
void check_finite(std::string_view who, std::string_view what, const M& matrix) {
  for (Index i = 0; i < matrix.rows(); ++i)
    for (Index j = 0; j < matrix.cols(); ++j)
      if (!std::isfinite(matrix(i, j)))
        throw ValueError(detail::message(who, ": ", what, " has ", matrix(i, j), " at row ", i, ", column ", j,
                                         ", wanted finite values"));
}

/// Every entry lies in [low, high], and none is NaN. @throws ValueError
template <class M, class T>
void check_range(std::string_view who, std::string_view what, const M& matrix, T low, T high) {
  for (Index i = 0; i < matrix.rows(); ++i)
    for (Index j = 0; j < matrix.cols(); ++j)
      if (!(matrix(i, j) >= low && matrix(i, j) <= high))
        throw ValueError(detail::message(who, ": ", what, " has ", matrix(i, j), " at row ", i, ", column ", j,
                                         ", wanted values in [", low, ", ", high, "]"));
}

/// One number lies in [low, high] and is not NaN. @throws ValueError
template <class T>
void check_between(std::string_view who, std::string_view what, T value, T low, T high) {
  if (!(value >= low && value <= high))
    throw ValueError(detail::message(who, ": ", what, " is ", value, ", wanted a value in [", low, ", ", high, "]"));
}

/// One number is at least `low` (and finite, where it could be otherwise). @throws ValueError
template <class T>
void check_at_least(std::string_view who, std::string_view what, T value, T low) {
  if (!(value >= low) || !std::isfinite(static_cast<double>(value)))
    throw ValueError(detail::message(who, ": ", what, " is ", value, ", wanted at least ", low,
                                     std::is_floating_point_v<T> ? ", and finite" : ""));
}

/// One number is positive (and finite, where it could be otherwise). @throws ValueError
template <class T>
void check_positive(std::string_view who, std::string_view what, T value) {
  if (!(value > T{0}) || !std::isfinite(static_cast<double>(value)))
    throw ValueError(detail::message(who, ": ", what, " is ", value, ", wanted a positive",
                                     std::is_floating_point_v<T> ? ", finite value" : " value"));
}

/// `weights` `[1 x K]` has no negative entry and sums to one within `tolerance`. @throws ValueError
template <class M>
void check_simplex(std::string_view who, std::string_view what, const M& weights, double tolerance = 1e-5) {
  double sum = 0;
  for (Index c = 0; c < weights.size(); ++c) {
    const auto weight = static_cast<double>(weights(c));
    if (!(weight >= 0))
      throw ValueError(detail::message(who, ": ", what, " has ", weight, " at ", c, ", wanted values in [0, 1]"));
    sum += weight;
  }
  if (!(std::abs(sum - 1) <= tolerance))
    throw ValueError(detail::message(who, ": ", what, " sums to ", sum, ", wanted 1"));
}

/// Every label lies in [0, count). @throws ValueError
inline void check_labels(std::string_view who, std::string_view what, const Labels& labels, Label count) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= count)
      throw ValueError(detail::message(who, ": ", what, " has ", labels[i], " at ", i, ", wanted labels in [0, ",
                                       count, ")"));
}

}  // namespace vade
