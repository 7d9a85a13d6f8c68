// vade: many small images on one sheet.
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

struct ImageGridOptions {
  std::string title{};
  Index columns = 10;                         ///< images in a row
  std::vector<std::string> row_labels{};      ///< left of the rows; as many as rows, or none
  std::vector<std::string> column_titles{};   ///< above the columns; as many as columns, or none
  Index scale = 3;                            ///< side of one image pixel, in pixels of the sheet
  Index gap = 6;                              ///< between images
  Index group = 1;                            ///< rows that belong together: a wider gap follows each group
  bool invert = false;                        ///< 0 white and 1 black, as ink on paper
  double text_size = 26;
};

namespace detail {

/// Grey of a value in [0, 1]; values beyond are clamped, NaN is magenta.
inline Color grey(double value, bool invert) {
  if (std::isnan(value)) return not_a_number;
  const double amount = std::clamp(invert ? 1 - value : value, 0.0, 1.0);
  const auto level = static_cast<std::uint8_t>(std::lround(255 * amount));
  return {level, level, level};
}

/// Pixels in a side of an image or a sheet: no canvas is larger, and products of two are far from overflow.
inline constexpr Index most_pixels = 30'000;

/// Rows of `images` that `absent` names, if any, are left as paper.
inline Image image_grid(const Matrix<double>& images, Index height, Index width, const ImageGridOptions& options,
                        const std::vector<bool>& absent = {}) {
  constexpr std::string_view who = "image_grid";
  check_between(who, "height", height, Index{1}, most_pixels);
  check_between(who, "width", width, Index{1}, most_pixels);
  check_width(who, "images", images, height * width);
  check_between(who, "columns", options.columns, Index{1}, Index{10'000});
  check_between(who, "scale", options.scale, Index{1}, Index{100});
  check_between(who, "gap", options.gap, Index{0}, Index{1000});
  check_at_least(who, "group", options.group, Index{1});
  check_between(who, "text_size", options.text_size, 6.0, 200.0);
  const Index columns = options.columns;
  const Index rows = (images.rows() + columns - 1) / columns;
  if (!options.row_labels.empty())
    check_same_count(who, "row_labels", static_cast<Index>(options.row_labels.size()), rows);
  if (!options.column_titles.empty())
    check_same_count(who, "column_titles", static_cast<Index>(options.column_titles.size()), columns);

  const double size = options.text_size;
  double label_width = 0;
  for (const std::string& label : options.row_labels) label_width = std::max(label_width, text_width(label, size));
  const auto margin = static_cast<Index>(std::ceil(0.9 * size));
  const Index left = margin + (label_width > 0 ? static_cast<Index>(std::ceil(label_width + 0.7 * size)) : 0);
  const Index title_room = options.title.empty() ? 0 : static_cast<Index>(2.2 * size);
  const Index top = margin + title_room + (options.column_titles.empty() ? 0 : static_cast<Index>(1.5 * size));
  const Index step_x = width * options.scale + options.gap;
  const Index step_y = height * options.scale + options.gap;
  const Index group_gap = options.group > 1 ? 2 * options.gap : 0;
  const auto row_top = [&](Index r) { return top + r * step_y + r / options.group * group_gap; };
  const Index titled = static_cast<Index>(std::ceil(text_width(options.title, 1.2 * size))) + 2 * margin;
  // Before the products are made: 32 bits do not hold those of many images.
  check_between(who, "pixels in a line of images", static_cast<double>(columns) * static_cast<double>(step_x), 0.0,
                static_cast<double>(most_pixels));
  check_between(who, "pixels in a column of images", static_cast<double>(rows) * static_cast<double>(step_y + group_gap),
                0.0, 2.0 * static_cast<double>(most_pixels));
  const Index sheet_width = std::max(left + columns * step_x - options.gap + margin, titled);
  Canvas canvas(sheet_width, row_top(rows - 1) + step_y - options.gap + margin);

  for (Index i = 0; i < images.rows(); ++i) {
    if (!absent.empty() && absent[static_cast<std::size_t>(i)]) continue;
    const Index x0 = left + i % columns * step_x, y0 = row_top(i / columns);
    if (options.invert)  // paper on paper: a hairline shows where the image ends
      canvas.rectangle(static_cast<double>(x0 - 1), static_cast<double>(y0 - 1),
                       static_cast<double>(x0 + width * options.scale + 1),
                       static_cast<double>(y0 + height * options.scale + 1), rule);
    for (Index p = 0; p < height * width; ++p) {
      const Color color = grey(images(i, p), options.invert);
      for (Index s = 0; s < options.scale * options.scale; ++s)
        canvas.blend(x0 + p % width * options.scale + s % options.scale,
                     y0 + p / width * options.scale + s / options.scale, color, 1);
    }
  }

  for (std::size_t r = 0; r < options.row_labels.size(); ++r) {
    const double middle = static_cast<double>(row_top(static_cast<Index>(r)) + height * options.scale / 2);
    canvas.text({static_cast<double>(left) - 0.7 * size, middle}, options.row_labels[r],
                {.size = size, .anchor_x = 1, .anchor_y = 0.5});
  }
  for (std::size_t c = 0; c < options.column_titles.size(); ++c) {
    const double middle = static_cast<double>(left + static_cast<Index>(c) * step_x + width * options.scale / 2);
    canvas.text({middle, static_cast<double>(top) - 0.5 * size}, options.column_titles[c],
                {.size = size, .anchor_x = 0.5});
  }
  canvas.text({static_cast<double>(options.row_labels.empty() ? left : margin), static_cast<double>(margin) + size},
              options.title, {.size = 1.2 * size, .bold = true});
  return std::move(canvas).image();
}

}  // namespace detail

/// Lays the rows of `images` `[n x height * width]`, values in [0, 1], out as a grid, row by row. Values outside are
/// clamped; NaN is magenta. O(pixels of the sheet).
/// @throws ShapeError where images, labels or titles do not fit, ValueError for an option out of range
template <class Derived>
Image image_grid(const Eigen::MatrixBase<Derived>& images, Index height, Index width,
                 const ImageGridOptions& options = {}) {
  return detail::image_grid(images.template cast<double>(), height, width, options);
}

/// Each of `originals` `[n x height * width]` above its row of `reconstructions`, in pairs of lines. `row_labels` may
/// be left empty, or name the two lines of a pair.
/// @throws as `image_grid`
template <class Originals, class Reconstructions>
Image reconstruction_pairs(const Eigen::MatrixBase<Originals>& originals,
                           const Eigen::MatrixBase<Reconstructions>& reconstructions, Index height, Index width,
                           ImageGridOptions options = {}) {
  constexpr std::string_view who = "reconstruction_pairs";
  check_shape(who, "reconstructions", reconstructions, originals.rows(), originals.cols());
  check_width(who, "originals", originals, originals.cols());
  check_between(who, "columns", options.columns, Index{1}, Index{10'000});
  if (!options.row_labels.empty())
    check_same_count(who, "row_labels", static_cast<Index>(options.row_labels.size()), Index{2});
  const Index columns = std::min(options.columns, originals.rows());
  const Index pairs = (originals.rows() + columns - 1) / columns;
  Matrix<double> sheet = Matrix<double>::Zero(2 * pairs * columns, originals.cols());
  std::vector<bool> absent(static_cast<std::size_t>(sheet.rows()), true);  // what the last pair lacks
  for (Index i = 0; i < originals.rows(); ++i) {
    const Index at = i / columns * 2 * columns + i % columns;
    absent[static_cast<std::size_t>(at)] = absent[static_cast<std::size_t>(at + columns)] = false;
    sheet.row(at) = originals.row(i).template cast<double>();
    sheet.row(at + columns) = reconstructions.row(i).template cast<double>();
  }
  std::vector<std::string> labels;
  for (Index p = 0; p < pairs && !options.row_labels.empty(); ++p)
    labels.insert(labels.end(), {options.row_labels[0], options.row_labels[1]});
  options.columns = columns;
  options.row_labels = std::move(labels);
  options.group = 2;
  return detail::image_grid(sheet, height, width, options, absent);
}

}  // namespace vade::report
