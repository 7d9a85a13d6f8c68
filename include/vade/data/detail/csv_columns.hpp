// vade: which columns of a table are numbers, labels, names, or an index.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/printable.hpp>
#include <vade/data/csv_options.hpp>
#include <vade/data/detail/csv_number.hpp>

namespace vade::detail {

enum class CsvRole : std::uint8_t { number, label, left_out };

/// What each column of a table of this many columns is for.
class CsvColumns {
 public:
  /// @throws ValueError for a column that is not there, is named by two columns, or is to be both label and left out
  CsvColumns(const CsvOptions& options, const std::vector<std::string_view>& first_line)
      : roles_(first_line.size(), CsvRole::number) {
    for (const CsvColumn& column : options.leave_out) roles_[find("leave_out", column, first_line)] = CsvRole::left_out;
    if (options.label_column) {
      CsvRole& role = roles_[find("label_column", *options.label_column, first_line)];
      if (role == CsvRole::left_out)
        throw ValueError("CsvOptions: column " + options.label_column->text() +
                         " is both label_column and in leave_out");
      role = CsvRole::label;
    }
    numbers_ = static_cast<Index>(std::ranges::count(roles_, CsvRole::number));
  }

  /// Whether an option names a column, so that the first line must be names.
  static bool are_named(const CsvOptions& options) {
    return (options.label_column && options.label_column->name()) ||
           std::ranges::any_of(options.leave_out, [](const CsvColumn& column) { return column.name() != nullptr; });
  }

  std::size_t size() const { return roles_.size(); }
  CsvRole role(std::size_t column) const { return roles_[column]; }
  /// How many columns are numbers.
  Index numbers() const { return numbers_; }

 private:
  using Cells = std::vector<std::string_view>;

  static std::size_t find(const char* option, const CsvColumn& column, const Cells& first_line) {
    if (const std::string* const name = column.name()) {
      const auto found = std::ranges::find(first_line, *name);
      if (found == first_line.end())
        throw ValueError(message("CsvOptions: ", option, ": no column has the name ", column.text(),
                                 ", the first line is ", names(first_line)));
      if (std::find(found + 1, first_line.end(), *name) != first_line.end())
        throw ValueError(message("CsvOptions: ", option, ": two columns have the name ", column.text(),
                                 ", wanted the number of one"));
      return static_cast<std::size_t>(found - first_line.begin());
    }
    const auto all = static_cast<Index>(first_line.size());
    check_between<Index>("CsvOptions", option, column.number(), -all, all - 1);
    return static_cast<std::size_t>(column.number() < 0 ? column.number() + all : column.number());
  }

  /// The first names, for a message.
  static std::string names(const Cells& first_line) {
    std::string text;
    for (const std::string_view name : first_line) {
      if (text.size() > 200) return text + ", ...";
      text.append(text.empty() ? "'" : ", '").append(printable(name)).append("'");
    }
    return text;
  }

  std::vector<CsvRole> roles_;
  Index numbers_ = 0;
};

/// A first line of numbers that may be names: digits alone that count the columns, as pandas writes them, or that
/// ascend, as years do. Of `suspects`, the cells of the columns of numbers.
struct CsvNameLike {
  bool counts = false;   ///< three or more that count: probably names
  bool ascends = false;  ///< names, if a cell below is not written as a whole number

  CsvNameLike() = default;
  CsvNameLike(const CsvColumns& columns, const std::vector<std::string_view>& first_line) {
    std::vector<std::int64_t> values, places;
    for (std::size_t c = 0; c < first_line.size(); ++c) {
      if (columns.role(c) != CsvRole::number) continue;
      if (!is_digits(first_line[c]) || first_line[c].size() > 18) return;
      values.push_back(static_cast<std::int64_t>(*csv_number(first_line[c])));
      places.push_back(static_cast<std::int64_t>(c));
    }
    if (values.empty()) return;
    const std::int64_t shift = values[0] - places[0];
    counts = values.size() > 2 && shift >= -1 && shift <= 1;
    for (std::size_t i = 0; i < values.size(); ++i) counts = counts && values[i] - places[i] == shift;
    ascends = values.size() > 1 ? std::ranges::adjacent_find(values, std::ranges::greater_equal{}) == values.end()
                                : values[0] == 0;
  }
};

/// Finds the columns that count the rows.
class CsvCounters {
 public:
  /// The next row of numbers. O(columns that still count).
  void add(const double* row, Index columns) {
    if (rows_ == 0) {
      for (Index j = 0; j < columns; ++j)
        if (row[j] == 0 || row[j] == 1) candidates_.push_back({j, row[j]});
    } else {
      std::erase_if(candidates_, [&](const Candidate& counter) {
        return row[counter.column] != counter.start + static_cast<double>(rows_);
      });
    }
    ++rows_;
  }

  /// The first column of numbers that counts three rows or more, or −1.
  Index column() const { return rows_ > 2 && !candidates_.empty() ? candidates_.front().column : Index{-1}; }

 private:
  struct Candidate {
    Index column;
    double start;
  };
  std::vector<Candidate> candidates_;
  Index rows_ = 0;
};

}  // namespace vade::detail
