// vade: tests of data/augmentation.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/augmentation.hpp>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using vade::Dataset;
using vade::ImageAugmentation;
using vade::Index;
using vade::Matrix;
using vade::MatrixView;
using vade::detail::AffineMap;

constexpr ImageAugmentation no_change{.rotation_degrees = 0, .shear = 0, .scale = 0, .shift = 0};

Dataset images(Index rows, Index height, Index width) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(rows * height * width));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>((i * i + 3 * i) % 256);
  return Dataset::from_bytes(std::move(bytes), rows, height * width, vade::ImageShape{height, width});
}

std::vector<Index> counting(Index count) {
  std::vector<Index> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), Index{0});
  return rows;
}

template <class T>
Matrix<T> views(const Dataset& data, const std::vector<Index>& rows, const ImageAugmentation& strength,
                std::uint64_t seed = 1, std::uint32_t epoch = 0) {
  Matrix<T> out(static_cast<Index>(rows.size()), data.columns());
  vade::augment<T>(data, rows, strength, seed, epoch, MatrixView<T>(out.data(), out.rows(), out.cols()));
  return out;
}

/// One image `[H x W]` through `map`.
template <class Stored>
Matrix<double> warped(const Matrix<double>& image, const AffineMap& map, double background = 0) {
  std::vector<Stored> source(static_cast<std::size_t>(image.size()));
  for (Index i = 0; i < image.size(); ++i) source[static_cast<std::size_t>(i)] = static_cast<Stored>(image.data()[i]);
  Matrix<double> out(image.rows(), image.cols());
  vade::detail::warp(std::span<const Stored>(source), {image.rows(), image.cols()}, map, nullptr, background, out.data());
  return std::is_same_v<Stored, std::uint8_t> ? Matrix<double>(out * 255.0) : out;
}

Matrix<double> numbered(Index height, Index width) {
  Matrix<double> image(height, width);
  for (Index i = 0; i < image.size(); ++i) image.data()[i] = static_cast<double>(i + 1);
  return image;
}

}  // namespace

TEST_CASE_TEMPLATE("Zero strength gives the clean image, exactly", T, float, double) {
  for (const auto& [height, width] : {std::pair<Index, Index>{28, 28}, {5, 9}, {1, 1}, {7, 2}}) {
    const Dataset bytes = images(20, height, width);
    CHECK(views<T>(bytes, counting(20), no_change) == bytes.matrix<T>());
    const Dataset floats = Dataset::from_matrix(bytes.matrix<float>(), bytes.image());
    CHECK(views<T>(floats, counting(20), no_change) == floats.matrix<T>());
    const Dataset doubles = Dataset::from_matrix(bytes.matrix<double>(), bytes.image());
    CHECK(views<T>(doubles, counting(20), no_change) == doubles.matrix<T>());
  }
}

TEST_CASE_TEMPLATE("A quarter turn moves every pixel to its place", Stored, std::uint8_t, float, double) {
  const Matrix<double> image = numbered(5, 5);
  const AffineMap quarter{.xx = 0, .xy = -1, .x0 = 0, .yx = 1, .yy = 0, .y0 = 0};
  const Matrix<double> turned = warped<Stored>(image, quarter);
  for (Index i = 0; i < 5; ++i)
    for (Index j = 0; j < 5; ++j) CHECK(turned(i, j) == doctest::Approx(image(j, 4 - i)).epsilon(1e-12));
  const AffineMap half{.xx = -1, .xy = 0, .x0 = 0, .yx = 0, .yy = -1, .y0 = 0};
  const Matrix<double> even = numbered(4, 6);
  CHECK(warped<Stored>(even, half).isApprox(even.reverse(), 1e-12));
}

