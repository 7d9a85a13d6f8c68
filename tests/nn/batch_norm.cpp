#include <vade/nn/batch_norm.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/reductions.hpp>

#include "../support/reference.hpp"

using vade::BatchNormDense;
using vade::Matrix;
using vade::Tape;

TEST_CASE("In training, columns of the batch have mean shift and standard deviation gain before the activation") {
  BatchNormDense<double, vade::Identity> layer("layer", 5, 4, 1, 0);
  Tape<double> tape;
  const Matrix<double> y = layer(tape.constant(reference::normal_matrix(40, 5, 2))).value();
  for (vade::Index j = 0; j < 4; ++j) {
    CHECK(y.col(j).mean() == doctest::Approx(0).epsilon(1e-9));
    CHECK((y.col(j).array() - y.col(j).mean()).square().mean() == doctest::Approx(1).epsilon(1e-3));
  }
}

TEST_CASE("Inference uses the remembered statistics: after many equal batches it is what training computes") {
  BatchNormDense<double> layer("layer", 5, 4, 1, 0);
  const Matrix<double> x = reference::normal_matrix(40, 5, 2);
  Tape<double> tape;
  Matrix<double> trained;
  for (int i = 0; i < 300; ++i) {
    tape.clear();
    trained = layer(tape.constant(x)).value();
  }
  const auto& fixed = layer;
  CHECK((fixed(tape.constant(x)).value() - trained).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("A row's result in inference does not depend on the other rows") {
  BatchNormDense<double> layer("layer", 3, 2, 1, 0);
  Tape<double> tape;
  layer(tape.constant(reference::normal_matrix(10, 3, 2)));
  const auto& fixed = layer;
  const Matrix<double> x = reference::normal_matrix(6, 3, 5);
  const Matrix<double> together = fixed(tape.constant(x)).value();
  const Matrix<double> alone = fixed(tape.constant(Matrix<double>(x.row(2)))).value();
  CHECK((together.row(2) - alone).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("The folded dense layer computes the same as the layer in inference") {
  BatchNormDense<double> layer("layer", 5, 4, 3, 0);
  Tape<double> tape;
  for (unsigned i = 0; i < 5; ++i) layer(tape.constant(reference::normal_matrix(20, 5, i)));
  layer.for_each_parameter([](vade::Parameter<double>& p) { p.value().array() += 0.3; });
  const auto& fixed = layer;
  const auto folded = layer.folded("folded");
  const Matrix<double> x = reference::normal_matrix(8, 5, 9);
  CHECK((fixed(tape.constant(x)).value() - folded(tape.constant(x)).value()).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(folded.weight().name() == "folded.weight");
}

TEST_CASE("Weights, gain and shift are the parameters, in this order") {
  BatchNormDense<float> layer("b", 3, 2, 1, 0);
  std::vector<std::string> names;
  layer.for_each_parameter([&](const vade::Parameter<float>& p) { names.push_back(p.name()); });
  CHECK(names == std::vector<std::string>{"b.weight", "b.gain", "b.shift"});
  CHECK_THROWS_AS((BatchNormDense<float>("b", 0, 2, 1, 0)), vade::ValueError);
  CHECK_THROWS_AS((BatchNormDense<float>("b", 1, 2, 1, 0, 0.0)), vade::ValueError);
}

TEST_CASE("A batch whose statistics are not finite is not remembered, by any column") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30f}) {
    CAPTURE(bad);
    BatchNormDense<float> layer("layer", 3, 2, 1, 0);
    Tape<float> tape;
    const Matrix<float> x = reference::normal_matrix(10, 3, 2).cast<float>();
    layer(tape.constant(x));
    const auto& fixed = layer;
    const Matrix<float> before = fixed(tape.constant(x)).value();
    Matrix<float> spoiled = x;
    spoiled.row(4).setConstant(bad);  // squares of 1e30 are no floats
    layer(tape.constant(spoiled));
    CHECK(fixed(tape.constant(x)).value() == before);
    layer(tape.constant(Matrix<float>(2 * x)));  // and the next good batch is
    CHECK(fixed(tape.constant(x)).value() != before);
    CHECK(fixed(tape.constant(x)).value().allFinite());
  }
}
