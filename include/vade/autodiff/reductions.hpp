// vade: sums, means, log-sum-exp and softmax.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include <vade/autodiff/pointwise.hpp>
#include <vade/autodiff/tape.hpp>
#include <vade/core/special.hpp>

/// `sum`, `mean` go over all entries; `column_sums` leaves one row; `row_sums`, `log_sum_exp`, `softmax` treat each
/// row for itself. A row is summed in T, and rows are added in double, in their order. All are O(rows · cols).
namespace vade {

namespace detail {

/// Calls `add(i, row)` for every row of v̄ as an array, to be added to; nothing if no gradient is needed.
template <Real T, class Add>
void accumulate_rows(Var<T> v, const Add& add) {
  if (!v.needs_gradient()) return;
  bool first = false;
  MatrixView<T> bar = v.adjoint_target(first);
  if (first) bar.setZero();
  for (Index i = 0; i < bar.rows(); ++i) add(i, bar.row(i).array());
}

/// The parts of log Σ_j e^{x_ij}.
template <Real T>
ExponentialSum<T> exponential_sum_of_row(ConstMatrixView<T> x, Index i) {
  return exponential_sum(std::span<const T>(x.data() + i * x.cols(), static_cast<std::size_t>(x.cols())));
}

}  // namespace detail

/// y = Σ_ij x_ij, `[1 x 1]`. x̄_ij += ȳ.
template <Real T>
Var<T> sum(Var<T> x) {
  const Var<T> y = x.tape().record({x}, 1, 1);
  const auto v = x.value();
  double total = 0;
  for (Index i = 0; i < v.rows(); ++i) total += static_cast<double>(v.row(i).sum());
  y.mutable_value()(0, 0) = static_cast<T>(total);
  y.on_backward([x, y] { x.accumulate(Matrix<T>::Constant(x.rows(), x.cols(), y.adjoint()(0, 0))); });
  return y;
}

/// y = (1 / size) Σ_ij x_ij, `[1 x 1]`. x̄_ij += ȳ / size.
template <Real T>
Var<T> mean(Var<T> x) {
  return (T{1} / static_cast<T>(x.size())) * sum(x);
}

/// y_j = Σ_i x_ij, `[1 x cols]`. x̄_ij += ȳ_j.
template <Real T>
Var<T> column_sums(Var<T> x) {
  const Var<T> y = x.tape().record({x}, 1, x.cols());
  const auto v = x.value();
  MatrixView<T> out = y.mutable_value();
  constexpr Index strip = 64;  // columns whose sums stay in the first cache
  Eigen::Array<double, 1, Eigen::Dynamic, Eigen::RowMajor, 1, strip> totals;
  for (Index j = 0; j < v.cols(); j += strip) {
    const Index count = std::min(strip, v.cols() - j);
    totals.setZero(count);
    for (Index i = 0; i < v.rows(); ++i) totals += v.row(i).segment(j, count).array().template cast<double>();
    out.row(0).segment(j, count) = totals.matrix().template cast<T>();
  }
  y.on_backward([x, y] {
    const auto bar = y.adjoint();
    x.accumulate(bar.replicate(x.rows(), 1));
  });
  return y;
}

/// y_j = (1 / rows) Σ_i x_ij, `[1 x cols]`. x̄_ij += ȳ_j / rows.
template <Real T>
Var<T> column_means(Var<T> x) {
  return (T{1} / static_cast<T>(x.rows())) * column_sums(x);
}

/// y_i = Σ_j x_ij, `[rows x 1]`. x̄_ij += ȳ_i.
template <Real T>
Var<T> row_sums(Var<T> x) {
  const Var<T> y = x.tape().record({x}, x.rows(), 1);
  y.mutable_value() = x.value().rowwise().sum();
  y.on_backward([x, y] {
    const auto bar = y.adjoint();
    x.accumulate(bar.replicate(1, x.cols()));
  });
  return y;
}

/// y_i = Σ_j x_ij over the cells with o_ij ≠ 0, `[rows x 1]`, for `observed` o of the shape of x: 1 where a cell was observed
/// and 0 where it is absent. x̄_ij += ȳ_i for these. An absent x_ij contributes exactly nothing to value and gradient, even
/// if it is NaN. o gets no gradient. @throws ShapeError
template <Real T>
Var<T> observed_row_sums(Var<T> x, Var<T> observed) {
  check_shape("observed_row_sums", "observed", observed, x.rows(), x.cols());
  const Var<T> y = x.tape().record({x}, x.rows(), 1);
  y.mutable_value() = (observed.value().array() != T{0}).select(x.value(), T{0}).rowwise().sum();
  y.on_backward([x, y, observed] {
    const auto bar = y.adjoint();
    x.accumulate((observed.value().array() != T{0}).select(bar.replicate(1, x.cols()), T{0}));
  });
  return y;
}

/// y_i = (1 / cols) Σ_j x_ij, `[rows x 1]`. x̄_ij += ȳ_i / cols.
template <Real T>
Var<T> row_means(Var<T> x) {
  return (T{1} / static_cast<T>(x.cols())) * row_sums(x);
}

/// y_i = log Σ_j e^{x_ij}, `[rows x 1]`, shift-invariant. x̄_ij += ȳ_i e^{x_ij − y_i}; nothing flows back from an infinite
/// y_i. The exponential is e^{x_ij − top_i} / Σ_k e^{x_ik − top_i}: a large y_i is rounded by more than a share.
template <Real T>
Var<T> log_sum_exp(Var<T> x) {
  const Var<T> y = x.tape().record({x}, x.rows(), 1);
  const Var<T> parts = x.tape().constant(x.rows(), 2);  // top, sum
  MatrixView<T> out = y.mutable_value(), top_and_sum = parts.mutable_value();
  for (Index i = 0; i < out.rows(); ++i) {
    const ExponentialSum<T> row = detail::exponential_sum_of_row(x.value(), i);
    top_and_sum(i, 0) = row.top;
    top_and_sum(i, 1) = row.sum;
    out(i, 0) = row.log();
  }
  y.on_backward([x, y, parts] {
    const auto xs = x.value();
    const auto ps = parts.value();
    const auto bar = y.adjoint();
    detail::accumulate_rows(x, [&](Index i, auto row) {
      if (!std::isinf(ps(i, 0))) row += (xs.row(i).array() - ps(i, 0)).exp() * (bar(i, 0) / ps(i, 1));
    });
  });
  return y;
}

/// y_ij = e^{x_ij} / Σ_k e^{x_ik}: rows are positive and sum to one. x̄_i += y_i ⊙ (ȳ_i − ⟨ȳ_i, y_i⟩).
template <Real T>
Var<T> softmax(Var<T> x) {
  const Var<T> y = x.tape().record({x}, x.rows(), x.cols());
  MatrixView<T> out = y.mutable_value();
  out = x.value();
  for (Index i = 0; i < out.rows(); ++i)
    softmax_in_place(std::span<T>(out.data() + i * out.cols(), static_cast<std::size_t>(out.cols())));
  y.on_backward([x, y] {
    const auto ys = y.value();
    const auto bar = y.adjoint();
    detail::accumulate_rows(
        x, [&](Index i, auto row) { row += ys.row(i).array() * (bar.row(i).array() - bar.row(i).dot(ys.row(i))); });
  });
  return y;
}

/// y_ij = x_ij − log Σ_k e^{x_ik} = (x_ij − top_i) − log Σ_k e^{x_ik − top_i}, which keeps its digits for large entries.
/// x̄_i += ȳ_i − softmax(x_i) Σ_j ȳ_ij.
template <Real T>
Var<T> log_softmax(Var<T> x) {
  const Var<T> y = x.tape().record({x}, x.rows(), x.cols());
  const auto v = x.value();
  MatrixView<T> out = y.mutable_value();
  for (Index i = 0; i < v.rows(); ++i) {
    const auto [top, total] = detail::exponential_sum_of_row(v, i);
    out.row(i).array() = (v.row(i).array() - top) - std::log(total);
  }
  y.on_backward([x, y] {
    const auto ys = y.value();
    const auto bar = y.adjoint();
    detail::accumulate_rows(
        x, [&](Index i, auto row) { row += bar.row(i).array() - ys.row(i).array().exp() * bar.row(i).sum(); });
  });
  return y;
}

}  // namespace vade