TEST_CASE_TEMPLATE("Shifts move whole pixels, blend half ones, fill with the background", Stored, std::uint8_t, float, double) {
  const Matrix<double> image = numbered(4, 5);
  const Matrix<double> moved = warped<Stored>(image, {.xx = 1, .xy = 0, .x0 = 2, .yx = 0, .yy = 1, .y0 = -1});
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 5; ++j)
      CHECK(moved(i, j) == doctest::Approx(i >= 1 && j < 3 ? image(i - 1, j + 2) : 0.0).epsilon(1e-12));
  const Matrix<double> half = warped<Stored>(image, {.xx = 1, .xy = 0, .x0 = 0.5, .yx = 0, .yy = 1, .y0 = 0.5});
  CHECK(half(0, 0) == doctest::Approx((image(0, 0) + image(0, 1) + image(1, 0) + image(1, 1)) / 4));
  CHECK(half(3, 4) == doctest::Approx(image(3, 4) / 4));  // three of its four neighbours lie outside
  const double grey = std::is_same_v<Stored, std::uint8_t> ? 100.0 / 255 : 100;
  const Matrix<double> on_grey = warped<Stored>(image, {.xx = 1, .xy = 0, .x0 = 0.5, .yx = 0, .yy = 1, .y0 = 0.5}, grey);
  CHECK(on_grey(3, 4) == doctest::Approx((image(3, 4) + 300) / 4));
  for (const double far : {4.0, 5.0, 100.0, -5.0, -1e5, 1e5}) {
    const double step = std::abs(far) == 4.0 ? 5.0 : far;
    CHECK(warped<Stored>(image, {.xx = 1, .xy = 0, .x0 = step, .yx = 0, .yy = 1, .y0 = 0}).isZero(0));
    CHECK(warped<Stored>(image, {.xx = 1, .xy = 0, .x0 = 0, .yx = 0, .yy = 1, .y0 = step}).isZero(0));
  }
}

TEST_CASE("Bytes and numbers give the same views") {
  const Dataset bytes = images(50, 28, 28);
  const Dataset doubles = Dataset::from_matrix(bytes.matrix<double>(), bytes.image());
  const Matrix<double> first = views<double>(bytes, counting(50), {});
  const Matrix<double> second = views<double>(doubles, counting(50), {});
  CHECK((first - second).cwiseAbs().maxCoeff() < 1e-4);
  CHECK((first - bytes.matrix<double>()).cwiseAbs().maxCoeff() > 0.5);
  CHECK(first.minCoeff() >= 0.0);
  CHECK(first.maxCoeff() <= 1.0 + 1e-6);
}

TEST_CASE("A blob in the middle keeps its mass when it turns, and moves within the shift") {
  Matrix<double> blob(1, 28 * 28);
  for (Index i = 0; i < 28; ++i)
    for (Index j = 0; j < 28; ++j) {
      const double y = static_cast<double>(i) - 13.5;
      const double x = static_cast<double>(j) - 13.5;
      blob(0, i * 28 + j) = std::exp(-(x * x / 18 + y * y / 8));
    }
  const Dataset data = Dataset::from_matrix(blob, vade::ImageShape{28, 28});
  bool turned = false;
  for (std::uint32_t epoch = 0; epoch < 50; ++epoch) {
    const ImageAugmentation strength{.rotation_degrees = 30, .shear = 0.3, .scale = 0, .shift = 2};
    const Matrix<double> view = views<double>(data, {0}, strength, 7, epoch);
    CHECK(view.sum() == doctest::Approx(blob.sum()).epsilon(0.01));
    double x = 0;
    double y = 0;
    for (Index i = 0; i < 784; ++i) {
      x += view(0, i) * (static_cast<double>(i % 28) - 13.5) / view.sum();
      y += view(0, i) * (static_cast<double>(i / 28) - 13.5) / view.sum();
    }
    CHECK(std::abs(x) <= 2.01);
    CHECK(std::abs(y) <= 2.01);
    turned = turned || std::abs(x) > 1;
  }
  CHECK(turned);
}

