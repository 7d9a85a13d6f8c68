// vade: the lines and cells of a table.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/printable.hpp>

namespace vade::detail {

/// Cells of one line after the other, without a copy: doubled quotes become single ones in place.
class CsvLines {
 public:
  /// `name` starts each message. A line `sep=X` at the start decides about a separator that is ','.
  /// @throws FileError if that line and `separator` disagree
  CsvLines(std::string text, std::string name, char separator, std::optional<char> comment)
      : text_(std::move(text)), name_(std::move(name)), separator_(separator), comment_(comment) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    read_separator();
  }

  char separator() const { return separator_; }

  /// The number of the line that `next` gave, from 1; a quoted cell can end lines below.
  std::size_t line() const { return line_; }

  /// The line that `next` gave as it is in the file, or its first `most_raw` bytes; doubled quotes may be single ones.
  std::string_view raw() const { return std::string_view(text_).substr(start_, std::min(at_ - start_, most_raw)); }

  /// @throws FileError that names line and column
  template <class... Parts>
  [[noreturn]] void fail(std::size_t column, const Parts&... parts) const {
    fail_in(line_, column, parts...);
  }
  template <class... Parts>
  [[noreturn]] void fail_in(std::size_t line, std::size_t column, const Parts&... parts) const {
    throw FileError(message(name_, ": line ", line, ", column ", column + 1, ": ", parts...));
  }

  /// Reads a line into `cells`, which stay valid as long as this object; false at the end, where empty lines do not
  /// count.
  bool next(std::vector<std::string_view>& cells) {
    cells.clear();
    do {
      if (text_.find_first_not_of("\r\n", at_) == std::string::npos) return false;
      line_ = ++lines_;
      start_ = at_;
      if (separator_ == ' ') skip_blanks();
    } while (skip_comment());
    do {
      if (cells.size() == most_columns) fail(most_columns, "more than ", most_columns, " cells in a line");
      cells.push_back(cell(cells.size()));
    } while (!ends_line());
    return true;
  }

 private:
  static constexpr std::size_t most_columns = std::size_t{1} << 20;
  static constexpr std::size_t most_raw = std::size_t{1} << 12;

  bool is_at(char wanted) const { return at_ < text_.size() && text_[at_] == wanted; }
  bool is_at_blank() const { return (is_at(' ') || is_at('\t')) && (separator_ == ' ' || !is_at(separator_)); }
  bool is_at_separator() const { return separator_ == ' ' ? is_at_blank() : is_at(separator_); }
  bool is_at_end_of_line() const { return at_ == text_.size() || is_at('\r') || is_at('\n'); }

  void skip_blanks() {
    while (is_at_blank()) ++at_;
  }

  void skip_end_of_line() {
    if (is_at('\r')) ++at_;
    if (is_at('\n')) ++at_;
  }

  void read_separator() {
    const std::string_view line = std::string_view(text_).substr(at_);
    if (!line.starts_with("sep=") || line.size() < 5 || line[4] == '\r' || line[4] == '\n') return;
    if (line.size() > 5 && line[5] != '\r' && line[5] != '\n') return;
    line_ = lines_ = 1;
    if (separator_ != ',' && separator_ != line[4])
      fail(0, "the line says that '", printable(line.substr(4, 1)), "' separates cells, but separator is '",
           printable(std::string_view(&separator_, 1)), "'");
    separator_ = line[4];
    at_ += 5;
    skip_end_of_line();
  }

  /// Skips a line that is a comment, and says so.
  bool skip_comment() {
    if (!comment_) return false;
    std::size_t first = at_;
    while (first < text_.size() && (text_[first] == ' ' || text_[first] == '\t')) ++first;
    if (first == text_.size() || text_[first] != *comment_) return false;
    at_ = std::min(text_.find_first_of("\r\n", first), text_.size());
    skip_end_of_line();
    return true;
  }

  bool ends_line() {
    if (separator_ == ' ') {
      skip_blanks();
      if (!is_at_end_of_line()) return false;
    } else if (is_at(separator_)) {
      ++at_;
      return false;
    }
    skip_end_of_line();
    return true;
  }

  std::string_view cell(std::size_t column) {
    skip_blanks();
    if (is_at('"')) return quoted_cell(column);
    const std::size_t first = at_;
    std::size_t end = at_;  // after the last character that is no blank
    while (!is_at_end_of_line() && !is_at_separator()) {
      const bool blank = is_at_blank();
      ++at_;
      if (!blank) end = at_;
    }
    return std::string_view(text_).substr(first, end - first);
  }

  std::string_view quoted_cell(std::size_t column) {
    const std::size_t first = ++at_;
    for (std::size_t end = first; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"' && (++at_ == text_.size() || text_[at_] != '"')) {  // a quote that no second one follows
        skip_blanks();
        if (!is_at_end_of_line() && !is_at_separator() && !(separator_ == ' ' && text_[at_ - 1] != '"'))
          fail(column, "got '", printable(std::string_view(text_).substr(at_, 1)),
               "' after a quoted cell, wanted a separator or the end of the line");
        return std::string_view(text_).substr(first, end - first);
      }
      if (text_[at_] == '\n') ++lines_;
      text_[end++] = text_[at_];
    }
    fail(column, "a quoted cell without its second quote");
  }

  std::string text_, name_;
  char separator_;
  std::optional<char> comment_;
  std::size_t at_ = 0, start_ = 0, line_ = 0, lines_ = 0;
};

}  // namespace vade::detail
