// vade: tests of core/matrix.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/matrix.hpp>

#include <type_traits>

#include <doctest/doctest.h>

namespace {

using vade::Index;
using vade::Matrix;

static_assert(vade::Real<float> && vade::Real<double>);
static_assert(!vade::Real<int> && !vade::Real<long double> && !vade::Real<const float> && !vade::Real<float&>);
static_assert(std::is_signed_v<Index>);
static_assert(std::is_signed_v<vade::Label> && sizeof(vade::Label) == 4);

const double* address_of(vade::MatrixRef<double> view) { return view.data(); }

}  // namespace

TEST_CASE("A shape is shown as rows x columns") {
  CHECK(vade::shape_text(128, 784) == "[128 x 784]");
  CHECK(vade::shape_text(0, 0) == "[0 x 0]");
  CHECK(vade::shape_text(Matrix<float>(2, 3)) == "[2 x 3]");
  CHECK(vade::shape_text(Matrix<double>(2, 3).transpose()) == "[3 x 2]");
  CHECK(vade::shape_text(vade::RowVector<float>(5)) == "[1 x 5]");
}

TEST_CASE_TEMPLATE("Rows lie one after the other in memory", T, float, double) {
  Matrix<T> matrix(2, 3);
  matrix << 1, 2, 3, 4, 5, 6;
  for (Index i = 0; i < 6; ++i) CHECK(matrix.data()[i] == static_cast<T>(i + 1));
  vade::RowVector<T> row(3);
  row << 7, 8, 9;
  CHECK(row.data()[2] == T{9});
}

TEST_CASE("A view reads and writes the memory of its owner") {
  double memory[] = {1, 2, 3, 4, 5, 6};
  vade::MatrixView<double> view(memory, 3, 2);
  const vade::ConstMatrixView<double> reader(memory, 3, 2);
  view(2, 0) = 50;
  CHECK(memory[4] == 50);
  CHECK(reader(2, 0) == 50);
}

TEST_CASE("A MatrixRef takes matrices, blocks and views without a copy") {
  const Matrix<double> matrix = Matrix<double>::Random(6, 4);
  CHECK(address_of(matrix) == matrix.data());
  CHECK(address_of(matrix.middleRows(2, 3)) == matrix.data() + 8);
  CHECK(address_of(matrix.middleCols(1, 2)) == matrix.data() + 1);
  CHECK(address_of(vade::ConstMatrixView<double>(matrix.data(), 6, 4)) == matrix.data());
}

TEST_CASE("The top column of a row is that of its largest entry, the first of equal ones") {
  Matrix<float> values(3, 3);
  values << 0, 2, 1, 5, 5, 4, -3, -2, -1;
  CHECK(vade::top_columns(values) == vade::Labels{1, 0, 2});
  CHECK(vade::top_columns(values.leftCols(1)) == vade::Labels{0, 0, 0});
  CHECK(vade::top_columns(Matrix<float>(0, 3)).empty());
}
