// vade: distances from the rows of a tile to centres.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/sample_tile.hpp>

namespace vade::detail {

/// The running best of a block of rows.
template <Real T>
struct NearestBlock {
  Lanes<T> best[block_registers];
  Lanes<LaneInteger<T>> label[block_registers];

  /// Compares with `Count` centres from number `c` on.
  template <std::size_t Count>
  void compare(const SampleTile<T>& tile, Index row, const Matrix<T>& centres, Index c) {
    Lanes<T> squares[Count][block_registers] = {};
    add_squares<Count, false, T>(tile.column(0) + row, tile.stride(), tile.features(),
                                 centres.data() + c * centres.cols(), nullptr, squares);
    for (std::size_t n = 0; n < Count; ++n)
      for (int v = 0; v < block_registers; ++v) {
        const auto nearer = squares[n][v] < best[v];
        best[v] = select(nearer, squares[n][v], best[v]);
        const auto centre = static_cast<LaneInteger<T>>(c + static_cast<Index>(n));
        label[v] = select(nearer, Lanes<LaneInteger<T>>{} + centre, label[v]);
      }
  }
};

/// Nearest centre of each row of `tile`, and the squared distance to it; among equals the lowest. Both outputs hold
/// `tile.padded()` entries. O(rows K J).
template <Real T>
void nearest_centres(const SampleTile<T>& tile, const Matrix<T>& centres, T* distance, Label* label) {
  constexpr auto step = static_cast<Index>(block_points);
  for (Index row = 0; row < tile.padded(); row += row_block<T>) {
    NearestBlock<T> block;
    for (int v = 0; v < block_registers; ++v) {
      block.best[v] = all_lanes(std::numeric_limits<T>::infinity());
      block.label[v] = Lanes<LaneInteger<T>>{};
    }
    Index c = 0;
    for (; c + step <= centres.rows(); c += step) block.template compare<block_points>(tile, row, centres, c);
    for (; c + 2 <= centres.rows(); c += 2) block.template compare<2>(tile, row, centres, c);
    for (; c < centres.rows(); ++c) block.template compare<1>(tile, row, centres, c);
    for (int v = 0; v < block_registers; ++v) {
      store_lanes<T>(distance + row + v * lane_count<T>, block.best[v]);
      for (Index i = 0; i < lane_count<T>; ++i)
        label[row + v * lane_count<T> + i] = static_cast<Label>(block.label[v][i]);
    }
  }
}

/// Squared distance of each row of `tile` to `point` `[features]`; `distance` holds `tile.padded()` entries.
template <Real T>
void squared_distances(const SampleTile<T>& tile, const T* point, T* distance) {
  for (Index row = 0; row < tile.padded(); row += row_block<T>) {
    Lanes<T> sums[1][block_registers] = {};
    add_squares<1, false, T>(tile.column(0) + row, tile.stride(), tile.features(), point, nullptr, sums);
    for (int v = 0; v < block_registers; ++v) store_lanes<T>(distance + row + v * lane_count<T>, sums[0][v]);
  }
}

}  // namespace vade::detail
