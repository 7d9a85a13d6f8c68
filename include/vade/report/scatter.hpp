// vade: points in the plane, coloured by group.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/random.hpp>
#include <vade/report/axes.hpp>
#include <vade/report/detail/legend.hpp>

namespace vade::report {

struct ScatterOptions {
  std::string title{};
  std::string x_label{};
  std::string y_label{};
  std::vector<std::string> names{};  ///< of the groups, for the legend; numbers where empty
  std::string legend_title{};
  Index max_points = 0;            ///< draw a random choice of at most so many; 0 draws all
  bool equal_axes = true;          ///< one unit is equally long on both axes, as distances in a projection deserve
  bool mark_centers = true;        ///< write each group's name at the medians of its coordinates
  double radius = 0;               ///< of a dot in pixels, from 0.5 to 1000; 0 chooses by the number of points
  std::uint64_t seed = 1;          ///< of the drawing order and the choice of points
  Index width = 1600;
  Index height = 1200;
  double text_size = 28;
};

namespace detail {

inline double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Widens the scale whose unit is longer, so that both have the same pixels per unit.
inline void equalize(Scale& x, Scale& y, const Frame& frame) {
  const double per_x = (x.high - x.low) / (frame.right - frame.left);
  const double per_y = (y.high - y.low) / (frame.bottom - frame.top);
  Scale& tight = per_x < per_y ? x : y;
  const double wanted = std::max(per_x, per_y) * (per_x < per_y ? frame.right - frame.left : frame.bottom - frame.top);
  const double more = (wanted - (tight.high - tight.low)) / 2;
  tight.low -= more;
  tight.high += more;
}

/// Writes each name at the median of its points; names that would touch are pushed apart first.
inline void draw_centers(Canvas& canvas, const Frame& frame, const Scale& x, const Scale& y,
                         const Matrix<double>& points, const Labels& labels, const std::vector<Index>& order,
                         const std::vector<std::string>& names, double size) {
  std::vector<std::vector<double>> a(names.size()), b(names.size());
  for (const Index i : order) {
    const auto c = static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
    a[c].push_back(points(i, 0));
    b[c].push_back(points(i, 1));
  }
  std::vector<std::size_t> present;
  std::vector<Point> places;
  for (std::size_t c = 0; c < names.size(); ++c)
    if (!a[c].empty()) {
      present.push_back(c);
      places.push_back(frame.place(x, y, median(a[c]), median(b[c])));
    }
  for (int round = 0; round < 50; ++round)
    for (std::size_t i = 0; i < places.size(); ++i)
      for (std::size_t j = i + 1; j < places.size(); ++j) {
        const double dx = places[j].x - places[i].x, dy = places[j].y - places[i].y;
        const double halves = text_width(names[present[i]], size) + text_width(names[present[j]], size);
        const double wide = halves / 2 + 0.5 * size;
        const double missing_x = wide - std::abs(dx), missing_y = 1.25 * size - std::abs(dy);
        if (missing_x <= 0 || missing_y <= 0) continue;
        double& first = missing_x < missing_y ? places[i].x : places[i].y;
        double& second = missing_x < missing_y ? places[j].x : places[j].y;
        const double step = std::copysign(std::min(missing_x, missing_y) / 2, missing_x < missing_y ? dx : dy);
        first -= step;
        second += step;
      }
  for (std::size_t i = 0; i < places.size(); ++i)
    canvas.text(places[i], names[present[i]],
                {.size = 1.15 * size, .anchor_x = 0.5, .anchor_y = 0.5, .bold = true, .halo = size / 7});
}

inline Image scatter(const Matrix<double>& points, const Labels& labels, const ScatterOptions& options) {
  constexpr std::string_view who = "scatter";
  if (points.cols() != 2)
    throw ShapeError(vade::detail::message(who, ": points is ", shape_text(points), ", wanted [N x 2]"));
  check_same_count(who, "labels", static_cast<Index>(labels.size()), points.rows());
  check_at_least(who, "max_points", options.max_points, Index{0});
  check_between(who, "text_size", options.text_size, 6.0, 200.0);
  check_between(who, "width", options.width, static_cast<Index>(20 * options.text_size), Index{30'000});
  check_between(who, "height", options.height, static_cast<Index>(12 * options.text_size), Index{30'000});
  if (options.radius != 0) check_between(who, "radius", options.radius, 0.5, 1000.0);
  constexpr std::size_t most_groups = 4096;  // a picture cannot show more, and nobody asks for two billion on purpose
  check_between(who, "the number of names", options.names.size(), std::size_t{0}, most_groups);
  check_labels(who, "labels", labels, static_cast<Label>(options.names.empty() ? most_groups : options.names.size()));
  const Label top = labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end()) + 1;
  const Label groups = options.names.empty() ? top : static_cast<Label>(options.names.size());
  std::vector<std::string> names = options.names;
  for (Label c = 0; c < (options.names.empty() ? groups : 0); ++c) names.push_back(std::to_string(c));

  // The order is random: drawn group by group, the last would cover the others.
  RandomStream stream(options.seed, Purpose::subsample);
  std::vector<Index> order = random_permutation(points.rows(), stream);
  if (options.max_points > 0 && options.max_points < points.rows())
    order.resize(static_cast<std::size_t>(options.max_points));
  Index lost = 0;
  std::erase_if(order, [&](Index i) {
    const bool bad = !can_be_shown(points(i, 0)) || !can_be_shown(points(i, 1));
    lost += bad ? 1 : 0;
    return bad;
  });

  const double size = options.text_size;
  const auto width = static_cast<double>(options.width), height = static_cast<double>(options.height);
  Canvas canvas(options.width, options.height);
  Extent across, up;
  for (const Index i : order) {
    across.include(points(i, 0));
    up.include(points(i, 1));
  }
  Scale x = across.scale(0.04), y = up.scale(0.04);
  Frame frame{0, (options.title.empty() ? 1 : 3.2) * size, width - size, height - 3.6 * size};
  const Legend legend(names, options.legend_title, size, frame.bottom - frame.top);
  const bool listed = !names.empty() && legend.width() < width / 2;
  if (listed) frame.right = std::round(frame.right - legend.width() - size);
  frame.left = 7 * size;  // room for the widest ticks, which depend on the scale, which depends on the room
  if (options.equal_axes) equalize(x, y, frame);
  const auto y_ticks = ticks(y, static_cast<int>((frame.bottom - frame.top) / (5 * size)));
  const double label = options.y_label.empty() ? 0 : 1.7 * size;
  frame.left = std::round(1.55 * size + label + widest(y_ticks, size));
  frame.top = std::round(frame.top);
  frame.bottom = std::round(frame.bottom);
  if (options.equal_axes) {
    x = across.scale(0.04);
    y = up.scale(0.04);
    equalize(x, y, frame);
  }
  draw_y_axis(canvas, frame, y, ticks(y, static_cast<int>((frame.bottom - frame.top) / (5 * size))), size);
  draw_x_axis(canvas, frame, x, ticks(x, static_cast<int>((frame.right - frame.left) / (6 * size))), size);

  // Dots are paler where many share a place, so that density shows and the rare ones stay visible.
  const double count = static_cast<double>(std::max<std::size_t>(1, order.size()));
  const double area = (frame.right - frame.left) * (frame.bottom - frame.top);
  const double chosen = size / 28 * std::clamp(0.16 * std::sqrt(area / count), 2.2, 8.0);
  const double radius = options.radius > 0 ? options.radius : chosen;
  const double cell = 4 * std::max(radius, 0.5);  // never more cells than a quarter of the pixels
  const auto columns = static_cast<Index>(width / cell) + 1;
  const auto cell_of = [&](Point p) {
    return static_cast<std::size_t>(static_cast<Index>(p.y / cell) * columns + static_cast<Index>(p.x / cell));
  };
  std::vector<double> crowd(static_cast<std::size_t>(columns * (static_cast<Index>(height / cell) + 1)));
  for (const Index i : order) crowd[cell_of(frame.place(x, y, points(i, 0), points(i, 1)))] += 1;
  for (const Index i : order) {
    const Point p = frame.place(x, y, points(i, 0), points(i, 1));
    const double alpha = std::clamp(2.4 / std::sqrt(crowd[cell_of(p)]), 0.25, 0.9);
    canvas.disc(p, radius, qualitative(labels[static_cast<std::size_t>(i)], groups), alpha);
  }

  if (options.mark_centers) draw_centers(canvas, frame, x, y, points, labels, order, names, size);
  if (listed)
    legend.draw(canvas, {frame.right + size, frame.top}, [&](Canvas& to, Index c, Point at) {
      to.disc(at, 0.32 * size, qualitative(c, groups));
    });
  canvas.text({frame.left, 1.2 * size}, options.title, {.size = 1.25 * size, .anchor_y = 0.75, .bold = true});
  canvas.text({(frame.left + frame.right) / 2, frame.bottom + 2 * size}, options.x_label,
              {.size = size, .anchor_x = 0.5, .anchor_y = 1});
  canvas.text({1.1 * size, (frame.top + frame.bottom) / 2}, options.y_label,
              {.size = size, .anchor_x = 0.5, .anchor_y = 1, .angle = 90});
  if (lost > 0)
    canvas.text({width - size, height - 0.6 * size},
                vade::detail::message(lost, " points that are not finite are not drawn"),
                {.size = 0.8 * size, .color = not_a_number, .anchor_x = 1});
  return std::move(canvas).image();
}

}  // namespace detail

/// Draws `points` `[N x 2]`, each in the colour of its label, in a random order. Points that are not finite are left
/// out, and a line in the picture says how many. A legend that would take half of the width is left out. O(N).
/// @throws ShapeError where shapes do not fit, ValueError for a label without a name, or above 4095, or an option out of
/// range
template <class Derived>
Image scatter(const Eigen::MatrixBase<Derived>& points, const Labels& labels, const ScatterOptions& options = {}) {
  return detail::scatter(points.template cast<double>(), labels, options);
}

}  // namespace vade::report
