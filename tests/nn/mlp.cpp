#include <vade/nn/mlp.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vade/autodiff/reductions.hpp>
#include <vade/testing/gradient_check.hpp>

#include "../support/reference.hpp"

namespace {

using namespace std::string_literals;
using reference::normal_matrix;
using vade::Index;
using vade::Matrix;
using vade::Mlp;
using vade::Parameter;
using vade::Tape;
using vade::Var;

std::vector<std::string> names_of(const auto& network) {
  std::vector<std::string> names;
  network.for_each_parameter([&](const auto& p) { names.push_back(p.name()); });
  return names;
}

}  // namespace

TEST_CASE("A perceptron applies Hidden after all layers but the last, Output after the last") {
  Mlp<double, vade::Relu, vade::Sigmoid> net("net", {4, 5, 6, 3}, 1, 0);
  const Matrix<double> x = normal_matrix(7, 4, 2);
  Tape<double> tape;
  const Var<double> y = net(tape.constant(x));
  Matrix<double> expected = x;
  for (const auto& layer : net.hidden())
    expected = ((expected * layer.weight().value()).rowwise() + layer.bias().value().row(0)).cwiseMax(0).eval();
  expected = ((expected * net.output().weight().value()).rowwise() + net.output().bias().value().row(0)).eval();
  expected = (1 + (-expected.array()).exp()).inverse().matrix().eval();
  CHECK(y.value().isApprox(expected, 1e-13));
  CHECK(net.inputs() == 4);
  CHECK(net.outputs() == 3);
  CHECK(net.hidden().size() == 2);
}

TEST_CASE("Two widths make one layer, with activation Output") {
  Mlp<double, vade::Relu, vade::Tanh> net("net", {3, 2}, 1, 0);
  CHECK(net.hidden().empty());
  CHECK(net.inputs() == 3);
  CHECK(net.outputs() == 2);
  const Matrix<double> x = normal_matrix(5, 3, 2);
  Tape<double> tape;
  CHECK(net(tape.constant(x)).value().isApprox((x * net.output().weight().value()).array().tanh().matrix(), 1e-14));
}

TEST_CASE("Gradients reach every parameter of a perceptron, and are right") {
  Mlp<double, vade::Tanh, vade::Softplus> net("net", {3, 4, 2, 2}, 1, 0);
  const Matrix<double> x = normal_matrix(5, 3, 2);
  Tape<double> tape;
  tape.backward(mean(square(net(tape.constant(x)))));
  const auto loss = [&] {
    Tape<double> other;
    return mean(square(std::as_const(net)(other.constant(x)))).scalar();
  };
  net.for_each_parameter([&](Parameter<double>& p) {
    REQUIRE(p.has_fresh_gradient());
    for (Index k = 0; k < p.size(); ++k) {
      double& entry = p.value().data()[k];
      const double kept = entry, h = 1e-4;
      entry = kept + h;
      const double above = loss();
      entry = kept - h;
      const double below = loss();
      entry = kept;
      CHECK_MESSAGE(p.gradient().data()[k] == doctest::Approx((above - below) / (2 * h)).epsilon(1e-7), p.name());
    }
  });
}

TEST_CASE("Parameters are named and visited from the first layer to the last, weight before bias") {
  const Mlp<float> net("encoder", {4, 3, 2}, 1, 0);
  CHECK(names_of(net) == std::vector{"encoder.0.weight"s, "encoder.0.bias"s, "encoder.1.weight"s, "encoder.1.bias"s});
}

TEST_CASE("A layer's draw does not depend on the other layers") {
  const Mlp<float> narrow("n", {4, 3, 6, 5}, 9, 0), wide("n", {40, 3, 6, 5}, 9, 0), changed("n", {4, 3, 6, 7}, 9, 0);
  CHECK(narrow.hidden()[1].weight().value() == wide.hidden()[1].weight().value());
  CHECK(narrow.output().weight().value() == wide.output().weight().value());
  CHECK(narrow.hidden()[0].weight().value() == changed.hidden()[0].weight().value());
  CHECK(narrow.hidden()[1].weight().value() == changed.hidden()[1].weight().value());
}

