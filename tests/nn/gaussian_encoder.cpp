#include <vade/nn/gaussian_encoder.hpp>

#include <doctest/doctest.h>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/reductions.hpp>

#include "../support/reference.hpp"

using vade::GaussianEncoder;
using vade::Matrix;
using vade::Tape;

TEST_CASE("The posterior has J means and J log-variances for every row") {
  GaussianEncoder<double> encoder("encoder", 6, {5, 4}, 3, 1, 0);
  Tape<double> tape;
  const auto [mean, log_variance] = encoder(tape.constant(reference::normal_matrix(7, 6, 2)));
  CHECK(mean.rows() == 7);
  CHECK(mean.cols() == 3);
  CHECK(log_variance.cols() == 3);
  CHECK(encoder.inputs() == 6);
  CHECK(encoder.latent() == 3);
  CHECK(parameter_count(encoder) == 6 * 5 + 5 + 5 * 4 + 4 + 4 * 6 + 6);
}

TEST_CASE("Log-variances stay within the bound; at the bound nothing flows back, and nothing becomes infinite") {
  GaussianEncoder<double> encoder("encoder", 2, {3}, 1, 1, 0);
  encoder.reset_log_variance(1000);
  Tape<double> tape;
  const auto [mean, log_variance] = encoder(tape.constant(reference::normal_matrix(4, 2, 3)));
  CHECK(log_variance.value().minCoeff() == 12);
  tape.backward(sum(log_variance) + sum(mean));
  CHECK(encoder.head().bias().gradient()(0, 0) == doctest::Approx(4));
  CHECK(encoder.head().bias().gradient()(0, 1) == 0);
}

TEST_CASE("Resetting the log-variance makes it the same for every row and leaves the mean alone") {
  GaussianEncoder<double> encoder("encoder", 3, {4}, 2, 5, 0);
  const Matrix<double> x = reference::normal_matrix(6, 3, 4);
  Tape<double> tape;
  const Matrix<double> before = encoder(tape.constant(x)).mean.value();
  encoder.reset_log_variance(-3);
  const auto [mean, log_variance] = encoder(tape.constant(x));
  CHECK(mean.value() == before);
  CHECK(log_variance.value().isConstant(-3, 0));
}

TEST_CASE("An encoder without hidden layers is refused") {
  CHECK_THROWS_AS(GaussianEncoder<double>("encoder", 3, {}, 2, 1, 0), vade::ValueError);
}