TEST_CASE("A view follows q = R Shear zoom Stretch Mirror p + shift") {
  const ImageAugmentation strength{
      .rotation_degrees = 40, .shear = 0.5, .scale = 0.3, .shift = 3, .stretch = 0.4, .mirror = 0.5};
  for (std::uint32_t row = 0; row < 20; ++row) {
    vade::RandomStream stream(5, vade::Purpose::augmentation, 2, row);
    vade::RandomStream again(5, vade::Purpose::augmentation, 2, row);
    const AffineMap map = vade::detail::draw_affine(strength, {42, 14}, stream);
    const double angle = again.uniform<double>(-40, 40) * std::numbers::pi / 180;
    const double shear = again.uniform<double>(-0.5, 0.5);
    const double zoom = 1 + again.uniform<double>(-0.3, 0.3);
    const double shift_x = again.uniform<double>(-3, 3) * 14 / 28;
    const double shift_y = again.uniform<double>(-3, 3) * 42 / 28;
    const double side = again.uniform<double>() < 0.5 ? -1 : 1;
    const double wider = std::exp(again.uniform<double>(-0.4, 0.4));
    const double taller = std::exp(again.uniform<double>(-0.4, 0.4));
    const double px = 4;
    const double py = -7;
    const double sx = zoom * (side * wider * px + shear * taller * py);
    const double sy = zoom * taller * py;
    const double qx = std::cos(angle) * sx - std::sin(angle) * sy + shift_x;
    const double qy = std::sin(angle) * sx + std::cos(angle) * sy + shift_y;
    CHECK(map.xx * qx + map.xy * qy + map.x0 == doctest::Approx(px).epsilon(1e-12));
    CHECK(map.yx * qx + map.yy * qy + map.y0 == doctest::Approx(py).epsilon(1e-12));
  }
}

TEST_CASE("A bent view takes each pixel from d(x, y) = Σ a_ij sin(iπx) sin(jπy) beside it, on top of its affine map") {
  const Index height = 9;
  const Index width = 70;  // more than one chunk of a line
  Matrix<double> ramps(2, height * width);  // two images whose values tell the place: x, and y
  for (Index p = 0; p < height * width; ++p) {
    ramps(0, p) = static_cast<double>(p % width);
    ramps(1, p) = static_cast<double>(p / width);
  }
  const Dataset data = Dataset::from_matrix(ramps, vade::ImageShape{height, width});
  ImageAugmentation bent{.rotation_degrees = 2, .shear = 0.01, .scale = 0.02, .shift = 0.2};
  bent.bend = 0.8;
  const Matrix<double> seen = views<double>(data, {0, 1}, bent, 11, 3);
  for (std::uint32_t row = 0; row < 2; ++row) {
    vade::RandomStream stream(11, vade::Purpose::augmentation, 3, row);
    const AffineMap map = vade::detail::draw_affine(bent, {height, width}, stream);
    double a[2][4][4];
    double power = 0;
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        const double variance = 1.0 / ((i + 1) * (i + 1) + (j + 1) * (j + 1));
        for (auto& axis : a) axis[i][j] = std::sqrt(variance) * stream.normal<double>();
        power += variance / 4;
      }
    int inside = 0;
    for (Index line = 0; line < height; ++line)
      for (Index column = 0; column < width; ++column) {
        const double x = static_cast<double>(column) - 34.5;
        const double y = static_cast<double>(line) - 4;
        double from[2] = {map.xx * x + map.xy * y + map.x0 + 34.5, map.yx * x + map.yy * y + map.y0 + 4};
        for (int axis = 0; axis < 2; ++axis)
          for (int i = 0; i < 4; ++i)
            for (int j = 0; j < 4; ++j)
              from[axis] += 0.8 * static_cast<double>(axis == 0 ? width : height) / 28 / std::sqrt(power) * a[axis][i][j] *
                            std::sin((i + 1) * std::numbers::pi * (static_cast<double>(column) + 0.5) / 70) *
                            std::sin((j + 1) * std::numbers::pi * (static_cast<double>(line) + 0.5) / 9);
        if (from[0] < 0 || from[0] > 69 || from[1] < 0 || from[1] > 8) continue;  // blends with the background
        ++inside;
        CHECK(seen(row, line * width + column) == doctest::Approx(from[row]).epsilon(1e-9));
      }
    CHECK(inside > 400);
  }
}

