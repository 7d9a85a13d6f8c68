// vade: shapes cover the pixels that geometry says, and nothing outside.
// SPDX-License-Identifier: MIT
#include <vade/report/canvas.hpp>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"

using namespace vade::report;
using vade::Index;

namespace {

constexpr Color black{0, 0, 0};

/// Ink on the canvas, in whole pixels of black.
double coverage(const Canvas& canvas) {
  double sum = 0;
  for (Index y = 0; y < canvas.height(); ++y)
    for (Index x = 0; x < canvas.width(); ++x) sum += (255 - canvas.at(x, y).red) / 255.0;
  return sum;
}

}  // namespace

TEST_CASE("a new canvas is paper of the size that was asked for") {
  const Canvas canvas(7, 5);
  CHECK(canvas.image().width == 7);
  CHECK(canvas.image().height == 5);
  CHECK(canvas.image().rgb == std::vector<std::uint8_t>(105, 255));
  CHECK_THROWS_AS(Canvas(0, 5), vade::ValueError);
  CHECK_THROWS_AS(Canvas(5, -1), vade::ValueError);
  CHECK_THROWS_AS(Canvas(30'001, 5), vade::ValueError);
}

TEST_CASE("a rectangle covers its area, with soft edges between pixels") {
  Canvas canvas(20, 20);
  canvas.rectangle(3, 4, 8, 6, black);
  CHECK(coverage(canvas) == doctest::Approx(10));
  CHECK(canvas.at(3, 4) == black);
  CHECK(canvas.at(8, 4) == paper);
  canvas.rectangle(10.5, 10, 11, 11, black);
  CHECK(canvas.at(10, 10).red == doctest::Approx(127.5).epsilon(0.01));
}

TEST_CASE("a disc covers its area and is round") {
  Canvas canvas(60, 60);
  canvas.disc({30, 30}, 20, black);
  CHECK(coverage(canvas) == doctest::Approx(3.14159265 * 400).epsilon(0.005));
  for (Index i = 0; i < 60; ++i)
    for (Index j = 0; j < 60; ++j) {
      CHECK(canvas.at(i, j) == canvas.at(j, i));
      CHECK(canvas.at(i, j) == canvas.at(59 - i, j));
    }
}

TEST_CASE("a line has its thickness in every direction, and round ends") {
  for (const double angle : {0.0, 0.3, 0.785398, 1.2, 1.570796, 2.5}) {
    Canvas canvas(200, 200);
    const double dx = 70 * std::cos(angle), dy = 70 * std::sin(angle);
    canvas.line({100 - dx, 100 - dy}, {100 + dx, 100 + dy}, 6, black);
    CHECK(coverage(canvas) == doctest::Approx(140 * 6 + 3.14159265 * 9).epsilon(0.02));
    CHECK(canvas.at(100, 100) == black);
  }
}

TEST_CASE("crossing strokes are one shape: transparency does not add up") {
  Canvas canvas(40, 40);
  canvas.stroke({{{5, 20}, {35, 20}}, {{20, 5}, {20, 35}, {20, 5}}}, 6, black, 0.5);
  CHECK(canvas.at(20, 20) == canvas.at(30, 20));
  CHECK(canvas.at(20, 20).red == 128);
}

TEST_CASE("a stroke of one point is a dot, and one of none is nothing") {
  Canvas canvas(20, 20);
  canvas.stroke({}, 4, black);
  canvas.stroke({{}}, 4, black);
  CHECK(coverage(canvas) == 0);
  canvas.stroke({{{10, 10}}}, 8, black);
  CHECK(coverage(canvas) == doctest::Approx(3.14159265 * 16).epsilon(0.02));
}

TEST_CASE("what lies outside or is not finite draws nothing") {
  constexpr double nan = tests::not_a_number<double>, infinite = tests::infinity<double>;
  Canvas canvas(10, 10);
  canvas.disc({-50, 5}, 10, black);
  canvas.disc({nan, 5}, 10, black);
  canvas.rectangle(20, 0, 1e12, 10, black);
  canvas.rectangle(0, nan, 5, 5, black);
  canvas.line({0, 0}, {infinite, 5}, 3, black);
  canvas.line({1e8, -1e8}, {2e8, -1e8}, 3, black);
  canvas.text({nan, 3}, "text");
  canvas.blend(10, 0, black, 1);
  canvas.blend(0, -1, black, 1);
  canvas.blend(0, 0, black, nan);
  CHECK(coverage(canvas) == 0);
  canvas.disc({0, 0}, 4, black);  // a quarter is on the canvas
  CHECK(coverage(canvas) == doctest::Approx(3.14159265 * 4).epsilon(0.03));
}

TEST_CASE("text stands where its anchor says") {
  const auto box = [](const TextStyle& style) {
    Canvas canvas(300, 300);
    canvas.text({150, 150}, "HEH", style);
    Index left = 300, right = -1, top = 300, bottom = -1;
    for (Index y = 0; y < 300; ++y)
      for (Index x = 0; x < 300; ++x)
        if (canvas.at(x, y).red < 128) {
          left = std::min(left, x);
          right = std::max(right, x + 1);
          top = std::min(top, y);
          bottom = std::max(bottom, y + 1);
        }
    return std::array<double, 4>{static_cast<double>(left), static_cast<double>(right), static_cast<double>(top),
                                 static_cast<double>(bottom)};
  };
  const auto plain = box({.size = 40});
  CHECK(plain[0] >= 150);
  CHECK(plain[1] <= 150 + text_width("HEH", 40));
  CHECK(plain[3] == doctest::Approx(152).epsilon(0.01));  // half a stroke below the baseline
  CHECK(plain[3] - plain[2] == doctest::Approx(28 + 3.3).epsilon(0.06));
  const auto middle = box({.size = 40, .anchor_x = 0.5, .anchor_y = 0.5});
  CHECK(middle[0] + middle[1] == doctest::Approx(300).epsilon(0.01));
  CHECK(middle[2] + middle[3] == doctest::Approx(300).epsilon(0.01));
  const auto right = box({.size = 40, .anchor_x = 1, .anchor_y = 1});
  CHECK(right[1] <= 150);
  CHECK(right[2] == doctest::Approx(148).epsilon(0.01));
  const auto turned = box({.size = 40, .angle = 90});
  CHECK(turned[1] - turned[0] == doctest::Approx(plain[3] - plain[2]).epsilon(0.04));
  CHECK(turned[3] <= 150);  // it reads upwards
}

TEST_CASE("bold is heavier, and a halo clears what is beneath") {
  Canvas plain(200, 60), bold(200, 60);
  plain.text({10, 40}, "weight", {.size = 30});
  bold.text({10, 40}, "weight", {.size = 30, .bold = true});
  CHECK(coverage(bold) > 1.25 * coverage(plain));
  Canvas dark(200, 60, black);
  dark.text({10, 40}, "I", {.size = 30, .color = black, .halo = 4});
  CHECK(coverage(dark) < 200 * 60 - 100);
}

TEST_CASE("the width of text is the sum of its characters") {
  CHECK(text_width("", 30) == 0);
  CHECK(text_width("ab", 30) == doctest::Approx(text_width("a", 30) + text_width("b", 30)));
  CHECK(text_width("ab", 60) == doctest::Approx(2 * text_width("ab", 30)));
  CHECK(text_width("\u2212", 20) == doctest::Approx(12));
}
