#include <vade/nn/sequential.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vade/autodiff/pointwise.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/nn/batch_norm.hpp>
#include <vade/nn/dense.hpp>
#include <vade/nn/mlp.hpp>

#include "../support/reference.hpp"

namespace {

using namespace std::string_literals;
using vade::Dense;
using vade::Initialiser;
using vade::Matrix;
using vade::Mlp;
using vade::Parameter;
using vade::Sequential;
using vade::Tape;
using vade::Var;

auto three_layers() {
  return Sequential(Dense<double, vade::Tanh>("a", 3, 4, Initialiser::glorot, 1, 0), Mlp<double>("b", {4, 5, 2}, 1, 1),
                    Dense<double>("c", 2, 6, Initialiser::glorot, 1, 3));
}

}  // namespace

TEST_CASE("A sequence applies its layers in order") {
  auto net = three_layers();
  Tape<double> tape;
  const Var<double> x = tape.constant(reference::normal_matrix(7, 3, 1));
  const Var<double> y = net(x);
  const Var<double> expected = net.layer<2>()(net.layer<1>()(net.layer<0>()(x)));
  CHECK(y.value() == expected.value());
  CHECK(net.inputs() == 3);
  CHECK(net.outputs() == 6);
}

TEST_CASE("A sequence visits the parameters of its layers in order") {
  auto net = three_layers();
  const auto& fixed = net;
  std::vector<std::string> names;
  fixed.for_each_parameter([&](const Parameter<double>& p) { names.push_back(p.name()); });
  CHECK(names == std::vector{"a.weight"s, "a.bias"s, "b.0.weight"s, "b.0.bias"s, "b.1.weight"s, "b.1.bias"s,
                             "c.weight"s, "c.bias"s});
  CHECK(vade::parameter_count(net) == 3 * 4 + 4 + 4 * 5 + 5 + 5 * 2 + 2 + 2 * 6 + 6);
  CHECK(vade::parameters_of<double>(net).front() == &net.layer<0>().weight());
}

TEST_CASE("Gradients reach every layer of a sequence, and none of a const one") {
  auto net = three_layers();
  Tape<double> tape;
  const Var<double> x = tape.constant(reference::normal_matrix(7, 3, 1));
  const Var<double> fixed = std::as_const(net)(x);
  CHECK_FALSE(fixed.needs_gradient());
  const Var<double> y = net(x);
  CHECK(y.value() == fixed.value());
  tape.backward(sum(square(y)));
  net.for_each_parameter([](const Parameter<double>& p) {
    CHECK(p.has_fresh_gradient());
    CHECK_MESSAGE(p.gradient().cwiseAbs().maxCoeff() > 0, p.name());
  });
}

TEST_CASE("A sequence visits the states of the layers that have one, in order, inner sequences included") {
  Sequential net(vade::BatchNormDense<double>("a", 3, 4, 1, 0), Dense<double>("b", 4, 4, Initialiser::glorot, 1, 1),
                 Sequential(vade::BatchNormDense<double>("c", 4, 2, 1, 2)));
  std::vector<std::string> names;
  net.for_each_state([&](const std::string& name, auto& value) {
    names.push_back(name);
    value.setConstant(static_cast<double>(names.size()));
  });
  CHECK(names == std::vector{"a.weight.running_mean"s, "a.weight.running_variance"s, "c.weight.running_mean"s,
                             "c.weight.running_variance"s});
  net.layer<0>().for_each_state([&](const std::string& name, auto& value) {
    CHECK(value.isConstant(name == names[0] ? 1 : 2));
  });
  auto stateless = three_layers();
  stateless.for_each_state([](const std::string& name, auto&) { FAIL(name); });
}

TEST_CASE("One layer is a sequence") {
  Sequential net(Dense<float>("a", 2, 1, Initialiser::zero, 1, 0));
  CHECK(net.inputs() == 2);
  CHECK(net.outputs() == 1);
}

TEST_CASE("Layers that do not fit are refused when put together") {
  CHECK_THROWS_WITH_AS(
      Sequential(Dense<float>("a", 2, 3, Initialiser::zero, 1, 0), Dense<float>("b", 4, 1, Initialiser::zero, 1, 1)),
      "Sequential: inputs of a layer against outputs of the one before: got 4, wanted 3", vade::ShapeError);
}

TEST_CASE("A sequence refuses an input of the wrong width") {
  auto net = three_layers();
  Tape<double> tape;
  CHECK_THROWS_AS(net(tape.constant(Matrix<double>::Zero(1, 2))), vade::ShapeError);
}
