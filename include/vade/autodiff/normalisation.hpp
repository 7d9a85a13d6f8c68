// vade: batch normalisation as one operation.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <vade/autodiff/activation.hpp>
#include <vade/autodiff/tape.hpp>

namespace vade {

/// y = f(g ⊙ x̂ + s) with x̂_ij = (x_ij − m_j) r_j, where m_j and v_j are mean and variance (divisor B) of column j of
/// the batch and r_j = 1 / √(v_j + ε) (Ioffe and Szegedy 2015). x, y `[B x N]`; gain g, shift s `[1 x N]`.
///
/// With ḡ_ij = ȳ_ij f′:   s̄_j += Σ_i ḡ_ij,   ḡain_j += Σ_i ḡ_ij x̂_ij,
///     x̄_ij += g_j r_j [ḡ_ij − (1/B) Σ_i ḡ_ij − x̂_ij (1/B) Σ_i ḡ_ij x̂_ij].
/// `batch_mean` and `batch_variance` `[1 x N]` hold m and v afterwards. Columns are independent, and each is summed in
/// row order. O(B N). @throws ShapeError; ValueError for a batch of one row, whose variance is zero
template <Activation A = Identity, Real T>
Var<T> batch_normalise(Var<T> x, Var<T> gain, Var<T> shift, T epsilon, RowVector<T>& batch_mean,
                       RowVector<T>& batch_variance) {
  const Index rows = x.rows(), width = x.cols();
  check_shape("batch_normalise", "gain", gain, 1, width);
  check_shape("batch_normalise", "shift", shift, 1, width);
  if (rows < 2) throw ValueError("batch_normalise: the batch has 1 row, wanted at least 2");
  using Columns = Eigen::Array<T, 1, Eigen::Dynamic, Eigen::RowMajor, 1, 64>;
  Tape<T>& tape = x.tape();
  const Var<T> y = tape.record({x, gain, shift}, rows, width);
  const Var<T> normalised = tape.constant(rows, width);  // x̂
  const Var<T> scale = tape.constant(1, width);          // r
  batch_mean.resize(width);
  batch_variance.resize(width);
  {
    const auto in = x.value(), g = gain.value(), s = shift.value();
    MatrixView<T> hat = normalised.mutable_value(), r = scale.mutable_value(), out = y.mutable_value();
    parallel_ranges(width, 64, [&](Index begin, Index end) {
      const Index count = end - begin;
      const auto part = [&](auto& matrix, Index i) { return matrix.row(i).segment(begin, count).array(); };
      Columns mean = Columns::Zero(count), variance = Columns::Zero(count);
      for (Index i = 0; i < rows; ++i) mean += part(in, i);
      mean /= static_cast<T>(rows);
      for (Index i = 0; i < rows; ++i) variance += (part(in, i) - mean).square();
      variance /= static_cast<T>(rows);
      const Columns root = (variance + epsilon).sqrt().inverse();
      part(r, 0) = root;
      batch_mean.segment(begin, count).array() = mean;
      batch_variance.segment(begin, count).array() = variance;
      for (Index i = 0; i < rows; ++i) {
        part(hat, i) = (part(in, i) - mean) * root;
        part(out, i) = A::value(part(hat, i) * part(g, 0) + part(s, 0));
      }
    });
  }
  y.on_backward([x, gain, shift, y, normalised, scale] {
    bool ignored = false, first_x = false, first_gain = false, first_shift = false;
    const Index batch = y.rows();
    const auto hat = normalised.value(), r = scale.value(), g = gain.value(), out = y.value();
    MatrixView<T> y_bar = y.adjoint_target(ignored);
    T* const x_bar = x.needs_gradient() ? x.adjoint_target(first_x).data() : nullptr;
    T* const gain_bar = gain.needs_gradient() ? gain.adjoint_target(first_gain).data() : nullptr;
    T* const shift_bar = shift.needs_gradient() ? shift.adjoint_target(first_shift).data() : nullptr;
    parallel_ranges(y.cols(), 64, [&](Index begin, Index end) {
      const Index count = end - begin;
      const auto part = [&](auto& matrix, Index i) { return matrix.row(i).segment(begin, count).array(); };
      Columns sums = Columns::Zero(count), products = Columns::Zero(count);
      for (Index i = 0; i < batch; ++i) {
        auto bar = part(y_bar, i);
        if constexpr (!A::is_identity) bar *= A::slope(part(out, i));
        sums += bar;
        products += bar * part(hat, i);
      }
      const auto add = [&](T* target, bool first, const Columns& term) {
        if (target == nullptr) return;
        Eigen::Map<Eigen::Array<T, 1, Eigen::Dynamic>> row(target + begin, count);
        if (first)
          row = term;
        else
          row += term;
      };
      add(gain_bar, first_gain, products);
      add(shift_bar, first_shift, sums);
      if (x_bar == nullptr) return;
      const Columns factor = part(g, 0) * part(r, 0);
      sums /= static_cast<T>(batch);
      products /= static_cast<T>(batch);
      for (Index i = 0; i < batch; ++i)
        add(x_bar + i * y_bar.cols(), first_x, factor * (part(y_bar, i) - sums - part(hat, i) * products));
    });
  });
  return y;
}

}  // namespace vade
