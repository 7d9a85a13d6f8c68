// vade: a table of counts, shaded.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/report/canvas.hpp>

namespace vade::report {

struct ConfusionTableOptions {
  std::string title{};
  std::string row_axis = "class";
  std::string column_axis = "cluster";
  std::vector<std::string> row_names{};     ///< numbers where empty
  std::vector<std::string> column_names{};  ///< numbers where empty
  double cell = 84;                         ///< side of a cell in pixels
  double text_size = 26;
};

namespace detail {

inline std::vector<std::string> names_or_numbers(std::vector<std::string> names, Index count) {
  for (Index i = static_cast<Index>(names.size()); i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

inline Image confusion_table(const Matrix<double>& counts, const ConfusionTableOptions& options) {
  constexpr std::string_view who = "confusion_table";
  check_width(who, "counts", counts, std::max(Index{1}, counts.cols()));
  check_range(who, "counts", counts, 0.0, 1e15);
  check_between(who, "text_size", options.text_size, 6.0, 200.0);
  check_between(who, "cell", options.cell, 4.0, 1000.0);
  if (!options.row_names.empty())
    check_same_count(who, "row_names", static_cast<Index>(options.row_names.size()), counts.rows());
  if (!options.column_names.empty())
    check_same_count(who, "column_names", static_cast<Index>(options.column_names.size()), counts.cols());
  const auto rows = names_or_numbers(options.row_names, counts.rows());
  const auto columns = names_or_numbers(options.column_names, counts.cols());

  const double size = options.text_size;
  const double cell = std::round(options.cell);
  double row_width = 0, column_width = 0, number_width = 0;
  for (const auto& name : rows) row_width = std::max(row_width, text_width(name, size));
  for (const auto& name : columns) column_width = std::max(column_width, text_width(name, size));
  for (Index i = 0; i < counts.size(); ++i)
    number_width = std::max(number_width, text_width(vade::detail::message(std::llround(counts.data()[i])), size));
  const bool turned = column_width > 0.95 * cell;  // names that are too wide for their column stand upright
  const double number_size = size * std::min({1.0, 0.86 * cell / std::max(1.0, number_width), 0.6 * cell / size});

  const double left = std::ceil(3 * size + row_width + 0.6 * size);
  const double head = options.title.empty() ? 0 : 2.2 * size;
  const double top = std::ceil(head + 2.9 * size + (turned ? column_width : 0.7 * size) + 0.2 * size);
  const double width = left + cell * static_cast<double>(counts.cols()) + 1.4 * size;
  const double height = top + cell * static_cast<double>(counts.rows()) + 2.8 * size;
  const std::string note = "shade: share of the row";
  const double least = std::max(text_width(options.title, 1.2 * size), left + text_width(note, 0.8 * size)) + 2 * size;
  const auto side = [](double pixels) { return static_cast<Index>(std::ceil(std::min(pixels, 1e6))); };  // of an Index, too
  Canvas canvas(side(std::max(width, least)), side(height));

  for (Index r = 0; r < counts.rows(); ++r) {
    const double sum = counts.row(r).sum();
    const double y = top + cell * static_cast<double>(r);
    canvas.text({left - 0.6 * size, y + cell / 2}, rows[static_cast<std::size_t>(r)],
                {.size = size, .anchor_x = 1, .anchor_y = 0.5});
    for (Index c = 0; c < counts.cols(); ++c) {
      const double x = left + cell * static_cast<double>(c);
      const double share = sum > 0 ? counts(r, c) / sum : 0;
      const Color shade = mix(Color{247, 249, 251}, sequential(share), std::min(1.0, 5 * share));
      canvas.rectangle(x, y, x + cell - 2, y + cell - 2, shade);
      const Color color = luminance(shade) < 0.25 ? paper : counts(r, c) > 0 ? ink : mix(faint_ink, paper, 0.5);
      canvas.text({x + cell / 2 - 1, y + cell / 2 - 1}, vade::detail::message(std::llround(counts(r, c))),
                  {.size = number_size, .color = color, .anchor_x = 0.5, .anchor_y = 0.5});
    }
  }
  for (Index c = 0; c < counts.cols(); ++c) {
    const double x = left + cell * (static_cast<double>(c) + 0.5) - 1;
    canvas.text({x, top - 0.5 * size}, columns[static_cast<std::size_t>(c)],
                turned ? TextStyle{.size = size, .anchor_y = 0.5, .angle = 90}
                       : TextStyle{.size = size, .anchor_x = 0.5});
  }
  const double middle_x = left + cell * static_cast<double>(counts.cols()) / 2;
  const double middle_y = top + cell * static_cast<double>(counts.rows()) / 2;
  canvas.text({middle_x, head + 1.5 * size}, options.column_axis, {.size = size, .color = faint_ink, .anchor_x = 0.5});
  canvas.text({1.1 * size, middle_y}, options.row_axis,
              {.size = size, .color = faint_ink, .anchor_x = 0.5, .anchor_y = 1, .angle = 90});
  canvas.text({left, height - 1.1 * size}, note, {.size = 0.8 * size, .color = faint_ink});
  canvas.text({1.1 * size, 1.9 * size}, options.title, {.size = 1.2 * size, .bold = true});
  return std::move(canvas).image();
}

}  // namespace detail

/// Draws `counts` `[classes x clusters]` as a table; a cell is as dark as its share of its row. O(pixels).
/// @throws ShapeError where names do not fit, ValueError for a count that is negative or not finite, or an option out
/// of range
template <class Derived>
Image confusion_table(const Eigen::MatrixBase<Derived>& counts, const ConfusionTableOptions& options = {}) {
  return detail::confusion_table(counts.template cast<double>(), options);
}

}  // namespace vade::report
