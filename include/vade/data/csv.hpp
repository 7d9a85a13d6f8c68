// vade: tables of numbers in text files.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/printable.hpp>
#include <vade/data/csv_options.hpp>
#include <vade/data/dataset.hpp>
#include <vade/data/detail/csv_columns.hpp>
#include <vade/data/detail/csv_hints.hpp>
#include <vade/data/detail/csv_lines.hpp>
#include <vade/data/detail/csv_number.hpp>
#include <vade/data/detail/inflate.hpp>
#include <vade/data/detail/memory.hpp>
#include <vade/io/known_format.hpp>

/// One row a line, cells apart by a separator, plain or gzip: RFC 4180, with lines that end in LF or CR LF, a byte
/// order mark or none, quoted cells, blanks around cells, empty lines at the end. Numbers are read whole, in any
/// locale, or not at all: nothing is filled in or dropped. A file that can be read in two ways is refused, and
/// `CsvOptions` decides.
namespace vade {

namespace detail {

/// The whole text. Memory grows with what is read. @throws FileError also for bytes that are no text
inline std::string read_text(const std::filesystem::path& path, std::uint64_t most) {
  ByteStream stream(path);
  const auto size = stream.most_bytes();
  const bool has_size = size && !stream.is_gzip();
  if (has_size && *size > most)
    throw FileError(message(path.string(), ": ", *size, " bytes, more than the allowed ", most));
  std::string text;
  if (has_size) text.reserve(static_cast<std::size_t>(*size) + 1);  // one more, to find the end
  std::size_t got = 0;
  while (true) {
    if (got == text.size()) {
      const std::size_t next =
          got + 1 + static_cast<std::size_t>(std::min<std::uint64_t>(std::max<std::size_t>(1 << 16, got), most - got));
      text.resize(has_size ? std::min(next, std::max(text.capacity(), got + 1)) : next);
    }
    const std::span<char> part = std::span(text).subspan(got);
    const std::size_t count = stream.read(std::as_writable_bytes(part));
    const std::string_view words(part.data(), count);
    if (got == 0)
      if (const std::string format = known_format_text(words); !format.empty())
        throw FileError(path.string() + ": not a table of text" + format);
    if (const std::size_t nul = words.find('\0'); nul != std::string_view::npos)
      throw FileError(message(path.string(), ": byte ", got + nul, " is 0, which no text holds"));
    got += count;
    if (got > most) throw FileError(message(path.string(), ": more than the allowed ", most, " bytes"));
    if (count == 0) break;
  }
  text.resize(got);
  return text;
}

/// Reads one table.
class CsvReader {
 public:
  CsvReader(const std::filesystem::path& path, const CsvOptions& options)
      : name_(path.string()), options_(options), lines_(open(path, options)) {
    check_mark("separator", options.separator);
    if (options.comment) check_mark("comment", *options.comment);
    if (options.decimal != '.' && options.decimal != ',')
      throw ValueError("CsvOptions: decimal is " + quote(options.decimal) + ", wanted '.' or ','");
    if (options.decimal == lines_.separator())
      throw ValueError("CsvOptions: separator and decimal are both " + quote(options.decimal));
    if (options.comment == lines_.separator())
      throw ValueError("CsvOptions: separator and comment are both " + quote(*options.comment));
    if (CsvColumns::are_named(options) && options.header == false)
      throw ValueError("CsvOptions: an option names a column, but header says that the first line is no names");
  }

  CsvTable read() {
    std::vector<std::string_view> cells;
    if (lines_.next(cells) && !first_line(cells)) row(cells);
    while (lines_.next(cells)) row(cells);
    if (rows_ == 0) throw FileError(name_ + ": no rows of numbers");
    check_counters();
    values_.conservativeResize(rows_, columns_->numbers());
    table_.data.images = Dataset::from_matrix(std::move(values_));
    return std::move(table_);
  }

 private:
  /// The text is all that `options.bytes` has been charged with so far.
  CsvLines open(const std::filesystem::path& path, const CsvOptions& options) {
    std::string text = read_text(path, options.bytes);
    left_ = options.bytes - text.size();
    return CsvLines(std::move(text), name_, options.separator, options.comment);
  }

  /// No part of a number, a quote, or the end of a line. @throws ValueError
  static void check_mark(const char* option, char mark) {
    if (std::string_view("0123456789+-.eE\"\r\n\0", 19).find(mark) != std::string_view::npos)
      throw ValueError(message("CsvOptions: ", option, " is ", quote(mark), ", wanted another character"));
  }

  static std::string quote(char c) { return quote(std::string_view(&c, 1)); }
  static std::string quote(std::string_view words) { return "'" + printable(words) + "'"; }

  std::string line_hint() const { return csv_line_hint(lines_.raw(), lines_.separator(), options_.decimal); }
  std::optional<double> number(std::string_view cell) const { return csv_number(cell, options_.decimal); }

  void charge(std::uint64_t bytes) {
    if (bytes > left_)
      throw FileError(message(name_, ": line ", lines_.line(), ": text and numbers take more than the allowed ",
                              options_.bytes, " bytes"));
    left_ -= bytes;
  }

