// vade: scales, ticks and the frame of a diagram.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <vade/core/matrix.hpp>
#include <vade/report/canvas.hpp>

namespace vade::report {

/// Maps [low, high] to [0, 1], by value or by logarithm.
struct Scale {
  double low = 0;
  double high = 1;
  bool logarithmic = false;

  /// Where `value` lies; NaN for a value that has no place, such as 0 on a logarithmic scale.
  double share(double value) const {
    if (!logarithmic) return (value - low) / (high - low);
    if (!(value > 0)) return std::numeric_limits<double>::quiet_NaN();
    return (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low));
  }
};

/// A value that a diagram has a place for: finite, and far enough from overflow for differences.
inline bool can_be_shown(double value) { return std::abs(value) <= 1e300; }

/// Collects the range of what is shown, and makes a scale of it.
class Extent {
 public:
  /// Values that cannot be shown are passed over.
  void include(double value) {
    if (!can_be_shown(value)) return;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
    if (value > 0) least_positive_ = std::min(least_positive_, value);
  }

  bool empty() const { return low_ > high_; }

  /// The range with `padding` of its length on either side; [0, 1] around nothing, and some room around one value.
  Scale scale(double padding) const {
    if (empty()) return {};
    const double size = std::max(std::abs(low_), std::abs(high_));
    const bool wide = high_ - low_ > 1e-9 * size;
    const double room = wide ? (high_ - low_) * padding : std::max(0.1 * size, 0.5);
    return {low_ - room, high_ + room, false};
  }

  /// The same over the positive values, by logarithm.
  Scale log_scale(double padding) const {
    if (!std::isfinite(least_positive_)) return {0.1, 1, true};
    const double from = std::log10(least_positive_), to = std::log10(high_);
    const double room = std::max((to - from) * padding, 0.05);
    using Limits = std::numeric_limits<double>;
    return {std::max(std::pow(10, from - room), Limits::denorm_min()), std::min(std::pow(10, to + room), Limits::max()), true};
  }

 private:
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
  double least_positive_ = std::numeric_limits<double>::infinity();
};

/// A marked value of a scale; without text, it is a mark between named ones.
struct Tick {
  double value = 0;
  std::string text;
};

/// `value` in the precision of ticks that lie `step` apart, with a true minus sign; `scientific` gives 1.5e−4.
inline std::string tick_text(double value, double step, bool scientific) {
  char digits[400];
  const double size = std::abs(value);
  if (size < step * 1e-6) value = 0;  // a zero that rounding left beside itself
  if (scientific && value != 0) {
    const double orders = std::floor(std::log10(size) + 1e-9) - std::floor(std::log10(step) + 1e-9);
    const int places = static_cast<int>(std::clamp(orders, 0.0, 17.0));
    std::snprintf(digits, sizeof digits, "%.*e", places, size);
    const std::string text(digits);
    const std::size_t e = text.find('e');
    const int exponent = std::stoi(text.substr(e + 1));
    return (value < 0 ? "\u2212" : "") + text.substr(0, e) + (exponent < 0 ? "e\u2212" : "e") +
           std::to_string(std::abs(exponent));
  }
  const int places = scientific ? 0 : static_cast<int>(std::clamp(-std::floor(std::log10(step) + 1e-9), 0.0, 17.0));
  std::snprintf(digits, sizeof digits, "%.*f", places, std::abs(value));
  return (value < 0 ? "\u2212" : "") + std::string(digits);
}

/// About `wanted` ticks inside the scale: multiples of 1, 2 or 5 times a power of ten; on a logarithmic scale the
/// powers of ten, or 1, 2 and 5 times these where fewer than two powers fit. Counts ask for a `least_step` of 1. A scale
/// without a range, or with one that has no logarithm, has no ticks.
inline std::vector<Tick> ticks(const Scale& scale, int wanted, double least_step = 0) {
  std::vector<Tick> result;
  if (scale.logarithmic) {
    if (!(scale.low > 0) || !(scale.high > scale.low) || std::isinf(scale.high)) return result;
    const double span = std::log10(scale.high) - std::log10(scale.low);
    const int every = std::max(1, static_cast<int>(std::ceil(span / std::max(1, wanted))));
    const int first = static_cast<int>(std::floor(std::log10(scale.low)));
    const bool scientific = scale.low < 0.9e-3 || scale.high > 1.1e5;
    for (int power = first; power <= first + static_cast<int>(span) + 1; ++power)
      for (int factor = 1; factor < (every > 1 ? 2 : 10); ++factor) {
        const double value = factor * std::pow(10, power);
        if (value < scale.low || value > scale.high) continue;
        const bool named = factor == 1 ? (power - first) % every == 0 : span < 1.5 && (factor == 2 || factor == 5);
        if (!named && every > 5) continue;  // marks would lie too close
        result.push_back({value, named ? tick_text(value, value, scientific) : ""});
      }
    return result;
  }
  const double raw = (scale.high - scale.low) / std::max(1, wanted);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double leading = raw / power;
  const double step = std::max(least_step, (leading < 1.5 ? 1 : leading < 3.5 ? 2 : leading < 7.5 ? 5 : 10) * power);
  const double slack = 1e-9 * step;
  const double largest = std::max(std::abs(scale.low), std::abs(scale.high));
  const bool scientific = largest >= 1e6 || largest < 1e-3;
  const double first = std::ceil((scale.low - slack) / step);
  for (int i = 0; i < 1000 && (first + i) * step <= scale.high + slack; ++i)
    result.push_back({(first + i) * step, tick_text((first + i) * step, step, scientific)});
  return result;
}

/// The plotting area in pixels, whole numbers for crisp edges.
struct Frame {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;

  Point place(const Scale& x, const Scale& y, double a, double b) const {
    return {left + x.share(a) * (right - left), bottom - y.share(b) * (bottom - top)};
  }
};

/// Width of the widest tick text.
inline double widest(const std::vector<Tick>& marks, double size) {
  double width = 0;
  for (const Tick& tick : marks) width = std::max(width, text_width(tick.text, size));
  return width;
}

/// Draws grid and ticks of the vertical scale, with texts left of the frame.
inline void draw_y_axis(Canvas& canvas, const Frame& frame, const Scale& y, const std::vector<Tick>& marks,
                        double size) {
  for (const Tick& tick : marks) {
    const double at = std::round(frame.bottom - y.share(tick.value) * (frame.bottom - frame.top));
    const double weight = std::max(1.0, std::round(size / 16));
    canvas.rectangle(frame.left, at, frame.right, at + weight, rule, tick.text.empty() ? 0.45 : 1);
    canvas.text({frame.left - 0.45 * size, at + weight / 2}, tick.text,
                {.size = size, .color = faint_ink, .anchor_x = 1, .anchor_y = 0.5});
  }
}

/// Draws grid and ticks of the horizontal scale; texts below the frame where `texts` is set.
inline void draw_x_axis(Canvas& canvas, const Frame& frame, const Scale& x, const std::vector<Tick>& marks, double size,
                        bool texts = true) {
  for (const Tick& tick : marks) {
    const double at = std::round(frame.left + x.share(tick.value) * (frame.right - frame.left));
    const double weight = std::max(1.0, std::round(size / 16));
    canvas.rectangle(at, frame.top, at + weight, frame.bottom, rule, tick.text.empty() ? 0.45 : 1);
    if (texts)
      canvas.text({at + weight / 2, frame.bottom + 0.5 * size}, tick.text,
                  {.size = size, .color = faint_ink, .anchor_x = 0.5, .anchor_y = 1});
  }
}

}  // namespace vade::report
