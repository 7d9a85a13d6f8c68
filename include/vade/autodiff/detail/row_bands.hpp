// vade: sums over the rows of a batch, on the pool.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include <vade/core/default_pool.hpp>
#include <vade/core/matrix.hpp>

/// Rows lie one after the other in memory, so threads take bands of rows: strips of columns of a matrix whose width is a
/// power of two would share a few sets of the cache, and defeat its reading ahead.
namespace vade::detail {

/// Rows of one band.
inline constexpr Index band_rows = 32;

/// At least one, which a batch without rows leaves at zero.
inline Index bands_of(Index rows) { return std::max<Index>(1, (rows + band_rows - 1) / band_rows); }

/// `Count` sums over `rows` rows, in the first `Count` rows of `sums` `[Count bands x N]`: `add(i, own)` adds what row i
/// brings to `own` `[Count x N]`, the sums of its band; bands are added in order. O(rows N).
template <Index Count, Real T, class Add>
void sum_rows(Index rows, MatrixView<T> sums, Add&& add) {
  if (rows == 0) sums.setZero();
  parallel_ranges(rows, band_rows, [&](Index begin, Index end) {
    auto own = sums.template middleRows<Count>(begin / band_rows * Count);
    own.setZero();
    for (Index i = begin; i < end; ++i) add(i, own);
  });
  for (Index k = Count; k < sums.rows(); k += Count)
    sums.template topRows<Count>() += sums.template middleRows<Count>(k);
}

}  // namespace vade::detail
