// vade: byte order of numbers in files.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>

namespace vade {

/// Between `order` and the order of this machine, both ways, for elements of `width` bytes. O(bytes).
inline void swap_byte_order(std::span<std::byte> bytes, std::size_t width, std::endian order) {
  if (std::endian::native == order || width < 2) return;
  for (std::size_t i = 0; i + width <= bytes.size(); i += width)
    std::reverse(bytes.data() + i, bytes.data() + i + width);
}

}  // namespace vade
