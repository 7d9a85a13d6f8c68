// vade: numbers as text that gives the same numbers back, under any locale.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <string>

namespace vade {

/// The shortest text that gives `value` back, bit for bit (but for the bits of NaN), by `std::from_chars`.
inline std::string exact_text(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

}  // namespace vade
