// vade: tests of data/xtensor.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/xtensor.hpp>

#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

namespace {

using vade::Matrix;

template <class Array>
concept ViewableAsMatrix = requires(Array&& array) { vade::as_matrix(std::forward<Array>(array)); };

template <class M>
concept ViewableAsXtensor = requires(M&& matrix) { vade::as_xtensor(std::forward<M>(matrix)); };

static_assert(ViewableAsMatrix<xt::xtensor<float, 2>&>);
static_assert(ViewableAsMatrix<const xt::xtensor<double, 3>&>);
static_assert(!ViewableAsMatrix<xt::xtensor<float, 2>>, "a view of a temporary would dangle");
static_assert(!ViewableAsMatrix<xt::xtensor<int, 2>&>, "only float and double are matrices");
static_assert(!ViewableAsMatrix<xt::xtensor<float, 2, xt::layout_type::column_major>&>, "rows would be scattered");
static_assert(ViewableAsXtensor<Matrix<float>&>);
static_assert(!ViewableAsXtensor<Matrix<float>>, "a view of a temporary would dangle");

}  // namespace

TEST_CASE_TEMPLATE("A matrix seen by xtensor is the same memory", T, float, double) {
  Matrix<T> matrix(2, 3);
  matrix << 1, 2, 3, 4, 5, 6;
  auto view = vade::as_xtensor(matrix);
  CHECK(view.data() == matrix.data());
  CHECK(view.shape()[0] == 2);
  CHECK(view.shape()[1] == 3);
  CHECK(view(1, 0) == T{4});
  view(0, 2) = T{9};
  CHECK(matrix(0, 2) == T{9});
  const Matrix<T>& fixed = matrix;
  auto reading = vade::as_xtensor(fixed);
  CHECK(reading.data() == matrix.data());
  CHECK(reading(1, 2) == T{6});
  static_assert(std::is_const_v<std::remove_reference_t<decltype(*reading.data())>>);
}

TEST_CASE_TEMPLATE("An xtensor seen as a matrix is the same memory", T, float, double) {
  xt::xtensor<T, 2> array = {{1, 2, 3}, {4, 5, 6}};
  auto view = vade::as_matrix(array);
  CHECK(view.data() == array.data());
  CHECK(view.rows() == 2);
  CHECK(view.cols() == 3);
  view(1, 1) = T{-1};
  CHECK(array(1, 1) == T{-1});
  const xt::xtensor<T, 2>& fixed = array;
  const vade::ConstMatrixView<T> reading = vade::as_matrix(fixed);
  CHECK(reading.data() == array.data());
  CHECK(reading(1, 1) == T{-1});
}

TEST_CASE("Images of rank 3 and 4 become rows, and rank 1 one column") {
  xt::xtensor<float, 3> images = xt::xtensor<float, 3>::from_shape({5, 2, 3});
  images.fill(0.0f);
  images(4, 1, 2) = 7.0f;
  const auto rows = vade::as_matrix(images);
  CHECK(rows.data() == images.data());
  CHECK(rows.rows() == 5);
  CHECK(rows.cols() == 6);
  CHECK(rows(4, 5) == 7.0f);
  const xt::xtensor<double, 4> deep = xt::xtensor<double, 4>::from_shape({2, 3, 4, 5});
  CHECK(vade::as_matrix(deep).cols() == 60);
  const xt::xtensor<double, 1> flat = {1, 2, 3};
  CHECK(vade::as_matrix(flat).rows() == 3);
  CHECK(vade::as_matrix(flat).cols() == 1);
}

TEST_CASE("Empty arrays are views of nothing") {
  xt::xtensor<float, 2> array = xt::xtensor<float, 2>::from_shape({0, 4});
  CHECK(vade::as_matrix(array).rows() == 0);
  CHECK(vade::as_matrix(array).cols() == 4);
  Matrix<double> matrix(0, 3);
  CHECK(vade::as_xtensor(matrix).shape()[1] == 3);
}

// xtensor's own strides overflow here, which the sanitizer would report.
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
#define VADE_TESTS_SANITIZED
#endif
#endif
#if !defined(VADE_TESTS_SANITIZED)
TEST_CASE("An empty array whose sizes no Index holds is refused") {
  const std::size_t huge = std::size_t{1} << 40;
  xt::xtensor<float, 3> long_rows = xt::xtensor<float, 3>::from_shape({0, huge, huge});
  CHECK_THROWS_AS(vade::as_matrix(long_rows), vade::ShapeError);
}
#endif
