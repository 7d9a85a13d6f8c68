// vade: colours of figures.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include <vade/core/matrix.hpp>

/// A light theme with two palettes: one that tells groups apart, one that shows amounts.
namespace vade::report {

/// An sRGB colour, eight bits per channel.
struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  friend bool operator==(const Color&, const Color&) = default;
};

inline constexpr Color paper{255, 255, 255};
inline constexpr Color ink{34, 38, 43};         ///< titles, names and numbers
inline constexpr Color faint_ink{104, 110, 118};  ///< ticks and notes: still 5 : 1 against paper
inline constexpr Color rule{226, 229, 233};     ///< grid lines
inline constexpr Color not_a_number{255, 0, 255};  ///< magenta: a value that is missing or NaN

/// `share` of `b` and the rest of `a`; `share` in [0, 1].
inline Color mix(Color a, Color b, double share) {
  const auto blend = [share](std::uint8_t from, std::uint8_t to) {
    return static_cast<std::uint8_t>(std::lround(from + (static_cast<double>(to) - from) * share));
  };
  return {blend(a.red, b.red), blend(a.green, b.green), blend(a.blue, b.blue)};
}

/// How light a colour looks, from 0 (black) to 1 (white): relative luminance of sRGB, as WCAG defines contrast.
inline double luminance(Color color) {
  const auto linear = [](std::uint8_t channel) {
    const double value = channel / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

/// A colour by lightness, chroma and hue (radians) of Oklab (B. Ottosson, 2020); clipped to sRGB.
inline Color from_oklch(double lightness, double chroma, double hue) {
  const double a = chroma * std::cos(hue);
  const double b = chroma * std::sin(hue);
  const auto cube = [](double v) { return v * v * v; };
  const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
  const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
  const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
  const auto encode = [](double linear) {
    const double v = std::clamp(linear, 0.0, 1.0);
    return static_cast<std::uint8_t>(
        std::lround(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055)));
  };
  return {encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

/// The colour of group `index` of `count`. The first six follow Okabe and Ito ("Color Universal Design", 2008); they
/// and four more were moved by a search until any two of the ten lie about 0.1 apart in Oklab, as seen with protanopia
/// and deuteranopia, too. Above ten, hues turn by the golden angle while lightness cycles through three steps.
inline Color qualitative(Index index, Index count) {
  static constexpr std::array<Color, 10> fixed{{{11, 100, 170},
                                                {216, 172, 12},
                                                {5, 151, 109},
                                                {197, 81, 0},
                                                {208, 112, 183},
                                                {97, 195, 240},
                                                {130, 23, 90},
                                                {18, 69, 20},
                                                {139, 34, 232},
                                                {38, 0, 139}}};
  if (count <= static_cast<Index>(fixed.size())) return fixed[static_cast<std::size_t>(index)];
  static constexpr std::array<double, 3> steps{0.62, 0.76, 0.46};
  const auto step = static_cast<std::size_t>((index + index / 21) % 3);  // 21 golden angles are nearly whole turns
  return from_oklch(steps[step], 0.13, 2.39996322972865332 * static_cast<double>(index) + 0.5);
}

/// White for 0, deep blue for 1, of steadily falling lightness.
inline Color sequential(double amount) {
  const double t = std::clamp(amount, 0.0, 1.0);
  return from_oklch(1.0 - 0.66 * t, 0.13 * std::sin(1.5707963267948966 * std::min(1.0, 1.4 * t)), 4.45);
}

}  // namespace vade::report
