// vade: text as a number, exactly, under any locale.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <concepts>
#include <string_view>
#include <version>

#if !defined(__cpp_lib_to_chars)
#include <vade/core/detail/strtod.hpp>
#endif

namespace vade {

/// `std::from_chars`: the number that `text` starts with, as `value`. `ptr` is where it ends; `ec` is
/// `invalid_argument` for no number and `result_out_of_range` for one that `Number` cannot hold, and `value` then stays
/// what it was. A double is the nearest one, with "." before its fraction, whatever the locale. O(characters of the
/// number).
template <class Number>
requires(std::integral<Number> || std::same_as<Number, double>) std::from_chars_result
    parse_number(std::string_view text, Number& value) {
  const char* const end = text.data() + text.size();
#if !defined(__cpp_lib_to_chars)  // libc++ has no std::from_chars for double (before version 20)
  if constexpr (std::same_as<Number, double>)
    return detail::from_chars_by_strtod(text.data(), end, value);
  else
#endif
    return std::from_chars(text.data(), end, value);
}

/// Whether the whole of `text` is one number, which is then `value`.
template <class Number>
bool is_number(std::string_view text, Number& value) {
  const auto [end, error] = parse_number(text, value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace vade
