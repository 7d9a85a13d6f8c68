// vade: image sheets hold every pixel where it belongs.
// SPDX-License-Identifier: MIT
#include <vade/report/image_grid.hpp>

#include <limits>

#include <doctest/doctest.h>

#include "../support/extremes.hpp"
#include "support.hpp"

using namespace vade::report;
using tests::pixel;
using vade::Image;
using vade::Index;
using vade::Matrix;

namespace {

/// No text: the margin is 9, and image (r, c) starts at 9 + r (2 * 4 + 2), 9 + c (3 * 4 + 2).
ImageGridOptions plain() { return {.columns = 2, .scale = 4, .gap = 2, .text_size = 10}; }

}  // namespace

TEST_CASE("every value is a square of its grey") {
  Matrix<float> images(3, 6);  // two lines of three pixels each
  images << 0, 0.2f, 0.4f, 0.6f, 0.8f, 1, 1, 0, 1, 0, 1, 0, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f;
  const Image sheet = image_grid(images, 2, 3, plain());
  CHECK(sheet.width == 9 + 12 + 2 + 12 + 9);
  CHECK(sheet.height == 9 + 8 + 2 + 8 + 9);
  for (Index i = 0; i < 3; ++i)
    for (Index p = 0; p < 6; ++p)
      for (Index s = 0; s < 16; ++s) {
        const auto level = static_cast<std::uint8_t>(std::lround(255 * static_cast<double>(images(i, p))));
        const Color got = pixel(sheet, 9 + i % 2 * 14 + p % 3 * 4 + s % 4, 9 + i / 2 * 10 + p / 3 * 4 + s / 4);
        CHECK(got == Color{level, level, level});
      }
  CHECK(pixel(sheet, 21, 10) == paper);  // the gap
  CHECK(pixel(sheet, 24, 20) == paper);  // the place of a fourth image
}

TEST_CASE("values beyond [0, 1] are clamped, and NaN is magenta") {
  Matrix<double> images(1, 4);
  images << -3, 7, tests::not_a_number<double>, tests::infinity<double>;
  for (const bool invert : {false, true}) {
    ImageGridOptions options = plain();
    options.invert = invert;
    const Image sheet = image_grid(images, 1, 4, options);
    CHECK(pixel(sheet, 10, 10) == (invert ? paper : Color{0, 0, 0}));
    CHECK(pixel(sheet, 14, 10) == (invert ? Color{0, 0, 0} : paper));
    CHECK(pixel(sheet, 18, 10) == Color{255, 0, 255});
    CHECK(pixel(sheet, 22, 10) == (invert ? Color{0, 0, 0} : paper));
  }
}

TEST_CASE("labels and titles take room of their own") {
  const Matrix<float> images = Matrix<float>::Zero(4, 100);
  const Image bare = image_grid(images, 10, 10, plain());
  ImageGridOptions options = plain();
  options.row_labels = {"one", "two"};
  const Image labelled = image_grid(images, 10, 10, options);
  CHECK(labelled.width > bare.width);
  CHECK(labelled.height == bare.height);
  options.column_titles = {"a", "b"};
  CHECK(image_grid(images, 10, 10, options).height > bare.height);
  options.title = "A title that is much wider than the sheet beneath it";
  CHECK(image_grid(images, 10, 10, options).width >= static_cast<Index>(text_width(options.title, 12)));
}

TEST_CASE("an original stands above its reconstruction") {
  Matrix<float> originals(3, 1), reconstructions(3, 1);
  originals << 0.1f, 0.2f, 0.3f;
  reconstructions << 0.6f, 0.7f, 0.8f;
  const Image sheet = reconstruction_pairs(originals, reconstructions, 1, 1, plain());
  const auto grey_at = [&](Index x, Index y) { return pixel(sheet, x, y).green; };
  // columns at 9 and 15; lines of the first pair at 9 and 15, of the second at 25 and 31 behind the wider gap
  CHECK(grey_at(10, 10) == 26);
  CHECK(grey_at(16, 10) == 51);
  CHECK(grey_at(10, 16) == 153);
  CHECK(grey_at(16, 16) == 178);
  CHECK(grey_at(10, 26) == 77);
  CHECK(grey_at(10, 32) == 204);
  CHECK(grey_at(16, 26) == 255);  // nothing there
  ImageGridOptions inverted = plain();
  inverted.invert = true;
  const Image on_paper = reconstruction_pairs(originals, reconstructions, 1, 1, inverted);
  CHECK(pixel(on_paper, 8, 26) == rule);  // the frame of an image
  for (Index x = 14; x < 21; ++x)
    for (Index y = 24; y < 37; ++y) CHECK(pixel(on_paper, x, y) == paper);  // no frame around nothing
  ImageGridOptions named = plain();
  named.row_labels = {"input", "output"};
  CHECK(reconstruction_pairs(originals, reconstructions, 1, 1, named).width > sheet.width);
}

TEST_CASE("what does not fit is refused") {
  const Matrix<float> images = Matrix<float>::Zero(4, 6);
  CHECK_THROWS_WITH_AS(image_grid(images, 2, 4), "image_grid: images is [4 x 6], wanted [at least 1 x 8]",
                       vade::ShapeError);
  CHECK_THROWS_AS(image_grid(Matrix<float>(0, 6), 2, 3), vade::ShapeError);
  CHECK_THROWS_AS(image_grid(images, 0, 6), vade::ValueError);
  CHECK_THROWS_WITH_AS(image_grid(images, std::numeric_limits<Index>::max(), 8),
                       doctest::Contains("image_grid: height is "), vade::ValueError);
  CHECK_THROWS_AS(image_grid(images, 6, std::numeric_limits<Index>::max()), vade::ValueError);
  CHECK_THROWS_WITH_AS(image_grid(images, 2, 3, {.columns = 10'000, .scale = 2}),
                       doctest::Contains("image_grid: pixels in a line of images is 120000"), vade::ValueError);
  CHECK_THROWS_AS(image_grid(images, 2, 3, {.columns = 0}), vade::ValueError);
  CHECK_THROWS_AS(image_grid(images, 2, 3, {.columns = 2, .row_labels = {"one"}}), vade::ShapeError);
  CHECK_THROWS_AS(image_grid(images, 2, 3, {.columns = 2, .column_titles = {"one"}}), vade::ShapeError);
  CHECK_THROWS_AS(image_grid(images, 2, 3, {.scale = 0}), vade::ValueError);
  CHECK_THROWS_AS(image_grid(images, 2, 3, {.columns = 10'000, .scale = 100}), vade::ValueError);
  CHECK_THROWS_AS(reconstruction_pairs(images, Matrix<float>::Zero(3, 6), 2, 3), vade::ShapeError);
  CHECK_THROWS_AS(reconstruction_pairs(images, images, 2, 4), vade::ShapeError);
  CHECK_THROWS_AS(reconstruction_pairs(images, images, 2, 3, {.row_labels = {"a", "b", "c"}}), vade::ShapeError);
}
