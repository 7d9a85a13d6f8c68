// vade: std::from_chars of a double, for standard libraries that have none.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#if defined(_WIN32)
#include <locale.h>
#include <stdlib.h>
#elif defined(__APPLE__) || defined(__FreeBSD__)
#include <xlocale.h>
#else
#include <locale.h>
#endif

#include <vade/core/lazy_constant.hpp>

namespace vade::detail {

/// Where the number ends that [first, last) starts with, in the grammar of `std::from_chars`; `first` where there is
/// none. That grammar is a part of what `strtod` accepts: it has no blanks, "+" or "0x" in front.
inline const char* end_of_number(const char* first, const char* last) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const auto digits_end = [&](const char* at) {
    while (at != last && is_digit(*at)) ++at;
    return at;
  };
  const auto word_end = [&](const char* at, std::string_view word) -> const char* {
    for (const char c : word)
      if (at == last || lower(*at++) != c) return nullptr;
    return at;
  };

  const char* const start = first != last && *first == '-' ? first + 1 : first;
  if (const char* end = word_end(start, "infinity")) return end;
  if (const char* end = word_end(start, "inf")) return end;
  if (const char* end = word_end(start, "nan")) {
    const char* tail = end;
    if (tail == last || *tail++ != '(') return end;
    while (tail != last && (is_digit(*tail) || (lower(*tail) >= 'a' && lower(*tail) <= 'z') || *tail == '_')) ++tail;
    return tail != last && *tail == ')' ? tail + 1 : end;
  }

  const char* end = digits_end(start);
  auto digits = end - start;
  if (end != last && *end == '.') {
    const char* const fraction = end + 1;
    end = digits_end(fraction);
    digits += end - fraction;
  }
  if (digits == 0) return first;
  if (end == last || lower(*end) != 'e') return end;
  const char* exponent = end + 1;
  if (exponent != last && (*exponent == '-' || *exponent == '+')) ++exponent;
  const char* const exponent_end = digits_end(exponent);
  return exponent_end == exponent ? end : exponent_end;
}

/// `strtod` in the locale "C", whatever the program's locale is.
inline double strtod_in_c_locale(const char* text) {
#if defined(_WIN32)
  static constinit LazyConstant<_locale_t> c_locale;
  return _strtod_l(text, nullptr, c_locale.get([] { return _create_locale(LC_ALL, "C"); }));
#else
  static constinit LazyConstant<locale_t> c_locale;
  return strtod_l(text, nullptr, c_locale.get([] { return newlocale(LC_ALL_MASK, "C", nullptr); }));
#endif
}

/// `std::from_chars(first, last, value)`.
inline std::from_chars_result from_chars_by_strtod(const char* first, const char* last, double& value) {
  const char* const end = end_of_number(first, last);
  if (end == first) return {first, std::errc::invalid_argument};
  const std::string text(first, end);
  const double number = strtod_in_c_locale(text.c_str());
  // "0e5" and "inf" are what they say; 0 of other digits and ∞ of digits are beyond the range of double.
  const bool finite_digits = text.find_first_of("iInN") == std::string::npos;
  const bool all_zero = text.substr(0, text.find_first_of("eE")).find_first_of("123456789") == std::string::npos;
  if (finite_digits && (std::isinf(number) || (number == 0 && !all_zero))) return {end, std::errc::result_out_of_range};
  value = number;
  return {end, std::errc{}};
}

}  // namespace vade::detail
