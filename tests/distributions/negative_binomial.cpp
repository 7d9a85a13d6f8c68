#include <vade/distributions/negative_binomial.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace negative_binomial_tests {

// P.n are the equations of docs/derivations/counts.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::evaluate_float;
using reference::normal_matrix;
using reference::wide;
using vade::Index;
using vade::Matrix;

const auto log_prob = [](auto&, const auto& in) { return vade::negative_binomial_log_prob(in[0], in[1], in[2]); };

/// The formula in long double.
long double by_formula(double count, double log_mean, double log_dispersion) {
  const long double x = wide(count), m = std::exp(wide(log_mean)), r = std::exp(wide(log_dispersion));
  const long double of_mean = x == 0 ? 0 : x * std::log1p(r / m);
  return std::lgamma(x + r) - std::lgamma(r) - std::lgamma(x + 1) - r * std::log1p(m / r) - of_mean;
}

Matrix<double> number(double value) { return Matrix<double>::Constant(1, 1, value); }

/// Counts 0, 1, 2, ... in the order of reading.
Matrix<double> small_counts(Index rows, Index columns) {
  Matrix<double> x(rows, columns);
  for (Index k = 0; k < x.size(); ++k) x.data()[k] = static_cast<double>(k % 7);
  return x;
}

}  // namespace

TEST_CASE("P.6: the log-probability of a row is the formula, summed over columns, for each shape of the dispersion") {
  const Matrix<double> x = small_counts(4, 5), a = normal_matrix(4, 5, 1, 2);
  for (const Matrix<double>& rho : {normal_matrix(4, 5, 2, 2), normal_matrix(1, 5, 3, 2), normal_matrix(1, 1, 4)}) {
    const Matrix<double> got = evaluate({x, a, rho}, log_prob);
    REQUIRE(got.rows() == 4);
    REQUIRE(got.cols() == 1);
    for (Index i = 0; i < 4; ++i) {
      long double expected = 0;
      for (Index j = 0; j < 5; ++j)
        expected += by_formula(x(i, j), a(i, j), rho(rho.rows() == 1 ? 0 : i, rho.cols() == 1 ? 0 : j));
      CHECK(got(i, 0) == Approx(static_cast<double>(expected)).epsilon(1e-12));
    }
  }
}

TEST_CASE("P.6, P.7: probabilities of all counts add up to one, with mean m and variance m + m² / r") {
  for (const double mean : {0.5, 6.0})
    for (const double dispersion : {0.7, 5.0}) {
      double total = 0, first = 0, second = 0;
      for (int n = 0; n < 1500; ++n) {
        const double p = std::exp(evaluate({number(n), number(std::log(mean)), number(std::log(dispersion))}, log_prob)(0, 0));
        total += p;
        first += n * p;
        second += n * n * p;
      }
      CHECK(total == Approx(1).epsilon(1e-12));
      CHECK(first == Approx(mean).epsilon(1e-12));
      CHECK(second - first * first == Approx(mean + mean * mean / dispersion).epsilon(1e-10));
    }
}

TEST_CASE("P.6: it is the integral of Poisson over a gamma distribution of rates") {
  const double mean = 3, r = 1.7, x = 4;
  double integral = 0;
  const double step = 1e-3;
  for (double rate = step / 2; rate < 60; rate += step)  // the midpoint rule
    integral += step * std::exp(x * std::log(rate) - rate - std::lgamma(x + 1) + r * std::log(r / mean) - std::lgamma(r) +
                                (r - 1) * std::log(rate) - r * rate / mean);
  CHECK(evaluate({number(x), number(std::log(mean)), number(std::log(r))}, log_prob)(0, 0) ==
        Approx(std::log(integral)).epsilon(1e-6));
}

