// vade: tests of autodiff/cross_entropy.hpp.
// SPDX-License-Identifier: MIT
#include <vade/autodiff/cross_entropy.hpp>

#include "../support/special.hpp"
#include "support.hpp"

namespace {

using tests::check_operation;
using tests::Operation;
using tests::outcome;
using tests::random_matrix;
using tests::shapes;
using vade::Index;
using vade::Matrix;
using vade::Parameter;
using vade::ShapeError;
using vade::Tape;
using vade::Var;

struct CrossEntropy {
  auto operator()(auto&, const auto& in) const { return vade::bernoulli_cross_entropy(in[0], in[1]); }
};
struct ComposedCrossEntropy {
  auto operator()(auto&, const auto& in) const { return sum(softplus(in[0]) - in[0] * in[1]); }
};
struct Squared {
  auto operator()(auto&, const auto& in) const { return vade::squared_error(in[0], in[1]); }
};

}  // namespace

TEST_CASE("A.13: bernoulli_cross_entropy has its gradients at moderate, tiny and saturated logits") {
  std::uint64_t seed = 1;
  for (const auto& [rows, columns] : shapes)
    for (const double scale : {1e-5, 2.0, 30.0})
      check_operation({random_matrix(rows, columns, ++seed, -scale, scale), random_matrix(rows, columns, ++seed, 0, 1)},
                      CrossEntropy{}, {.relative = 1e-6, .absolute = 1e-7});
}

TEST_CASE("bernoulli_cross_entropies are one value a row, with the gradients of each, and sum to bernoulli_cross_entropy") {
  std::uint64_t seed = 50;
  for (const auto& [rows, columns] : shapes)
    for (const double scale : {1e-5, 2.0, 30.0}) {
      const Matrix<double> l = random_matrix(rows, columns, ++seed, -scale, scale);
      const Matrix<double> x = random_matrix(rows, columns, ++seed, 0, 1);
      const auto by_row = [](auto&, const auto& in) { return vade::bernoulli_cross_entropies(in[0], in[1]); };
      check_operation({l, x}, by_row, {.relative = 1e-6, .absolute = 1e-7});
      const auto values = outcome<double>({l, x}, by_row).value;
      CHECK(values.rows() == rows);
      CHECK(values.cols() == 1);
      CHECK(std::abs(values.sum() - outcome<double>({l, x}, CrossEntropy{}).value(0, 0)) < 1e-13 * values.sum());
    }
}

TEST_CASE("bernoulli_cross_entropy has its gradients at data of exactly 0 and 1") {
  Matrix<double> x(2, 3);
  x << 0, 1, 0, 1, 1, 0;
  check_operation({random_matrix(2, 3, 1, -3, 3)}, [x](auto& tape, const auto& in) {
    using T = typename std::decay_t<decltype(in[0].value())>::Scalar;
    return vade::bernoulli_cross_entropy(in[0], tape.constant(x.cast<T>().eval()));
  });
}

TEST_CASE_TEMPLATE("It equals the composition of softplus, product and sum, and the sum of scalars", T, float, double) {
  const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (Index size = 1; size <= 33; ++size) {
    const Matrix<T> l = random_matrix(3, size, 4, -8, 8).cast<T>(), x = random_matrix(3, size, 5, 0, 1).cast<T>();
    const auto fused = outcome<T>({l, x}, CrossEntropy{}), composed = outcome<T>({l, x}, ComposedCrossEntropy{});
    CHECK(tests::distance(fused.value, composed.value) < 20 * unit);
    CHECK(tests::distance(fused.gradients[0], composed.gradients[0]) < 20 * unit);
    CHECK(tests::distance(fused.gradients[1], composed.gradients[1]) < 20 * unit);
    double wanted = 0;
    for (Index i = 0; i < l.size(); ++i)
      wanted += reference::bernoulli_cross_entropy(static_cast<double>(l.data()[i]), static_cast<double>(x.data()[i]));
    CHECK(std::abs(static_cast<double>(fused.value(0, 0)) - wanted) < 20 * unit * wanted);
  }
}

TEST_CASE("A.13: adjoints are ȳ (σ(l) − x) and −ȳ l") {
  const Matrix<double> l = random_matrix(3, 4, 6, -3, 3), x = random_matrix(3, 4, 7, 0, 1);
  Parameter<double> logits("l", l), data("x", x);
  Tape<double> tape;
  tape.backward(2.5 * vade::bernoulli_cross_entropy(tape.parameter(logits), tape.parameter(data)));
  const Matrix<double> sigmoids = l.unaryExpr([](double v) { return reference::sigmoid(v); });
  CHECK(tests::distance(logits.gradient(), 2.5 * (sigmoids - x)) < 1e-14);
  CHECK(tests::distance(data.gradient(), -2.5 * l) < 1e-14);
}

TEST_CASE_TEMPLATE("It is finite for logits up to ±10⁴ and far beyond, for rows of every size", T, float, double) {
  for (Index size = 1; size <= 33; ++size)
    for (const T big : {T{88}, T{89}, T{104}, T{750}, T{1e4}, static_cast<T>(0x1p100)})
      for (const T data : {T{0}, T{0.5}, T{1}}) {
        Matrix<T> l(1, size);
        for (Index j = 0; j < size; ++j) l(0, j) = j % 2 == 0 ? big : -big;
        const auto got = outcome<T>({l, Matrix<T>::Constant(1, size, data)}, CrossEntropy{});
        CHECK(std::isfinite(got.value(0, 0)));
        CHECK(got.gradients[0].allFinite());
        CHECK(got.gradients[1].allFinite());
        // A right, certain prediction costs nothing; a wrong one costs |l|; half of each costs |l| / 2.
        const auto positive = static_cast<double>((size + 1) / 2), negative = static_cast<double>(size / 2);
        const double wanted = static_cast<double>(big) *
                              (positive * (1 - static_cast<double>(data)) + negative * static_cast<double>(data));
        const double tail =
            1.1 * std::exp(-static_cast<double>(big)) + static_cast<double>(std::numeric_limits<T>::min());
        const double error = std::abs(static_cast<double>(got.value(0, 0)) - wanted);
        CHECK(error <= 1e-5 * wanted + static_cast<double>(size) * tail);
      }
}

