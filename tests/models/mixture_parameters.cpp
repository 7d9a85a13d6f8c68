#include <vade/models/mixture_parameters.hpp>

#include <cmath>

#include <doctest/doctest.h>

TEST_CASE("π of the parameters is a softmax: positive, sums to one, log(weights) gives the weights back") {
  vade::MixtureParameters<double> mixture(3, 2);
  mixture.weight_logits.value() << std::log(0.2), std::log(0.5), std::log(0.3);
  CHECK(mixture.weights()(1) == doctest::Approx(0.5));
  CHECK(mixture.weights().sum() == doctest::Approx(1));
  mixture.weight_logits.value().array() += 1000;  // only differences count
  CHECK(mixture.weights()(0) == doctest::Approx(0.2));
}
