#include <vade/distributions/bernoulli.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace bernoulli_tests {

// V.n are the equations of docs/derivations/vae_bound.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::evaluate_float;
using reference::normal_matrix;
using vade::Index;
using vade::Matrix;

const auto log_prob = [](auto&, const auto& in) { return vade::bernoulli_log_prob(in[0], in[1]); };
const auto mean_log_prob = [](auto&, const auto& in) { return vade::bernoulli_mean_log_prob(in[0], in[1]); };

/// Grey values in (0, 1).
Matrix<double> grey(Index rows, Index columns, std::uint64_t seed) {
  return (1 + (-normal_matrix(rows, columns, seed).array()).exp()).inverse().matrix();
}

/// x log p + (1 − x) log(1 − p) with p = σ(l), in long double.
long double by_formula(double logit, double value) {
  const long double l = reference::wide(logit), x = reference::wide(value);
  const long double p = 1 / (1 + std::exp(-l)), q = 1 / (1 + std::exp(l));
  return x * std::log(p) + (1 - x) * std::log(q);
}

}  // namespace

TEST_CASE("V.6: the log-probability of a row is the formula, summed over pixels") {
  for (const Index rows : {1, 4})
    for (const Index inputs : {1, 5}) {
      const Matrix<double> l = normal_matrix(rows, inputs, 1, 3), x = grey(rows, inputs, 2);
      const Matrix<double> got = evaluate({l, x}, log_prob);
      REQUIRE(got.rows() == rows);
      REQUIRE(got.cols() == 1);
      for (Index i = 0; i < rows; ++i) {
        long double expected = 0;
        for (Index j = 0; j < inputs; ++j) expected += by_formula(l(i, j), x(i, j));
        CHECK(got(i, 0) == Approx(static_cast<double>(expected)).epsilon(1e-14));
      }
    }
}

TEST_CASE("V.6: the probabilities of all binary images add up to one") {
  const Matrix<double> l = normal_matrix(1, 4, 1, 2);
  double total = 0;
  for (unsigned image = 0; image < 16; ++image) {
    Matrix<double> x(1, 4);
    for (Index j = 0; j < 4; ++j) x(0, j) = (image >> j) & 1u;
    total += std::exp(evaluate({l, x}, log_prob)(0, 0));
  }
  CHECK(total == Approx(1).epsilon(1e-14));
}

TEST_CASE("V.6: huge logits give finite values: 0 where right, -|l| where wrong") {
  for (const double l : {50.0, 700.0, 1e6}) {
    Matrix<double> logits(1, 1), x(1, 1);
    for (const double sign : {1.0, -1.0}) {
      logits << sign * l;
      x << (sign > 0 ? 1.0 : 0.0);
      CHECK(evaluate({logits, x}, log_prob)(0, 0) == Approx(0).epsilon(1e-13));
      CHECK(evaluate({logits, x}, mean_log_prob)(0, 0) <= 0);
      CHECK(evaluate({logits, x}, mean_log_prob)(0, 0) > -1e-20);
      x(0, 0) = 1 - x(0, 0);
      CHECK(evaluate({logits, x}, log_prob)(0, 0) == Approx(-l).epsilon(1e-13));
      CHECK(evaluate({logits, x}, mean_log_prob)(0, 0) == Approx(-l).epsilon(1e-13));
    }
  }
}

TEST_CASE("V.6: in float, rows that are almost certain keep their digits: x = 1 and large logits cancel nothing") {
  for (const double low : {8.0, 15.0}) {
    const Index inputs = 784;
    Matrix<double> l(1, inputs), x(1, inputs);
    double wanted = 0;
    for (Index j = 0; j < inputs; ++j) {
      const bool one = j % 3 == 0;
      l(0, j) = (one ? 1 : -1) * static_cast<double>(static_cast<float>(low + 7.0 * static_cast<double>(j) / inputs));
      x(0, j) = one;
      wanted -= std::log1p(std::exp(-std::abs(l(0, j))));
    }
    CHECK(static_cast<double>(evaluate_float({l, x}, log_prob)(0, 0)) == Approx(wanted).epsilon(2e-6).scale(0));
    CHECK(static_cast<double>(evaluate_float({l, x}, mean_log_prob)(0, 0)) == Approx(wanted).epsilon(2e-6).scale(0));
  }
}

TEST_CASE("V.6: logit 0 gives log 1/2 for each pixel, whatever the image: pixels are summed, not averaged") {
  CHECK(evaluate({Matrix<double>::Zero(3, 784), grey(3, 784, 1)}, mean_log_prob)(0, 0) ==
        Approx(-784 * std::log(2.0)).epsilon(1e-13));
}

TEST_CASE("V.6: the fused mean is the mean over rows of the log-probabilities") {
  for (const Index rows : {1, 300})
    for (const Index inputs : {1, 100}) {
      const Matrix<double> l = normal_matrix(rows, inputs, 1, 4), x = grey(rows, inputs, 2);
      CHECK(evaluate({l, x}, mean_log_prob)(0, 0) == Approx(evaluate({l, x}, log_prob).mean()).epsilon(1e-13));
      const float single = evaluate_float({l, x}, mean_log_prob)(0, 0);
      CHECK(static_cast<double>(single) == Approx(evaluate({l, x}, log_prob).mean()).epsilon(1e-5));
    }
}

TEST_CASE("A.1: gradients of the Bernoulli's functions are right in logits and data") {
  for (const Index rows : {1, 3})
    for (const Index inputs : {1, 4}) {
      const Matrix<double> l = normal_matrix(rows, inputs, 1), x = grey(rows, inputs, 2);
      check_gradients({l, x}, log_prob);
      check_gradients({l, x}, mean_log_prob);
      check_gradients({12 * l, x}, log_prob, 10);
      check_gradients({12 * l, x}, mean_log_prob, 10);
    }
}

TEST_CASE("A.1: the gradient in a logit is (x - sigmoid) / B") {
  const Matrix<double> l = normal_matrix(4, 3, 1), x = grey(4, 3, 2);
  const auto report = vade::testing::check_gradient({l, x}, mean_log_prob);
  const Matrix<double> expected = (x.array() - (1 + (-l.array()).exp()).inverse()).matrix() / 4;
  CHECK(report.analytic[0].isApprox(expected, 1e-14));
}

TEST_CASE("Shapes that do not fit are refused by name") {
  vade::Tape<double> tape;
  const auto l = tape.constant(Matrix<double>::Zero(2, 3)), x = tape.constant(Matrix<double>::Zero(1, 3));
  CHECK_THROWS_WITH_AS(vade::bernoulli_log_prob(l, x), "bernoulli_log_prob: x is [1 x 3], wanted [2 x 3]",
                       vade::ShapeError);
  CHECK_THROWS_AS(vade::bernoulli_mean_log_prob(l, x), vade::ShapeError);
}

}  // namespace bernoulli_tests
