// vade: the typeface is complete and keeps to its lines.
// SPDX-License-Identifier: MIT
#include <vade/report/detail/font.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace vade::report::detail;

TEST_CASE("every printable ASCII character has a glyph of its own") {
  const Glyph& missing = glyph_of(U'\uFFFD');
  for (char32_t code = 0x20; code < 0x7F; ++code) {
    CHECK(&glyph_of(code) != &missing);
    CHECK(glyph_of(code).strokes.empty() == (code == U' '));
  }
  CHECK(&glyph_of(U'\t') == &missing);
  CHECK(&glyph_of(U'\u03BC') == &missing);
  std::set<char32_t> codes;
  for (const GlyphSource& source : glyph_sources) CHECK(codes.insert(source.code).second);
}

TEST_CASE("glyphs stay inside their advance and between descender and bracket") {
  for (const GlyphSource& source : glyph_sources)
    for (const auto& stroke : glyph_of(source.code).strokes) {
      CHECK(stroke.size() > 1);
      for (const Point& p : stroke) {
        CHECK(p.x >= 0.5);
        CHECK(p.x <= source.advance - 0.5);
        CHECK(p.y >= -4.2);
        CHECK(p.y <= 16.001);
      }
    }
}

TEST_CASE("capitals stand on the baseline and reach the height of capitals") {
  for (char32_t code = U'A'; code <= U'Z'; ++code) {
    double low = 100, high = -100;
    for (const auto& stroke : glyph_of(code).strokes)
      for (const Point& p : stroke) {
        low = std::min(low, p.y);
        high = std::max(high, p.y);
      }
    CHECK(high == doctest::Approx(cap_height).epsilon(0.02));
    CHECK((code == U'Q' || std::abs(low) < 0.2));
  }
}

TEST_CASE("digits share one width, so that columns of numbers align") {
  for (char32_t code = U'0'; code <= U'9'; ++code) CHECK(glyph_of(code).advance == glyph_of(U'0').advance);
}

TEST_CASE("a path is read command by command") {
  const Glyph glyph = build_glyph({U'?', 9, "M1 -2.5 L3 4 Q3 6 5 6 M0 0 A0 0 2 1 90 -90 O5 5 1 2"});
  REQUIRE(glyph.strokes.size() == 3);
  CHECK(glyph.strokes[0][0].y == -2.5);
  CHECK(glyph.strokes[0][1].x == 3);
  CHECK(glyph.strokes[0].back().x == 5);
  CHECK(glyph.strokes[1][1].y == doctest::Approx(1));   // arcs join what was drawn
  CHECK(glyph.strokes[1].back().x == doctest::Approx(2));
  CHECK(glyph.strokes[2].front().x == doctest::Approx(6));  // ellipses do not
}

TEST_CASE("UTF-8 is taken apart, and broken bytes are one unknown character each") {
  std::string_view text = "a\u00D7\u2212\U0001F600";
  CHECK(take_character(text) == U'a');
  CHECK(take_character(text) == U'\u00D7');
  CHECK(take_character(text) == U'\u2212');
  CHECK(take_character(text) == U'\U0001F600');
  CHECK(text.empty());
  for (std::string_view broken : {"\x80", "\xC3", "\xE2\x88", "\xFF\xFF\xFF", "\xC3(", "\xF0\x9F\x98"}) {
    const std::size_t before = broken.size();
    CHECK(take_character(broken) == U'\uFFFD');
    CHECK(broken.size() == before - 1);
  }
}
