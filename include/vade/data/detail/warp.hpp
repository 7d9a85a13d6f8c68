// vade: one image through an affine map, bilinear, zero outside.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <vade/core/matrix.hpp>
#include <vade/data/dataset.hpp>

namespace vade::detail {

/// From a pixel of the view to a place in the source, both measured from the image centre:
/// (x, y) ↦ (xx x + xy y + x0, yx x + yy y + y0).
struct AffineMap {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};

/// The four neighbours of every place with floor (j − 2, i − 2), packed in one word, so that the inner loop needs one
/// load for each pixel and no test for the border: two lines of zeros lie on each side. `[(H + 3) x (W + 3)]`.
inline void pack_neighbours(std::span<const std::uint8_t> source, ImageShape shape, std::vector<std::uint32_t>& cells) {
  const auto width = static_cast<std::size_t>(shape.width);
  const auto height = static_cast<std::size_t>(shape.height);
  cells.assign((height + 3) * (width + 3), 0);
  for (std::size_t i = 0; i < height; ++i) {
    const std::uint8_t* const line = source.data() + i * width;
    std::uint32_t* const lower = cells.data() + (i + 1) * (width + 3);  // where this line is the second
    std::uint32_t* const upper = lower + width + 3;                     // where this line is the first
    for (std::size_t j = 0; j < width; ++j) {
      lower[j + 1] |= std::uint32_t{line[j]} << 24;
      upper[j + 1] |= std::uint32_t{line[j]} << 8;
    }
    for (std::size_t j = 0; j < width; ++j) {
      lower[j + 2] |= std::uint32_t{line[j]} << 16;
      upper[j + 2] |= std::uint32_t{line[j]};
    }
  }
}

/// The same padding for numbers, one value a cell: `[(H + 4) x (W + 4)]`.
template <Real Stored>
void pad_image(std::span<const Stored> source, ImageShape shape, std::vector<Stored>& cells) {
  cells.assign(static_cast<std::size_t>((shape.height + 4) * (shape.width + 4)), Stored{0});
  for (Index i = 0; i < shape.height; ++i)
    std::copy_n(source.data() + i * shape.width, shape.width, cells.data() + (i + 2) * (shape.width + 4) + 2);
}

template <Real T>
T interpolate(T upper_left, T upper_right, T lower_left, T lower_right, T right, T down) {
  const T upper = upper_left + right * (upper_right - upper_left);
  const T lower = lower_left + right * (lower_right - lower_left);
  return upper + down * (lower - upper);
}

/// `out[y W + x]` is `source` at `map(x, y)`. Places are computed in float for bytes, else in the stored type; where
/// they fall on pixels, values are exact. Scratch memory belongs to the thread and is kept. O(H W).
template <class Stored, Real T>
void warp(std::span<const Stored> source, ImageShape shape, const AffineMap& map, T* out) {
  constexpr bool bytes = std::is_same_v<Stored, std::uint8_t>;
  using Place = std::conditional_t<bytes, float, Stored>;
  using Cell = std::conditional_t<bytes, std::uint32_t, Stored>;
  thread_local std::vector<Cell> scratch;
  if constexpr (bytes)
    pack_neighbours(source, shape, scratch);
  else
    pad_image(source, shape, scratch);

  const auto width = static_cast<std::int32_t>(shape.width);
  const std::int32_t pitch = width + (bytes ? 3 : 4);
  const Cell* const cells = scratch.data();
  const double centre_x = static_cast<double>(shape.width - 1) / 2;
  const double centre_y = static_cast<double>(shape.height - 1) / 2;
  const auto most_x = static_cast<Place>(shape.width + 2);
  const auto most_y = static_cast<Place>(shape.height + 2);
  const auto step_x = static_cast<Place>(map.xx);
  const auto step_y = static_cast<Place>(map.yx);
  for (Index line = 0; line < shape.height; ++line) {
    const double y = static_cast<double>(line) - centre_y;
    const auto start_x = static_cast<Place>(map.xx * -centre_x + map.xy * y + map.x0 + centre_x + 2);
    const auto start_y = static_cast<Place>(map.yx * -centre_x + map.yy * y + map.y0 + centre_y + 2);
    T* const target = out + line * shape.width;
    for (std::int32_t j = 0; j < width; ++j) {
      const Place column = static_cast<Place>(j);
      const Place px = std::min(std::max(start_x + step_x * column, Place{0}), most_x);
      const Place py = std::min(std::max(start_y + step_y * column, Place{0}), most_y);
      const auto cell_x = static_cast<std::int32_t>(px);
      const auto cell_y = static_cast<std::int32_t>(py);
      const Place right = px - static_cast<Place>(cell_x);
      const Place down = py - static_cast<Place>(cell_y);
      if constexpr (bytes) {
        const std::uint32_t quad = cells[cell_y * pitch + cell_x];
        const auto byte = [quad](int shift) {
          return static_cast<float>(static_cast<std::int32_t>(quad >> shift & 255));
        };
        target[j] = static_cast<T>(interpolate(byte(0), byte(8), byte(16), byte(24), right, down)) * byte_scale<T>;
      } else {
        const Stored* const cell = cells + cell_y * pitch + cell_x;
        target[j] = static_cast<T>(interpolate(cell[0], cell[1], cell[pitch], cell[pitch + 1], right, down));
      }
    }
  }
}

}  // namespace vade::detail
