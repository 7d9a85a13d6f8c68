// vade: how numbers change, in panels one above the other.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/report/axes.hpp>

namespace vade::report {

/// One line: y against x. A pair that is not finite is a gap.
struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

/// One diagram of the figure.
struct Panel {
  std::string title{};
  std::vector<Series> series{};
  bool logarithmic = false;  ///< vertical scale by powers of ten; what is not positive is a gap
};

struct CurvesOptions {
  std::string title{};
  std::string x_label{};
  Index width = 1600;
  Index panel_height = 420;
  double text_size = 26;
  bool last_values = true;   ///< the legend shows each line's last value
};

namespace detail {

/// The pieces of a line between its gaps, in pixels.
inline Strokes visible_pieces(const Series& series, const Frame& frame, const Scale& x, const Scale& y) {
  Strokes pieces;
  bool open = false;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    const Point p = frame.place(x, y, series.x[i], series.y[i]);
    const bool shown = can_be_shown(series.x[i]) && can_be_shown(series.y[i]) && std::isfinite(p.y);
    if (shown && !open) pieces.emplace_back();
    if (shown) pieces.back().push_back(p);
    open = shown;
  }
  return pieces;
}

/// The last value that is a number, in four digits, or nothing.
inline std::string last_value(const Series& series) {
  for (std::size_t i = series.y.size(); i-- > 0;)
    if (std::isfinite(series.y[i])) {
      const double value = series.y[i];
      const double size = std::abs(value);
      const double power = size > 0 ? std::pow(10, std::floor(std::log10(size))) : 1;
      const bool scientific = size >= 1e6 || (size > 0 && size < 1e-3);
      const double step = std::max(power / 1000, std::numeric_limits<double>::denorm_min());
      return tick_text(value, scientific ? step : std::min(1.0, step), scientific);
    }
  return "";
}

inline Scale vertical_scale(const Panel& panel) {
  Extent extent;
  for (const Series& series : panel.series)
    for (const double value : series.y) extent.include(value);
  return panel.logarithmic ? extent.log_scale(0.06) : extent.scale(0.06);
}

/// Names and last values of a panel's lines, right of its frame.
inline void draw_names(Canvas& canvas, const Panel& panel, const Frame& frame, const CurvesOptions& options) {
  const double size = options.text_size;
  const auto count = static_cast<Index>(panel.series.size());
  const double line = std::min(1.5 * size, (frame.bottom - frame.top) / static_cast<double>(std::max(count, Index{1})));
  for (Index i = 0; i < count; ++i) {
    const Series& series = panel.series[static_cast<std::size_t>(i)];
    const double at = frame.top + (static_cast<double>(i) + 0.5) * line;
    const double left = frame.right + 0.9 * size;
    if (series.name.empty() && !options.last_values) continue;
    canvas.line({left, at}, {left + 1.1 * size, at}, size / 6, qualitative(i, count));
    canvas.text({left + 1.7 * size, at}, series.name, {.size = size, .anchor_y = 0.5});
    if (options.last_values)
      canvas.text({static_cast<double>(canvas.width()) - size, at}, last_value(series),
                  {.size = size, .color = faint_ink, .anchor_x = 1, .anchor_y = 0.5});
  }
}

}  // namespace detail