TEST_CASE_TEMPLATE("A certain, right prediction keeps the digits of its small loss", T, float, double) {
  const T logit = T{12};
  for (const T sign : {T{1}, T{-1}}) {
    const Matrix<T> logits = Matrix<T>::Constant(1, 33, sign * logit);
    const Matrix<T> data = Matrix<T>::Constant(1, 33, sign > 0 ? T{1} : T{0});
    const auto got = outcome<T>({logits, data}, CrossEntropy{});
    CHECK(static_cast<double>(got.value(0, 0)) == doctest::Approx(33 * std::log1p(std::exp(-12.0))).epsilon(1e-5));
  }
}

TEST_CASE("Logits and data may be the same variable, and used elsewhere") {
  check_operation({random_matrix(3, 4, 1, 0.1, 0.9)},
                  [](auto&, const auto& in) { return vade::bernoulli_cross_entropy(in[0], in[0]); });
  check_operation({random_matrix(3, 4, 1, 0.1, 0.9), random_matrix(3, 4, 2, 0, 1)}, [](auto&, const auto& in) {
    return vade::bernoulli_cross_entropy(in[0] * in[0], in[1]) + sum(in[0] * in[1]) +
           vade::bernoulli_cross_entropy(in[0], in[1]);
  });
}

TEST_CASE("Constant data gets no gradient") {
  Parameter<double> logits("l", random_matrix(2, 2, 1));
  Tape<double> tape;
  const Var<double> x = tape.constant(random_matrix(2, 2, 2, 0, 1));
  tape.backward(vade::bernoulli_cross_entropy(tape.parameter(logits), x));
  CHECK(logits.has_fresh_gradient());
  CHECK_FALSE(x.needs_gradient());
}

TEST_CASE_TEMPLATE("NaN in logits or data gives a loss of NaN, in every position", T, float, double) {
  for (const Index size : {1, 4, 17})
    for (Index at = 0; at < 2 * size; ++at) {
      Matrix<T> l = Matrix<T>::Constant(2, size, T{0.5}), x = l;
      l.data()[at] = std::numeric_limits<T>::quiet_NaN();
      CHECK(std::isnan(outcome<T>({l, x}, CrossEntropy{}).value(0, 0)));
      CHECK(std::isnan(outcome<T>({x, l}, CrossEntropy{}).value(0, 0)));
      CHECK(std::isnan(outcome<T>({l, x}, Squared{}).value(0, 0)));
    }
}

TEST_CASE("A.14: squared_error has its value and gradients") {
  std::uint64_t seed = 1;
  for (const auto& [rows, columns] : shapes)
    for (const double scale : {1e-5, 2.0, 1e4}) {
      const Matrix<double> m = random_matrix(rows, columns, ++seed, -scale, scale);
      const Matrix<double> x = random_matrix(rows, columns, ++seed, -scale, scale);
      check_operation({m, x}, Squared{}, {.absolute = 1e-7});
      CHECK(outcome<double>({m, x}, Squared{}).value(0, 0) == doctest::Approx((m - x).squaredNorm()).epsilon(1e-13));
    }
  check_operation({random_matrix(2, 3, 1)}, [](auto&, const auto& in) { return vade::squared_error(in[0], in[0]); },
                  {.allow_zero = true});
  check_operation({random_matrix(2, 3, 1)},
                  [](auto&, const auto& in) { return vade::squared_error(in[0] * in[0], in[0]); });
}

TEST_CASE("Shapes that differ are refused when recorded, with both in the message") {
  Tape<double> tape;
  const auto of = [&](Index rows, Index columns) { return tape.constant(Matrix<double>::Zero(rows, columns)); };
  CHECK_THROWS_WITH_AS(vade::bernoulli_cross_entropy(of(2, 3), of(3, 2)),
                       "bernoulli_cross_entropy: x is [3 x 2], wanted [2 x 3]", ShapeError);
  CHECK_THROWS_WITH_AS(vade::bernoulli_cross_entropy(of(2, 3), of(1, 3)),
                       "bernoulli_cross_entropy: x is [1 x 3], wanted [2 x 3]", ShapeError);
  CHECK_THROWS_WITH_AS(vade::squared_error(of(2, 3), of(2, 1)), "squared_error: x is [2 x 1], wanted [2 x 3]",
                       ShapeError);
}

TEST_CASE("Losses and gradients do not depend on the number of threads") {
  const std::vector<Matrix<float>> points{random_matrix(120, 784, 1, -4, 4).cast<float>(),
                                          random_matrix(120, 784, 2, 0, 1).cast<float>()};
  for (const Operation<float>& operation : {Operation<float>(CrossEntropy{}), Operation<float>(Squared{})}) {
    vade::set_threads(1);
    const auto wanted = outcome<float>(points, operation);
    for (const int threads : {2, 3, 7}) {
      vade::set_threads(threads);
      const auto got = outcome<float>(points, operation);
      CHECK(tests::same_bytes(got.value, wanted.value));
      CHECK(tests::same_bytes(got.gradients[0], wanted.gradients[0]));
      CHECK(tests::same_bytes(got.gradients[1], wanted.gradients[1]));
    }
  }
}
