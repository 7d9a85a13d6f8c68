#include <vade/distributions/posterior.hpp>

#include <cmath>

#include <Eigen/LU>

#include <doctest/doctest.h>

#include <vade/autodiff/products.hpp>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace posterior_tests {

// F.n are the equations of docs/derivations/full_gaussian.md, C.n those of reparameterization.md.

using reference::check_gradients;
using reference::normal_matrix;
using vade::DiagonalPosterior;
using vade::FullPosterior;
using vade::Index;
using vade::Matrix;
using vade::Tape;

namespace {

struct NoPosterior {};

/// ∂z/∂ε `[J x J]` of one posterior; z is linear in ε, so differences are exact.
template <class Gaussian>
Eigen::MatrixXd jacobian(const Gaussian& q) {
  Tape<double>& tape = q.mean.tape();
  const Index latent = q.mean.cols();
  const Matrix<double> zero = Matrix<double>::Zero(1, latent);
  Eigen::MatrixXd result(latent, latent);
  for (Index k = 0; k < latent; ++k) {
    Matrix<double> step = zero;
    step(0, k) = 1;
    result.col(k) = (q.sample(tape.constant(step)).value() - q.sample(tape.constant(zero)).value()).transpose();
  }
  return result;
}

/// Calls `check(q)` for posteriors of both families, one row each.
template <class Check>
void with_both(const Check& check) {
  for (const Index latent : {1, 2, 4}) {
    Tape<double> tape;
    const Matrix<double> head = normal_matrix(1, FullPosterior::columns(latent), 11);
    check(FullPosterior::from_head(tape.constant(head), latent, 12.0));
    check(DiagonalPosterior::from_head(tape.constant(Matrix<double>(head.leftCols(2 * latent))), latent, 12.0));
  }
}

}  // namespace

static_assert(vade::PosteriorPolicy<FullPosterior, float> && vade::PosteriorPolicy<DiagonalPosterior, double>);
static_assert(!vade::PosteriorPolicy<NoPosterior, float> && !vade::PosteriorPolicy<FullPosterior, int>);

TEST_CASE("A diagonal head is means and log-variances, which are clamped") {
  Tape<double> tape;
  Matrix<double> head = normal_matrix(3, 4, 1);
  head(1, 2) = 100;
  CHECK(DiagonalPosterior::columns(2) == 4);
  const auto q = DiagonalPosterior::from_head(tape.constant(head), 2, 12.0);
  CHECK(q.mean.value() == head.leftCols(2));
  CHECK(q.log_variance.value()(0, 1) == head(0, 3));
  CHECK(q.log_variance.value()(1, 0) == 12);
}

TEST_CASE("F.1: a full head is means, logarithms of squared scales, clamped, and the entries below the diagonal") {
  Tape<double> tape;
  Matrix<double> head = normal_matrix(3, 9, 1);
  head(1, 3) = 100;
  CHECK(FullPosterior::columns(3) == 9);
  const auto q = FullPosterior::from_head(tape.constant(head), 3, 12.0);
  CHECK(q.mean.value() == head.leftCols(3));
  CHECK(q.log_scale.value()(0, 1) == 0.5 * head(0, 4));
  CHECK(q.log_scale.value()(1, 0) == 6);
  CHECK(q.lower.value() == head.rightCols(3));
}

TEST_CASE_TEMPLATE("Logarithms that were clamped are counted, at either end", Policy, DiagonalPosterior, FullPosterior) {
  Tape<double> tape;
  Matrix<double> head = Matrix<double>::Zero(2, Policy::columns(3));
  head.row(0).segment(3, 3) << 2.5, -2, 1.9;
  head.row(1).segment(3, 3) << -1.9, 7, 0;
  CHECK(Policy::at_bound(Policy::from_head(tape.constant(head), 3, 2.0), 2.0) == 3);
  CHECK(Policy::at_bound(Policy::from_head(tape.constant(head), 3, 12.0), 12.0) == 0);
}

TEST_CASE("A full head of one dimension has no entry below the diagonal, and is the diagonal one") {
  Tape<double> tape;
  const Matrix<double> head = normal_matrix(3, 2, 1), z = normal_matrix(3, 1, 2);
  CHECK(FullPosterior::columns(1) == 2);
  const auto full = FullPosterior::from_head(tape.constant(head), 1, 12.0);
  const auto diagonal = DiagonalPosterior::from_head(tape.constant(head), 1, 12.0);
  CHECK(full.lower.cols() == 0);
  CHECK(full.log_prob(tape.constant(z)).value().isApprox(diagonal.log_prob(tape.constant(z)).value(), 1e-14));
  CHECK(full.kl_to_standard().value().isApprox(diagonal.kl_to_standard().value(), 1e-14));
}

