#include <vade/distributions/posterior.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

// F.n are the equations of docs/derivations/full_gaussian.md.

using reference::check_gradients;
using reference::normal_matrix;
using vade::DiagonalPosterior;
using vade::FullPosterior;
using vade::Index;
using vade::Matrix;
using vade::Tape;

namespace {

struct NoPosterior {};

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

TEST_CASE("F.1: a full head is means, logarithms of squared scales, which are clamped, and the entries below the diagonal") {
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