/// Draws `panels` one above the other over one horizontal scale; colours, legend and vertical scale are each panel's
/// own. Lines of few points show the points, and so does a point between gaps. O(points).
/// @throws ShapeError where x and y of a series differ in length, ValueError without panels or for an option out of
/// range
inline Image curves(const std::vector<Panel>& panels, const CurvesOptions& options = {}) {
  constexpr std::string_view who = "curves";
  check_between(who, "panels", static_cast<Index>(panels.size()), Index{1}, Index{100});
  check_between(who, "text_size", options.text_size, 6.0, 200.0);
  check_between(who, "panel_height", options.panel_height, static_cast<Index>(6 * options.text_size), Index{10'000});
  check_between(who, "width", options.width, static_cast<Index>(24 * options.text_size), Index{30'000});
  const double size = options.text_size;
  Extent across;
  double names = 0, values = 0, marks = 0;
  bool counted = true;  // whole numbers, such as epochs, have no ticks between them
  for (const Panel& panel : panels) {
    for (const Series& series : panel.series) {
      check_same_count(who, "y of '" + series.name + "'", static_cast<Index>(series.y.size()),
                       static_cast<Index>(series.x.size()));
      for (const double value : series.x) {
        across.include(value);
        counted = counted && std::floor(value) == value;
      }
      names = std::max(names, text_width(series.name, size));
      if (options.last_values) values = std::max(values, text_width(detail::last_value(series), size) + 0.8 * size);
    }
    marks = std::max(marks, widest(ticks(detail::vertical_scale(panel), 4), size));
  }
  const Scale x = across.scale(0.015);
  const double head = options.title.empty() ? 0 : 2.4 * size;
  const double foot = (options.x_label.empty() ? 2 : 3.4) * size;
  const auto panel_height = static_cast<double>(options.panel_height);
  const auto count = static_cast<double>(panels.size());
  Canvas canvas(options.width, static_cast<Index>(std::ceil(head + count * panel_height + foot)));

  const double left = std::round(1.1 * size + marks + 0.45 * size);
  const double legend = names + values > 0 ? names + values + 2.6 * size : 0;
  const double right = std::max(left + 4 * size, std::round(static_cast<double>(options.width) - size - legend));
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const Panel& panel = panels[i];
    const double top = std::round(head + static_cast<double>(i) * panel_height);
    const double space = std::round((panel.title.empty() ? 1 : 2.5) * size);
    const Frame frame{left, top + space, right, top + panel_height};
    const Scale y = detail::vertical_scale(panel);
    const auto wanted = static_cast<int>((frame.bottom - frame.top) / (2.8 * size));
    draw_y_axis(canvas, frame, y, ticks(y, wanted), size);
    draw_x_axis(canvas, frame, x, ticks(x, static_cast<int>((right - left) / (5 * size)), counted ? 1 : 0), size,
                i + 1 == panels.size());
    canvas.text({left, top + 1.75 * size}, panel.title, {.size = size, .bold = true});
    const auto lines = static_cast<Index>(panel.series.size());
    bool drawn = false;
    for (Index s = lines; s-- > 0;) {  // the first series lies on top
      const detail::Strokes pieces = detail::visible_pieces(panel.series[static_cast<std::size_t>(s)], frame, x, y);
      canvas.stroke(pieces, size / 8, qualitative(s, lines));
      for (const auto& piece : pieces)
        if (piece.size() == 1 || panel.series[static_cast<std::size_t>(s)].x.size() <= 30)
          for (const Point& p : piece) canvas.disc(p, size / 5.5, qualitative(s, lines));
      drawn = drawn || !pieces.empty();
    }
    if (!drawn)
      canvas.text({(left + right) / 2, (frame.top + frame.bottom) / 2}, "no data",
                  {.size = size, .color = faint_ink, .anchor_x = 0.5, .anchor_y = 0.5, .halo = size / 4});
    detail::draw_names(canvas, panel, frame, options);
  }
  canvas.text({left, 1.7 * size}, options.title, {.size = 1.2 * size, .bold = true});
  canvas.text({(left + right) / 2, static_cast<double>(canvas.height()) - 0.9 * size}, options.x_label,
              {.size = size, .anchor_x = 0.5});
  return std::move(canvas).image();
}

/// One panel of lines.
/// @throws as for panels
inline Image curves(const std::vector<Series>& series, const CurvesOptions& options = {}, bool logarithmic = false) {
  return curves(std::vector<Panel>{{.series = series, .logarithmic = logarithmic}}, options);
}

}  // namespace vade::report