TEST_CASE("P.8: large counts lose no digits, in single precision as well") {
  for (const double n : {1.0, 1e3, 1e6})
    for (const double log_dispersion : {-3.0, 0.0, 8.0})
      for (const double off : {0.0, 1e-3, 0.5}) {
        const double a = static_cast<double>(static_cast<float>(std::log(n) + off));
        const double expected = static_cast<double>(by_formula(n, a, log_dispersion));
        CHECK(evaluate({number(n), number(a), number(log_dispersion)}, log_prob)(0, 0) ==
              Approx(expected).epsilon(1e-13 + n * 1e-16));
        CHECK(static_cast<double>(evaluate_float({number(n), number(a), number(log_dispersion)}, log_prob)(0, 0)) ==
              Approx(expected).epsilon(1e-6));
      }
}

TEST_CASE("P.9: gradients in log m and log r are right, for each shape of the dispersion") {
  const Matrix<double> x = small_counts(3, 4), a = normal_matrix(3, 4, 1);
  const auto fixed = [&x](auto& tape, const auto& in) {
    return vade::negative_binomial_log_prob(tape.constant(x), in[0], in[1]);
  };
  for (const Matrix<double>& rho : {normal_matrix(3, 4, 2), normal_matrix(1, 4, 3), normal_matrix(3, 1, 4), normal_matrix(1, 1, 5)})
    check_gradients({a, rho}, fixed);
  check_gradients({a, Matrix<double>::Constant(1, 4, 6)}, fixed, 10);
}

TEST_CASE("P.10: with a large dispersion it is Poisson") {
  const Matrix<double> x = small_counts(3, 4), a = normal_matrix(3, 4, 1);
  const Matrix<double> poisson =
      evaluate({x, a}, [](auto&, const auto& in) { return vade::poisson_log_prob(in[0], in[1]); });
  CHECK(evaluate({x, a, number(25)}, log_prob).isApprox(poisson, 1e-9));
  CHECK_FALSE(evaluate({x, a, number(1)}, log_prob).isApprox(poisson, 1e-3));
}

TEST_CASE("P.11: draws have mean m and variance m + m² / r") {
  for (const double mean : {0.8, 50.0})
    for (const double dispersion : {0.4, 3.0}) {
      const int draws = 40000;
      vade::RandomStream stream(7, vade::Purpose::user);
      double sum = 0, squares = 0;
      for (int k = 0; k < draws; ++k) {
        const double x = vade::negative_binomial_sample(mean, dispersion, stream);
        sum += x - mean;
        squares += (x - mean) * (x - mean);
      }
      const double variance = mean + mean * mean / dispersion;
      CHECK(std::abs(sum / draws) < 4 * std::sqrt(variance / draws));
      CHECK(squares / draws == Approx(variance).epsilon(0.1));
    }
}

TEST_CASE("P.11: gamma draws have mean and variance equal to their shape, below and above one") {
  for (const double shape : {0.2, 1.0, 9.0}) {
    const int draws = 40000;
    vade::RandomStream stream(9, vade::Purpose::user);
    double sum = 0, squares = 0;
    for (int k = 0; k < draws; ++k) {
      const double x = vade::gamma_sample(shape, stream);
      sum += x - shape;
      squares += (x - shape) * (x - shape);
    }
    CHECK(std::abs(sum / draws) < 4 * std::sqrt(shape / draws));
    CHECK(squares / draws == Approx(shape).epsilon(0.1));
  }
}

TEST_CASE("Parameters without a meaning and shapes that do not fit are refused by name") {
  vade::RandomStream stream(1, vade::Purpose::user);
  CHECK_THROWS_AS(vade::gamma_sample(0, stream), vade::ValueError);
  CHECK_THROWS_AS(vade::negative_binomial_sample(-1, 1, stream), vade::ValueError);
  vade::Tape<double> tape;
  const auto x = tape.constant(Matrix<double>::Zero(2, 3)), wrong = tape.constant(Matrix<double>::Zero(2, 2));
  CHECK_THROWS_WITH_AS(vade::negative_binomial_log_prob(x, x, wrong),
                       "negative_binomial_log_prob: log_dispersion is [2 x 2], wanted [2 x 3]", vade::ShapeError);
  CHECK_THROWS_AS(vade::negative_binomial_log_prob(wrong, x, x), vade::ShapeError);
}

}  // namespace negative_binomial_tests
