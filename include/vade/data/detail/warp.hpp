// vade: one image through an affine map and a bend, bilinear, on its background.
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

/// An image as numbers between two lines of background on each side, so that the inner loop needs no test for the
/// border: `[(H + 4) x (W + 4)]`.
template <Real Place>
class PaddedImage {
 public:
  template <class Stored>
  void copy(std::span<const Stored> source, ImageShape shape, Place background) {
    if (!(shape_ == shape && background_ == background))
      cells_.assign(static_cast<std::size_t>((shape.height + 4) * (shape.width + 4)), background);
    shape_ = shape, background_ = background;
    for (Index i = 0; i < shape.height; ++i) {
      const Stored* const from = source.data() + i * shape.width;
      Place* const to = cells_.data() + (i + 2) * (shape.width + 4) + 2;
      for (Index j = 0; j < shape.width; ++j) to[j] = static_cast<Place>(from[j]);
    }
  }

  const Place* cells() const { return cells_.data(); }

 private:
  std::vector<Place> cells_;
  ImageShape shape_{0, 0};
  Place background_{0};
};

template <Real T>
T interpolate(T upper_left, T upper_right, T lower_left, T lower_right, T right, T down) {
  const T upper = upper_left + right * (upper_right - upper_left);
  const T lower = lower_left + right * (lower_right - lower_left);
  return upper + down * (lower - upper);
}

/// `out[y W + x]` is `source` at `map(x, y)`, moved by the `bend` of (x, y) where there is one, and `background`
/// outside of it; bytes are scaled to [0, 1], and so is the background of bytes. Where places fall on pixels, values
/// are exact. Scratch memory belongs to the thread and is kept. O(H W).
template <class Stored, Real T>
void warp(std::span<const Stored> source, ImageShape shape, const AffineMap& map, const Bend<PlaceOf<Stored>>* bend,
          double background, T* out) {
  using Place = PlaceOf<Stored>;
  using Run = PixelRun<Place>;
  using Cells = PixelRun<std::int32_t>;
  constexpr T unit = std::is_same_v<Stored, std::uint8_t> ? byte_scale<T> : T{1};
  thread_local PaddedImage<Place> padded;
  padded.copy(source, shape, static_cast<Place>(std::is_same_v<Stored, std::uint8_t> ? 255 * background : background));
  const auto pitch = static_cast<std::int32_t>(shape.width) + 4;
  const double centre_x = static_cast<double>(shape.width - 1) / 2;
  const double centre_y = static_cast<double>(shape.height - 1) / 2;
  const auto most_x = static_cast<Place>(shape.width + 2);
  const auto most_y = static_cast<Place>(shape.height + 2);
  const auto step_x = static_cast<Place>(map.xx);
  const auto step_y = static_cast<Place>(map.yx);
  const Run columns = Run::LinSpaced(0, static_cast<Place>(Run::SizeAtCompileTime - 1));
  for (Index line = 0; line < shape.height; ++line) {
    const double y = static_cast<double>(line) - centre_y;
    const auto start_x = static_cast<Place>(map.xx * -centre_x + map.xy * y + map.x0 + centre_x + 2);
    const auto start_y = static_cast<Place>(map.yx * -centre_x + map.yy * y + map.y0 + centre_y + 2);
    for (Index first = 0; first < shape.width; first += Run::SizeAtCompileTime) {
      Run place_x = start_x + step_x * (columns + static_cast<Place>(first));
      Run place_y = start_y + step_y * (columns + static_cast<Place>(first));
      if (bend) bend->add(line, first, place_x, place_y);
      place_x = place_x.max(Place{0}).min(most_x);
      place_y = place_y.max(Place{0}).min(most_y);
      const Cells cell_x = place_x.template cast<std::int32_t>();
      const Cells cell_y = place_y.template cast<std::int32_t>();
      const Cells cell = cell_y * pitch + cell_x;
      const Run right = place_x - cell_x.template cast<Place>();
      const Run down = place_y - cell_y.template cast<Place>();
      T* const target = out + line * shape.width + first;
      const Index count = std::min<Index>(Run::SizeAtCompileTime, shape.width - first);
      for (Index j = 0; j < count; ++j) {
        const Place* const corner = padded.cells() + cell[j];
        const Place value = interpolate(corner[0], corner[1], corner[pitch], corner[pitch + 1], right[j], down[j]);
        target[j] = static_cast<T>(value) * unit;
      }
    }
  }
}

}  // namespace vade::detail
