// vade: some rows of data, feature by feature, for vector kernels.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/lanes.hpp>

namespace vade::detail {

/// Registers of rows that a kernel takes at a time: enough to hide the latency of their multiply-adds.
inline constexpr int block_registers = 4;

/// Points that a kernel compares with a block of rows at a time: as many as registers hold sums for (32 with 64 bytes,
/// 16 otherwise).
inline constexpr std::size_t block_points = lane_bytes == 64 ? 4 : 2;

/// T in a block of rows.
template <Real T>
inline constexpr Index row_block = Index{block_registers} * lane_count<T>;

/// `count` rounded up to whole blocks of rows.
template <Real T>
constexpr Index padded_rows(Index count) {
  return (count + row_block<T> - 1) / row_block<T> * row_block<T>;
}

/// Distance between columns of a tile-shaped buffer: an odd number of cache lines, since columns that lie a power of
/// two apart would fall on the same few sets of the cache.
template <Real T>
constexpr Index column_stride(Index rows) {
  constexpr auto line = static_cast<Index>(64 / sizeof(T));
  return ((rows + line - 1) / line | 1) * line;
}

/// A buffer of `columns` columns, `rows` long each, aligned and padded for vector kernels.
template <Real T>
class TileBuffer {
 public:
  TileBuffer(Index rows, Index columns)
      : stride_(column_stride<T>(padded_rows<T>(rows))), values_(Storage::Zero(stride_, columns)) {}

  Index stride() const { return stride_; }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  T* column(Index k) { return values_.data() + k * stride_; }
  const T* column(Index k) const { return values_.data() + k * stride_; }

 private:
  using Storage = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  Index stride_;
  Storage values_;
};

/// Up to `capacity` rows of x, converted to T and stored feature by feature, so that a vector register holds one
/// feature of several rows. Rows between `rows()` and `padded()` hold copies of the last row: harmless finite values.
/// What a kernel computes for a row depends neither on its place in the tile nor on its neighbours.
template <Real T>
class SampleTile {
 public:
  SampleTile(Index capacity, Index features) : buffer_(capacity, features), features_(features) {}

  /// Copies `count` >= 1 rows of x from row `first`, less the row `origin` (none: nullptr), times the row `scale`
  /// (none: nullptr; with an origin only).
  template <class M>
  void load(const M& x, Index first, Index count, const double* origin = nullptr, const double* scale = nullptr) {
    rows_ = count;
    padded_ = padded_rows<T>(count);
    const Index stride = buffer_.stride();
    constexpr Index few = 16;  // columns at a time, so that the lines written to stay in the first-level cache
    for (Index begin = 0; begin < features_; begin += few) {
      const Index end = std::min(features_, begin + few);
      for (Index i = 0; i < count; ++i) {
        const typename M::Scalar* from = x.data() + (first + i) * x.outerStride();
        T* to = buffer_.data() + i;
        if (origin == nullptr)
          for (Index j = begin; j < end; ++j) to[j * stride] = static_cast<T>(from[j]);
        else if (scale == nullptr)
          for (Index j = begin; j < end; ++j) to[j * stride] = static_cast<T>(static_cast<double>(from[j]) - origin[j]);
        else
          for (Index j = begin; j < end; ++j)
            to[j * stride] = static_cast<T>((static_cast<double>(from[j]) - origin[j]) * scale[j]);
      }
    }
    for (Index j = 0; j < features_; ++j)
      std::fill(buffer_.column(j) + count, buffer_.column(j) + padded_, buffer_.column(j)[count - 1]);
  }

  Index rows() const { return rows_; }
  Index padded() const { return padded_; }
  Index features() const { return features_; }
  Index stride() const { return buffer_.stride(); }
  const T* column(Index j) const { return buffer_.column(j); }

 private:
  TileBuffer<T> buffer_;
  Index features_;
  Index rows_ = 0;
  Index padded_ = 0;
};

/// Adds Σ_j (x_j scale_cj − shift_cj)² for a block of rows from `x` (feature stride `stride`) and `Count`
/// consecutive rows c of `shift` and `scale` `[Count x features]` to `sums`. Without `Scaled`, scale is 1. The
/// difference is squared as it is: no x² − 2xc + c², hence no cancellation, in single precision either.
template <std::size_t Count, bool Scaled, Real T>
inline void add_squares(const T* x, Index stride, Index features, const T* shift, const T* scale,
                        Lanes<T> (&sums)[Count][block_registers]) {
  for (Index j = 0; j < features; ++j) {
    Lanes<T> rows[block_registers];
    for (int v = 0; v < block_registers; ++v) rows[v] = load_lanes(x + j * stride + v * lane_count<T>);
    for (std::size_t c = 0; c < Count; ++c) {
      const Index parameter = static_cast<Index>(c) * features + j;
      const T minus = shift[parameter];
      for (int v = 0; v < block_registers; ++v) {
        Lanes<T> difference = rows[v] - minus;
        if constexpr (Scaled) difference = rows[v] * scale[parameter] - minus;
        sums[c][v] += difference * difference;
      }
    }
  }
}

}  // namespace vade::detail