TEST_CASE("A bend moves by its size in root mean square, as a share of each side, in images of any shape; hardly at the border") {
  for (const auto& [height, width] : {std::pair<Index, Index>{28, 28}, {7, 40}, {5, 5}}) {
    vade::detail::Bend<double> bend;
    bend.prepare({height, width}, 1.5);
    double power_x = 0;
    double power_y = 0;
    double corner = 0;
    const int draws = 4000;
    for (int draw = 0; draw < draws; ++draw) {
      vade::RandomStream stream(2, vade::Purpose::augmentation, 0, static_cast<std::uint32_t>(draw));
      bend.draw(stream);
      for (Index line = 0; line < height; ++line) {
        using Run = vade::detail::PixelRun<double>;
        for (Index first = 0; first < width; first += Run::SizeAtCompileTime) {
          Run x = Run::Zero();
          Run y = Run::Zero();
          bend.add(line, first, x, y);
          if (line == 0 && first == 0) corner += x(0) * x(0);
          const Index count = std::min<Index>(Run::SizeAtCompileTime, width - first);
          power_x += x.head(count).square().sum();
          power_y += y.head(count).square().sum();
        }
      }
    }
    const double count = static_cast<double>(draws) * static_cast<double>(height * width);
    CHECK(std::sqrt(power_x / count) * 28 / static_cast<double>(width) == doctest::Approx(1.5).epsilon(0.02));
    CHECK(std::sqrt(power_y / count) * 28 / static_cast<double>(height) == doctest::Approx(1.5).epsilon(0.02));
    if (height == 28) CHECK(std::sqrt(corner / draws) < 0.1);
  }
}

TEST_CASE("Bent bytes and bent numbers are the same views, whatever image came before") {
  const ImageAugmentation bent{.rotation_degrees = 10, .shear = 0.1, .scale = 0.1, .shift = 1, .bend = 1};
  for (const auto& [height, width] : {std::pair<Index, Index>{28, 28}, {12, 9}, {9, 12}, {1, 1}}) {
    const Dataset bytes = images(10, height, width);
    const Dataset doubles = Dataset::from_matrix(bytes.matrix<double>(), bytes.image());
    const Matrix<double> first = views<double>(bytes, counting(10), bent);
    CHECK((first - views<double>(doubles, counting(10), bent)).cwiseAbs().maxCoeff() < 1e-4);
    CHECK(views<double>(bytes, {7}, bent).row(0) == first.row(7));
    ImageAugmentation still = bent;
    still.bend = 0;
    if (width > 1) CHECK((first - views<double>(bytes, counting(10), still)).cwiseAbs().maxCoeff() > 0.1);
  }
}

TEST_CASE("A mirrored view has left and right exchanged, as often as asked") {
  const Dataset data = images(200, 6, 7);
  const Matrix<double> clean = data.matrix<double>();
  ImageAugmentation mirror = no_change;
  mirror.mirror = 0.3;
  const Matrix<double> seen = views<double>(data, counting(200), mirror);
  int mirrored = 0;
  for (Index i = 0; i < 200; ++i) {
    const Eigen::Map<const Matrix<double>> before(clean.data() + i * 42, 6, 7), after(seen.data() + i * 42, 6, 7);
    if (after.isApprox(before, 1e-12)) continue;
    CHECK(after.isApprox(before.rowwise().reverse(), 1e-12));
    ++mirrored;
  }
  CHECK(mirrored > 40);
  CHECK(mirrored < 80);
}

