// vade: tables of numbers in text files.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/parse_number.hpp>
#include <vade/data/dataset.hpp>
#include <vade/data/detail/inflate.hpp>

/// One row a line, cells apart by a separator, plain or gzip: RFC 4180, with lines that end in LF or CR LF, a byte order
/// mark or none, quoted cells, blanks around numbers, empty lines at the end. Numbers are read whole, in any locale, or not
/// at all: nothing is filled in or dropped. Whether the first line is names is told by its cells, unless the options say.
namespace vade {

/// How to read a table.
struct CsvOptions {
  char separator = ',';
  /// The column of labels, from 0, or from −1 for the last; its cells may be any text.
  std::optional<Index> label_column = {};
  /// Whether the first line is names. Unset: it is if none of its cells, but the label's, is a number; one with both
  /// numbers and other words is refused.
  std::optional<bool> header = {};
  /// Most that the text, decompressed, and what is made of it take together: of n numbers 8 n bytes.
  std::uint64_t bytes = std::uint64_t{1} << 32;
};

/// Numbers, and what the file says about them. Without a column of labels `data.labels` and `classes` are empty.
struct CsvTable {
  LabelledDataset data;
  std::vector<std::string> columns;  ///< names of the columns of numbers, from a first line that is no row, or none
  std::vector<std::string> classes;  ///< what the label of each number was in the file, in the order of the file
};

namespace detail {

/// Cells of one line after the other.
class CsvLines {
 public:
  CsvLines(std::string text, std::string name, char separator)
      : text_(std::move(text)), name_(std::move(name)), separator_(separator) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  /// The number of the line that `next` gave, from 1; a quoted cell may go on over several.
  std::size_t line() const { return line_; }

  template <class... Parts>
  [[noreturn]] void fail(std::size_t column, const Parts&... parts) const {
    throw FileError(message(name_, ": line ", line_, ", column ", column + 1, ": ", parts...));
  }

  /// Reads a line into `cells`; false at the end, where empty lines do not count.
  bool next(std::vector<std::string>& cells) {
    cells.clear();
    if (text_.find_first_not_of("\r\n", at_) == std::string::npos) return false;
    line_ = ++lines_;
    do {
      if (cells.size() == most_columns) fail(most_columns, "more than ", most_columns, " cells in a line");
      cells.push_back(cell(cells.size()));
    } while (!ends_line());
    return true;
  }

 private:
  static constexpr std::size_t most_columns = std::size_t{1} << 20;

  bool ends_line() {
    if (at_ < text_.size() && text_[at_] == separator_) return ++at_, false;
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    return true;
  }

  std::string cell(std::size_t column) {
    if (at_ < text_.size() && text_[at_] == '"') return quoted_cell(column);
    const std::size_t end = std::min(text_.find_first_of(std::string{separator_, '\r', '\n'}, at_), text_.size());
    std::string_view words = std::string_view(text_).substr(at_, end - at_);
    at_ = end;
    const std::size_t first = words.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return std::string(words.substr(first, words.find_last_not_of(" \t") - first + 1));
  }

  std::string quoted_cell(std::size_t column) {
    std::string words;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"' && (++at_ == text_.size() || text_[at_] != '"')) {  // a quote that no second one follows
        if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\r' && text_[at_] != '\n')
          fail(column, "got '", text_[at_], "' after a quoted cell, wanted a separator or the end of the line");
        return words;
      }
      if (text_[at_] == '\n') ++lines_;
      words += text_[at_];
    }
    fail(column, "a quoted cell without its second quote");
  }

  std::string text_, name_;
  char separator_;
  std::size_t at_ = 0, line_ = 0, lines_ = 0;
};

inline std::string read_text(const std::filesystem::path& path, std::uint64_t most) {
  ByteStream stream(path);
  std::string text;
  std::size_t got = 0;
  do {
    if (got == text.size())
      text.resize(got + static_cast<std::size_t>(std::min<std::uint64_t>(std::max<std::size_t>(1 << 16, got), most - got)) + 1);
    const std::size_t part = stream.read(std::as_writable_bytes(std::span(text).subspan(got)));
    got += part;
    if (got > most) throw FileError(message(path.string(), ": more than the allowed ", most, " bytes"));
    if (part == 0) break;
  } while (true);
  text.resize(got);
  return text;
}

