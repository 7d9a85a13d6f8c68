// vade: what may be meant by a line or a cell that cannot be read.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <vade/data/detail/csv_number.hpp>

/// For messages only: nothing is read as these guesses say. Each is "" or starts with "; ".
namespace vade::detail {

/// How a line looks with another separator and another mark before fractions.
struct CsvLook {
  char separator = ',', decimal = '.';
  std::size_t cells = 0, numbers = 0;
};

/// Splits `line` without regard to quotes. O(line).
inline CsvLook csv_look(std::string_view line, char separator, char decimal) {
  CsvLook look{separator, decimal};
  const std::string_view ends = separator == ' ' ? " \t" : std::string_view(&separator, 1);
  const std::string_view blanks = separator == '\t' ? " \r\n\"" : " \t\r\n\"";
  while (true) {
    if (separator == ' ') {
      line.remove_prefix(std::min(line.find_first_not_of(" \t\r\n"), line.size()));
      if (line.empty()) break;
    }
    const std::size_t end = line.find_first_of(ends);
    std::string_view cell = line.substr(0, end);
    cell.remove_prefix(std::min(cell.find_first_not_of(blanks), cell.size()));
    cell = cell.substr(0, cell.find_last_not_of(blanks) + 1);
    ++look.cells;
    if (csv_number(cell, decimal)) ++look.numbers;
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  return look;
}

/// What a line looks like if another separator, or another mark before fractions, makes more of it numbers, or makes
/// several cells of a line of words that is one cell.
inline std::string csv_line_hint(std::string_view line, char separator, char decimal) {
  const std::size_t first = line.find_first_not_of(" \t\"");
  if (first != std::string_view::npos && (line[first] == '#' || line[first] == '%'))
    return std::string("; the line looks like a comment: set comment = '") + line[first] + "'";
  const auto is_better = [](const CsvLook& a, const CsvLook& b) {
    return a.numbers * b.cells > b.numbers * a.cells;  // by share of numbers; the cells of both are at least 1
  };
  const CsvLook now = csv_look(line, separator, decimal);
  CsvLook best = now;
  for (const char mark : {decimal, decimal == '.' ? ',' : '.'})
    for (const char other : {',', ';', '\t', '|', ' '}) {
      if (other == mark || (other == separator && mark == decimal)) continue;
      const CsvLook look = csv_look(line, other, mark);
      if ((look.cells > 1 || other == separator) && 2 * look.numbers >= look.cells && is_better(look, best))
        best = look;
    }
  if (best.separator == now.separator && best.decimal == now.decimal && now.cells == 1)
    for (const char other : {',', ';', '\t', '|'}) {
      const CsvLook look = csv_look(line, other, decimal);
      if (other != separator && other != decimal && look.cells > best.cells) best = look;
    }
  if (best.separator == now.separator && best.decimal == now.decimal) return {};
  std::string hint = "; the line looks ";
  const std::string value = best.separator == '\t' ? "\\t" : std::string(1, best.separator);
  const std::string name = best.separator == '\t' ? "tabulators" : best.separator == ' ' ? "blanks" : "'" + value + "'";
  if (best.separator != now.separator) hint += "separated by " + name;
  if (best.decimal != now.decimal)
    hint += std::string(best.separator != now.separator ? ", " : "") + "written with decimal " +
            (best.decimal == ',' ? "commas" : "points");
  hint += ": set ";
  if (best.separator != now.separator) hint += "separator = '" + value + "'";
  if (best.decimal != now.decimal)
    hint += std::string(best.separator != now.separator ? " and " : "") + "decimal = '" + best.decimal + "'";
  return hint;
}

/// Whether `digits` are groups of three apart by `mark`, the first of one to three digits.
inline bool is_grouped(std::string_view digits, char mark) {
  const std::size_t first = digits.find(mark);
  if (first == std::string_view::npos || first < 1 || first > 3 || digits.size() % 4 != first) return false;
  for (std::size_t i = 0; i < digits.size(); ++i)
    if ((i % 4 == first) != (digits[i] == mark) || (i % 4 != first && (digits[i] < '0' || digits[i] > '9')))
      return false;
  return true;
}

/// What a cell looks like if it is a number in another way of writing.
inline std::string csv_cell_hint(std::string_view cell, char decimal) {
  if (cell.size() > 64) return {};
  if (cell.starts_with('-') || cell.starts_with('+')) cell.remove_prefix(1);
  const char other = decimal == '.' ? ',' : '.';
  const std::string_view whole = cell.substr(0, cell.find(decimal));
  for (const std::string_view mark :
       {std::string_view(&other, 1), std::string_view(" "), std::string_view("'"), std::string_view("_")})
    if (is_grouped(whole, mark[0])) {
      std::string hint =
          std::string("; it looks like a number with '") + mark[0] + "' between thousands: write it without";
      if (mark[0] == other && whole.size() == cell.size() && whole.find(other) == whole.rfind(other))
        hint += std::string(", or set decimal = '") + other + "' if that is its fraction";
      return hint;
    }
  if (cell.find(other) != std::string_view::npos && csv_number(cell, other))
    return std::string("; it looks like a number with a decimal ") + (other == ',' ? "comma" : "point") +
           ": set decimal = '" + other + "'";
  return {};
}

}  // namespace vade::detail
