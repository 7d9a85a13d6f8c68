// vade tests: what the tests of figures share.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include <vade/io/png.hpp>
#include <vade/report/color.hpp>

namespace tests {

/// @throws std::out_of_range. No assertion, since millions of pixels are read.
inline vade::report::Color pixel(const vade::Image& image, vade::Index x, vade::Index y) {
  if (x < 0 || x >= image.width || y < 0 || y >= image.height) throw std::out_of_range("a pixel outside the image");
  const std::uint8_t* at = image.rgb.data() + (y * image.width + x) * 3;
  return {at[0], at[1], at[2]};
}

/// Pixels of exactly this colour in the columns [from, to).
inline vade::Index count(const vade::Image& image, vade::report::Color color, vade::Index from = 0,
                         vade::Index to = std::numeric_limits<vade::Index>::max()) {
  vade::Index sum = 0;
  for (vade::Index y = 0; y < image.height; ++y)
    for (vade::Index x = from; x < std::min(image.width, to); ++x) sum += pixel(image, x, y) == color ? 1 : 0;
  return sum;
}

}  // namespace tests
