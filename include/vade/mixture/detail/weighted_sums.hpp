// vade: first and second moments of a tile under responsibilities.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/sample_tile.hpp>

namespace vade::detail {

/// Adds Σ_i r_ik d and Σ_i r_ik d², with d = x_ij − about_kj, for `Count` components from k on and one feature j.
template <std::size_t Count>
inline void add_moments_of_feature(const SampleTile<double>& tile, const TileBuffer<double>& responsibilities, Index k,
                                   Index j, const Matrix<double>& about, Matrix<double>& sums) {
  Lanes<double> first[Count] = {};
  Lanes<double> second[Count] = {};
  double centre[Count];
  for (std::size_t c = 0; c < Count; ++c) centre[c] = about(k + static_cast<Index>(c), j);
  const double* x = tile.column(j);
  const double* r = responsibilities.column(k);
  for (Index i = 0; i < tile.padded(); i += lane_count<double>) {
    const Lanes<double> value = load_lanes(x + i);
    for (std::size_t c = 0; c < Count; ++c) {
      const Lanes<double> difference = value - centre[c];
      const Lanes<double> weighted =
          load_lanes(r + static_cast<Index>(c) * responsibilities.stride() + i) * difference;
      first[c] += weighted;
      second[c] += weighted * difference;
    }
  }
  for (std::size_t c = 0; c < Count; ++c) {
    sums(k + static_cast<Index>(c), 1 + j) += sum_lanes<double>(first[c]);
    sums(k + static_cast<Index>(c), 1 + tile.features() + j) += sum_lanes<double>(second[c]);
  }
}

/// Adds N_k, Σ_i r_ik (x_i − m_k) and Σ_i r_ik (x_i − m_k)² of the tile to the rows of `sums` `[K x (1 + 2J)]`. The m_k
/// are the rows of `about` `[K x J]`. Responsibilities of padded rows must be 0. O(rows K J).
inline void add_weighted_sums(const SampleTile<double>& tile, const TileBuffer<double>& responsibilities,
                              const Matrix<double>& about, Matrix<double>& sums) {
  for (Index k = 0; k < sums.rows(); k += 4) {
    const Index count = std::min<Index>(4, sums.rows() - k);
    for (Index c = k; c < k + count; ++c) {
      Lanes<double> mass = {};
      for (Index i = 0; i < tile.padded(); i += lane_count<double>) {
        mass += load_lanes(responsibilities.column(c) + i);
      }
      sums(c, 0) += sum_lanes<double>(mass);
    }
    for (Index j = 0; j < tile.features(); ++j) {
      if (count == 4)
        add_moments_of_feature<4>(tile, responsibilities, k, j, about, sums);
      else
        for (Index c = k; c < k + count; ++c) add_moments_of_feature<1>(tile, responsibilities, c, j, about, sums);
    }
  }
}

/// Whether `variance`, a mean square about a point less the square of the `step` from there to the mean, kept its
/// digits: each step is at most a hundred spreads, so that 1e-4 of the mean square is left. If not, or if a square
/// overflowed, sums about the mean know more. `[1 x J]` each.
template <class Step, class Variance>
bool has_digits(const Step& step, const Variance& variance) {
  constexpr double spreads = 100;
  return (step.array().abs() <= spreads * variance.array().sqrt()).all();
}

}  // namespace vade::detail
