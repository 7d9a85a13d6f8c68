// vade: one image through an affine map and a bend, bilinear, zero outside.
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
#include <vade/data/detail/bend.hpp>

namespace vade::detail {

/// From a pixel of the view to a place in the source, both measured from the image centre:
/// (x, y) ↦ (xx x + xy y + x0, yx x + yy y + y0).
struct AffineMap {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};

/// What places are computed in: float for bytes, else the stored type.
template <class Stored>
using PlaceOf = std::conditional_t<std::is_same_v<Stored, std::uint8_t>, float, Stored>;

/// `source` `[H x W]` as numbers between two lines of zeros on each side, so that the inner loop needs no test for the
/// border: `[(H + 4) x (W + 4)]`.
template <class Stored, Real Place>
void pad_image(std::span<const Stored> source, ImageShape shape, std::vector<Place>& cells) {
  cells.assign(static_cast<std::size_t>((shape.height + 4) * (shape.width + 4)), Place{0});
  for (Index i = 0; i < shape.height; ++i)
    std::transform(source.data() + i * shape.width, source.data() + (i + 1) * shape.width,
                   cells.data() + (i + 2) * (shape.width + 4) + 2,
                   [](Stored value) { return static_cast<Place>(value); });
}

template <Real T>
T interpolate(T upper_left, T upper_right, T lower_left, T lower_right, T right, T down) {
  const T upper = upper_left + right * (upper_right - upper_left);
  const T lower = lower_left + right * (lower_right - lower_left);
  return upper + down * (lower - upper);
}

/// `out[y W + x]` is `source` at `map(x, y)`, moved by the `bend` of (x, y) where there is one; bytes are scaled to
/// [0, 1]. Where places fall on pixels, values are exact. Scratch memory belongs to the thread and is kept. O(H W).
template <class Stored, Real T>
void warp(std::span<const Stored> source, ImageShape shape, const AffineMap& map, const Bend<PlaceOf<Stored>>* bend,
          T* out) {
  using Place = PlaceOf<Stored>;
  constexpr T unit = std::is_same_v<Stored, std::uint8_t> ? byte_scale<T> : T{1};
  constexpr std::int32_t chunk = 64;
  thread_local std::vector<Place> scratch;
  pad_image(source, shape, scratch);
  const Place* const cells = scratch.data();
  const auto width = static_cast<std::int32_t>(shape.width);
  const std::int32_t pitch = width + 4;
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
    for (std::int32_t first = 0; first < width; first += chunk) {
      const std::int32_t count = std::min(chunk, width - first);
      Place bend_x[chunk] = {};
      Place bend_y[chunk] = {};
      const auto pixels = static_cast<std::size_t>(count);
      if (bend) bend->add(line, first, {bend_x, pixels}, {bend_y, pixels});
      // Two plain loops, since compilers vectorise the first.
      std::int32_t cell[chunk];
      Place right[chunk];
      Place down[chunk];
      for (std::int32_t j = 0; j < count; ++j) {
        const Place column = static_cast<Place>(first + j);
        const Place px = std::min(std::max(start_x + step_x * column + bend_x[j], Place{0}), most_x);
        const Place py = std::min(std::max(start_y + step_y * column + bend_y[j], Place{0}), most_y);
        const auto cell_x = static_cast<std::int32_t>(px);
        const auto cell_y = static_cast<std::int32_t>(py);
        right[j] = px - static_cast<Place>(cell_x);
        down[j] = py - static_cast<Place>(cell_y);
        cell[j] = cell_y * pitch + cell_x;
      }
      T* const target = out + line * shape.width + first;
      for (std::int32_t j = 0; j < count; ++j) {
        const Place* const near = cells + cell[j];
        const Place value = interpolate(near[0], near[1], near[pitch], near[pitch + 1], right[j], down[j]);
        target[j] = static_cast<T>(value) * unit;
      }
    }
  }
}

}  // namespace vade::detail
