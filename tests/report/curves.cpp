// vade: curves, their gaps and their panels.
// SPDX-License-Identifier: MIT
#include <vade/report/curves.hpp>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"
#include "support.hpp"

using namespace vade::report;
using tests::count;
using vade::Image;
using vade::Index;

namespace {

constexpr double gap = tests::not_a_number<double>;

CurvesOptions small_curves() { return {.width = 800, .panel_height = 200, .text_size = 16}; }

Series ramp(std::string name, double slope) {
  Series series{std::move(name), {}, {}};
  for (int i = 0; i < 100; ++i) {
    series.x.push_back(i);
    series.y.push_back(slope * i);
  }
  return series;
}

}  // namespace

TEST_CASE("each series is drawn in its colour, and named") {
  const Image image = curves({ramp("up", 1), ramp("flat", 0), ramp("down", -1)}, small_curves());
  CHECK(image.width == 800);
  for (Index i = 0; i < 3; ++i) {
    CHECK(count(image, qualitative(i, 3), 0, 600) > 200);  // the line
    CHECK(count(image, qualitative(i, 3), 600) > 10);      // its mark in the legend
  }
  CHECK(image.rgb == curves({ramp("up", 1), ramp("flat", 0), ramp("down", -1)}, small_curves()).rgb);
}

TEST_CASE("panels stand one above the other") {
  const Panel panel{.title = "loss", .series = {ramp("total", 1)}};
  const Image one = curves(std::vector<Panel>{panel}, small_curves());
  const Image three = curves({panel, panel, panel}, small_curves());
  CHECK(three.height == one.height + 400);
  CHECK(count(three, qualitative(0, 1)) > 2 * count(one, qualitative(0, 1)));
}

TEST_CASE("values that are not finite are gaps, and a point between gaps is still seen") {
  Series whole = ramp("a", 1), broken = ramp("a", 1), isolated = ramp("a", 1);
  for (std::size_t i = 30; i < 60; ++i) broken.y[i] = i % 2 == 0 ? gap : -tests::infinity<double>;
  for (std::size_t i = 0; i < 100; ++i)
    if (i != 50) isolated.y[i] = gap;
  const Color color = qualitative(0, 1);
  const Index all = count(curves({whole}, small_curves()), color, 0, 600);
  const Index some = count(curves({broken}, small_curves()), color, 0, 600);
  CHECK(some < all * 8 / 10);
  CHECK(some > all * 5 / 10);
  CHECK(count(curves({isolated}, small_curves()), color, 0, 600) > 5);
}

TEST_CASE("pieces of a line end at its gaps") {
  const Series series{"a", {0, 1, 2, 3, gap, 5}, {0, 1, gap, 3, 4, 5}};
  const auto pieces = detail::visible_pieces(series, {0, 0, 10, 10}, {0, 5}, {0, 5});
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0].size() == 2);
  CHECK(pieces[1].size() == 1);
  CHECK(pieces[2].back().x == 10);
  const Series positive{"a", {0, 1, 2}, {0, 1, 10}};
  const auto logarithmic = detail::visible_pieces(positive, {0, 0, 10, 10}, {0, 2}, {1, 10, true});
  REQUIRE(logarithmic.size() == 1);  // zero has no place on a logarithmic scale
  CHECK(logarithmic[0].size() == 2);
}

TEST_CASE("the legend tells the last value that is a number") {
  CHECK(detail::last_value({"a", {}, {0.5, 0.94567, gap}}) == "0.9457");
  CHECK(detail::last_value({"a", {}, {123.456}}) == "123.5");
  CHECK(detail::last_value({"a", {}, {-12345.6}}) == "\u221212346");
  CHECK(detail::last_value({"a", {}, {1e-5}}) == "1.000e\u22125");
  CHECK(detail::last_value({"a", {}, {0}}) == "0.000");
  CHECK(detail::last_value({"a", {}, {gap}}) == "");
}

TEST_CASE("the last value of a line without a name stands beside the plot, not on it") {
  const auto right_of = [](const Image& image) {  // the last column of the horizontal rule in the middle
    Index last = 0;
    for (Index x = 0; x < image.width; ++x)
      for (Index y = 0; y < image.height; ++y)
        if (tests::pixel(image, x, y) == rule) last = x;
    return last;
  };
  const Image valued = curves({ramp("", 1)}, small_curves());
  CHECK(right_of(valued) < 800 - text_width("99.00", 16) - 16);
  CHECK(count(valued, qualitative(0, 1), right_of(valued) + 2) > 10);  // the mark of the line
  CurvesOptions plain = small_curves();
  plain.last_values = false;
  const Image bare = curves({ramp("", 1)}, plain);
  CHECK(right_of(bare) > 800 - 20);
  CHECK(count(bare, qualitative(0, 1), right_of(bare) + 2) == 0);
}

TEST_CASE("a logarithmic panel of the least and the largest numbers is drawn") {
  CHECK(count(curves({Series{"a", {1, 2, 3}, {5e-324, 1, 1e300}}}, small_curves(), true), qualitative(0, 1), 0, 600) > 50);
  CHECK(detail::last_value({"a", {}, {5e-324}}) == "5e\u2212324");
}

TEST_CASE("no data, one point and equal values still make a picture that says so") {
  const Image empty = curves(std::vector<Panel>{Panel{}}, small_curves());
  CHECK(count(empty, faint_ink) > 50);
  const Image nothing = curves({Series{"a", {}, {}}}, small_curves());
  CHECK(nothing.width == 800);
  const Image one = curves({Series{"a", {1}, {160}}}, small_curves());
  CHECK(count(one, qualitative(0, 1), 0, 600) > 5);
  CHECK(count(curves({Series{"a", {1, 2}, {3, 3}}}, small_curves(), true), qualitative(0, 1), 0, 600) > 100);
  CHECK(curves({Series{"a", {1, 2}, {-1e308, 1e308}}}, small_curves()).width == 800);
}

TEST_CASE("what does not fit is refused") {
  CHECK_THROWS_WITH_AS(curves({Series{"loss", {1, 2}, {1}}}), "curves: y of 'loss': got 1, wanted 2", vade::ShapeError);
  CHECK_THROWS_AS(curves(std::vector<Panel>{}), vade::ValueError);
  CHECK_THROWS_AS(curves({ramp("a", 1)}, {.width = 100}), vade::ValueError);
  CHECK_THROWS_AS(curves({ramp("a", 1)}, {.panel_height = 10}), vade::ValueError);
  CHECK_THROWS_AS(curves({ramp("a", 1)}, {.text_size = gap}), vade::ValueError);
}
