// vade: pointwise expressions, evaluated in parallel tiles of rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>

#include <vade/core/default_pool.hpp>
#include <vade/core/matrix.hpp>

namespace vade::detail {

/// Rows of a tile of about 16k entries, a quarter of an L2 cache: fixed by the shape, never by the thread count.
inline Index tile_rows(Index columns) { return std::max<Index>(1, 16384 / std::max<Index>(1, columns)); }

/// Calls `body(first_row, row_count)` for tiles of `[rows x columns]`.
template <class Body>
void for_row_tiles(Index rows, Index columns, Body&& body) {
  parallel_ranges(rows, tile_rows(columns), [&](Index begin, Index end) { body(begin, end - begin); });
}

/// target = `term` where `assign`, else target += `term`; `term` is a coefficient-wise Eigen expression of its shape.
template <class Target, class Expression>
void evaluate(Target target, const Expression& term, bool assign) {
  for_row_tiles(target.rows(), target.cols(), [&](Index first, Index count) {
    auto rows = target.middleRows(first, count);
    const auto values = [&] {
      if constexpr (std::is_base_of_v<Eigen::ArrayBase<Expression>, Expression>)
        return term.middleRows(first, count).matrix();
      else
        return term.middleRows(first, count);
    }();
    if (assign)
      rows = values;
    else
      rows += values;
  });
}

}  // namespace vade::detail
