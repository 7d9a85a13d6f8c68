#include <vade/models/network.hpp>

#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

using reference::normal_matrix;
using vade::Index;
using vade::Likelihood;
using vade::Matrix;
using vade::Network;
using vade::NetworkOptions;
using vade::Tape;

TEST_CASE("Options out of range are refused by name") {
  CHECK_THROWS_WITH_AS(NetworkOptions{.inputs = 0}.check(), doctest::Contains("inputs"), vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.latent = 0}.check(), doctest::Contains("latent"), vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.hidden = {}}.check(), doctest::Contains("hidden layers"), vade::ValueError);
  CHECK_THROWS_WITH_AS((NetworkOptions{.hidden = {3, -1}}).check(), doctest::Contains("hidden width"),
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(NetworkOptions{.observation_variance = 0}.check(), doctest::Contains("observation_variance"),
                       vade::ValueError);
}

TEST_CASE("The decoder mirrors the encoder, names are unique, and no two layers start with equal weights") {
  const Network<double> network({.inputs = 9, .hidden = {7, 5}, .latent = 2, .seed = 3});
  std::set<std::string> names;
  std::set<double> first_weights;
  Index weights = 0;
  network.for_each_parameter([&](const vade::Parameter<double>& p) {
    names.insert(p.name());
    if (p.name().ends_with("weight")) {
      ++weights;
      first_weights.insert(p.value()(0, 0));
    }
  });
  CHECK(names.size() == 12);
  CHECK(static_cast<Index>(first_weights.size()) == weights);
  CHECK(network.decoder.inputs() == 2);
  CHECK(network.decoder.outputs() == 9);
  CHECK(network.decoder.hidden()[0].outputs() == 5);
  CHECK(network.decoder.hidden()[1].outputs() == 7);
}

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
  CHECK(mean_log_likelihood<double>({}, decoded, data).scalar() == doctest::Approx(bernoulli));
  const NetworkOptions normal{.likelihood = Likelihood::gaussian, .observation_variance = 0.3};
  CHECK(mean_log_likelihood<double>(normal, decoded, data).scalar() == doctest::Approx(gaussian));
  CHECK(expected_x<double>(normal, decoded).value() == l);
  CHECK(expected_x<double>({}, decoded).value()(1, 2) == doctest::Approx(1 / (1 + std::exp(-l(1, 2)))));
}

TEST_CASE("The noise of a row depends on its number, not on the batch that it is in") {
  Tape<float> tape;
  const std::vector<Index> rows{4, 9, 2}, other{9};
  const Matrix<float> together = vade::posterior_noise(tape, rows, 5, 1, 3).value();
  const Matrix<float> alone = vade::posterior_noise(tape, other, 5, 1, 3).value();
  CHECK(together.row(1) == alone.row(0));
  CHECK(together.row(0) != together.row(1));
  CHECK(alone != vade::posterior_noise(tape, other, 5, 1, 4).value());
  CHECK(alone != vade::posterior_noise(tape, other, 5, 2, 3).value());
}
