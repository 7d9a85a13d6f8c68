// vade: the typeface of figures, as strokes.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <vade/core/lazy_constant.hpp>

/// A sans-serif drawn for this library: each glyph is a few pen strokes, so that text scales, turns and takes any
/// weight, and a program needs no font file. Units: capitals are 14 high, small letters 10, descenders reach −4;
/// the line is 20. Strokes are centre lines, y points up from the baseline.
///
/// A glyph is a text of commands, with numbers parted by blanks:
///   M x y             lift the pen and go to a point
///   L x y             draw a line
///   Q cx cy x y       draw a quadratic Bézier curve
///   A cx cy rx ry a s draw an arc from angle a by s degrees, counter-clockwise if positive; joined to what is drawn
///   O cx cy rx ry     draw an ellipse of its own
namespace vade::report::detail {

struct Point {
  double x = 0;
  double y = 0;
};

/// Lines that a pen draws without lifting.
using Strokes = std::vector<std::vector<Point>>;

struct GlyphSource {
  char32_t code;
  double advance;
  std::string_view path;
};

struct Glyph {
  double advance = 0;
  Strokes strokes;
};

inline constexpr double cap_height = 14;
inline constexpr double line_height = 20;

inline constexpr auto glyph_sources = std::to_array<GlyphSource>({
    {U' ', 5.5, ""},
    {U'!', 5, "M2.5 14 L2.5 4.6 O2.5 0.3 0.3 0.3"},
    {U'"', 6.8, "M1.9 14 L1.9 10 M4.9 14 L4.9 10"},
    {U'#', 13, "M3.6 0 L5.8 14 M7.8 0 L10 14 M1.2 4.6 L11 4.6 M2 9.4 L11.8 9.4"},
    {U'$', 11.4, "A5.7 10.3 4 3.3 30 240 A5.7 3.6 4.3 3.4 90 -240 M5.7 16 L5.7 -2"},
    {U'%', 15.4, "O4 10.8 2.5 3.2 O11.4 3.2 2.5 3.2 M11.4 14 L4 0"},
    {U'&', 13, "M11.8 0 L3.7 9.4 A5.8 11.4 2.7 2.6 215 -250 L3.2 6.4 A4.9 3.4 3.7 3.4 125 190 L11 6.8"},
    {U'\'', 3.8, "M1.9 14 L1.9 10"},
    {U'(', 6, "M4.8 16 Q-0.4 6 4.8 -4"},
    {U')', 6, "M1.2 16 Q6.4 6 1.2 -4"},
    {U'*', 9, "M4.5 14 L4.5 8 M1.9 12.5 L7.1 9.5 M7.1 12.5 L1.9 9.5"},
    {U'+', 12, "M6 2 L6 11 M1.5 6.5 L10.5 6.5"},
    {U',', 4.6, "M2.5 0.3 L1.5 -2.6"},
    {U'-', 8, "M1.6 5.4 L6.4 5.4"},
    {U'.', 4.6, "O2.3 0.3 0.3 0.3"},
    {U'/', 8, "M1 -2 L7 15"},
    {U'0', 11.2, "O5.6 7 4.1 7"},
    {U'1', 11.2, "M2.6 11.2 L6.4 14 L6.4 0"},
    {U'2', 11.2, "A5.5 10 3.9 4 165 -200 L1.6 0 L9.7 0"},
    {U'3', 11.2, "A5.3 10.5 3.7 3.5 150 -240 A5.3 3.6 4.2 3.6 90 -235"},
    {U'4', 11.2, "M8 0 L8 14 L1.2 4 L10.4 4"},
    {U'5', 11.2, "M9.1 14 L2.9 14 L2.4 7.7 A5.4 4.5 4.2 4.5 135 -280"},
    {U'6', 11.2, "O5.7 4.5 4.1 4.5 M8.4 14 Q1.6 10.4 1.6 4.5"},
    {U'7', 11.2, "M1.6 14 L9.8 14 L4.2 0"},
    {U'8', 11.2, "O5.6 10.6 3.5 3.4 O5.6 3.6 4.2 3.6"},
    {U'9', 11.2, "O5.5 9.5 4.1 4.5 M2.8 0 Q9.6 3.6 9.6 9.5"},
    {U':', 4.6, "O2.3 0.3 0.3 0.3 O2.3 8.6 0.3 0.3"},
    {U';', 4.6, "M2.5 0.3 L1.5 -2.6 O2.5 8.6 0.3 0.3"},
    {U'<', 12, "M10 11 L2 6.5 L10 2"},
    {U'=', 12, "M1.5 4.5 L10.5 4.5 M1.5 8.5 L10.5 8.5"},
    {U'>', 12, "M2 11 L10 6.5 L2 2"},
    {U'?', 10, "A5 10.4 3.6 3.6 165 -210 L5 5.6 L5 4.4 O5 0.3 0.3 0.3"},
    {U'@', 16.4, "O7.8 5.6 2.8 3.4 M10.6 9 L10.6 4.4 A12.7 4.4 2.1 2.2 180 120 A8.2 5.6 6.8 7.6 5 300"},
    {U'A', 12, "M1 0 L6 14 L11 0 M2.7 4.8 L9.3 4.8"},
    {U'B', 12.2, "M2 0 L2 14 L6.2 14 A6.2 10.7 3.5 3.3 90 -180 L2 7.4 M6.2 7.4 A6.4 3.7 4.1 3.7 90 -180 L2 0"},
    {U'C', 13, "A7.1 7 5.6 7 45 270"},
    {U'D', 13.6, "M2 0 L2 14 L5.8 14 A5.8 7 6 7 90 -180 L2 0"},
    {U'E', 11, "M9.6 0 L2 0 L2 14 L9.6 14 M2 7.3 L8.7 7.3"},
    {U'F', 10.4, "M2 0 L2 14 L9.4 14 M2 7.2 L8.4 7.2"},
    {U'G', 14, "A7.1 7 5.6 7 45 268 L12.3 2.8 L12.3 6.8 L7.8 6.8"},
    {U'H', 13.4, "M2 0 L2 14 M11.4 0 L11.4 14 M2 7.3 L11.4 7.3"},
    {U'I', 4.4, "M2.2 0 L2.2 14"},
    {U'J', 8.6, "M6.6 14 L6.6 3.8 A3.7 3.8 2.9 3.8 0 -160"},
    {U'K', 12, "M2 0 L2 14 M10.6 14 L2 5.2 M5 8.3 L11 0"},
    {U'L', 9.8, "M2 14 L2 0 L9 0"},
    {U'M', 15.6, "M2 0 L2 14 L7.8 3 L13.6 14 L13.6 0"},
    {U'N', 13.6, "M2 0 L2 14 L11.6 0 L11.6 14"},
    {U'O', 14.4, "O7.2 7 5.7 7"},
    {U'P', 11.6, "M2 0 L2 14 L6.3 14 A6.3 10.2 4 3.8 90 -180 L2 6.4"},
    {U'Q', 14.4, "O7.2 7 5.7 7 M8.4 3.4 L12.4 -1"},
    {U'R', 12.2, "M2 0 L2 14 L6.3 14 A6.3 10.3 4 3.7 90 -180 L2 6.6 M6.3 6.6 L10.8 0"},
    {U'S', 11.4, "A5.7 10.6 4 3.4 30 240 A5.7 3.6 4.4 3.6 90 -240"},
    {U'T', 12, "M1 14 L11 14 M6 14 L6 0"},
    {U'U', 13.2, "M2 14 L2 4.8 A6.6 4.8 4.6 4.8 180 180 L11.2 14"},
    {U'V', 12, "M1 14 L6 0 L11 14"},
    {U'W', 17.4, "M1 14 L4.8 0 L8.7 13 L12.6 0 L16.4 14"},
    {U'X', 12, "M1.4 14 L10.8 0 M10.6 14 L1.2 0"},
    {U'Y', 12, "M1 14 L6 6.8 L11 14 M6 6.8 L6 0"},
    {U'Z', 12, "M1.8 14 L10.3 14 L1.5 0 L10.5 0"},
    {U'[', 6, "M4.8 16 L2 16 L2 -4 L4.8 -4"},
    {U'\\', 8, "M1 15 L7 -2"},
    {U']', 6, "M1.2 16 L4 16 L4 -4 L1.2 -4"},
    {U'^', 11, "M2 9 L5.5 14 L9 9"},
    {U'_', 10, "M0.6 -2.6 L9.4 -2.6"},
    {U'`', 6, "M2 14.5 L4 12"},
    {U'a', 10.6, "A5 6.6 3.5 3.4 155 -155 L8.5 0 M8.5 5.7 L5 5.7 A4.8 2.85 3.3 2.85 90 180 Q7.6 0 8.5 2.6"},
    {U'b', 11.8, "M2 14.5 L2 0 O6 5 4 5"},
    {U'c', 10, "A5.8 5 4.3 5 48 264"},
    {U'd', 11.8, "M9.8 14.5 L9.8 0 O5.8 5 4 5"},
    {U'e', 11.2, "M1.7 5.2 L9.6 5.2 A5.6 5 4 5 2 308"},
    {U'f', 7, "A6.2 11.6 2.8 2.9 85 95 L3.4 0 M0.9 9.6 L6.3 9.6"},
    {U'g', 11.8, "O5.8 5 4 5 M9.8 10 L9.8 -0.6 A6 -0.6 3.8 3.5 0 -150"},
    {U'h', 11.2, "M2 14.5 L2 0 M2 6 A5.6 6 3.6 4 180 -180 L9.2 0"},
    {U'i', 4.4, "M2.2 10 L2.2 0 O2.2 13.7 0.3 0.3"},
    {U'j', 5, "M3 10 L3 -1.6 A0.7 -1.6 2.3 2.5 0 -80 O3 13.7 0.3 0.3"},
    {U'k', 10, "M2 14.5 L2 0 M8.8 10 L2 3.6 M4.7 6.1 L9.2 0"},
    {U'l', 5.4, "M2 14.5 L2 2.2 A4.2 2.2 2.2 2.2 180 80"},
    {U'm', 16.6, "M2 10 L2 0 M2 6.6 A5.2 6.6 3.2 3.4 180 -180 L8.4 0 M8.4 6.6 A11.6 6.6 3.2 3.4 180 -180 L14.8 0"},
    {U'n', 11.2, "M2 10 L2 0 M2 6 A5.6 6 3.6 4 180 -180 L9.2 0"},
    {U'o', 11.4, "O5.7 5 4.2 5"},
    {U'p', 11.8, "M2 10 L2 -4 O6 5 4 5"},
    {U'q', 11.8, "M9.8 10 L9.8 -4 O5.8 5 4 5"},
    {U'r', 7.4, "M2 10 L2 0 M2 5.6 A5.8 5.6 3.8 4.4 180 -100"},
    {U's', 9.4, "A4.7 7.6 3.2 2.4 30 240 A4.7 2.6 3.5 2.6 90 -240"},
    {U't', 7.8, "M3.5 13 L3.5 2.6 A6 2.6 2.5 2.6 180 100 M1 9.8 L6.7 9.8"},
    {U'u', 11.2, "M2 10 L2 4 A5.6 4 3.6 4 180 180 M9.2 10 L9.2 0"},
    {U'v', 10.2, "M1 10 L5.1 0 L9.2 10"},
    {U'w', 14.8, "M1 10 L4.2 0 L7.4 9.4 L10.6 0 L13.8 10"},
    {U'x', 9.8, "M1.3 10 L8.7 0 M8.5 10 L1.1 0"},
    {U'y', 10.2, "M1 10 L5.1 0.3 M9.2 10 L4.4 -2 Q3.5 -4 1.3 -4"},
    {U'z', 9.6, "M1.5 10 L8 10 L1.3 0 L8.3 0"},
    {U'{', 7.2, "M6 16 Q3.6 16 3.6 12.5 L3.6 8.8 Q3.6 6 1.4 6 Q3.6 6 3.6 3.2 L3.6 -0.5 Q3.6 -4 6 -4"},
    {U'|', 5, "M2.5 16 L2.5 -4"},
    {U'}', 7.2, "M1.2 16 Q3.6 16 3.6 12.5 L3.6 8.8 Q3.6 6 5.8 6 Q3.6 6 3.6 3.2 L3.6 -0.5 Q3.6 -4 1.2 -4"},
    {U'~', 12, "M1.5 5.8 Q3.4 9 6 6.8 Q8.6 4.6 10.5 7.8"},
    {U'\u00B7', 4.6, "O2.3 6.5 0.3 0.3"},                     // middle dot
    {U'\u00D7', 12, "M2.6 3.1 L9.4 9.9 M9.4 3.1 L2.6 9.9"},     // times
    {U'\u2013', 10, "M1 5.4 L9 5.4"},                           // en dash
    {U'\u2212', 12, "M1.5 6.5 L10.5 6.5"},                      // minus
    {U'\uFFFD', 11, "M2 0 L2 14 L9 14 L9 0 L2 0"},              // stands for what the typeface lacks; keep last
});

/// Reads one glyph. Curves become lines of about ten degrees each.
inline Glyph build_glyph(const GlyphSource& source) {
  Glyph glyph{source.advance, {}};
  std::string_view rest = source.path;
  const auto next = [&rest] {  // a decimal number without exponent: all that the table has
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    double sign = 1, value = 0, unit = 0;
    for (; !rest.empty(); rest.remove_prefix(1)) {
      const char c = rest.front();
      if (c == '-')
        sign = -1;
      else if (c == '.')
        unit = 1;
      else if (c >= '0' && c <= '9') {
        value = 10 * value + (c - '0');
        unit *= 10;
      } else
        break;
    }
    return sign * value / (unit > 0 ? unit : 1);
  };
  bool drawing = false;
  const auto draw_to = [&](Point point) {
    if (!drawing) glyph.strokes.emplace_back();
    drawing = true;
    glyph.strokes.back().push_back(point);
  };
  const auto arc = [&](double cx, double cy, double rx, double ry, double start, double sweep) {
    const int steps = static_cast<int>(std::ceil(std::abs(sweep) / 10));
    for (int i = 0; i <= steps; ++i) {
      const double angle = (start + sweep * i / steps) * 0.017453292519943295;
      draw_to({cx + rx * std::cos(angle), cy + ry * std::sin(angle)});
    }
  };
  while (!rest.empty()) {
    const char command = rest.front();
    rest.remove_prefix(1);
    std::array<double, 6> n{};
    const std::size_t count = command == 'A' ? 6 : command == 'Q' || command == 'O' ? 4 : command == ' ' ? 0 : 2;
    for (std::size_t i = 0; i < count; ++i) n[i] = next();
    if (command == 'M' || command == 'O') drawing = false;
    if (command == 'M' || command == 'L') draw_to({n[0], n[1]});
    if (command == 'A') arc(n[0], n[1], n[2], n[3], n[4], n[5]);
    if (command == 'O') arc(n[0], n[1], n[2], n[3], 0, 360);
    if (command == 'Q') {
      const Point from = glyph.strokes.back().back();
      for (int i = 1; i <= 10; ++i) {
        const double t = i / 10.0;
        const double a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
        draw_to({a * from.x + b * n[0] + c * n[2], a * from.y + b * n[1] + c * n[3]});
      }
    }
  }
  return glyph;
}

/// The glyph of a character, or the empty box.
inline const Glyph& glyph_of(char32_t code) {
  static constinit LazyConstant<std::vector<Glyph>> built_glyphs;
  const std::vector<Glyph>& glyphs = built_glyphs.get([] {
    std::vector<Glyph> built;
    for (const GlyphSource& source : glyph_sources) built.push_back(build_glyph(source));
    return built;
  });
  for (std::size_t i = 0; i + 1 < glyphs.size(); ++i)
    if (glyph_sources[i].code == code) return glyphs[i];
  return glyphs.back();
}

/// Takes one character off the front of UTF-8 text; a byte that is not UTF-8 counts as one unknown character.
inline char32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  char32_t code = length == 1 ? first : first & (0xFFu >> (length + 1));
  if (length > text.size() || (length == 1 && first >= 0x80)) {
    text.remove_prefix(1);
    return U'\uFFFD';
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) {
      text.remove_prefix(1);
      return U'\uFFFD';
    }
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  text.remove_prefix(length);
  return code;
}

}  // namespace vade::report::detail
