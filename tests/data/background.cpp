// vade: tests of data/background.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/background.hpp>

#include <numeric>
#include <vector>

#include <doctest/doctest.h>

using vade::Dataset;
using vade::Index;
using vade::Matrix;

TEST_CASE("The background is the median of the borders' medians, in the units of the values") {
  Matrix<double> two(2, 12);  // 3 x 4: the two inner pixels do not count
  two << 1, 2, 3, 4, 5, 100, 100, 6, 7, 8, 9, 10,  // median of 1 ... 10
      0, 0, 0, 0, 0, -50, 70, 0, 0, 9, 9, 9;
  CHECK(vade::image_background(Dataset::from_matrix(two, vade::ImageShape{3, 4})) == (5.5 + 0) / 2);
  CHECK(vade::image_background(Dataset::from_matrix(two.topRows(1), vade::ImageShape{1, 12})) == 6.5);
  CHECK(vade::image_background(Dataset::from_matrix(two.topRows(1), vade::ImageShape{12, 1})) == 6.5);
  std::vector<std::uint8_t> bytes(30, 51);
  bytes[0] = 255;
  CHECK(vade::image_background(Dataset::from_bytes(bytes, 2, 15, vade::ImageShape{3, 5})) == doctest::Approx(0.2).epsilon(1e-15));
}

TEST_CASE("The background follows what is done to all values, and no order of the images") {
  Matrix<double> x(9, 20);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<double>((i * i + 5 * i) % 101);
  const auto of = [](const Matrix<double>& values) {
    return vade::image_background(Dataset::from_matrix(values, vade::ImageShape{4, 5}));
  };
  CHECK(of((100 - x.array()).matrix()) == 100 - of(x));
  CHECK(of(x.colwise().reverse()) == of(x));
  CHECK(of(1000 * x) == 1000 * of(x));
}

TEST_CASE("A background is asked of images only") {
  CHECK_THROWS_AS(vade::image_background(Dataset::from_matrix(Matrix<float>(Matrix<float>::Zero(2, 4)))), vade::ValueError);
  const Dataset images = Dataset::from_matrix(Matrix<float>(Matrix<float>::Zero(2, 4)), vade::ImageShape{2, 2});
  CHECK_THROWS_AS(vade::image_background(images.slice(0, 0)), vade::StateError);
}
