// vade: tests of autodiff/arithmetic.hpp.
// SPDX-License-Identifier: MIT
#include <vade/autodiff/arithmetic.hpp>

#include <utility>

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

struct Named {
  const char* name;
  tests::Operation<double> in_double;
  tests::Operation<float> in_float;
  double (*number)(double, double);
  bool lowest_divisor;  // whether b must stay away from zero
};

const std::vector<Named>& operations() {
  static const std::vector<Named> all{
      {"operator+", [](auto&, const auto& in) { return in[0] + in[1]; },
       [](auto&, const auto& in) { return in[0] + in[1]; }, [](double a, double b) { return a + b; }, false},
      {"operator-", [](auto&, const auto& in) { return in[0] - in[1]; },
       [](auto&, const auto& in) { return in[0] - in[1]; }, [](double a, double b) { return a - b; }, false},
      {"operator*", [](auto&, const auto& in) { return in[0] * in[1]; },
       [](auto&, const auto& in) { return in[0] * in[1]; }, [](double a, double b) { return a * b; }, false},
      {"operator/", [](auto&, const auto& in) { return in[0] / in[1]; },
       [](auto&, const auto& in) { return in[0] / in[1]; }, [](double a, double b) { return a / b; }, true},
  };
  return all;
}

/// Every shape that can stand beside the result `[rows x columns]`.
std::vector<std::pair<Index, Index>> parts_of(Index rows, Index columns) {
  return {{rows, columns}, {1, columns}, {rows, 1}, {1, 1}};
}

}  // namespace

TEST_CASE("A.6: every combination of matrix, row, column and number has its value, gradients and float") {
  std::uint64_t seed = 1;
  for (const Named& operation : operations())
    for (const auto& result : {std::pair<Index, Index>{3, 4}, {1, 5}, {4, 1}, {1, 1}, {2, 33}})
      for (const auto& a : parts_of(result.first, result.second))
        for (const auto& b : parts_of(result.first, result.second)) {
          CAPTURE(operation.name);
          CAPTURE(a.first);
          CAPTURE(a.second);
          CAPTURE(b.first);
          CAPTURE(b.second);
          const Matrix<double> x = random_matrix(a.first, a.second, ++seed, -2, 2);
          const Matrix<double> y = random_matrix(b.first, b.second, ++seed, operation.lowest_divisor ? 0.5 : -2, 2);
          check_operation({x, y}, operation.in_double, operation.in_float);
          const Matrix<double> got = outcome<double>({x, y}, operation.in_double).value;
          REQUIRE(got.rows() == std::max(a.first, b.first));
          REQUIRE(got.cols() == std::max(a.second, b.second));
          for (Index i = 0; i < got.rows(); ++i)
            for (Index j = 0; j < got.cols(); ++j)
              CHECK(got(i, j) == operation.number(x(a.first == 1 ? 0 : i, a.second == 1 ? 0 : j),
                                                  y(b.first == 1 ? 0 : i, b.second == 1 ? 0 : j)));
        }
}

TEST_CASE("Tiny, large and mixed entries keep their gradients") {
  for (const Named& operation : operations())
    for (const double scale : {1e-6, 1e4}) {
      CAPTURE(operation.name);
      const Matrix<double> small = random_matrix(3, 3, 1, scale, 2 * scale);
      const Matrix<double> moderate = random_matrix(3, 3, 2, 0.5, 2);
      check_operation({small, moderate}, operation.in_double, operation.in_float);
      if (!operation.lowest_divisor || scale > 1)
        check_operation({moderate, small}, operation.in_double, operation.in_float, {.absolute = 1e-7});
    }
}

TEST_CASE("Both operands may be the same variable") {
  const tests::Points x{random_matrix(3, 4, 5, 0.5, 2)};
  check_operation(x, [](auto&, const auto& in) { return in[0] + in[0]; });
  check_operation(x, [](auto&, const auto& in) { return in[0] * in[0]; });
  check_operation(x, [](auto&, const auto& in) { return in[0] - in[0]; }, {.allow_zero = true});
  check_operation(x, [](auto&, const auto& in) { return in[0] / in[0]; }, {.allow_zero = true});
  check_operation(x, [](auto&, const auto& in) { return in[0] * in[0] * in[0] / (in[0] + in[0]); });
  check_operation({random_matrix(1, 1, 6, 0.5, 2)}, [](auto&, const auto& in) { return in[0] / (in[0] * in[0]); });
}

TEST_CASE("One variable may be repeated and whole in one expression") {
  check_operation({random_matrix(3, 4, 7), random_matrix(1, 4, 8), random_matrix(3, 1, 9), random_matrix(1, 1, 10)},
                  [](auto&, const auto& in) { 
                    return (in[0] + in[1]) * (in[2] - in[1]) * in[3] + in[2] * in[1] + in[3];
                  });
}

