// vade: batch normalisation as one operation.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/autodiff/activation.hpp>
#include <vade/autodiff/detail/row_bands.hpp>
#include <vade/autodiff/tape.hpp>

namespace vade {

/// y = f(g ⊙ x̂ + s) with x̂_ij = (x_ij − m_j) r_j, where m_j and v_j are mean and variance (divisor B) of column j of
/// the batch and r_j = 1 / √(v_j + ε) (Ioffe and Szegedy 2015). x, y `[B x N]`; gain g, shift s `[1 x N]`.
///
/// With ḡ_ij = ȳ_ij f′ (A.16):   s̄_j += Σ_i ḡ_ij,   ḡain_j += Σ_i ḡ_ij x̂_ij,
///     x̄_ij += g_j r_j [ḡ_ij − (1/B) Σ_i ḡ_ij − x̂_ij (1/B) Σ_i ḡ_ij x̂_ij].
/// `batch_mean` and `batch_variance` `[1 x N]` hold m and v afterwards. The backward sweep turns ȳ into ḡ in place.
///
/// This is work for the memory, so there are two passes in each direction and x̂ is not stored. Mean and variance come
/// from one of them, as those of d_ij = x_ij − x_0j: no row of B is more than √(B−1) standard deviations from the mean,
/// so (1/B) Σ d² − (m − x_0)² costs at most the factor B in precision, however large the mean is.
/// O(B N). @throws ShapeError; ValueError for fewer than two rows, whose variance is zero, or an ε that is not positive
template <Activation A = Identity, Real T>
Var<T> batch_normalise(Var<T> x, Var<T> gain, Var<T> shift, T epsilon, RowVector<T>& batch_mean,
                       RowVector<T>& batch_variance) {
  const Index rows = x.rows(), width = x.cols();
  check_shape("batch_normalise", "gain", gain, 1, width);
  check_shape("batch_normalise", "shift", shift, 1, width);
  if (rows < 2)
    throw ValueError(detail::message("batch_normalise: rows of the batch: got ", rows, ", wanted at least 2"));
  check_positive("batch_normalise", "epsilon", epsilon);
  Tape<T>& tape = x.tape();
  const Var<T> y = tape.record({x, gain, shift}, rows, width);
  const Var<T> mean = tape.constant(1, width), scale = tape.constant(1, width);  // m, r
  const Var<T> slope = tape.constant(1, width);                                  // g r
  const Var<T> sums = tape.constant(2 * detail::bands_of(rows), width);
  {
    const auto in = x.value();
    MatrixView<T> m = mean.mutable_value(), r = scale.mutable_value(), moments = sums.mutable_value();
    detail::sum_rows<2>(rows, moments, [&](Index i, auto own) {
      const auto d = in.row(i) - in.row(0);
      own.row(0) += d;
      own.row(1) += d.cwiseAbs2();
    });
    moments.topRows(2) /= static_cast<T>(rows);
    batch_mean = in.row(0) + moments.row(0);
    batch_variance = (moments.row(1).array() - moments.row(0).array().square()).max(T{0});
    m.row(0) = batch_mean;
    r.row(0) = (batch_variance.array() + epsilon).sqrt().inverse();
    slope.mutable_value().row(0) = gain.value().row(0).cwiseProduct(r.row(0));
    const auto g_r = slope.value(), s = shift.value();
    MatrixView<T> out = y.mutable_value();
    parallel_ranges(rows, detail::band_rows, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        out.row(i) = A::value((in.row(i) - m.row(0)).cwiseProduct(g_r.row(0)).array() + s.row(0).array());
    });
  }
  y.on_backward([x, gain, shift, y, mean, scale, slope, sums] {
    bool first = false;
    const Index batch = y.rows();
    const auto in = x.value(), out = y.value(), m = mean.value(), g_r = slope.value();
    MatrixView<T> bar = y.adjoint_target(first), total = sums.mutable_value();
    detail::sum_rows<2>(batch, total, [&](Index i, auto own) {
      if constexpr (!A::is_identity) bar.row(i).array() *= A::slope(out.row(i).array());
      own.row(0) += bar.row(i);
      own.row(1) += bar.row(i).cwiseProduct(in.row(i) - m.row(0));
    });
    total.row(1).array() *= scale.value().row(0).array();
    shift.accumulate(total.row(0));
    gain.accumulate(total.row(1));
    if (!x.needs_gradient()) return;
    MatrixView<T> x_bar = x.adjoint_target(first);
    total.row(1).array() *= scale.value().row(0).array();
    total.topRows(2) /= static_cast<T>(batch);
    parallel_ranges(batch, detail::band_rows, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const auto centred = bar.row(i) - total.row(0) - (in.row(i) - m.row(0)).cwiseProduct(total.row(1));
        if (first)
          x_bar.row(i) = centred.cwiseProduct(g_r.row(0));
        else
          x_bar.row(i) += centred.cwiseProduct(g_r.row(0));
      }
    });
  });
  return y;
}

}  // namespace vade
