// vade: scales, ticks and their texts.
// SPDX-License-Identifier: MIT
#include <vade/report/axes.hpp>

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"

using namespace vade::report;

namespace {

std::vector<std::string> texts(const Scale& scale, int wanted, double least = 0) {
  std::vector<std::string> result;
  for (const Tick& tick : ticks(scale, wanted, least)) result.push_back(tick.text);
  return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("ticks are round numbers inside the scale") {
  CHECK(texts({0, 1}, 5) == Texts{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(texts({-7.3, 12}, 4) == Texts{"\u22125", "0", "5", "10"});
  CHECK(texts({99.5, 160}, 3) == Texts{"100", "120", "140", "160"});
  CHECK(texts({-0.3, 0.3}, 6) == Texts{"\u22120.3", "\u22120.2", "\u22120.1", "0.0", "0.1", "0.2", "0.3"});
  CHECK(texts({0, 2.5e6}, 5) == Texts{"0", "5e5", "1.0e6", "1.5e6", "2.0e6", "2.5e6"});
  CHECK(texts({0, 3e-5}, 3) == Texts{"0", "1e\u22125", "2e\u22125", "3e\u22125"});
}

TEST_CASE("counts get no ticks between them") {
  CHECK(texts({0.9, 3.1}, 12, 1) == Texts{"1", "2", "3"});
  CHECK(texts({0, 100}, 5, 1) == Texts{"0", "20", "40", "60", "80", "100"});
}

TEST_CASE("logarithmic ticks name the powers of ten, and thin them out") {
  Texts named;
  for (const Tick& tick : ticks({0.5, 2000, true}, 5))
    if (!tick.text.empty()) named.push_back(tick.text);
  CHECK(named == Texts{"1", "10", "100", "1000"});
  CHECK(texts({1, 8, true}, 5) == Texts{"1", "2", "", "", "5", "", "", ""});
  CHECK(ticks({1e-12, 1, true}, 4).size() <= 13);
  for (const Tick& tick : ticks({1e-12, 1, true}, 4)) {
    CHECK(tick.value >= 1e-12);
    CHECK(tick.value <= 1);
  }
}

TEST_CASE("texts of different ticks differ, however close they lie") {
  CHECK(texts({1e6, 1e6 + 1}, 5) ==
        Texts{"1.0000000e6", "1.0000002e6", "1.0000004e6", "1.0000006e6", "1.0000008e6", "1.0000010e6"});
  for (const double low : {1.0, -1.0, 1e6, 1e9, 1e-6, 1e-300})
    for (const double width : {1e-1, 1e-6, 1e-9, 1e-11}) {
      Texts all = texts({low, low + width * std::abs(low)}, 5);
      CHECK(all.size() >= 2);
      const std::size_t before = all.size();
      std::sort(all.begin(), all.end());
      all.erase(std::unique(all.begin(), all.end()), all.end());
      CHECK(all.size() == before);
    }
}

TEST_CASE("logarithmic scales from the least to the largest number have ticks") {
  Extent extent;
  extent.include(5e-324);
  extent.include(1e300);
  const Scale scale = extent.log_scale(0.06);
  CHECK(scale.low > 0);
  CHECK(std::isfinite(scale.share(5e-324)));
  CHECK(scale.share(1e300) < 1);
  const std::vector<Tick> all = ticks(scale, 5);
  CHECK(all.size() >= 3);
  CHECK(all.size() < 20);
  constexpr double infinite = tests::infinity<double>;
  for (const Scale& none : {Scale{0, 1, true}, Scale{-1, 1, true}, Scale{1, infinite, true}, Scale{2, 1, true},
                            Scale{tests::not_a_number<double>, 1, true}})
    CHECK(ticks(none, 5).empty());
}

TEST_CASE("ticks end, whatever the scale") {
  CHECK(ticks({1e17, 1e17 + 64}, 5).size() <= 1000);
  CHECK(ticks({-1e300, 1e300}, 5).size() <= 12);
  constexpr double nan = tests::not_a_number<double>;
  CHECK(ticks({nan, nan}, 5).empty());
}

TEST_CASE("a scale maps its ends to 0 and 1") {
  const Scale linear{-2, 6};
  CHECK(linear.share(-2) == 0);
  CHECK(linear.share(6) == 1);
  CHECK(linear.share(0) == doctest::Approx(0.25));
  const Scale logarithmic{0.01, 100, true};
  CHECK(logarithmic.share(1) == doctest::Approx(0.5));
  CHECK(logarithmic.share(100) == doctest::Approx(1));
  CHECK(std::isnan(logarithmic.share(0)));
  CHECK(std::isnan(logarithmic.share(-1)));
}

TEST_CASE("an extent collects what can be shown, with room around one value and around none") {
  Extent extent;
  CHECK(extent.scale(0.1).low == 0);
  CHECK(extent.scale(0.1).high == 1);
  CHECK(extent.log_scale(0.1).logarithmic);
  constexpr double nan = tests::not_a_number<double>, infinite = tests::infinity<double>;
  for (const double value : {nan, infinite, -infinite, 1e305}) extent.include(value);
  CHECK(extent.empty());
  extent.include(5);
  CHECK(extent.scale(0).low < 5);
  CHECK(extent.scale(0).high > 5);
  CHECK(extent.log_scale(0).low < 5);
  CHECK(extent.log_scale(0).high > 5);
  extent.include(-15);
  CHECK(extent.scale(0.1).low == doctest::Approx(-17));
  CHECK(extent.scale(0.1).high == doctest::Approx(7));
  CHECK(extent.log_scale(0).low > 4);  // the negative value has no place on it
  extent.include(1e300);
  extent.include(-1e300);
  CHECK(std::isfinite(extent.scale(0.1).share(3)));
}

TEST_CASE("numbers are written as on paper") {
  CHECK(tick_text(0.25, 0.05, false) == "0.25");
  CHECK(tick_text(-3, 1, false) == "\u22123");
  CHECK(tick_text(-1e-17, 0.1, false) == "0.0");
  CHECK(tick_text(1.5e-4, 1e-5, true) == "1.5e\u22124");
  CHECK(tick_text(-2e7, 1e7, true) == "\u22122e7");
  CHECK(tick_text(1e300, 1e299, false).size() == 301);
}

TEST_CASE("a frame places the corners of its scales, with y upwards") {
  const Frame frame{10, 20, 110, 220};
  const Point low = frame.place({0, 1}, {0, 1}, 0, 0), high = frame.place({0, 1}, {0, 1}, 1, 1);
  CHECK(low.x == 10);
  CHECK(low.y == 220);
  CHECK(high.x == 110);
  CHECK(high.y == 20);
}

TEST_CASE("axes draw grid lines at the ticks") {
  Canvas canvas(200, 200);
  const Frame frame{50, 20, 180, 150};
  draw_y_axis(canvas, frame, {0, 1}, {{0, "0"}, {1, "1"}}, 16);
  draw_x_axis(canvas, frame, {0, 1}, {{0.5, "half"}}, 16);
  CHECK(canvas.at(100, 20) == rule);
  CHECK(canvas.at(100, 150) == rule);
  CHECK(canvas.at(115, 80) == rule);
  CHECK(canvas.at(100, 80) == paper);
  CHECK(widest({{0, "1"}, {0, "100"}}, 16) == text_width("100", 16));
}
