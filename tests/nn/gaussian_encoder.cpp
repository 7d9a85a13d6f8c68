#include <vade/nn/gaussian_encoder.hpp>

#include <limits>

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

TEST_CASE("Log-variances stay within the bound; from beyond it nothing flows back, and nothing becomes infinite") {
  GaussianEncoder<double> encoder("encoder", 2, {3}, 1, 1, 0);
  encoder.head().bias().value()(0, 1) = 1000;
  Tape<double> tape;
  const auto [mean, log_variance] = encoder(tape.constant(reference::normal_matrix(4, 2, 3)));
  CHECK(log_variance.value().minCoeff() == 12);
  tape.backward(sum(log_variance) + sum(mean));
  CHECK(encoder.head().bias().gradient()(0, 0) == doctest::Approx(4));
  CHECK(encoder.head().bias().gradient()(0, 1) == 0);
}

TEST_CASE("A log-variance that is reset beyond the bound becomes the bound, from which gradients lead back") {
  for (const double far : {1000.0, -1000.0, std::numeric_limits<double>::infinity()}) {
    GaussianEncoder<double> encoder("encoder", 2, {3}, 1, 1, 0);
    encoder.reset_log_variance(far);
    Tape<double> tape;
    const auto log_variance = encoder(tape.constant(reference::normal_matrix(4, 2, 3))).log_variance;
    CHECK(log_variance.value().isConstant(far > 0 ? 12 : -12, 0));
    tape.backward(sum(log_variance));
    CHECK(encoder.head().bias().gradient()(0, 1) == 4);
  }
}

TEST_CASE("Log-variances of another number of dimensions are refused") {
  GaussianEncoder<double> encoder("encoder", 2, {3}, 2, 1, 0);
  CHECK_THROWS_WITH_AS(encoder.reset_log_variance(vade::RowVector<double>::Zero(3)),
                       "GaussianEncoder::reset_log_variance: log_variances is [1 x 3], wanted [1 x 2]",
                       vade::ShapeError);
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

TEST_CASE("A full posterior starts as the diagonal one of the same seed, from a wider head") {
  const GaussianEncoder<double> diagonal("encoder", 6, {5, 4}, 3, 1, 0);
  const GaussianEncoder<double, vade::FullPosterior> full("encoder", 6, {5, 4}, 3, 1, 0);
  CHECK(full.head().outputs() == 9);
  CHECK(full.latent() == 3);
  Tape<double> tape;
  const auto x = tape.constant(reference::normal_matrix(7, 6, 2));
  const auto p = diagonal(x);
  const auto q = full(x);
  CHECK(q.mean.value().isApprox(p.mean.value(), 1e-14));
  CHECK(q.marginal_log_variance().value().isApprox(p.log_variance.value(), 1e-12));
  CHECK(q.lower.value().isZero(0));
}

TEST_CASE("Resetting the variance of a full posterior leaves no correlations, and takes one number a dimension") {
  GaussianEncoder<double, vade::FullPosterior> encoder("encoder", 3, {4}, 2, 5, 0);
  encoder.head().weight().value().setOnes();
  encoder.head().bias().value().setOnes();
  encoder.reset_log_variance(vade::RowVector<double>{{-3, 2}});
  Tape<double> tape;
  const auto q = encoder(tape.constant(reference::normal_matrix(6, 3, 4)));
  CHECK(q.lower.value().isZero(0));
  CHECK(q.marginal_log_variance().value().col(0).isConstant(-3, 1e-14));
  CHECK(q.marginal_log_variance().value().col(1).isConstant(2, 1e-14));
  CHECK(q.mean.value().col(0) == q.mean.value().col(1));
}
