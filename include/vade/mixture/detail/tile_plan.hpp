// vade: how rows are cut into tiles and chunks, whatever the number of threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include <vade/core/default_pool.hpp>
#include <vade/core/matrix.hpp>

namespace vade::detail {

/// Rows are worked on tile by tile, small enough for the cache; consecutive tiles form a chunk, which is what a thread
/// takes at a time, with its own scratch memory and its own partial sums. Both depend on the problem only.
struct TilePlan {
  Index rows = 0;        ///< N
  Index tile_rows = 1;   ///< rows per tile
  Index chunk_rows = 1;  ///< rows per chunk, a multiple of `tile_rows`
  Index chunks = 0;

  /// `width`: numbers of working memory per row; `sums`: numbers that a chunk adds up.
  TilePlan(Index count, Index width, Index sums) : rows(count) {
    constexpr Index cache_numbers = 16384;  // 128 KiB of double: a part of the second-level cache
    // 32 MiB of double for the partial sums of all chunks together, or what 8 chunks take, if that is more.
    constexpr Index sum_numbers = 4194304;
    tile_rows = std::clamp<Index>(cache_numbers / std::max<Index>(width, 1) / 64 * 64, 64, 512);
    const Index most = std::clamp<Index>(sum_numbers / std::max<Index>(sums, 1), 8, 64);
    const Index tiles = (rows + tile_rows - 1) / tile_rows;
    chunk_rows = (tiles + most - 1) / most * tile_rows;
    chunk_rows = std::max(chunk_rows, tile_rows);
    chunks = (rows + chunk_rows - 1) / chunk_rows;
  }

  /// Calls `body(chunk, begin, end)` for each chunk's range of rows, on the default pool.
  template <class Body>
  void for_each_chunk(Body&& body) const {
    default_pool().run(chunks,
                       [&](Index chunk) { body(chunk, chunk * chunk_rows, std::min(rows, (chunk + 1) * chunk_rows)); });
  }

  /// Calls `body(first, count)` for each tile of the rows [begin, end).
  template <class Body>
  void for_each_tile(Index begin, Index end, Body&& body) const {
    for (Index first = begin; first < end; first += tile_rows) body(first, std::min(tile_rows, end - first));
  }
};

}  // namespace vade::detail
