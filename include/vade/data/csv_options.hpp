// vade: how a table of numbers is read, and what is read from it.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/parse_number.hpp>
#include <vade/core/printable.hpp>
#include <vade/data/dataset.hpp>

namespace vade {

/// One column of a file: by its number, from 0, or from −1 for the last; or by its name in the first line.
class CsvColumn {
 public:
  /// @throws ValueError for a number that no column can have
  template <std::integral Number>
  requires(!std::same_as<Number, bool> && !std::same_as<Number, char>) CsvColumn(Number number)
      : place_(static_cast<Index>(number)) {
    if (!std::in_range<Index>(number))
      throw ValueError(detail::message("CsvColumn: no column has the number ", number));
  }
  CsvColumn(std::string name) : place_(std::move(name)) {}
  CsvColumn(const char* name) : place_(std::string(name)) {}

  /// What somebody typed: a whole number is the number of a column, other words are its name.
  static CsvColumn parse(const std::string& words) {
    Index number = 0;
    return is_number(words, number) ? CsvColumn(number) : CsvColumn(words);
  }

  /// The name, or nullptr where the column has been given by number.
  const std::string* name() const { return std::get_if<std::string>(&place_); }
  /// The number; only where there is no name.
  Index number() const { return std::get<Index>(place_); }

  /// For messages.
  std::string text() const { return name() ? "'" + printable(*name()) + "'" : std::to_string(number()); }

  bool operator==(const CsvColumn&) const = default;

 private:
  std::variant<Index, std::string> place_;
};

/// How to read a table. Where a file can be read in two ways, it is refused, and the message names the option that
/// decides.
struct CsvOptions {
  /// Between cells. ' ' stands for any run of blanks and tabulators. A first line `sep=;`, as Excel writes it, counts
  /// as well.
  char separator = ',';
  /// The column of labels; its cells may be any text.
  std::optional<CsvColumn> label_column = {};
  /// Whether the first line is names. Unset: it is if none of its cells is a number, those of labels and of columns
  /// left out aside, or if an option names a column. Unset, two kinds of first line are refused: one with both numbers
  /// and other words, and one of numbers that could be names, such as 0, 1, 2 or 2019, 2020.
  std::optional<bool> header = {};
  /// Columns that are not read; their cells may be any text.
  std::vector<CsvColumn> leave_out = {};
  /// Whether a column that is probably an index is read like others: a first one without a name beside names, or one
  /// that counts the rows, 0, 1, 2, ... or 1, 2, 3, ... A table with such a column is refused until you say so here, or
  /// name the column in `leave_out`.
  bool keep_index = false;
  /// '.' or ',': what stands before the fraction of a number.
  char decimal = '.';
  /// Lines that start with this character are skipped.
  std::optional<char> comment = {};
  /// Most that the text, decompressed, and what is made of it take together: of n numbers 8 n bytes.
  std::uint64_t bytes = std::uint64_t{1} << 32;
};

/// Numbers, and what the file says about them. Without a column of labels `data.labels` and `classes` are empty.
struct CsvTable {
  LabelledDataset data;
  std::vector<std::string> columns;  ///< names of the columns of numbers, from a first line that is no row, or none
  std::vector<std::string> classes;  ///< what the label of each number was in the file, in the order of the file
};

}  // namespace vade
