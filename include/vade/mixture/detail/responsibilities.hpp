// vade: from squared distances to responsibilities, in one sweep of a tile.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/sample_tile.hpp>

namespace vade::detail {

/// Column k of `tile` goes from the squared Mahalanobis distance d² to γ_k = softmax_k(offset_k − ½ d²_k), and
/// `log_prob` becomes log Σ_k exp(offset_k − ½ d²_k), for `rows` (a multiple of the row block) rows; offset_k is
/// log π_k plus the log-normaliser. Distances that overflow count as 1e300, so rows at any distance have a finite
/// result. Exponents below −690 give exactly 0: denormal numbers would slow the sums that follow. O(rows K).
inline void responsibilities_in_place(TileBuffer<double>& tile, Index rows, const RowVector<double>& offset,
                                      double* log_prob) {
  constexpr int width = static_cast<int>(row_block<double>);
  using Block = Eigen::Array<double, width, 1>;
  using BlockMap = Eigen::Map<Block, static_cast<int>(lane_bytes)>;
  constexpr double farthest = 1e300;
  constexpr double negligible = -690;
  for (Index row = 0; row < rows; row += width) {
    Block top = Block::Constant(-farthest);
    for (Index k = 0; k < offset.size(); ++k) {
      BlockMap value(tile.column(k) + row);
      value = offset(k) - 0.5 * value.min(farthest);
      top = top.max(value);
    }
    Block sum = Block::Zero();
    for (Index k = 0; k < offset.size(); ++k) {
      BlockMap value(tile.column(k) + row);
      const Block exponent = value - top;
      value = exponent.max(negligible).exp();
      for (int i = 0; i < width; ++i) value(i) = exponent(i) < negligible ? 0.0 : value(i);
      sum += value;
    }
    const Block scale = sum.inverse();
    for (Index k = 0; k < offset.size(); ++k) BlockMap(tile.column(k) + row) *= scale;
    BlockMap(log_prob + row) = top + sum.log();
  }
}

}  // namespace vade::detail
