// vade: cross-entropies from logits.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/autodiff/tape.hpp>

namespace vade {

namespace detail {

/// For each row, Σ_j [softplus(l_j) − l_j x_j] into `losses` `[B x 1]`, and σ(l) − x into `slope` `[B x D]`, from the
/// one exponential e^−|l|. The loss is computed as max(l, 0) − l x + log(1 + e^−|l|): for x = 1 and large l the
/// difference softplus(l) − l would have no digits. Row sums are taken in T. O(B D).
template <Real T>
void bernoulli_losses(const ConstMatrixView<T>& logits, const ConstMatrixView<T>& x, MatrixView<T> slope,
                      MatrixView<T> losses) {
  for_row_tiles(logits.rows(), logits.cols(), [&](Index first, Index count) {
    for (Index i = first; i < first + count; ++i) {
      const auto li = logits.row(i).array();
      const auto xi = x.row(i).array();
      auto e = slope.row(i).array();
      e = (-li.abs()).exp();
      losses(i, 0) = (li.max(T{0}) - li * xi + e.log1p()).sum();
      e = (li >= T{0}).select(T{1}, e) / (T{1} + e) - xi;
    }
  });
}

}  // namespace detail

/// −Σ_j log Bernoulli(x_ij; σ(l_ij)) for each row i, `[B x 1]`, for logits l and data x in [0, 1] of one shape
/// `[B x D]`. Finite for all finite logits, and right to rounding. l̄_i += ȳ_i (σ(l_i) − x_i), x̄_i −= ȳ_i l_i. O(B D).
/// @throws ShapeError
template <Real T>
Var<T> bernoulli_cross_entropies(Var<T> logits, Var<T> x) {
  check_shape("bernoulli_cross_entropies", "x", x, logits.rows(), logits.cols());
  Tape<T>& tape = logits.tape();
  const Var<T> y = tape.record({logits, x}, logits.rows(), 1);
  const Var<T> slope = tape.constant(logits.rows(), logits.cols());
  detail::bernoulli_losses<T>(logits.value(), x.value(), slope.mutable_value(), y.mutable_value());
  y.on_backward([logits, x, y, slope] {
    const auto bar = y.adjoint();
    logits.accumulate(slope.value().array().colwise() * bar.col(0).array());
    x.accumulate(-(logits.value().array().colwise() * bar.col(0).array()));
  });
  return y;
}

/// −Σ_ij log Bernoulli(x_ij; σ(l_ij)) = Σ_ij [softplus(l_ij) − l_ij x_ij], `[1 x 1]`, for logits l and data x in [0, 1]
/// of one shape `[B x D]`. Finite for all finite logits.
///
/// l̄ += ȳ (σ(l) − x), x̄ −= ȳ l. Value and σ(l) − x are found in one pass from the one exponential e^−|l|, and kept for
/// the backward sweep. Row sums are taken in T and added in double, in row order. O(B D). @throws ShapeError
template <Real T>
Var<T> bernoulli_cross_entropy(Var<T> logits, Var<T> x) {
  check_shape("bernoulli_cross_entropy", "x", x, logits.rows(), logits.cols());
  Tape<T>& tape = logits.tape();
  const Var<T> y = tape.record({logits, x}, 1, 1);
  const Var<T> slope = tape.constant(logits.rows(), logits.cols());
  const Var<T> row_losses = tape.constant(logits.rows(), 1);
  detail::bernoulli_losses<T>(logits.value(), x.value(), slope.mutable_value(), row_losses.mutable_value());
  double total = 0;
  for (Index i = 0; i < row_losses.rows(); ++i) total += static_cast<double>(row_losses.value()(i, 0));
  y.mutable_value()(0, 0) = static_cast<T>(total);
  y.on_backward([logits, x, y, slope] {
    const T bar = y.adjoint()(0, 0);
    logits.accumulate(bar * slope.value().array());
    x.accumulate(-bar * logits.value().array());
  });
  return y;
}

/// Σ_ij (x_ij − m_ij)², `[1 x 1]`. m̄ += 2 ȳ (m − x), x̄ −= 2 ȳ (m − x). O(B D). @throws ShapeError
template <Real T>
Var<T> squared_error(Var<T> m, Var<T> x) {
  check_shape("squared_error", "x", x, m.rows(), m.cols());
  const Var<T> y = m.tape().record({m, x}, 1, 1);
  const auto a = m.value();
  const auto b = x.value();
  double total = 0;
  for (Index i = 0; i < a.rows(); ++i) total += static_cast<double>((a.row(i) - b.row(i)).squaredNorm());
  y.mutable_value()(0, 0) = static_cast<T>(total);
  y.on_backward([m, x, y] {
    const T scale = T{2} * y.adjoint()(0, 0);
    const auto mv = m.value();
    const auto xv = x.value();
    m.accumulate(scale * (mv - xv).array());
    x.accumulate(-scale * (mv - xv).array());
  });
  return y;
}

}  // namespace vade
