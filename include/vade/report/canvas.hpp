// vade: a picture to draw on, with smooth edges.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/memory.hpp>
#include <vade/io/png.hpp>
#include <vade/report/color.hpp>
#include <vade/report/detail/font.hpp>

/// Coordinates are in pixels from the top left corner, y points down, and pixel (i, j) covers [i, i+1) x [j, j+1).
/// Everything is clipped at the border; what has a coordinate that is not finite is not drawn. Edges are smoothed by
/// the share of a pixel that a shape covers, from the distance of the pixel's centre to the shape.
namespace vade::report {

/// A place on the canvas, in pixels.
using Point = detail::Point;

/// How text is drawn.
struct TextStyle {
  double size = 26;         ///< of a line in pixels; capitals are 0.7 of it
  Color color = ink;
  double anchor_x = 0;      ///< where the point lies in the text: 0 left, 0.5 middle, 1 right
  double anchor_y = 0;      ///< 0 baseline, 0.5 middle of the capitals, 1 their top
  bool bold = false;
  double angle = 0;         ///< degrees, counter-clockwise, about the point
  double halo = 0;          ///< pixels of paper around the strokes, so that text can be read on a picture
};

/// Width of `text` in pixels, at a `TextStyle::size`.
inline double text_width(std::string_view text, double size) {
  double width = 0;
  while (!text.empty()) width += detail::glyph_of(detail::take_character(text)).advance;
  return width * size / detail::line_height;
}

/// An RGB picture and the pens for it.
class Canvas {
 public:
  /// @throws ValueError for a side outside [1, 30000]
  Canvas(Index width, Index height, Color background = paper) : image_{width, height, {}} {
    check_between("Canvas", "width", width, Index{1}, Index{30'000});
    check_between("Canvas", "height", height, Index{1}, Index{30'000});
    const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    check_memory("Canvas", vade::detail::message("pixels [", width, " x ", height, "]"), 3 * static_cast<double>(pixels));
    image_.rgb.reserve(3 * pixels);
    for (std::size_t i = 0; i < pixels; ++i)
      image_.rgb.insert(image_.rgb.end(), {background.red, background.green, background.blue});
  }

  Index width() const { return image_.width; }
  Index height() const { return image_.height; }
  const Image& image() const& { return image_; }
  Image image() && { return std::move(image_); }

  /// The colour of a pixel; the pixel must lie on the canvas.
  Color at(Index x, Index y) const {
    const std::uint8_t* pixel = image_.rgb.data() + offset(x, y);
    return {pixel[0], pixel[1], pixel[2]};
  }

  /// Lays `color` over a pixel, opaque at `alpha` 1. Outside the canvas nothing happens.
  void blend(Index x, Index y, Color color, double alpha) {
    if (x < 0 || y < 0 || x >= width() || y >= height() || !(alpha > 0)) return;
    std::uint8_t* pixel = image_.rgb.data() + offset(x, y);
    const Color mixed = mix({pixel[0], pixel[1], pixel[2]}, color, std::min(alpha, 1.0));
    pixel[0] = mixed.red;
    pixel[1] = mixed.green;
    pixel[2] = mixed.blue;
  }

  /// A filled rectangle; edges between pixels are smooth. O(area).
  void rectangle(double left, double top, double right, double bottom, Color color, double alpha = 1) {
    if (!finite(left, top) || !finite(right, bottom)) return;
    const auto [x0, x1] = pixels(left, right, width());
    const auto [y0, y1] = pixels(top, bottom, height());
    for (Index y = y0; y < y1; ++y)
      for (Index x = x0; x < x1; ++x)
        blend(x, y, color, alpha * overlap(x, left, right) * overlap(y, top, bottom));
  }

  /// A filled disc. O(radius²).
  void disc(Point center, double radius, Color color, double alpha = 1) {
    if (!finite(center.x, center.y) || !finite(radius, 0)) return;
    const auto [x0, x1] = pixels(center.x - radius - 1, center.x + radius + 1, width());
    const auto [y0, y1] = pixels(center.y - radius - 1, center.y + radius + 1, height());
    for (Index y = y0; y < y1; ++y)
      for (Index x = x0; x < x1; ++x) {
        const double dx = static_cast<double>(x) + 0.5 - center.x;
        const double dy = static_cast<double>(y) + 0.5 - center.y;
        const double reach = radius + 0.5;
        if (dx * dx + dy * dy < reach * reach)
          blend(x, y, color, alpha * std::min(1.0, reach - std::sqrt(dx * dx + dy * dy)));
      }
  }

  void line(Point from, Point to, double thickness, Color color, double alpha = 1) {
    stroke({{from, to}}, thickness, color, alpha);
  }

  /// Draws lines with round ends and joints. The strokes are one shape: where they cross, nothing is drawn twice.
  /// A stroke of one point is a dot. O(length * thickness + area of the bounding box).
  void stroke(const detail::Strokes& strokes, double thickness, Color color, double alpha = 1) {
    const double radius = thickness / 2;
    Point low{1e9, 1e9}, high{-1e9, -1e9};
    for (const auto& points : strokes)
      for (const Point& p : points) {
        if (!finite(p.x, p.y)) return;
        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
      }
    const auto [x0, x1] = pixels(low.x - radius - 1, high.x + radius + 1, width());
    const auto [y0, y1] = pixels(low.y - radius - 1, high.y + radius + 1, height());
    if (x0 >= x1 || y0 >= y1) return;
    Coverage cover{x0, x1, y0, y1, std::vector<float>(static_cast<std::size_t>((x1 - x0) * (y1 - y0)))};
    for (const auto& points : strokes)
      for (std::size_t i = 0; i == 0 || i + 1 < points.size(); ++i)
        if (!points.empty()) cover.add(points[i], points[std::min(i + 1, points.size() - 1)], radius);
    auto share = cover.share.begin();
    for (Index y = y0; y < y1; ++y)
      for (Index x = x0; x < x1; ++x, ++share)
        if (*share > 0) blend(x, y, color, alpha * static_cast<double>(*share));
  }

  /// One line of UTF-8 text. Printable ASCII and · × – − are in the typeface; the rest shows as an empty box.
  void text(Point where, std::string_view words, const TextStyle& style = {}) {
    const double unit = style.size / detail::line_height;
    const double angle = style.angle * 0.017453292519943295;
    const double cosine = std::cos(angle), sine = std::sin(angle);
    double pen = -style.anchor_x * text_width(words, style.size) / unit;
    const double base = -style.anchor_y * detail::cap_height;
    detail::Strokes strokes;
    while (!words.empty()) {
      const detail::Glyph& glyph = detail::glyph_of(detail::take_character(words));
      for (const auto& points : glyph.strokes) {
        strokes.emplace_back();
        for (const Point& p : points) {
          const double x = (p.x + pen) * unit, y = (p.y + base) * unit;
          strokes.back().push_back({where.x + x * cosine - y * sine, where.y - x * sine - y * cosine});
        }
      }
      pen += glyph.advance;
    }
    const double thickness = (style.bold ? 2.5 : 1.65) * unit;
    if (style.halo > 0) stroke(strokes, thickness + 2 * style.halo, paper);
    stroke(strokes, thickness, style.color);
  }

 private:
  /// How much of each pixel of a window a stroke covers.
  struct Coverage {
    Index x0, x1, y0, y1;
    std::vector<float> share;

    void add(Point a, Point b, double radius) {
      const double reach = radius + 0.5;
      const double dx = b.x - a.x, dy = b.y - a.y;
      const double length2 = dx * dx + dy * dy;
      const auto [top, bottom] = pixels(std::min(a.y, b.y) - reach, std::max(a.y, b.y) + reach, y1);
      for (Index y = std::max(top, y0); y < bottom; ++y) {
        const double cy = static_cast<double>(y) + 0.5;
        double left = std::min(a.x, b.x), right = std::max(a.x, b.x);
        if (std::abs(dy) > 1) {  // only the part of the segment that this line of pixels can see
          const double s = (cy - reach - a.y) / dy, t = (cy + reach - a.y) / dy;
          const double p = a.x + dx * std::clamp(s, 0.0, 1.0), q = a.x + dx * std::clamp(t, 0.0, 1.0);
          left = std::min(p, q);
          right = std::max(p, q);
        }
        const auto [from, to] = pixels(left - reach, right + reach, x1);
        for (Index x = std::max(from, x0); x < to; ++x) {
          const double cx = static_cast<double>(x) + 0.5;
          const double t = length2 > 0 ? std::clamp(((cx - a.x) * dx + (cy - a.y) * dy) / length2, 0.0, 1.0) : 0;
          const double distance = std::hypot(cx - a.x - t * dx, cy - a.y - t * dy);
          float& covered = share[static_cast<std::size_t>((y - y0) * (x1 - x0) + x - x0)];
          covered = std::max(covered, static_cast<float>(std::clamp(reach - distance, 0.0, std::min(1.0, 2 * radius))));
        }
      }
    }
  };

  static bool finite(double a, double b) { return std::isfinite(a) && std::isfinite(b); }

  /// The pixels [first, last) that [low, high] touches, clipped to [0, limit).
  static std::pair<Index, Index> pixels(double low, double high, Index limit) {
    const auto clip = [limit](double v) {
      return static_cast<Index>(std::clamp(v, 0.0, static_cast<double>(limit)));
    };
    return {clip(std::floor(low)), clip(std::ceil(high))};
  }

  static double overlap(Index pixel, double low, double high) {
    const auto start = static_cast<double>(pixel);
    return std::max(0.0, std::min(start + 1, high) - std::max(start, low));
  }

  std::size_t offset(Index x, Index y) const {
    return 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(image_.width) + static_cast<std::size_t>(x));
  }

  Image image_;
};

}  // namespace vade::report
