// vade: foreign bytes as text that a message can hold.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vade {

namespace detail {

/// Bytes of the UTF-8 character that `bytes` starts with, or 0 where it starts with none: a byte that cannot start one,
/// an end inside it, an overlong form, a surrogate, or a number above U+10FFFF (RFC 3629). O(1).
inline std::size_t utf8_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  const unsigned first = at(0);
  if (first < 0x80) return bytes.empty() ? 0 : 1;
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  for (std::size_t i = 1; i < length; ++i)
    if (at(i) < 0x80 || at(i) > 0xBF) return 0;
  const bool overlong = (first == 0xE0 && at(1) < 0xA0) || (first == 0xF0 && at(1) < 0x90);
  const bool surrogate = first == 0xED && at(1) > 0x9F;
  return overlong || surrogate || (first == 0xF4 && at(1) > 0x8F) ? 0 : length;
}

/// Whether a valid character of two or more bytes acts on its text rather than being seen: C1 controls, separators of
/// lines and paragraphs, marks of direction (which reorder what surrounds them), the byte order mark and other
/// invisible ones.
inline bool is_invisible(std::string_view character) {
  if (character.starts_with("\xC2")) return static_cast<unsigned char>(character[1]) < 0xA0 || character[1] == '\xAD';
  if (character.starts_with("\xE2\x80")) {  // U+200B to U+200F, U+2028 to U+202E
    const auto last = static_cast<unsigned char>(character[2]);
    return (last >= 0x8B && last <= 0x8F) || (last >= 0xA8 && last <= 0xAE);
  }
  if (character.starts_with("\xE2\x81"))
    return static_cast<unsigned char>(character[2]) >= 0xA0 && character[2] <= '\xAF';
  return character == "\xD8\x9C" || character == "\xEF\xBB\xBF" || character.starts_with("\xF3\xA0");  // U+061C, tags
}

}  // namespace detail

/// `bytes` as one printable line of at most `limit` bytes, for messages that quote a file. Valid UTF-8 stays as it is,
/// and is never cut inside a character. Control characters (C0, C1, DEL), invisible ones, and bytes that are no UTF-8
/// become `\xNN` for each byte (line feed, carriage return and tabulator `\n`, `\r`, `\t`), so that nothing can end the
/// message, start a new line, or control a terminal. A text that is cut ends with "... (N bytes)". O(limit).
inline std::string printable(std::string_view bytes, std::size_t limit = 80) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = detail::utf8_length(bytes.substr(at));
    std::string_view character = bytes.substr(at, length == 0 ? 1 : length);
    std::string shown(character);
    if (character == "\n") {
      shown = "\\n";
    } else if (character == "\r") {
      shown = "\\r";
    } else if (character == "\t") {
      shown = "\\t";
    } else if (length == 0 || (length == 1 && (character[0] < ' ' || character[0] == '\x7F')) ||
               (length > 1 && detail::is_invisible(character))) {
      shown.clear();
      for (const char c : character) {
        const auto code = static_cast<unsigned char>(c);
        shown.append("\\x").append(1, digits[code / 16]).append(1, digits[code % 16]);
      }
    }
    if (text.size() + shown.size() > limit) return text + "... (" + std::to_string(bytes.size()) + " bytes)";
    text += shown;
    at += character.size();
  }
  return text;
}

}  // namespace vade