TEST_CASE("A shaded view has the logits of the image, all lower or higher by the same; black and white stay") {
  Matrix<double> image(1, 6);
  image << 0, 1, 0.5, 0.1, 0.9, 0.3;
  const Dataset data = Dataset::from_matrix(image, vade::ImageShape{2, 3});
  ImageAugmentation shaded = no_change;
  shaded.shade = 1.5;
  const auto logit = [](double v) { return std::log(v / (1 - v)); };
  double darkest = 0, brightest = 0;
  for (std::uint32_t epoch = 0; epoch < 50; ++epoch) {
    const Matrix<double> view = views<double>(data, {0}, shaded, 3, epoch);
    CHECK(view(0, 0) == 0.0);
    CHECK(view(0, 1) == 1.0);
    const double lower = logit(0.5) - logit(view(0, 2));
    CHECK(std::abs(lower) <= 1.5);
    for (Index j = 3; j < 6; ++j) CHECK(logit(image(0, j)) - logit(view(0, j)) == doctest::Approx(lower).epsilon(1e-9));
    darkest = std::max(darkest, lower), brightest = std::min(brightest, lower);
  }
  CHECK(darkest > 1);
  CHECK(brightest < -1);
  const Dataset outside = Dataset::from_matrix(Matrix<double>(2 * image), vade::ImageShape{2, 3});
  CHECK_THROWS_WITH_AS(views<double>(outside, {0}, shaded),
                       "augment: row 0 has values outside [0, 1], wanted none where shade is above 0", vade::ValueError);
  CHECK(views<double>(outside, {0}, no_change) == 2 * image);  // without shade any values will do
}

/// The same images with white and black exchanged.
Dataset inverted(const Dataset& data) {
  if (!data.is_bytes()) return Dataset::from_matrix((1 - data.matrix<double>().array()).matrix(), data.image());
  std::vector<std::uint8_t> bytes;
  for (Index i = 0; i < data.rows(); ++i)
    data.with_row(i, [&](const auto row) {
      for (const auto value : row) bytes.push_back(static_cast<std::uint8_t>(255 - value));
    });
  return Dataset::from_bytes(std::move(bytes), data.rows(), data.columns(), data.image());
}

TEST_CASE("The views of inverted images are the inverted views, whatever moves them") {
  ImageAugmentation kinds[8];
  for (auto& kind : kinds) kind = no_change;
  kinds[0].rotation_degrees = 90, kinds[1].shear = 1, kinds[2].scale = 0.5, kinds[3].shift = 9;
  kinds[4].stretch = 1, kinds[5].bend = 2, kinds[6].mirror = 0.5;
  kinds[7] = {.rotation_degrees = 20, .shear = 0.3, .scale = 0.2, .shift = 3, .stretch = 0.2, .bend = 0.7, .mirror = 0.5};
  Matrix<double> pictures(60, 15 * 12);  // a few bright shapes on black, as bytes
  for (Index i = 0; i < pictures.rows(); ++i)
    for (Index p = 0; p < pictures.cols(); ++p) {
      const Index y = p / 12, x = p % 12;
      pictures(i, p) = y > 3 + i % 3 && y < 11 && x > 3 && x < 9 ? static_cast<double>((17 * p + 31 * i) % 256) / 255 : 0;
    }
  std::vector<std::uint8_t> bytes;
  for (const double value : pictures.reshaped<Eigen::RowMajor>()) bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * value)));
  const vade::ImageShape shape{15, 12};
  for (const Dataset& data : {Dataset::from_bytes(bytes, 60, 180, shape), Dataset::from_matrix(pictures, shape),
                              images(60, 15, 12)}) {
    const Dataset other = inverted(data);
    for (const ImageAugmentation& kind : kinds) {
      const Matrix<double> view = views<double>(data, counting(60), kind), of_other = views<double>(other, counting(60), kind);
      CHECK((view.array() + of_other.array() - 1).abs().maxCoeff() < 1e-6);
    }
  }
}

TEST_CASE("A shade that lowers the logits of an image raises those of the inverted one by as much") {
  Matrix<double> image(1, 6);
  image << 0, 1, 0.5, 0.1, 0.9, 0.3;
  for (const double u : {-1.5, 0.2, 3.0}) {
    vade::RowVector<double> darker = image.row(0), other = 1 - image.row(0).array();
    vade::detail::lower_logits<double>(Eigen::Map<vade::RowVector<double>>(darker.data(), 6), u);
    vade::detail::lower_logits<double>(Eigen::Map<vade::RowVector<double>>(other.data(), 6), -u);
    CHECK((darker + other).isApproxToConstant(1, 1e-12));
  }
}

