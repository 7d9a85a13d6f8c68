// vade: scatter plots show every group where it is.
// SPDX-License-Identifier: MIT
#include <vade/report/scatter.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"
#include "support.hpp"

using namespace vade::report;
using tests::pixel;
using vade::Image;
using vade::Index;
using vade::Label;
using vade::Labels;
using vade::Matrix;

namespace {

/// Pixels left of `right` of about this colour.
Index count_near(const Image& image, Color color, Index right) {
  Index count = 0;
  const auto difference = [](Color a, Color b) {
    return std::abs(a.red - b.red) + std::abs(a.green - b.green) + std::abs(a.blue - b.blue);
  };
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < right; ++x) count += difference(pixel(image, x, y), color) < 60 ? 1 : 0;
  return count;
}

ScatterOptions small_scatter() { return {.mark_centers = false, .width = 600, .height = 400, .text_size = 16}; }

}  // namespace

TEST_CASE("each group has its colour, at its place") {
  Matrix<float> points(4, 2);
  points << 0, 0, 1, 0, 0, 1, 1, 1;
  ScatterOptions options = small_scatter();
  options.radius = 12;
  const Image image = scatter(points, Labels{0, 1, 2, 3}, options);
  CHECK(image.width == 600);
  CHECK(image.height == 400);
  CHECK(image.rgb.size() == 600 * 400 * 3);
  for (Index c = 0; c < 4; ++c) {
    double x = 0, y = 0, count = 0;
    for (Index j = 0; j < 400; ++j)
      for (Index i = 0; i < 540; ++i) {
        const Color near = mix(paper, qualitative(c, 4), 0.9);
        if (pixel(image, i, j) == near) {
          x += static_cast<double>(i);
          y += static_cast<double>(j);
          count += 1;
        }
      }
    REQUIRE(count > 300);
    CHECK((x / count > 270) == (c % 2 == 1));
    CHECK((y / count < 200) == (c / 2 == 1));  // up is up
  }
}

TEST_CASE("no group hides another where they overlap") {
  Matrix<double> points(4000, 2);
  vade::fill_normal(points, 5, vade::Purpose::user);
  Labels labels;
  for (Index i = 0; i < 4000; ++i) labels.push_back(static_cast<Label>(i / 1000));  // sorted by group
  const Image image = scatter(points, labels, small_scatter());
  std::vector<Index> seen;
  for (Index c = 0; c < 4; ++c) seen.push_back(count_near(image, qualitative(c, 4), 540));
  for (const Index count : seen) {
    CHECK(count > 200);
    CHECK(2 * count > *std::max_element(seen.begin(), seen.end()));
  }
}

TEST_CASE("the same points and seed give the same bytes, another seed another order") {
  Matrix<float> points(500, 2);
  vade::fill_normal(points, 5, vade::Purpose::user);
  Labels labels;
  for (Index i = 0; i < 500; ++i) labels.push_back(static_cast<Label>(i % 3));
  ScatterOptions options = small_scatter();
  options.mark_centers = true;
  const Image first = scatter(points, labels, options);
  CHECK(first.rgb == scatter(points, labels, options).rgb);
  options.seed = 2;
  CHECK(first.rgb != scatter(points, labels, options).rgb);
}

TEST_CASE("a limit on the points draws fewer of them") {
  Matrix<float> points(300, 2);
  vade::fill_normal(points, 5, vade::Purpose::user);
  const Labels labels(300, 0);
  ScatterOptions options = small_scatter();
  options.radius = 4;
  const Index all = count_near(scatter(points, labels, options), qualitative(0, 1), 540);
  options.max_points = 30;
  const Index some = count_near(scatter(points, labels, options), qualitative(0, 1), 540);
  CHECK(some > 30);
  CHECK(some < all / 2);
}

TEST_CASE("titles, labels, names and centres leave their mark") {
  Matrix<float> points(2, 2);
  points << 0, 0, 1, 1;
  const Labels labels{0, 1};
  const Image plain = scatter(points, labels, small_scatter());
  for (int what = 0; what < 6; ++what) {
    ScatterOptions options = small_scatter();
    if (what == 0) options.title = "title";
    if (what == 1) options.x_label = "x";
    if (what == 2) options.y_label = "y";
    if (what == 3) options.legend_title = "cluster";
    if (what == 4) options.names = {"first", "second"};
    if (what == 5) options.mark_centers = true;
    CHECK(scatter(points, labels, options).rgb != plain.rgb);
  }
}

