// vade: names of groups beside a diagram.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <vade/report/canvas.hpp>

namespace vade::report::detail {

/// A column of coloured names; wraps into more columns below `bottom`.
class Legend {
 public:
  Legend(std::vector<std::string> names, std::string title, double size, double height)
      : names_(std::move(names)), title_(std::move(title)), size_(size) {
    const double line = 1.5 * size;
    const double room = std::max(line, height - (title_.empty() ? 0 : line));
    rows_ = std::max<std::size_t>(1, static_cast<std::size_t>(room / line));
    for (std::size_t first = 0; first < names_.size(); first += rows_) {
      double widest = 0;
      for (std::size_t i = first; i < std::min(names_.size(), first + rows_); ++i)
        widest = std::max(widest, text_width(names_[i], size));
      columns_.push_back(widest + 1.9 * size);
    }
  }

  double width() const {
    double sum = 0;
    for (const double column : columns_) sum += column;
    return std::max(sum, title_.empty() ? 0 : text_width(title_, size_) + size_);
  }

  /// `mark(canvas, i, center)` draws the sign of entry i.
  template <class Mark>
  void draw(Canvas& canvas, Point top_left, Mark&& mark) const {
    const double line = 1.5 * size_;
    double y = top_left.y + 0.5 * line;
    if (!title_.empty()) {
      canvas.text({top_left.x, y}, title_, {.size = size_, .color = faint_ink, .anchor_y = 0.5});
      y += line;
    }
    double x = top_left.x;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const double at = y + line * static_cast<double>(i % rows_);
      mark(canvas, static_cast<Index>(i), Point{x + 0.4 * size_, at});
      canvas.text({x + 1.2 * size_, at}, names_[i], {.size = size_, .anchor_y = 0.5});
      if (i % rows_ + 1 == rows_) x += columns_[i / rows_];
    }
  }

 private:
  std::vector<std::string> names_;
  std::string title_;
  double size_;
  std::size_t rows_ = 1;
  std::vector<double> columns_;
};

}  // namespace vade::report::detail