TEST_CASE("Gradients flow from every function of a posterior back into the head") {
  const Matrix<double> noise = normal_matrix(2, 3, 3), z = normal_matrix(2, 3, 4), head = normal_matrix(2, 9, 1, 0.5);
  const auto all = [&](auto& tape, const auto& q) {
    return q.log_prob(tape.constant(z)) + q.entropy() + q.expected_standard_log_prob() + 2.0 * q.kl_to_standard() +
           row_sums(q.sample(tape.constant(noise)) + q.marginal_log_variance());
  };
  const auto of_full = [&](auto& tape, const auto& in) { return all(tape, FullPosterior::from_head(in[0], 3, 12.0)); };
  const auto of_diagonal = [&](auto& tape, const auto& in) {
    return all(tape, DiagonalPosterior::from_head(in[0], 3, 12.0));
  };
  check_gradients({head}, of_full, 100);
  check_gradients({Matrix<double>(head.leftCols(6))}, of_diagonal, 100);
}

TEST_CASE("C.1, C.2: the density at a sample is that of its noise over the determinant of the Jacobian") {
  with_both([](const auto& q) {
    const Matrix<double> noise = normal_matrix(1, q.mean.cols(), 12);
    Tape<double>& tape = q.mean.tape();
    const double log_q = q.log_prob(q.sample(tape.constant(noise))).scalar();
    double log_p = 0;
    for (const double e : noise.row(0)) log_p += static_cast<double>(reference::log_normal(e, 0, 0));
    const double determinant = std::abs(jacobian(q).determinant());
    CHECK(log_q == doctest::Approx(log_p - std::log(determinant)).epsilon(1e-10));
    CHECK(std::exp(log_p) == doctest::Approx(std::exp(log_q) * determinant).epsilon(1e-9));
  });
}

TEST_CASE("C.3, C.4: the entropy is that of the noise plus the log-determinant, a sum over the diagonal") {
  with_both([](const auto& q) {
    const Eigen::MatrixXd l = jacobian(q);
    const double log_determinant = std::log(std::abs(l.determinant()));
    CHECK(log_determinant == doctest::Approx(l.diagonal().array().log().sum()).epsilon(1e-10));
    const double noise = 0.5 * static_cast<double>(l.rows()) * (1 + std::log(2 * reference::pi));
    CHECK(q.entropy().scalar() == doctest::Approx(noise + log_determinant).epsilon(1e-10));
  });
}

TEST_CASE("C.5, C.6: gradients through samples are unbiased") {
  // f(z) = ½ zᵀ A z over 20000 draws; five standard errors each, a false alarm of 6e-7 for a fresh seed.
  const Index latent = 2, draws = 20000;
  Matrix<double> a(2, 2);
  a << 1.5, 0.7, 0.7, -0.4;
  const Matrix<double> mean = normal_matrix(1, latent, 13), log_scale = normal_matrix(1, latent, 14, 0.3),
                       lower = normal_matrix(1, 1, 15);
  vade::Parameter<double> mu("mean", mean.replicate(draws, 1)), s("log_scale", log_scale.replicate(draws, 1)),
      l("lower", lower.replicate(draws, 1));
  Tape<double> tape;
  const vade::FullGaussian<double> q{tape.parameter(mu), tape.parameter(s), tape.parameter(l)};
  const auto z = q.sample(tape.constant(normal_matrix(draws, latent, 16)));
  tape.backward(0.5 * sum(z * matmul(z, tape.constant(a))));  // gradients row by row
  Eigen::MatrixXd factor(2, 2);
  factor << std::exp(log_scale(0, 0)), 0, lower(0, 0), std::exp(log_scale(0, 1));
  const Eigen::MatrixXd by_factor = a * factor, by_mean = a * mean.transpose();
  const auto agrees = [&](const Matrix<double>& gradients, Index column, double truth) {
    const auto g = gradients.col(column).array();
    const double error = std::sqrt((g - g.mean()).square().mean() / static_cast<double>(draws));
    CHECK(std::abs(g.mean() - truth) < 5 * error);
    CHECK(error < 0.05);
  };
  for (Index j = 0; j < latent; ++j) {
    agrees(mu.gradient(), j, by_mean(j, 0));
    agrees(s.gradient(), j, by_factor(j, j) * factor(j, j));  // through log σ
  }
  agrees(l.gradient(), 0, by_factor(1, 0));
}

}  // namespace posterior_tests