TEST_CASE("points that are not finite are left out, and the picture says so") {
  Matrix<double> points(4, 2);
  points << 0, 0, 1, 1, tests::not_a_number<double>, 1, 1, tests::infinity<double>;
  const Image image = scatter(points, Labels{0, 0, 1, 1}, small_scatter());
  CHECK(count_near(image, not_a_number, 600) > 50);
  CHECK(count_near(scatter(points.topRows(2), Labels{0, 0}, small_scatter()), not_a_number, 600) == 0);
}

TEST_CASE("degenerate data still make a picture") {
  CHECK(scatter(Matrix<float>(0, 2), Labels{}, small_scatter()).width == 600);
  CHECK(scatter(Matrix<float>::Zero(5, 2), Labels(5, 0), small_scatter()).width == 600);
  Matrix<double> far(2, 2);
  far << -1e300, 0, 1e300, 1e-300;
  CHECK(scatter(far, Labels{0, 1}, small_scatter()).width == 600);
}

TEST_CASE("a legend of hundreds gives way to the points") {
  Labels labels(200);
  for (std::size_t i = 0; i < 200; ++i) labels[i] = static_cast<Label>(i);
  ScatterOptions many = small_scatter();
  many.mark_centers = true;
  many.names.assign(200, "a name of some length");
  const Image image = scatter(Matrix<float>::Random(200, 2), labels, many);
  CHECK(count_near(image, qualitative(0, 200), 600) > 5);
  CHECK(count_near(image, qualitative(199, 200), 600) > 5);
}

TEST_CASE("names that would touch are pushed apart") {
  Canvas canvas(400, 400);
  const Frame frame{0, 0, 400, 400};
  const Matrix<double> points = Matrix<double>::Constant(2, 2, 0.5);
  detail::draw_centers(canvas, frame, {0, 1}, {0, 1}, points, {0, 1}, {0, 1}, {"HH", "HH"}, 20);
  Index rows = 0;  // two lines of text are taller than one
  for (Index y = 0; y < 400; ++y) {
    bool any = false;
    for (Index x = 0; x < 400; ++x) any = any || canvas.at(x, y) == ink;
    rows += any ? 1 : 0;
  }
  CHECK(rows >= 28);
}

TEST_CASE("what does not fit is refused") {
  const Matrix<float> points = Matrix<float>::Zero(3, 2);
  CHECK_THROWS_AS(scatter(Matrix<float>::Zero(3, 3), Labels(3, 0)), vade::ShapeError);
  CHECK_THROWS_AS(scatter(points, Labels(2, 0)), vade::ShapeError);
  CHECK_THROWS_AS(scatter(points, Labels{0, -1, 0}), vade::ValueError);
  CHECK_THROWS_AS(scatter(points, Labels{0, 2, 0}, {.names = {"a", "b"}}), vade::ValueError);
  CHECK_THROWS_AS(scatter(points, Labels(3, 0), {.max_points = -1}), vade::ValueError);
  CHECK_THROWS_AS(scatter(points, Labels(3, 0), {.width = 50}), vade::ValueError);
  CHECK_THROWS_AS(scatter(points, Labels(3, 0), {.text_size = 0}), vade::ValueError);
  for (const double radius : {0.01, 0.49, -1.0, 1001.0, std::nan("")})
    CHECK_THROWS_WITH_AS(scatter(points, Labels(3, 0), {.radius = radius}), doctest::Contains("wanted a value in [0.5, 1000]"),
                         vade::ValueError);
  for (const Label label : {4096, 2147483647})
    CHECK_THROWS_WITH_AS(scatter(points, Labels{0, label, 0}), doctest::Contains("wanted labels in [0, 4096)"),
                         vade::ValueError);
  CHECK(scatter(points, Labels{0, 4095, 0}, small_scatter()).width == 600);
  CHECK_THROWS_AS(scatter(points, Labels(3, 0), {.names = std::vector<std::string>(4097, "a")}), vade::ValueError);
}
