// vade: foreign bytes as text that a message can hold.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vade {

/// `bytes` as one printable line of at most `limit` bytes, for messages that quote a file. Control characters, DEL and bytes
/// above 126 become `\xNN` (line feed, carriage return and tabulator `\n`, `\r`, `\t`), so that nothing can end the message,
/// start a new line, or control a terminal. A text that is cut ends with "... (N bytes)". O(limit).
inline std::string printable(std::string_view bytes, std::size_t limit = 80) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(c);
    std::string shown(1, c);
    if (c == '\n') {
      shown = "\\n";
    } else if (c == '\r') {
      shown = "\\r";
    } else if (c == '\t') {
      shown = "\\t";
    } else if (code < 0x20 || code > 0x7e) {
      shown = {'\\', 'x', digits[code / 16], digits[code % 16]};
    }
    if (text.size() + shown.size() > limit) return text + "... (" + std::to_string(bytes.size()) + " bytes)";
    text += shown;
  }
  return text;
}

}  // namespace vade
