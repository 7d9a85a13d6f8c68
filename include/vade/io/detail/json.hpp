// vade: JSON, as far as the header of a safetensors file needs it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vade/core/errors.hpp>
#include <vade/core/printable.hpp>

/// A library for JSON compiles for four seconds in every program that reads a model. This is the part of RFC 8259 that
/// finds what a text says, without a document. The tests compare it with nlohmann's parser.
namespace vade::detail {

/// Reads one JSON value strictly and calls `events`, in the order of the text:
///
///     null(), boolean(), number(digits), string(text), start_object(), key(text), end_object(), start_array(), end_array()
///
/// Each returns whether to go on; `malformed(index)` gets the place of the first byte that is no JSON or no UTF-8. A
/// handler that refuses nested values bounds the depth of the recursion.
template <class Events>
class JsonReader {
 public:
  JsonReader(std::string_view text, Events& events) : text_(text), events_(events) {}

  /// Whether the text is one value and every event said to go on. O(text).
  bool read() {
    if (!value()) return false;
    skip_space();
    return at_ == text_.size() || malformed();
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool malformed() { return events_.malformed(at_), false; }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  /// Takes `c` after space.
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view wanted) {
    for (const char c : wanted) {
      if (peek() != c) return malformed();
      ++at_;
    }
    return true;
  }

  bool value() {
    skip_space();
    switch (peek()) {
      case '{': return object();
      case '[': return array();
      case '"': return quoted() && events_.string(string_);
      case 'n': return word("null") && events_.null();
      case 't': return word("true") && events_.boolean();
      case 'f': return word("false") && events_.boolean();
      default: return number();
    }
  }

  bool object() {
    ++at_;
    if (!events_.start_object()) return false;
    if (take('}')) return events_.end_object();
    do {
      skip_space();
      if (peek() != '"') return malformed();
      if (!quoted() || !events_.key(string_)) return false;
      if (!take(':')) return malformed();
      if (!value()) return false;
    } while (take(','));
    return take('}') ? events_.end_object() : malformed();
  }

  bool array() {
    ++at_;
    if (!events_.start_array()) return false;
    if (take(']')) return events_.end_array();
    do {
      if (!value()) return false;
    } while (take(','));
    return take(']') ? events_.end_array() : malformed();
  }

  bool digits() {
    const std::size_t first = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > first || malformed();
  }

  bool number() {
    const std::size_t first = at_;
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (peek() == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return false;
    }
    return events_.number(text_.substr(first, at_ - first));
  }

  /// Reads a string into `string_`.
  bool quoted() {
    string_.clear();
    for (++at_; peek() != '"';) {
      if (peek() == '\\') {
        if (!escape()) return false;
        continue;
      }
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0 || static_cast<unsigned char>(peek()) < 0x20) return malformed();
      string_.append(text_, at_, length);
      at_ += length;
    }
    ++at_;
    return true;
  }

  bool escape() {
    constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (peek() == 'u') return unicode();
    const std::size_t which = at_ < text_.size() ? names.find(text_[at_]) : std::string_view::npos;
    if (which == std::string_view::npos) return malformed();
    string_ += meanings[which];
    ++at_;
    return true;
  }

  /// A character by its number, which may be a pair of surrogates.
  bool unicode() {
    std::uint32_t code = 0;
    if (!four_digits(code)) return false;
    if (code >= 0xDC00 && code < 0xE000) return malformed();
    if (code >= 0xD800 && code < 0xDC00) {
      std::uint32_t low = 0;
      if (peek() != '\\') return malformed();
      ++at_;
      if (peek() != 'u') return malformed();
      if (!four_digits(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return malformed();
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append(code);
    return true;
  }

  /// The hexadecimal digits after `u`.
  bool four_digits(std::uint32_t& code) {
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return malformed();
      code = 16 * code + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  /// `code` as UTF-8.
  void append(std::uint32_t code) {
    const auto byte = [this](std::uint32_t value) { string_ += static_cast<char>(value); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F));
    } else {
      byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F));
    }
  }

  std::string_view text_;
  Events& events_;
  std::size_t at_ = 0;
  std::string string_;  // the last one
};

/// `text` as a JSON string. @throws ValueError if it is not UTF-8
inline std::string quote_json(std::string_view text) {
  constexpr std::string_view controls = "\b\f\n\r\t\"\\", names = "bfnrt\"\\", digits = "0123456789abcdef";
  std::string quoted = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) throw ValueError("quote_json: \"" + printable(text) + "\" is not UTF-8");
    const char c = text[at];
    if (const std::size_t which = controls.find(c); which != std::string_view::npos) {
      quoted.append(1, '\\').append(1, names[which]);
    } else if (const auto code = static_cast<unsigned char>(c); code < 0x20) {
      quoted.append("\\u00").append(1, digits[code / 16]).append(1, digits[code % 16]);
    } else {
      quoted.append(text, at, length);
    }
    at += length;
  }
  return quoted + '"';
}

}  // namespace vade::detail
