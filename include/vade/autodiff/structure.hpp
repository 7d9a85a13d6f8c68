// vade: operations that move entries and change none.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/autodiff/tape.hpp>

namespace vade {

/// y = columns first ... first + count − 1 of x, `[rows x count]`. x̄ += ȳ in these columns. O(rows · cols).
/// @throws ShapeError if x has fewer columns
template <Real T>
Var<T> columns(Var<T> x, Index first, Index count) {
  if (first < 0 || count < 1 || count > x.cols() || first > x.cols() - count)
    throw ShapeError(detail::message("columns: x is ", shape_text(x), ", wanted ", count, " columns from ", first));
  const Var<T> y = x.tape().record({x}, x.rows(), count);
  y.mutable_value() = x.value().middleCols(first, count);
  y.on_backward([x, y, first, count] {
    bool fresh = false;
    MatrixView<T> bar = x.adjoint_target(fresh);
    if (fresh) bar.setZero();
    bar.middleCols(first, count) += y.adjoint();
  });
  return y;
}

/// y = rows first ... first + count − 1 of x, `[count x cols]`. x̄ += ȳ in these rows. O(rows · cols).
/// @throws ShapeError if x has fewer rows
template <Real T>
Var<T> rows(Var<T> x, Index first, Index count) {
  if (first < 0 || count < 1 || count > x.rows() || first > x.rows() - count)
    throw ShapeError(detail::message("rows: x is ", shape_text(x), ", wanted ", count, " rows from ", first));
  const Var<T> y = x.tape().record({x}, count, x.cols());
  y.mutable_value() = x.value().middleRows(first, count);
  y.on_backward([x, y, first, count] {
    bool fresh = false;
    MatrixView<T> bar = x.adjoint_target(fresh);
    if (fresh) bar.setZero();
    bar.middleRows(first, count) += y.adjoint();
  });
  return y;
}

/// y = [a b], side by side, `[rows x (cols a + cols b)]`. ā and b̄ += their columns of ȳ. @throws ShapeError
template <Real T>
Var<T> beside(Var<T> a, Var<T> b) {
  if (a.rows() != b.rows())
    throw ShapeError(detail::message("beside: operands are ", shape_text(a), " and ", shape_text(b),
                                     ", wanted equal rows"));
  const Var<T> y = a.tape().record({a, b}, a.rows(), a.cols() + b.cols());
  y.mutable_value() << a.value(), b.value();
  y.on_backward([a, b, y] {
    const auto bar = y.adjoint();
    a.accumulate(bar.leftCols(a.cols()));
    b.accumulate(bar.rightCols(b.cols()));
  });
  return y;
}

/// y = xᵀ, `[cols x rows]`. x̄ += ȳᵀ.
template <Real T>
Var<T> transpose(Var<T> x) {
  const Var<T> y = x.tape().record({x}, x.cols(), x.rows());
  y.mutable_value() = x.value().transpose();
  y.on_backward([x, y] {
    const auto bar = y.adjoint();
    x.accumulate(bar.transpose());
  });
  return y;
}

}  // namespace vade
