#include <vade/nn/dense.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vade/autodiff/pointwise.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/testing/gradient_check.hpp>

#include "../support/reference.hpp"

namespace {

using namespace std::string_literals;
using reference::normal_matrix;
using vade::Activation;
using vade::Dense;
using vade::Identity;
using vade::Index;
using vade::Initialiser;
using vade::Matrix;
using vade::Parameter;
using vade::Relu;
using vade::Sigmoid;
using vade::Softplus;
using vade::Tanh;
using vade::Tape;
using vade::Var;

static_assert(Activation<Identity> && Activation<Relu> && Activation<Sigmoid> && Activation<Tanh> &&
              Activation<Softplus>);

struct NoSlope {
  static constexpr bool is_identity = false;
  static auto value(const auto& a) { return a.square(); }
};
struct NoFlag {
  static auto value(const auto& a) { return a.square(); }
  static auto slope(const auto& y) { return y; }
};
static_assert(!Activation<NoSlope> && !Activation<NoFlag> && !Activation<float> && !Activation<Dense<float>>);

// The activations once more, as scalar functions of the standard library.
double value(Identity, double a) { return a; }
double value(Relu, double a) { return a > 0 ? a : 0; }
double value(Sigmoid, double a) { return 1 / (1 + std::exp(-a)); }
double value(Tanh, double a) { return std::tanh(a); }
double value(Softplus, double a) { return std::log(1 + std::exp(a)); }

}  // namespace

TEST_CASE_TEMPLATE("A dense layer computes f(x w + b)", A, Identity, Relu, Sigmoid, Tanh, Softplus) {
  for (const Index rows : {1, 6})
    for (const Index inputs : {1, 4})
      for (const Index outputs : {1, 3}) {
        Dense<double, A> layer("d", inputs, outputs, Initialiser::glorot, 5, 0);
        layer.bias().value() = normal_matrix(1, outputs, 6);
        const Matrix<double> x = normal_matrix(rows, inputs, 7);
        Tape<double> tape;
        const Var<double> y = layer(tape.constant(x));
        REQUIRE(y.rows() == rows);
        REQUIRE(y.cols() == outputs);
        for (Index i = 0; i < rows; ++i)
          for (Index j = 0; j < outputs; ++j) {
            double a = layer.bias().value()(0, j);
            for (Index k = 0; k < inputs; ++k) a += x(i, k) * layer.weight().value()(k, j);
            CHECK(y.value()(i, j) == doctest::Approx(value(A{}, a)).epsilon(1e-14));
          }
      }
}

TEST_CASE_TEMPLATE("Gradients of a dense layer are right in x, weight and bias", A, Identity, Relu, Sigmoid, Tanh,
                   Softplus) {
  for (const Index rows : {1, 5}) {
    Dense<double, A> layer("d", 3, 4, Initialiser::glorot, 8, 0);
    layer.bias().value() = normal_matrix(1, 4, 9);
    const Matrix<double> x = normal_matrix(rows, 3, 10);
    const auto report = vade::testing::check_gradient(
        {x, layer.weight().value(), layer.bias().value()},
        [](auto&, const auto& in) { return sum(square(vade::affine<A>(in[0], in[1], in[2]))); });
    CHECK_MESSAGE(report.passed, report.text());

    Tape<double> tape;  // the layer gives what the checked operation gives
    Parameter<double> input("x", x);
    tape.backward(sum(square(layer(tape.parameter(input)))));
    CHECK(input.gradient() == report.analytic[0]);
    CHECK(layer.weight().gradient() == report.analytic[1]);
    CHECK(layer.bias().gradient() == report.analytic[2]);
  }
}

TEST_CASE("A dense layer names its parameters, weight first, and starts with zero bias") {
  const Dense<float> layer("encoder.0", 3, 2, Initialiser::he, 1, 0);
  std::vector<std::string> names;
  layer.for_each_parameter([&](const Parameter<float>& p) { names.push_back(p.name()); });
  CHECK(names == std::vector{"encoder.0.weight"s, "encoder.0.bias"s});
  CHECK(layer.inputs() == 3);
  CHECK(layer.outputs() == 2);
  CHECK(layer.bias().value() == Matrix<float>::Zero(1, 2));
  CHECK(layer.weight().value() == vade::initial_weights<float>(Initialiser::he, 3, 2, 1, 0));
}

TEST_CASE("A const dense layer computes the same and records no gradient") {
  Dense<float, Tanh> layer("d", 3, 2, Initialiser::glorot, 1, 0);
  const Dense<float, Tanh>& fixed = layer;
  Tape<float> tape;
  const Var<float> x = tape.constant(Matrix<float>(normal_matrix(4, 3, 2).cast<float>()));
  const Var<float> trained = layer(x), inferred = fixed(x);
  CHECK(trained.value() == inferred.value());
  CHECK(trained.needs_gradient());
  CHECK_FALSE(inferred.needs_gradient());
  CHECK_THROWS_AS(tape.backward(sum(inferred)), vade::ValueError);
  CHECK_FALSE(layer.weight().has_fresh_gradient());
}

TEST_CASE("A copied layer has parameters of its own, on the same tape, too") {
  Dense<double> layer("d", 2, 2, Initialiser::glorot, 1, 0);
  Tape<double> tape;
  const Var<double> x = tape.constant(normal_matrix(3, 2, 2));
  const Var<double> first = layer(x);
  Dense<double> copy = layer;
  copy.weight().value() *= 2;
  const Var<double> second = copy(x);
  CHECK(second.value().isApprox(2 * first.value(), 1e-14));
  tape.backward(sum(second));
  CHECK(copy.weight().has_fresh_gradient());
  CHECK_FALSE(layer.weight().has_fresh_gradient());
}

TEST_CASE("A wrong width names all three shapes") {
  Dense<float> layer("d", 3, 2, Initialiser::he, 1, 0);
  Tape<float> tape;
  const Var<float> x = tape.constant(Matrix<float>::Zero(4, 5));
  CHECK_THROWS_WITH_AS(layer(x), "affine: x is [4 x 5], w is [3 x 2], b is [1 x 2], wanted [B x M], [M x N], [1 x N]",
                       vade::ShapeError);
  CHECK_THROWS_AS(std::as_const(layer)(x), vade::ShapeError);
}

TEST_CASE("Widths below 1 are refused by name") {
  CHECK_THROWS_WITH_AS(Dense<float>("head", 0, 2, Initialiser::he, 1, 0),
                       doctest::Contains("Dense: head: inputs is 0, wanted at least 1"), vade::ValueError);
  CHECK_THROWS_WITH_AS(Dense<float>("head", 2, -1, Initialiser::he, 1, 0),
                       doctest::Contains("Dense: head: outputs is -1, wanted at least 1"), vade::ValueError);
}