TEST_CASE("A.6: adjoints are the formulas of the header") {
  const Matrix<double> a = random_matrix(2, 3, 1, 0.5, 2), b = random_matrix(1, 3, 2, 0.5, 2);
  Matrix<double> bar(2, 3);
  vade::fill_normal(bar, 5, vade::Purpose::user);  // the weights of `outcome`
  const Matrix<double> whole = b.replicate(2, 1);
  const auto quotient = outcome<double>({a, b}, operations()[3].in_double);
  CHECK((quotient.gradients[0] - bar.cwiseQuotient(whole)).cwiseAbs().maxCoeff() < 1e-14);
  CHECK((quotient.gradients[1] + bar.cwiseProduct(a).cwiseQuotient(whole.cwiseProduct(whole)).colwise().sum())
            .cwiseAbs()
            .maxCoeff() < 1e-14);
  const auto difference = outcome<double>({a, b}, operations()[1].in_double);
  CHECK(difference.gradients[0] == bar);
  CHECK((difference.gradients[1] + bar.colwise().sum()).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("A constant operand gets no gradient, and the other one does") {
  Parameter<double> p("p", random_matrix(2, 2, 1));
  const Matrix<double> c = random_matrix(2, 2, 2), row = random_matrix(1, 2, 3);
  Tape<double> tape;
  tape.backward(sum(tape.constant(c) * tape.parameter(p) + tape.constant(row)));
  CHECK(p.gradient() == c);
  tape.clear();
  CHECK_FALSE((tape.constant(c) * tape.constant(row)).needs_gradient());
}

TEST_CASE("Shapes that do not fit are refused when recorded, with both in the message") {
  Tape<double> tape;
  const auto of = [&](Index rows, Index columns) { return tape.constant(Matrix<double>::Zero(rows, columns)); };
  const std::string wanted = ", wanted equal shapes, or a row, column or number that can be repeated";
  CHECK_THROWS_WITH_AS(of(2, 3) + of(3, 2), ("operator+: operands are [2 x 3] and [3 x 2]" + wanted).c_str(),
                       ShapeError);
  CHECK_THROWS_WITH_AS(of(2, 3) - of(2, 4), ("operator-: operands are [2 x 3] and [2 x 4]" + wanted).c_str(),
                       ShapeError);
  CHECK_THROWS_WITH_AS(of(2, 3) * of(1, 2), ("operator*: operands are [2 x 3] and [1 x 2]" + wanted).c_str(),
                       ShapeError);
  CHECK_THROWS_WITH_AS(of(3, 1) / of(2, 4), ("operator/: operands are [3 x 1] and [2 x 4]" + wanted).c_str(),
                       ShapeError);
  CHECK_THROWS_AS(of(1, 2) + of(1, 3), ShapeError);
  CHECK_THROWS_AS(of(2, 1) + of(3, 1), ShapeError);
  CHECK_NOTHROW(of(3, 1) + of(1, 4));
}

TEST_CASE_TEMPLATE("Division by zero gives what IEEE arithmetic gives", T, float, double) {
  for (Index size = 1; size <= 33; ++size) {
    Tape<T> tape;
    const Var<T> one = tape.constant(Matrix<T>::Ones(1, size)), zero = tape.constant(Matrix<T>::Zero(1, size));
    const Matrix<T> infinite = (one / zero).value(), undefined = (zero / zero).value();
    CHECK((infinite.array() == std::numeric_limits<T>::infinity()).all());
    CHECK(undefined.array().isNaN().all());
  }
}

TEST_CASE("Results of many tiles do not depend on the number of threads") {
  const std::vector<Matrix<float>> points{random_matrix(90, 512, 1).cast<float>(),
                                          random_matrix(1, 512, 2).cast<float>(), random_matrix(90, 1, 3).cast<float>()};
  const tests::Operation<float> operation = [](auto&, const auto& in) { return in[0] * in[1] + in[2] * in[0]; };
  vade::set_threads(1);
  const auto wanted = outcome<float>(points, operation);
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    const auto got = outcome<float>(points, operation);
    CHECK(tests::same_bytes(got.value, wanted.value));
    for (std::size_t k = 0; k < 3; ++k) CHECK(tests::same_bytes(got.gradients[k], wanted.gradients[k]));
  }
}

TEST_CASE("The adjoint of a divisor is right where its square is no float") {
  for (const float divisor : {1e-25f, 1e25f}) {
    Parameter<float> b("b", Matrix<float>::Constant(1, 3, divisor));
    Tape<float> tape;
    tape.backward(sum(tape.constant(Matrix<float>::Constant(1, 3, divisor)) / tape.parameter(b)));
    for (Index j = 0; j < 3; ++j)
      CHECK(static_cast<double>(b.gradient()(0, j)) == doctest::Approx(-1 / static_cast<double>(divisor)).scale(0));
  }
}

TEST_CASE("A matrix without rows takes a row beside it, and gives it no gradient") {
  Tape<double> tape;
  Parameter<double> row("row", Matrix<double>::Ones(1, 3));
  const Var<double> none = tape.constant(Matrix<double>(0, 3)), r = tape.parameter(row);
  for (const Var<double>& y : {none + r, r - none, none * r, none / r}) {
    CHECK(y.rows() == 0);
    CHECK(y.cols() == 3);
  }
  tape.backward(sum(none * r) + sum(r));
  CHECK(row.gradient() == Matrix<double>::Ones(1, 3));
  CHECK_THROWS_AS(none + tape.constant(Matrix<double>(2, 3)), ShapeError);
}
