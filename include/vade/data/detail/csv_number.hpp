// vade: a cell of a table as a number.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <vade/core/parse_number.hpp>

namespace vade::detail {

/// What stands for a number that no double can hold: ±∞ or ±0, as its decimal exponent says.
inline double csv_extreme(std::string_view cell) {
  constexpr std::int64_t most = std::int64_t{1} << 60;
  const std::size_t end = std::min(cell.find_first_of("eE"), cell.size());
  const std::string_view digits = cell.substr(0, end);
  std::int64_t exponent = 0;
  if (end < cell.size()) {
    std::string_view text = cell.substr(end + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    if (parse_number(text, exponent).ec != std::errc{})
      exponent = text.starts_with('-') ? -most : most;
    exponent = std::clamp(exponent, -most, most);
  }
  exponent += static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  exponent -= static_cast<std::int64_t>(digits.find_first_of("123456789"));
  return std::copysign(exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0,
                       cell.starts_with('-') ? -1.0 : 1.0);
}

/// The whole cell as a number with '.' before its fraction, in any locale, infinities and NaN included; one beyond the
/// range of double is infinite, one too near to zero is zero. O(cell).
inline std::optional<double> csv_number(std::string_view cell) {
  if (cell.starts_with('+') && !cell.starts_with("+-")) cell.remove_prefix(1);
  double value = 0;
  const auto [end, error] = parse_number(cell, value);
  if (end != cell.data() + cell.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc{} ? value : csv_extreme(cell);
}

/// The same with `decimal`, '.' or ',', before the fraction.
inline std::optional<double> csv_number(std::string_view cell, char decimal) {
  const std::size_t mark = decimal == '.' ? std::string_view::npos : cell.find_first_of(".,");
  if (mark == std::string_view::npos) return csv_number(cell);
  if (cell[mark] == '.' || cell.find_first_not_of("0123456789+-,eE") != std::string_view::npos) return std::nullopt;
  std::string with_point(cell);
  with_point[mark] = '.';
  return csv_number(std::string_view(with_point));
}

/// Whether the cell is digits alone, as names such as 0 or 2019 are.
inline bool is_digits(std::string_view cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace vade::detail
