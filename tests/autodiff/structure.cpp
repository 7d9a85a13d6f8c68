// vade: tests of autodiff/structure.hpp.
// SPDX-License-Identifier: MIT
#include <vade/autodiff/structure.hpp>

#include "support.hpp"

namespace {

using tests::check_operation;
using tests::outcome;
using tests::random_matrix;
using vade::Index;
using vade::Matrix;
using vade::Parameter;
using vade::ShapeError;
using vade::Tape;
using vade::Var;

}  // namespace

TEST_CASE("A.15: columns, rows, beside and transpose move entries") {
  const Matrix<double> a = random_matrix(3, 5, 1), b = random_matrix(3, 2, 2);
  Tape<double> tape;
  const Var<double> x = tape.constant(a), y = tape.constant(b);
  CHECK(columns(x, 1, 3).value() == a.middleCols(1, 3));
  CHECK(columns(x, 0, 5).value() == a);
  CHECK(columns(x, 4, 1).value() == a.rightCols(1));
  CHECK(rows(x, 1, 2).value() == a.middleRows(1, 2));
  CHECK(rows(x, 0, 3).value() == a);
  Matrix<double> both(3, 7);
  both << a, b;
  CHECK(beside(x, y).value() == both);
  CHECK(transpose(x).value() == a.transpose());
  CHECK(transpose(transpose(x)).value() == a);
}

TEST_CASE("A.15: gradients of columns, rows, beside and transpose go back to where the entries came from") {
  for (const Index height : {1, 3})
    for (const Index width : {1, 2, 33}) {
      const Matrix<double> x = random_matrix(height, width, 1), y = random_matrix(height, 3, 2);
      for (const Index first : {Index{0}, height - 1})
        check_operation({x}, [first](auto&, const auto& in) { return vade::rows(in[0], first, 1); });
      check_operation({x}, [height](auto&, const auto& in) { return vade::rows(in[0], 0, height); });
      for (const Index first : {Index{0}, width / 2, width - 1})
        check_operation({x}, [first](auto&, const auto& in) { return vade::columns(in[0], first, 1); });
      check_operation({x}, [width](auto&, const auto& in) { return vade::columns(in[0], 0, width); });
      check_operation({x, y}, [](auto&, const auto& in) { return beside(in[0], in[1]); });
      check_operation({x}, [](auto&, const auto& in) { return transpose(in[0]); });
    }
}

TEST_CASE("Columns that are not taken get a gradient of zero") {
  Parameter<double> p("p", random_matrix(2, 4, 1));
  p.gradient().setConstant(99);
  Tape<double> tape;
  tape.backward(sum(columns(tape.parameter(p), 1, 2)));
  Matrix<double> wanted(2, 4);
  wanted << 0, 1, 1, 0, 0, 1, 1, 0;
  CHECK(p.gradient() == wanted);
}

TEST_CASE("One variable may be taken twice, overlap itself and stand beside itself") {
  const tests::Points x{random_matrix(3, 4, 1)};
  check_operation(x, [](auto&, const auto& in) { return vade::columns(in[0], 0, 3) * vade::columns(in[0], 1, 3); });
  check_operation(x, [](auto&, const auto& in) { return beside(in[0], in[0]); });
  check_operation(x, [](auto&, const auto& in) { return beside(vade::columns(in[0], 2, 2), in[0] * in[0]); });
  check_operation(x, [](auto&, const auto& in) { return vade::rows(in[0], 0, 2) * vade::rows(in[0], 1, 2); });
  check_operation({random_matrix(3, 3, 2)}, [](auto&, const auto& in) { return transpose(in[0]) * in[0]; });
}

TEST_CASE("Shapes that do not fit are refused, with the shapes in the message") {
  Tape<double> tape;
  const Var<double> x = tape.constant(Matrix<double>::Zero(2, 3)), y = tape.constant(Matrix<double>::Zero(3, 3));
  CHECK_THROWS_WITH_AS(columns(x, 1, 3), "columns: x is [2 x 3], wanted 3 columns from 1", ShapeError);
  CHECK_THROWS_WITH_AS(rows(x, 1, 2), "rows: x is [2 x 3], wanted 2 rows from 1", ShapeError);
  CHECK_THROWS_AS(rows(x, -1, 1), ShapeError);
  CHECK_THROWS_AS(rows(x, 0, 0), ShapeError);
  CHECK_THROWS_AS(columns(x, -1, 2), ShapeError);
  CHECK_THROWS_AS(columns(x, 0, 0), ShapeError);
  CHECK_THROWS_AS(columns(x, 3, 1), ShapeError);
  CHECK_THROWS_AS(columns(x, std::numeric_limits<Index>::max(), 1), ShapeError);
  CHECK_THROWS_AS(columns(x, 1, std::numeric_limits<Index>::max()), ShapeError);
  CHECK_THROWS_WITH_AS(beside(x, y), "beside: operands are [2 x 3] and [3 x 3], wanted equal rows", ShapeError);
}

TEST_CASE("Constants stay constants") {
  Tape<double> tape;
  const Var<double> x = tape.constant(Matrix<double>::Zero(2, 3));
  CHECK_FALSE(columns(x, 0, 1).needs_gradient());
  CHECK_FALSE(beside(x, x).needs_gradient());
  CHECK_FALSE(transpose(x).needs_gradient());
  Parameter<double> p("p", Matrix<double>::Ones(2, 1));
  tape.backward(sum(beside(x, tape.parameter(p))));
  CHECK(p.gradient() == Matrix<double>::Ones(2, 1));
}
