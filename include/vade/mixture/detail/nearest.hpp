// vade: distances from the rows of a tile to centres.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/sample_tile.hpp>

namespace vade::detail {

/// Keeps the smaller of `distance` and the running best, lane by lane; the first of equal ones wins.
template <class RealLanes, class IntegerLanes, class Integer>
inline void keep_nearest(const RealLanes& distance, Integer centre, RealLanes& best, IntegerLanes& label) {
  const IntegerLanes nearer = distance < best;
  best = nearer ? distance : best;
  label = nearer ? IntegerLanes{} + centre : label;
}

/// Nearest centre of each row of `tile`, and the squared distance to it; among equals the lowest. Both outputs hold
/// `tile.padded()` entries. O(rows K J).
template <Real T>
void nearest_centres(const SampleTile<T>& tile, const Matrix<T>& centres, T* distance, Label* label) {
  using RealLanes = Lanes<T>;
  using Integer = LaneInteger<T>;
  using IntegerLanes = Lanes<Integer>;
  const Index features = tile.features();
  const Index clusters = centres.rows();
  for (Index row = 0; row < tile.padded(); row += row_block<T>) {
    RealLanes best[4];
    IntegerLanes nearest[4];
    for (int v = 0; v < 4; ++v) {
      best[v] = all_lanes(std::numeric_limits<T>::infinity());
      nearest[v] = IntegerLanes{};
    }
    Index c = 0;
    for (; c + 2 <= clusters; c += 2) {
      RealLanes sums[2][4] = {};
      add_squares<2, false, T>(tile.column(0) + row, tile.stride(), features, centres.data() + c * features, nullptr,
                               sums);
      for (int v = 0; v < 4; ++v) {
        keep_nearest(sums[0][v], static_cast<Integer>(c), best[v], nearest[v]);
        keep_nearest(sums[1][v], static_cast<Integer>(c + 1), best[v], nearest[v]);
      }
    }
    if (c < clusters) {
      RealLanes sums[1][4] = {};
      add_squares<1, false, T>(tile.column(0) + row, tile.stride(), features, centres.data() + c * features, nullptr,
                               sums);
      for (int v = 0; v < 4; ++v) keep_nearest(sums[0][v], static_cast<Integer>(c), best[v], nearest[v]);
    }
    for (int v = 0; v < 4; ++v) {
      store_lanes<T>(distance + row + v * lane_count<T>, best[v]);
      for (Index i = 0; i < lane_count<T>; ++i)
        label[row + v * lane_count<T> + i] = static_cast<Label>(nearest[v][i]);
    }
  }
}

/// Squared distance of each row of `tile` to `point` `[features]`; `distance` holds `tile.padded()` entries.
template <Real T>
void squared_distances(const SampleTile<T>& tile, const T* point, T* distance) {
  for (Index row = 0; row < tile.padded(); row += row_block<T>) {
    Lanes<T> sums[1][4] = {};
    add_squares<1, false, T>(tile.column(0) + row, tile.stride(), tile.features(), point, nullptr, sums);
    for (int v = 0; v < 4; ++v) store_lanes<T>(distance + row + v * lane_count<T>, sums[0][v]);
  }
}

}  // namespace vade::detail
