// vade: the header of an NPY file, a Python dictionary, read strictly and written.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/printable.hpp>

namespace vade::detail {

/// What the dictionary says.
struct NpyHeader {
  std::string type;  ///< `descr`, such as "<f4"
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

/// Accepts exactly one dictionary with `descr`, `fortran_order` and `shape`, once each, in any order, then spaces and
/// one newline, as `numpy` writes it: nothing is evaluated, searched for, or skipped.
class NpyHeaderParser {
 public:
  /// `where` starts each message.
  NpyHeaderParser(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  /// @throws FileError
  NpyHeader parse() {
    std::optional<std::string> type;
    std::optional<bool> fortran_order;
    std::optional<std::vector<std::uint64_t>> shape;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !type)
        type = quoted();
      else if (key == "fortran_order" && !fortran_order)
        fortran_order = truth();
      else if (key == "shape" && !shape)
        shape = tuple();
      else
        fail("the key '" + printable(key) + "', wanted descr, fortran_order and shape, once each");
      if (accept(',')) continue;
      expect('}');
      break;
    }
    at_ = std::min(text_.find_first_not_of(' ', at_), text_.size());
    if (text_.substr(at_) != "\n") fail("more after the dictionary");
    if (!type || !fortran_order || !shape) fail("no more keys, wanted descr, fortran_order and shape");
    return {*type, *fortran_order, *shape};
  }

 private:
  [[noreturn]] void fail(const std::string& got) const {
    throw FileError(message(where_, "character ", at_ + 1, " of the header: got ", got));
  }

  /// The next character that is no blank, or 0 at the end; it stays.
  char next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char wanted) {
    if (next() != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) fail(here() + ", wanted '" + wanted + "'");
  }

  std::string here() {
    const char c = next();
    return at_ == text_.size() ? "the end" : "'" + printable(std::string_view(&c, 1)) + "'";
  }

  std::string quoted() {
    const char quote = next();
    if (quote != '\'' && quote != '"') fail(here() + ", wanted a quoted word (types of several fields are not read)");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a word without its second quote");
    const std::string word(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return word;
  }

  bool truth() {
    next();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail(here() + ", wanted True or False");
  }

  /// (), (3,), (3, 4): sizes, each perhaps with the L of Python 2. As in numpy, at most 64.
  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> sizes;
    expect('(');
    while (!accept(')')) {
      next();
      std::uint64_t size = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc{}) fail(here() + ", wanted a whole number below 2^64");
      if (text_[at_] == '0' && end - (text_.data() + at_) > 1) fail("a number that starts with 0");
      if (sizes.size() == most_dimensions) fail(message("more than ", most_dimensions, " dimensions"));
      at_ = static_cast<std::size_t>(end - text_.data());
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;
      sizes.push_back(size);
      if (accept(',')) continue;
      expect(')');
      if (sizes.size() == 1) fail("a number in parentheses, wanted a comma after it");
      break;
    }
    return sizes;
  }

  static constexpr std::size_t most_dimensions = 64;

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
};

/// Everything before the data, version 1.0: its length is a multiple of 64.
inline std::string npy_preamble(std::string_view type, const std::vector<std::uint64_t>& shape) {
  std::string header = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (";
  for (const std::uint64_t size : shape) header += std::to_string(size) + (shape.size() == 1 ? "," : ", ");
  if (shape.size() > 1) header.resize(header.size() - 2);
  header += "), }";
  header.append(63 - (10 + header.size()) % 64, ' ') += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(length & 0xff) + static_cast<char>(length >> 8) +
         header;
}

}  // namespace vade::detail
