// vade: triangular factors of covariances, one for each row of a batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include <vade/autodiff/reductions.hpp>
#include <vade/autodiff/tape.hpp>

/// A lower triangular matrix L of J rows for each row b of a batch, in two matrices (F.1):
///     `diagonal` `[B x J]`            L_jj = diagonal(b, j), positive,
///     `lower` `[B x J(J−1)/2]`        L_jk = lower(b, j(j−1)/2 + k) for k < j: row by row, from the top.
/// With J = 1 `lower` is `[B x 0]`. Every row of the triangle is contiguous, so plain loops over k are right here: J is
/// small, and the batch is what is long. Derived in docs/derivations/full_gaussian.md. No operation checks that the
/// diagonal is not zero.
namespace vade {

/// J (J − 1) / 2: entries below the diagonal.
inline Index lower_count(Index latent) { return latent * (latent - 1) / 2; }

namespace detail {

/// Σ_{k<count} a_k b_k.
template <Real T>
T dot(const T* a, const T* b, Index count) {
  T sum = 0;
  for (Index k = 0; k < count; ++k) sum += a[k] * b[k];
  return sum;
}

/// L_j0, L_j1 ... of factor b.
template <Real T>
const T* lower_row(ConstMatrixView<T> lower, Index b, Index j) {
  return lower.data() + b * lower.cols() + lower_count(j);
}

/// u ← L⁻ᵀ u for one row, from the last entry up: `diagonal` `[J]` and `lower` `[J(J−1)/2]`.
template <Real T>
void solve_transposed(const T* diagonal, const T* lower, T* u, Index latent) {
  for (Index j = latent - 1; j >= 0; --j) {
    u[j] /= diagonal[j];
    const T* row = lower + lower_count(j);
    for (Index k = 0; k < j; ++k) u[k] -= row[k] * u[j];
  }
}

template <Real T>
void check_factor(std::string_view who, Var<T> diagonal, Var<T> lower) {
  check_shape(who, "lower", lower, diagonal.rows(), lower_count(diagonal.cols()));
}

/// v̄, set to zero before the first term; null if no gradient is needed.
template <Real T>
T* adjoint_to_add(Var<T> v) {
  if (!v.needs_gradient()) return nullptr;
  bool first = false;
  MatrixView<T> target = v.adjoint_target(first);
  if (first) target.setZero();
  return target.data();
}

/// L̄_jk += s u_j x_k for all k < j, the entries of `lower`.
template <Real T>
void accumulate_outer(Var<T> lower, ConstMatrixView<T> u, ConstMatrixView<T> x, T s) {
  accumulate_rows(lower, [&](Index b, auto row) {
    for (Index j = 1; j < u.cols(); ++j) row.segment(lower_count(j), j) += (s * u(b, j)) * x.row(b).head(j).array();
  });
}

}  // namespace detail

/// y = L x for each row, `[B x J]`. F.12: x̄ += Lᵀ ȳ, L̄_jk += ȳ_j x_k for k <= j. O(B J²). @throws ShapeError
template <Real T>
Var<T> triangular_product(Var<T> diagonal, Var<T> lower, Var<T> x) {
  detail::check_factor("triangular_product", diagonal, lower);
  check_shape("triangular_product", "x", x, diagonal.rows(), diagonal.cols());
  const Index latent = x.cols();
  const Var<T> y = x.tape().record({diagonal, lower, x}, x.rows(), latent);
  const auto d = diagonal.value(), l = lower.value(), in = x.value();
  MatrixView<T> out = y.mutable_value();
  detail::for_row_tiles(x.rows(), latent * latent, [&](Index first, Index count) {
    for (Index b = first; b < first + count; ++b)
      for (Index j = 0; j < latent; ++j)
        out(b, j) = d(b, j) * in(b, j) + detail::dot(detail::lower_row(l, b, j), in.data() + b * latent, j);
  });
  y.on_backward([diagonal, lower, x, y] {
    const auto bar = y.adjoint(), dv = diagonal.value(), lv = lower.value(), xv = x.value();
    detail::accumulate_rows(x, [&](Index b, auto row) {
      row += bar.row(b).array() * dv.row(b).array();
      for (Index j = 1; j < row.size(); ++j)
        row.head(j) += bar(b, j) * lv.row(b).segment(lower_count(j), j).array();
    });
    diagonal.accumulate(bar.cwiseProduct(xv));
    detail::accumulate_outer(lower, bar, xv, T{1});
  });
  return y;
}

/// y = L⁻¹ x for each row, `[B x J]`, by forward substitution. F.13: with u = L⁻ᵀ ȳ, written over ȳ:
///     x̄ += u,   L̄_jk −= u_j y_k for k <= j.
/// O(B J²). @throws ShapeError
template <Real T>
Var<T> triangular_solve(Var<T> diagonal, Var<T> lower, Var<T> x) {
  detail::check_factor("triangular_solve", diagonal, lower);
  check_shape("triangular_solve", "x", x, diagonal.rows(), diagonal.cols());
  const Index latent = x.cols();
  const Var<T> y = x.tape().record({diagonal, lower, x}, x.rows(), latent);
  const auto d = diagonal.value(), l = lower.value(), in = x.value();
  MatrixView<T> out = y.mutable_value();
  detail::for_row_tiles(x.rows(), latent * latent, [&](Index first, Index count) {
    for (Index b = first; b < first + count; ++b)
      for (Index j = 0; j < latent; ++j)
        out(b, j) = (in(b, j) - detail::dot(detail::lower_row(l, b, j), out.data() + b * latent, j)) / d(b, j);
  });
  y.on_backward([diagonal, lower, x, y] {
    bool ignored = false;
    MatrixView<T> u = y.adjoint_target(ignored);
    const auto dv = diagonal.value(), lv = lower.value(), yv = y.value();
    for (Index b = 0; b < u.rows(); ++b)
      detail::solve_transposed(dv.data() + b * dv.cols(), lv.data() + b * lv.cols(), u.data() + b * u.cols(), u.cols());
    x.accumulate(u);
    diagonal.accumulate(-u.cwiseProduct(yv));
    detail::accumulate_outer(lower, ConstMatrixView<T>(u.data(), u.rows(), u.cols()), yv, T{-1});
  });
  return y;
}

/// v_j = Σ_{k<=j} L_jk², the diagonal of L Lᵀ, `[B x J]`. F.14: L̄_jk += 2 v̄_j L_jk. O(B J²). @throws ShapeError
template <Real T>
Var<T> triangular_squares(Var<T> diagonal, Var<T> lower) {
  detail::check_factor("triangular_squares", diagonal, lower);
  const Var<T> v = diagonal.tape().record({diagonal, lower}, diagonal.rows(), diagonal.cols());
  const auto d = diagonal.value(), l = lower.value();
  MatrixView<T> out = v.mutable_value();
  for (Index b = 0; b < out.rows(); ++b)
    for (Index j = 0; j < out.cols(); ++j) {
      const T* row = detail::lower_row(l, b, j);
      out(b, j) = d(b, j) * d(b, j) + detail::dot(row, row, j);
    }
  v.on_backward([diagonal, lower, v] {
    const auto bar = v.adjoint(), dv = diagonal.value(), lv = lower.value();
    diagonal.accumulate(T{2} * bar.cwiseProduct(dv));
    detail::accumulate_rows(lower, [&](Index b, auto row) {
      for (Index j = 1; j < bar.cols(); ++j)
        row.segment(lower_count(j), j) += (T{2} * bar(b, j)) * lv.row(b).segment(lower_count(j), j).array();
    });
  });
  return v;
}

/// The entries below the diagonal of W = P⁻¹ L for each row, `[B x J(J−1)/2]` in the order of `lower`; on the diagonal
/// W_jj = L_jj / P_jj. P is `other_diagonal`, `other_lower`. F.15: with u = P⁻ᵀ W̄ for each column k of W,
///     L̄_jk += u_j,   P̄_ij −= u_i W_jk for i >= j >= k.
/// O(B J³). @throws ShapeError
template <Real T>
Var<T> triangular_quotient(Var<T> other_diagonal, Var<T> other_lower, Var<T> diagonal, Var<T> lower) {
  detail::check_factor("triangular_quotient", diagonal, lower);
  check_shape("triangular_quotient", "other_diagonal", other_diagonal, diagonal.rows(), diagonal.cols());
  check_shape("triangular_quotient", "other_lower", other_lower, lower.rows(), lower.cols());
  Tape<T>& tape = diagonal.tape();
  const Index rows = diagonal.rows(), latent = diagonal.cols();
  const Var<T> w = tape.record({other_diagonal, other_lower, diagonal, lower}, rows, lower.cols());
  const Var<T> column = tape.constant(1, 2 * latent);  // a column of W, and u
  {
    const auto pd = other_diagonal.value(), pl = other_lower.value(), d = diagonal.value(), l = lower.value();
    MatrixView<T> out = w.mutable_value();
    T* const c = column.mutable_value().data();
    for (Index b = 0; b < rows; ++b)
      for (Index k = 0; k < latent; ++k) {
        c[k] = d(b, k) / pd(b, k);
        for (Index j = k + 1; j < latent; ++j) {
          const Index at = lower_count(j) + k;
          c[j] = (l(b, at) - detail::dot(detail::lower_row(pl, b, j) + k, c + k, j - k)) / pd(b, j);
          out(b, at) = c[j];
        }
      }
  }
  w.on_backward([other_diagonal, other_lower, diagonal, lower, w, column] {
    const auto bar = w.adjoint(), wv = w.value(), pd = other_diagonal.value(), pl = other_lower.value();
    const auto d = diagonal.value();
    const Index size = d.cols();
    T* const c = column.mutable_value().data();
    T* const u = c + size;
    T* const pd_bar = detail::adjoint_to_add(other_diagonal);
    T* const pl_bar = detail::adjoint_to_add(other_lower);
    T* const d_bar = detail::adjoint_to_add(diagonal);
    T* const l_bar = detail::adjoint_to_add(lower);
    for (Index b = 0; b < d.rows(); ++b)
      for (Index k = 0; k < size; ++k) {
        std::fill(u, u + size, T{0});
        c[k] = d(b, k) / pd(b, k);
        for (Index j = k + 1; j < size; ++j) {
          c[j] = wv(b, lower_count(j) + k);
          u[j] = bar(b, lower_count(j) + k);
        }
        detail::solve_transposed(pd.data() + b * size, pl.data() + b * pl.cols(), u, size);
        if (d_bar != nullptr) d_bar[b * size + k] += u[k];
        for (Index j = k; j < size; ++j) {
          const Index row = b * pl.cols() + lower_count(j);
          if (l_bar != nullptr && j > k) l_bar[row + k] += u[j];
          if (pd_bar != nullptr) pd_bar[b * size + j] -= u[j] * c[j];
          for (Index i = k; pl_bar != nullptr && i < j; ++i) pl_bar[row + i] -= u[j] * c[i];
        }
      }
  });
  return w;
}

}  // namespace vade