/// What stands for a number that no double can hold: ±∞ or ±0, as its decimal exponent says.
inline double csv_extreme(std::string_view cell) {
  constexpr std::int64_t far = std::int64_t{1} << 60;
  const std::size_t end = std::min(cell.find_first_of("eE"), cell.size());
  const std::string_view digits = cell.substr(0, end);
  std::int64_t exponent = 0;
  if (end < cell.size()) {
    std::string_view text = cell.substr(end + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    if (parse_number(text, exponent).ec != std::errc{} || std::abs(exponent) > far)
      exponent = text.starts_with('-') ? -far : far;
  }
  exponent += static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  exponent -= static_cast<std::int64_t>(digits.find_first_of("123456789"));
  return std::copysign(exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0, cell.starts_with('-') ? -1.0 : 1.0);
}

/// The whole cell as a number, infinities and NaN included; one beyond the range of double is infinite, one too near to zero
/// is zero.
inline std::optional<double> csv_number(std::string_view cell) {
  if (cell.starts_with('+') && !cell.starts_with("+-")) cell.remove_prefix(1);
  double value = 0;
  const auto [end, error] = parse_number(cell, value);
  if (end != cell.data() + cell.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc{} ? value : csv_extreme(cell);
}

}  // namespace detail

/// Reads a table of numbers `[N x D]`, double, with or without a first line of names: see `CsvOptions::header`.
/// O(bytes), and O(log classes) for each label.
/// @throws FileError with path, line and column: a cell that is no finite number, lines of different lengths or of over
/// 2²⁰ cells, no rows, over `bytes`; ValueError for a column of labels that is not there
inline CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  std::string text = detail::read_text(path, options.bytes);
  std::uint64_t left = options.bytes - text.size();
  detail::CsvLines lines(std::move(text), path.string(), options.separator);
  const auto charge = [&](std::uint64_t bytes) {
    if (bytes > left)
      throw FileError(detail::message(path.string(), ": line ", lines.line(), ": text and numbers take more than the allowed ",
                                      options.bytes, " bytes"));
    left -= bytes;
  };
  CsvTable table;
  std::vector<std::string> cells;
  Matrix<double> values;
  std::map<std::string, Label> numbers;  // of the classes
  Index rows = 0, columns = 0;
  std::size_t width = 0, label = 0;
  const auto is_label = [&](std::size_t column) { return options.label_column && column == label; };
  while (lines.next(cells)) {
    if (width == 0) {
      width = cells.size();
      const Index wanted = options.label_column.value_or(0), all = static_cast<Index>(width);
      check_between<Index>("CsvOptions", "label_column", wanted, -all, all - 1);
      label = static_cast<std::size_t>(wanted < 0 ? wanted + all : wanted);
      columns = all - (options.label_column ? 1 : 0);
      std::optional<std::size_t> word;  // the first cell that is no number
      Index words = 0;
      for (std::size_t c = width; c-- > 0;)
        if (!is_label(c) && !detail::csv_number(cells[c])) ++words, word = c;
      if (!options.header && word && words < columns)
        lines.fail(*word, "got '", cells[*word],
                   "' beside numbers in the first line, wanted numbers or names alone (or set header)");
      if (options.header.value_or(word.has_value())) {
        for (std::size_t c = 0; c < width; ++c)
          if (!is_label(c)) table.columns.push_back(cells[c]);
        continue;
      }
    }
    if (cells.size() != width)
      lines.fail(std::min(cells.size(), width), "the line has ", cells.size(), " cells, wanted ", width);
    charge(sizeof(double) * static_cast<std::uint64_t>(columns) + sizeof(Label));
    if (rows == values.rows()) values.conservativeResize(std::max<Index>(64, 2 * rows), columns);
    double* out = values.data() + rows * columns;
    for (std::size_t c = 0; c < width; ++c) {
      if (is_label(c)) {
        const auto [known, is_new] = numbers.try_emplace(cells[c], static_cast<Label>(numbers.size()));
        table.data.labels.push_back(known->second);
        if (!is_new) continue;
        charge(128 + 2 * cells[c].size());  // a node of the map, and the text twice
        table.classes.push_back(cells[c]);
        continue;
      }
      const std::optional<double> value = detail::csv_number(cells[c]);
      if (!value || !std::isfinite(*value)) lines.fail(c, "got '", cells[c], "', wanted a finite number");
      *out++ = *value;
    }
    ++rows;
  }
  if (rows == 0) throw FileError(path.string() + ": no rows of numbers");
  if (columns == 0) throw FileError(path.string() + ": no columns of numbers beside the labels");
  values.conservativeResize(rows, columns);
  table.data.images = Dataset::from_matrix(std::move(values));
  return table;
}

}  // namespace vade