TEST_CASE("Images that are three times as large move by three times as many pixels") {
  for (const auto& [height, width] : {std::pair<Index, Index>{14, 14}, {28, 28}, {10, 6}}) {
    const ImageAugmentation strength{.rotation_degrees = 20, .shear = 0.3, .scale = 0.2, .shift = 3, .stretch = 0.2};
    vade::detail::Bend<double> small_bend, large_bend;
    small_bend.prepare({height, width}, 0.7), large_bend.prepare({3 * height, 3 * width}, 0.7);
    for (std::uint32_t row = 0; row < 20; ++row) {
      vade::RandomStream stream(4, vade::Purpose::augmentation, 0, row), again(4, vade::Purpose::augmentation, 0, row);
      const AffineMap small = vade::detail::draw_affine(strength, {height, width}, stream);
      const AffineMap large = vade::detail::draw_affine(strength, {3 * height, 3 * width}, again);
      CHECK(small.xx == large.xx);
      CHECK(small.yy == large.yy);
      CHECK(large.x0 == doctest::Approx(3 * small.x0).epsilon(1e-12));
      CHECK(large.y0 == doctest::Approx(3 * small.y0).epsilon(1e-12));
      small_bend.draw(stream), large_bend.draw(again);
      using Run = vade::detail::PixelRun<double>;
      for (Index line = 0; line < height; ++line) {
        Run x = Run::Zero(), y = Run::Zero();
        small_bend.add(line, 0, x, y);
        for (Index p = 0; p < width; ++p) {  // the middle of three pixels lies where the one pixel does
          Run wide_x = Run::Zero(), wide_y = Run::Zero();
          large_bend.add(3 * line + 1, 3 * p + 1 - (3 * p + 1) % 32, wide_x, wide_y);
          CHECK(wide_x((3 * p + 1) % 32) == doctest::Approx(3 * x(p)).epsilon(1e-9));
          CHECK(wide_y((3 * p + 1) % 32) == doctest::Approx(3 * y(p)).epsilon(1e-9));
        }
      }
    }
  }
}

TEST_CASE("Views do not depend on threads or on how batches are cut, but on seed, epoch and row") {
  const Dataset data = images(100, 12, 9);
  vade::set_threads(1);
  const Matrix<float> whole = views<float>(data, counting(100), {}, 3, 4);
  const Matrix<float> bent = views<float>(data, counting(100), {.bend = 1}, 3, 4);
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    CHECK(views<float>(data, counting(100), {}, 3, 4) == whole);
    CHECK(views<float>(data, counting(100), {.bend = 1}, 3, 4) == bent);
  }
  vade::set_threads(1);
  const Matrix<float> some = views<float>(data, {99, 5, 5, 17}, {}, 3, 4);
  CHECK(some.row(0) == whole.row(99));
  CHECK(some.row(1) == whole.row(5));
  CHECK(some.row(2) == whole.row(5));
  CHECK(some.row(3) == whole.row(17));
  CHECK(views<float>(data, counting(100), {}, 4, 4) != whole);
  CHECK(views<float>(data, counting(100), {}, 3, 5) != whole);
}

TEST_CASE("Data without images, rows out of range and absurd strengths are refused") {
  const Dataset data = images(3, 4, 4);
  const Dataset rows = Dataset::from_matrix(data.matrix<float>());
  CHECK_THROWS_WITH_AS(views<float>(rows, {0}, {}),
                       "augment: the data are rows of numbers, wanted images (a data set with an ImageShape)",
                       vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {3}, {}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {-1}, {}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {0}, {.rotation_degrees = -1}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {0}, {.scale = 1}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {0}, {.stretch = 2.5}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {0}, {.bend = -0.1}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {0}, {.mirror = 1.1}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {0}, {.shade = -0.1}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {0}, {.shade = 4.1}), vade::ValueError);
  CHECK_THROWS_AS(views<float>(data, {0}, {.shear = std::numeric_limits<double>::quiet_NaN()}), vade::ValueError);
  CHECK_THROWS_WITH_AS(views<float>(data, {0}, {.shift = -0.5}),
                       "ImageAugmentation: shift is -0.5, wanted a value in [0, 1000000]", vade::ValueError);
  Matrix<float> narrow(1, 15);
  CHECK_THROWS_AS(vade::augment<float>(data, std::vector<Index>{0}, {}, 1, 0, MatrixView<float>(narrow.data(), 1, 15)),
                  vade::ShapeError);
}

