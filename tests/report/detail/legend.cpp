// vade: legends wrap instead of running out of the picture.
// SPDX-License-Identifier: MIT
#include <vade/report/detail/legend.hpp>

#include <doctest/doctest.h>

using namespace vade::report;

TEST_CASE("a legend that is too tall continues in another column") {
  const std::vector<std::string> names(10, "name");
  const detail::Legend tall(names, "", 20, 1000), low(names, "", 20, 160), titled(names, "t", 20, 160);
  const auto marks = [](const detail::Legend& legend) {
    Canvas canvas(1000, 1000);
    std::vector<Point> at;
    legend.draw(canvas, {0, 0}, [&](Canvas&, vade::Index, Point place) { at.push_back(place); });
    return at;
  };
  CHECK(low.width() == doctest::Approx(2 * tall.width()));
  CHECK(marks(tall)[9].x == marks(tall)[0].x);
  CHECK(marks(low).size() == 10);
  CHECK(marks(low)[4].x == marks(low)[0].x);
  CHECK(marks(low)[5].x == doctest::Approx(tall.width() + marks(low)[0].x));
  CHECK(marks(low)[5].y == marks(low)[0].y);
  CHECK(marks(titled)[3].y < 160);  // the title takes one line
  CHECK(marks(titled)[4].y == marks(titled)[0].y);
}

TEST_CASE("a legend without names has no width") { CHECK(detail::Legend({}, "", 20, 100).width() == 0); }
