// vade: matrix products and the fused dense layer.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/autodiff/activation.hpp>
#include <vade/autodiff/detail/row_bands.hpp>
#include <vade/autodiff/tape.hpp>
#include <vade/kernel/product.hpp>

namespace vade {

namespace detail {

/// x̄ += ȳ wᵀ and w̄ += xᵀ ȳ, for y = x w.
template <Real T>
void accumulate_product_adjoints(Var<T> x, Var<T> w, ConstMatrixView<T> y_bar) {
  bool first = false;
  if (w.needs_gradient()) {
    MatrixView<T> w_bar = w.adjoint_target(first);
    product_at_b(x.value(), y_bar, w_bar, first ? Accumulate::no : Accumulate::yes);
  }
  if (x.needs_gradient()) {
    MatrixView<T> x_bar = x.adjoint_target(first);
    product_a_bt(y_bar, w.value(), x_bar, first ? Accumulate::no : Accumulate::yes);
  }
}

/// ḡ = ȳ ⊙ f′, written over ȳ, and b̄ += Σ_i ḡ_i, in one pass; `sums` `[bands x N]` is scratch.
template <Activation A, Real T>
void fold_activation_adjoint(Var<T> y, Var<T> b, MatrixView<T> sums) {
  bool ignored = false;
  MatrixView<T> bar = y.adjoint_target(ignored);
  const auto values = y.value();
  sum_rows<1>(bar.rows(), sums, [&](Index i, auto own) {
    if constexpr (!A::is_identity) bar.row(i).array() *= A::slope(values.row(i).array());
    own.row(0) += bar.row(i);
  });
  b.accumulate(sums.row(0));
}

}  // namespace detail

/// y = x w, `[R x N] = [R x M] [M x N]`. x̄ += ȳ wᵀ, w̄ += xᵀ ȳ. O(R M N). @throws ShapeError
template <Real T>
Var<T> matmul(Var<T> x, Var<T> w) {
  if (x.cols() != w.rows())
    throw ShapeError(detail::message("matmul: operands are ", shape_text(x), " and ", shape_text(w),
                                     ", wanted equal inner dimensions"));
  const Var<T> y = x.tape().record({x, w}, x.rows(), w.cols());
  product(x.value(), w.value(), y.mutable_value());
  y.on_backward([x, w, y] { detail::accumulate_product_adjoints(x, w, y.adjoint()); });
  return y;
}

/// y = f(x w + b), the dense layer as one operation: x `[B x M]`, w `[M x N]`, b `[1 x N]`, y `[B x N]`. Bias and
/// activation are applied to each tile of the product while it is in cache.
///
/// With g = x w + b and ḡ = ȳ ⊙ f′(g):  x̄ += ḡ wᵀ,  w̄ += xᵀ ḡ,  b̄ += Σ_i ḡ_i. The backward sweep turns ȳ into ḡ in
/// place, so y's adjoint is that of its pre-activation afterwards. O(B M N). @throws ShapeError
template <Activation A = Identity, Real T>
Var<T> affine(Var<T> x, Var<T> w, Var<T> b) {
  if (x.cols() != w.rows() || b.rows() != 1 || b.cols() != w.cols())
    throw ShapeError(detail::message("affine: x is ", shape_text(x), ", w is ", shape_text(w), ", b is ",
                                     shape_text(b), ", wanted [B x M], [M x N], [1 x N]"));
  const Var<T> y = x.tape().record({x, w, b}, x.rows(), w.cols());
  MatrixView<T> out = y.mutable_value();
  const auto bias = b.value();
  product(x.value(), w.value(), out, Accumulate::no, [&](Index row, Index row_end, Index column, Index column_end) {
    for (Index i = row; i < row_end; ++i) {
      auto segment = out.row(i).segment(column, column_end - column).array();
      segment = A::value(segment + bias.row(0).segment(column, column_end - column).array());
    }
  });
  const Var<T> sums = y.needs_gradient() ? x.tape().constant(detail::bands_of(x.rows()), w.cols()) : Var<T>();
  y.on_backward([x, w, b, y, sums] {
    detail::fold_activation_adjoint<A>(y, b, sums.mutable_value());
    detail::accumulate_product_adjoints(x, w, y.adjoint());
  });
  return y;
}

}  // namespace vade
