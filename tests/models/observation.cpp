#include <vade/models/observation.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

using reference::normal_matrix;
using vade::Index;
using vade::Likelihood;
using vade::Matrix;
using vade::NetworkOptions;
using vade::Tape;

TEST_CASE("Likelihoods are means over rows of sums over columns, by hand") {
  Tape<double> tape;
  const Matrix<double> l = normal_matrix(3, 4, 1), x = normal_matrix(3, 4, 2).array().tanh().square();
  double bernoulli = 0, gaussian = 0;
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 4; ++j) {
      const double p = 1 / (1 + std::exp(-l(i, j)));
      bernoulli += (x(i, j) * std::log(p) + (1 - x(i, j)) * std::log(1 - p)) / 3;
      gaussian += -0.5 * (std::log(2 * reference::pi * 0.3) + (x(i, j) - l(i, j)) * (x(i, j) - l(i, j)) / 0.3) / 3;
    }
  const auto decoded = tape.constant(l), data = tape.constant(x);
  const vade::Observation<double> coin(NetworkOptions{.inputs = 4});
  CHECK(coin.mean_log_prob(decoded, data).scalar() == doctest::Approx(bernoulli));
  CHECK(coin.log_prob(decoded, data).value().mean() == doctest::Approx(bernoulli));
  CHECK(coin.expectation(decoded).value()(1, 2) == doctest::Approx(1 / (1 + std::exp(-l(1, 2)))));
  CHECK_THROWS_WITH_AS(coin.variances(), doctest::Contains("the likelihood is Bernoulli"), vade::StateError);

  NetworkOptions options{.inputs = 4, .likelihood = Likelihood::gaussian, .observation_variance = 0.3};
  for (const bool learned : {false, true}) {
    options.learn_observation_variance = learned;
    const vade::Observation<double> normal(options);
    CHECK(normal.mean_log_prob(decoded, data).scalar() == doctest::Approx(gaussian));
    CHECK(normal.log_prob(decoded, data).value().mean() == doctest::Approx(gaussian));
    CHECK(normal.expectation(decoded).value() == l);
    CHECK(normal.variances().isApprox(vade::RowVector<double>::Constant(4, 0.3), 1e-14));
  }
}

TEST_CASE("L.1: a learned variance is one parameter for each input, has its gradient, and is bounded") {
  vade::Observation<double> observation(
      NetworkOptions{.inputs = 3, .likelihood = Likelihood::gaussian, .learn_observation_variance = true});
  vade::Parameter<double>* parameter = nullptr;
  observation.for_each_parameter([&](vade::Parameter<double>& p) { parameter = &p; });
  REQUIRE(parameter != nullptr);
  CHECK(parameter->name() == "observation.log_variance");
  CHECK(parameter->value().size() == 3);
  parameter->value() << -0.5, 0.2, 300;
  CHECK(observation.variances()(1) == doctest::Approx(std::exp(0.2)));
  CHECK(observation.variances()(2) == doctest::Approx(std::exp(80.0)));

  // d/d log s² of −½ [log s² + (x − m)² / s²], averaged over rows; 0 where the bound holds it.
  Tape<double> tape;
  const Matrix<double> m = normal_matrix(5, 3, 1), x = normal_matrix(5, 3, 2);
  tape.backward(observation.mean_log_prob(tape.constant(m), tape.constant(x)));
  for (Index j = 0; j < 2; ++j) {
    const double s2 = std::exp(parameter->value()(0, j));
    const double wanted = -0.5 * (1 - (x.col(j) - m.col(j)).squaredNorm() / 5 / s2);
    CHECK(parameter->gradient()(0, j) == doctest::Approx(wanted).epsilon(1e-12));
  }
  CHECK(parameter->gradient()(0, 2) == 0);
}