TEST_CASE("Corruption masks and adds noise at the asked rate, the same for any cut") {
  const auto damaged = [](const std::vector<Index>& rows, const vade::NoiseCorruption& strength) {
    Matrix<double> values = Matrix<double>::Constant(static_cast<Index>(rows.size()), 500, 0.5);
    vade::corrupt<double>(MatrixView<double>(values.data(), values.rows(), 500), rows, strength, 9, 1);
    return values;
  };
  const Matrix<double> masked = damaged(counting(40), {.mask = 0.3});
  const auto zeros = static_cast<double>((masked.array() == 0.0).count());
  CHECK(zeros / 20000 == doctest::Approx(0.3).epsilon(0.05));
  CHECK((masked.array() == 0.5).count() == 20000 - static_cast<Index>(zeros));
  Matrix<double> filled = Matrix<double>::Constant(40, 500, 0.5);
  const vade::RowVector<double> fill = vade::RowVector<double>::LinSpaced(500, 1, 2);
  vade::corrupt<double>(MatrixView<double>(filled.data(), 40, 500), counting(40), {.mask = 0.3}, 9, 1, fill);
  CHECK((filled.array() == 0.5).cwiseEqual(masked.array() == 0.5).all());
  for (Index j = 0; j < 500; ++j) CHECK((filled.col(j).array() == 0.5 || filled.col(j).array() == fill(j)).all());
  const Matrix<double> noisy = damaged(counting(40), {.noise = 0.2});
  CHECK(noisy.mean() == doctest::Approx(0.5).epsilon(0.02));
  CHECK(std::sqrt((noisy.array() - noisy.mean()).square().mean()) == doctest::Approx(0.2).epsilon(0.03));
  const Matrix<double> clamped = damaged(counting(40), {.noise = 2, .mask = 0.1, .clamp = true});
  CHECK(clamped.minCoeff() == 0.0);
  CHECK(clamped.maxCoeff() == 1.0);
  CHECK(damaged({7}, {.noise = 0.2}).row(0) == noisy.row(7));
  CHECK((damaged({7}, {}).array() == 0.5).all());
  CHECK_THROWS_AS(damaged({0}, {.noise = -1}), vade::ValueError);
  CHECK_THROWS_AS(damaged({0}, {.mask = 1.5}), vade::ValueError);
  Matrix<double> two(2, 2);
  CHECK_THROWS_AS(vade::corrupt<double>(MatrixView<double>(two.data(), 2, 2), std::vector<Index>{0}, {}, 1, 0),
                  vade::ShapeError);
}

TEST_CASE("Scaled views have all half-widths scaled; by zero they are the clean image") {
  const ImageAugmentation full{.rotation_degrees = 20, .shear = 0.3, .scale = 0.2, .shift = 3, .stretch = 0.4,
                               .bend = 0.6, .mirror = 0.6, .shade = 1};
  const ImageAugmentation half = full.scaled(0.5);
  CHECK(half.rotation_degrees == 10);
  CHECK(half.shear == 0.15);
  CHECK(half.scale == 0.1);
  CHECK(half.shift == 1.5);
  CHECK(half.stretch == 0.2);
  CHECK(half.bend == 0.3);
  CHECK(half.mirror == 0.3);
  CHECK(half.shade == 0.5);
  CHECK(full.scaled(2).mirror == 1);  // a probability
  const Dataset data = images(20, 5, 9);
  CHECK(views<double>(data, counting(20), full.scaled(0)) == data.matrix<double>());
}