TEST_CASE("first_layer sets where a network's draws begin") {
  const Mlp<float> a("n", {4, 4, 4}, 9, 0), b("n", {4, 4, 4}, 9, 1);
  CHECK(a.hidden()[0].weight().value() != b.hidden()[0].weight().value());
  CHECK(vade::initial_weights<float>(vade::Initialiser::glorot, 4, 4, 9, 1) == a.output().weight().value());
  CHECK(vade::initial_weights<float>(vade::Initialiser::he, 4, 4, 9, 1) == b.hidden()[0].weight().value());
}

TEST_CASE("Weights start by He before ReLU and by Glorot elsewhere") {
  const Mlp<float, vade::Relu> relu("n", {6, 5, 4}, 2, 0);
  CHECK(relu.hidden()[0].weight().value() == vade::initial_weights<float>(vade::Initialiser::he, 6, 5, 2, 0));
  CHECK(relu.output().weight().value() == vade::initial_weights<float>(vade::Initialiser::glorot, 5, 4, 2, 1));
  const Mlp<float, vade::Tanh, vade::Relu> tanh("n", {6, 5, 4}, 2, 0);
  CHECK(tanh.hidden()[0].weight().value() == vade::initial_weights<float>(vade::Initialiser::glorot, 6, 5, 2, 0));
  CHECK(tanh.output().weight().value() == vade::initial_weights<float>(vade::Initialiser::he, 5, 4, 2, 1));
}

TEST_CASE("He starts keep the size of signals through ten ReLU layers") {
  const Mlp<double, vade::Relu, vade::Relu> net("n", std::vector<Index>(11, 256), 1, 0);
  Tape<double> tape;
  const Var<double> y = net(tape.constant(normal_matrix(100, 256, 3)));
  const double mean_square = y.value().array().square().mean();
  CHECK(mean_square > 0.4);  // 1 on average over draws of the weights; 2^-10 or 2^10 for a factor 2 off in each layer
  CHECK(mean_square < 2.5);
}

TEST_CASE("The reference networks have 3,492,644 parameters") {
  // documents 000 and 001: 784-512-512-2048-10, mirrored; the encoder's head gives 10 means and 10 log-variances
  const Mlp<float> encoder("encoder", {784, 512, 512, 2048, 20}, 1, 0);
  const Mlp<float> decoder("decoder", {10, 2048, 512, 512, 784}, 1, 100);
  CHECK(vade::parameter_count(encoder) == 1'756'180);
  CHECK(vade::parameter_count(decoder) == 1'736'464);
  CHECK(vade::parameter_count(encoder) + vade::parameter_count(decoder) == 3'492'644);
}

TEST_CASE("A const perceptron records no gradient") {
  const Mlp<float> net("n", {3, 4, 2}, 1, 0);
  Tape<float> tape;
  const Var<float> y = net(tape.constant(Matrix<float>::Ones(2, 3)));
  CHECK(y.rows() == 2);
  CHECK(y.cols() == 2);
  CHECK_FALSE(y.needs_gradient());
}

TEST_CASE("Bad widths are refused, with the layer's name where there is one") {
  CHECK_THROWS_WITH_AS(Mlp<float>("net", {}, 1, 0), "Mlp: net has 0 widths, wanted at least 2", vade::ValueError);
  CHECK_THROWS_WITH_AS(Mlp<float>("net", {3}, 1, 0), "Mlp: net has 1 widths, wanted at least 2", vade::ValueError);
  CHECK_THROWS_WITH_AS(Mlp<float>("net", {3, 0, 2}, 1, 0),
                       doctest::Contains("Dense: net.0: outputs is 0, wanted at least 1"), vade::ValueError);
  CHECK_THROWS_AS(Mlp<float>("net", {0, 2}, 1, 0), vade::ValueError);
  Mlp<float> net("net", {3, 2, 1}, 1, 0);
  Tape<float> tape;
  CHECK_THROWS_AS(net(tape.constant(Matrix<float>::Zero(1, 4))), vade::ShapeError);
}
