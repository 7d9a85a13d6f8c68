// vade: from squared distances to responsibilities, in one sweep of a tile.
// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/sample_tile.hpp>

namespace vade::detail {

/// The largest squared Mahalanobis distance that is told from a larger one.
inline constexpr double farthest_square = 1e308;

/// Whether the squared distances of a row with this log-probability reach `farthest_square` for all components. Their
/// offsets are at most a few roundings of such a number.
inline bool is_beyond(double log_prob) { return log_prob <= -0.4999999 * farthest_square; }

/// Column k of `tile` goes from the squared Mahalanobis distance d² to γ_k = softmax_k(offset_k − ½ d²_k), and
/// `log_prob` becomes log Σ_k exp(offset_k − ½ d²_k), for `rows` (a multiple of the row block) rows; offset_k is log
/// π_k plus the log-normaliser. Squared distances of `farthest_square` or more, and those that overflow, count as
/// `farthest_square`, so the result is finite, and `is_beyond` recognises such rows. Exponents below −690 give exactly
/// 0: denormal numbers would slow the sums that follow. O(rows K).
inline void responsibilities_in_place(TileBuffer<double>& tile, Index rows, const RowVector<double>& offset,
                                      double* log_prob) {
  constexpr int registers = block_registers;
  constexpr double negligible = -690;
  using Block = Lanes<double>[registers];
  const Index clusters = offset.size();
  for (Index row = 0; row < rows; row += row_block<double>) {
    const auto place = [&](Index k, int v) { return tile.column(k) + row + v * lane_count<double>; };
    Block top;
    for (int v = 0; v < registers; ++v) top[v] = all_lanes(std::numeric_limits<double>::lowest());
    for (Index k = 0; k < clusters; ++k)
      for (int v = 0; v < registers; ++v) {
        const Lanes<double> square = load_lanes(place(k, v));
        const Lanes<double> counted = select(square < farthest_square, square, all_lanes(farthest_square));
        const Lanes<double> exponent = offset(k) - 0.5 * counted;
        top[v] = select(top[v] > exponent, top[v], exponent);
        store_lanes<double>(place(k, v), exponent);
      }
    Block sum = {};
    for (Index k = 0; k < clusters; ++k)
      for (int v = 0; v < registers; ++v) {
        const Lanes<double> exponent = load_lanes(place(k, v)) - top[v];
        const auto counts = exponent > negligible;
        const Lanes<double> value = exp_lanes(select(counts, exponent, Lanes<double>{}));
        const Lanes<double> share = select(counts, value, Lanes<double>{});
        sum[v] += share;
        store_lanes<double>(place(k, v), share);
      }
    for (int v = 0; v < registers; ++v) {
      store_lanes<double>(log_prob + row + v * lane_count<double>, sum[v]);
      sum[v] = 1.0 / sum[v];
    }
    for (Index k = 0; k < clusters; ++k)
      for (int v = 0; v < registers; ++v) store_lanes<double>(place(k, v), load_lanes(place(k, v)) * sum[v]);
    using Values = Eigen::Map<Eigen::Array<double, static_cast<int>(row_block<double>), 1>>;
    Values logs(log_prob + row);
    logs = logs.log();
    for (int v = 0; v < registers; ++v) {
      double* to = log_prob + row + v * lane_count<double>;
      store_lanes<double>(to, load_lanes(to) + top[v]);
    }
  }
}

}  // namespace vade::detail
