// vade: arithmetic of two matrices, with broadcasting of rows, columns and numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <type_traits>

#include <vade/autodiff/tape.hpp>

/// Operands are `[R x C]`; either may be `[1 x C]`, `[R x 1]` or `[1 x 1]`, and is then read as if repeated. The
/// adjoint of a repeated operand is the sum over its repetitions. All are O(R · C).
namespace vade {

namespace detail {

/// A matrix seen at the shape of the result: a repeated direction has stride 0, so that reading repeats an entry and
/// adding sums over it.
template <Real T>
struct Broadcast {
  T* data;
  Index row_stride;
  Index column_stride;
  T& operator()(Index i, Index j) const { return data[i * row_stride + j * column_stride]; }
};

template <class Pointer>
auto broadcast(Pointer* data, Index rows, Index columns) {
  return Broadcast<std::remove_const_t<Pointer>>{const_cast<std::remove_const_t<Pointer>*>(data),
                                                 rows == 1 ? 0 : columns, columns == 1 ? 0 : 1};
}

/// v̄ += Σ over repetitions of `term(i, j)`. Rows are added in order, whatever the number of threads.
template <Real T, class Term>
void accumulate_broadcast(Var<T> v, Index rows, Index columns, const Term& term) {
  if (!v.needs_gradient()) return;
  bool first = false;
  MatrixView<T> target = v.adjoint_target(first);
  if (first) target.setZero();
  const auto bar = broadcast(target.data(), v.rows(), v.cols());
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) bar(i, j) += term(i, j);
}

/// Records y = f(a, b) with partial derivatives `da(a, b)` and `db(a, b)`, numbers to numbers.
template <Real T, class Value, class PartialA, class PartialB>
Var<T> binary(std::string_view name, Var<T> a, Var<T> b, Value value, PartialA da, PartialB db) {
  const Index rows = a.rows() == 1 ? b.rows() : a.rows();
  const Index columns = a.cols() == 1 ? b.cols() : a.cols();
  const auto fits = [&](Var<T> v) {
    return (v.rows() == rows || v.rows() == 1) && (v.cols() == columns || v.cols() == 1);
  };
  if (!fits(a) || !fits(b))
    throw ShapeError(message(name, ": operands are ", shape_text(a), " and ", shape_text(b),
                             ", wanted equal shapes, or a row, column or number that can be repeated"));
  const Var<T> y = a.tape().record({a, b}, rows, columns);
  const bool whole = a.rows() == b.rows() && a.cols() == b.cols();
  const auto x0 = broadcast(a.value().data(), a.rows(), a.cols());
  const auto x1 = broadcast(b.value().data(), b.rows(), b.cols());
  MatrixView<T> out = y.mutable_value();
  if (whole) {
    evaluate(out, a.value().binaryExpr(b.value(), value), true);
  } else {
    for_row_tiles(rows, columns, [&](Index first, Index count) {
      for (Index i = first; i < first + count; ++i)
        for (Index j = 0; j < columns; ++j) out(i, j) = value(x0(i, j), x1(i, j));
    });
  }
  y.on_backward([a, b, y, x0, x1, whole, da, db] {
    const auto bar = y.adjoint();
    if (whole) {
      const auto av = a.value();
      const auto bv = b.value();
      a.accumulate(bar.cwiseProduct(av.binaryExpr(bv, da)));
      b.accumulate(bar.cwiseProduct(av.binaryExpr(bv, db)));
    } else {
      const auto ybar = broadcast(bar.data(), bar.rows(), bar.cols());
      const Index r = y.rows(), c = y.cols();
      accumulate_broadcast(a, r, c, [&](Index i, Index j) { return ybar(i, j) * da(x0(i, j), x1(i, j)); });
      accumulate_broadcast(b, r, c, [&](Index i, Index j) { return ybar(i, j) * db(x0(i, j), x1(i, j)); });
    }
  });
  return y;
}

}  // namespace detail

/// y = a + b. ā += ȳ, b̄ += ȳ. @throws ShapeError
template <Real T>
Var<T> operator+(Var<T> a, Var<T> b) {
  return detail::binary("operator+", a, b, [](T u, T v) { return u + v; }, [](T, T) { return T{1}; },
                        [](T, T) { return T{1}; });
}

/// y = a − b. ā += ȳ, b̄ −= ȳ. @throws ShapeError
template <Real T>
Var<T> operator-(Var<T> a, Var<T> b) {
  return detail::binary("operator-", a, b, [](T u, T v) { return u - v; }, [](T, T) { return T{1}; },
                        [](T, T) { return T{-1}; });
}

/// y = a ⊙ b, entry by entry. ā += ȳ ⊙ b, b̄ += ȳ ⊙ a. @throws ShapeError
template <Real T>
Var<T> operator*(Var<T> a, Var<T> b) {
  return detail::binary("operator*", a, b, [](T u, T v) { return u * v; }, [](T, T v) { return v; },
                        [](T u, T) { return u; });
}

/// y = a / b, entry by entry. ā += ȳ / b, b̄ −= ȳ (a / b) / b, since b² may be 0 or ∞ where b is neither. @throws ShapeError
template <Real T>
Var<T> operator/(Var<T> a, Var<T> b) {
  return detail::binary("operator/", a, b, [](T u, T v) { return u / v; }, [](T, T v) { return T{1} / v; },
                        [](T u, T v) { return -(u / v) / v; });
}

}  // namespace vade
