// vade: palettes are told apart, also by readers who do not see all colours.
// SPDX-License-Identifier: MIT
#include <vade/report/color.hpp>

#include <doctest/doctest.h>

namespace {

using vade::Index;
using vade::report::Color;
using Triple = std::array<double, 3>;
using Square = std::array<Triple, 3>;

Triple times(const Square& m, const Triple& v) {
  Triple result{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) result[i] += m[i][j] * v[j];
  return result;
}

Triple linear(Color color) {
  const auto channel = [](std::uint8_t byte) {
    const double v = byte / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  return {channel(color.red), channel(color.green), channel(color.blue)};
}

/// Oklab of a linear colour, straight from its definition.
Triple oklab(const Triple& rgb) {
  Triple lms = times({{{0.4122214708, 0.5363325363, 0.0514459929},
                       {0.2119034982, 0.6806995451, 0.1073969566},
                       {0.0883024619, 0.2817188376, 0.6299787005}}},
                     rgb);
  for (double& v : lms) v = std::cbrt(std::max(v, 0.0));
  return times({{{0.2104542553, 0.7936177850, -0.0040720468},
                 {1.9779984951, -2.4285922050, 0.4505937099},
                 {0.0259040371, 0.7827717662, -0.8086757660}}},
               lms);
}

double distance(const Triple& a, const Triple& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

double least_distance(Index count, const Square& vision) {
  double least = 10;
  for (Index i = 0; i < count; ++i)
    for (Index j = 0; j < i; ++j)
      least = std::min(least, distance(oklab(times(vision, linear(vade::report::qualitative(i, count)))),
                                       oklab(times(vision, linear(vade::report::qualitative(j, count))))));
  return least;
}

// Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
constexpr Square normal{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
constexpr Square protanopia{
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}};
constexpr Square deuteranopia{
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}};

}  // namespace

TEST_CASE("the first ten colours stay apart, also under protanopia and deuteranopia") {
  CHECK(least_distance(10, normal) > 0.099);
  CHECK(least_distance(10, protanopia) > 0.099);
  CHECK(least_distance(10, deuteranopia) > 0.099);
}

TEST_CASE("thirty colours are all different") {
  CHECK(least_distance(30, normal) > 0.03);
}

TEST_CASE("every group colour can be seen on paper") {
  for (const Index count : {10, 40})
    for (Index i = 0; i < count; ++i) {
      const double contrast = 1.05 / (vade::report::luminance(vade::report::qualitative(i, count)) + 0.05);
      CHECK(contrast > 1.5);
    }
}

TEST_CASE("text colours have the contrast that reading asks for") {
  using namespace vade::report;
  CHECK(1.05 / (luminance(ink) + 0.05) > 7);
  CHECK(1.05 / (luminance(faint_ink) + 0.05) > 4.5);
}

TEST_CASE("the sequential palette falls steadily from white") {
  using namespace vade::report;
  CHECK(sequential(0) == Color{255, 255, 255});
  CHECK(sequential(-1) == sequential(0));
  CHECK(sequential(2) == sequential(1));
  for (int i = 0; i < 50; ++i) CHECK(luminance(sequential((i + 1) / 50.0)) < luminance(sequential(i / 50.0)));
  CHECK(luminance(sequential(1)) < 0.06);
}

TEST_CASE("mixing meets both ends and the middle") {
  using namespace vade::report;
  const Color a{10, 200, 30}, b{20, 100, 31};
  CHECK(mix(a, b, 0) == a);
  CHECK(mix(a, b, 1) == b);
  CHECK(mix(a, b, 0.5) == Color{15, 150, 31});
}

TEST_CASE("luminance is that of the standard") {
  CHECK(vade::report::luminance({255, 255, 255}) == doctest::Approx(1));
  CHECK(vade::report::luminance({0, 0, 0}) == doctest::Approx(0));
  CHECK(vade::report::luminance({0, 255, 0}) == doctest::Approx(0.7152));
  CHECK(vade::report::luminance({119, 119, 119}) == doctest::Approx(0.184).epsilon(0.01));
}