  /// Whether the first line is names, which are then kept.
  bool first_line(const std::vector<std::string_view>& cells) {
    columns_.emplace(options_, cells);
    first_ = lines_.line();
    first_hint_ = line_hint();
    if (columns_->numbers() == 0)
      lines_.fail(0, "no columns of numbers beside the labels and what is left out", first_hint_);
    std::optional<std::size_t> word;  // the first cell that is no number
    Index words = 0;
    for (std::size_t c = cells.size(); c-- > 0;)
      if (columns_->role(c) == CsvRole::number && !number(cells[c])) ++words, word = c;
    if (options_.header.value_or(CsvColumns::are_named(options_) || words == columns_->numbers())) {
      names(cells);
      return true;
    }
    if (options_.header) return false;
    if (word)
      lines_.fail(*word, "got ", quote(cells[*word]),
                  " beside numbers in the first line, wanted numbers or names alone (or set header)", first_hint_);
    name_like_ = CsvNameLike(*columns_, cells);
    if (name_like_.counts) fail_as_names();
    return false;
  }

  [[noreturn]] void fail_as_names() const {
    lines_.fail_in(first_, 0, "the first line may be names or numbers: set header = true or header = false");
  }

  void names(const std::vector<std::string_view>& cells) {
    const bool nameless = cells[0].empty() || cells[0] == "Unnamed: 0";  // what pandas calls it the second time
    if (nameless && cells.size() > 1 && columns_->role(0) == CsvRole::number && !options_.keep_index)
      lines_.fail(0, "the column has no name and may be an index: set leave_out = {0}, or keep_index = true");
    for (std::size_t c = 0; c < cells.size(); ++c)
      if (columns_->role(c) == CsvRole::number) table_.columns.emplace_back(cells[c]);
  }

  void row(const std::vector<std::string_view>& cells) {
    const Index columns = columns_->numbers();
    if (cells.size() != columns_->size()) fail_length(cells.size());
    charge(sizeof(double) * static_cast<std::uint64_t>(columns) + sizeof(Label));
    if (rows_ == values_.rows()) values_.conservativeResize(std::max(2 * rows_, 1 + 4096 / columns), columns);
    double* const out = values_.data() + rows_ * columns;
    Index next = 0;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (columns_->role(c) == CsvRole::label) label(cells[c]);
      if (columns_->role(c) != CsvRole::number) continue;
      const std::optional<double> value = number(cells[c]);
      if (!value || !std::isfinite(*value)) fail_number(c, cells[c]);
      out[next++] = *value;
      if (name_like_.ascends && !is_digits(cells[c].substr(cells[c].starts_with('-') ? 1 : 0))) fail_as_names();
    }
    if (!options_.keep_index) counters_.add(out, columns);
    ++rows_;
  }

  [[noreturn]] void fail_length(std::size_t cells) const {
    std::string hint = line_hint();
    if (hint.empty()) hint = first_hint_;
    if (hint.empty() && rows_ == 0 && !table_.columns.empty() && cells == columns_->size() + 1)
      hint = "; names lack one column, as write.table of R has it: give that column a name, too";
    lines_.fail(std::min(cells, columns_->size()), "the line has ", cells, " cells, wanted ", columns_->size(), hint);
  }

  [[noreturn]] void fail_number(std::size_t column, std::string_view cell) const {
    std::string hint = csv_cell_hint(cell, options_.decimal);
    if (hint.empty()) hint = line_hint();
    lines_.fail(column, "got ", quote(cell), ", wanted a finite number", hint);
  }

  void label(std::string_view cell) {
    auto known = numbers_.find(cell);
    if (known == numbers_.end()) {
      charge(128 + 2 * cell.size());  // a node of the map, and the text twice
      known = numbers_.emplace(cell, static_cast<Label>(numbers_.size())).first;
      table_.classes.emplace_back(cell);
    }
    table_.data.labels.push_back(known->second);
  }

  void check_counters() const {
    const Index counter = counters_.column();
    if (counter < 0 || columns_->numbers() < 2) return;
    std::size_t column = 0;
    for (Index left = counter; columns_->role(column) != CsvRole::number || left > 0; ++column)
      if (columns_->role(column) == CsvRole::number) --left;
    const std::string name =
        table_.columns.empty() ? "" : " " + quote(table_.columns[static_cast<std::size_t>(counter)]);
    throw FileError(message(name_, ": column ", column + 1, name,
                            " counts the rows and may be an index: set leave_out = {", column,
                            "}, or keep_index = true"));
  }

  std::string name_;
  const CsvOptions& options_;
  std::uint64_t left_ = 0;
  CsvLines lines_;
  CsvTable table_;
  std::optional<CsvColumns> columns_;
  CsvNameLike name_like_;
  CsvCounters counters_;
  std::size_t first_ = 0;   ///< number of the first line that is no comment
  std::string first_hint_;  ///< what that line may be meant as
  Matrix<double> values_;
  std::map<std::string, Label, std::less<>> numbers_;  ///< of the classes
  Index rows_ = 0;
};

}  // namespace detail

/// Reads a table of numbers `[N x D]`, double, with or without a first line of names, as `options` say.
/// O(bytes), and O(log classes) for each label.
/// @throws FileError with path, line and column: a cell that is no finite number, lines of different lengths or of over
/// 2²⁰ cells, no rows, over `bytes`, a file that can be read in two ways or is of another format; ValueError for
/// options that contradict each other, and columns that are not there
inline CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  return detail::within_memory(path, [&] { return detail::CsvReader(path, options).read(); });
}

}  // namespace vade
