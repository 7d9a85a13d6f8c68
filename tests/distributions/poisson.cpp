#include <vade/distributions/poisson.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace poisson_tests {

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

const auto log_prob = [](auto&, const auto& in) { return vade::poisson_log_prob(in[0], in[1]); };

/// x log λ − λ − log x! in long double.
long double by_formula(double count, double log_rate) {
  const long double x = wide(count), a = wide(log_rate);
  return x * a - std::exp(a) - std::lgamma(x + 1);
}

/// Counts 0, 1, 2, ... in the order of reading.
Matrix<double> counts(Index rows, Index columns) {
  Matrix<double> x(rows, columns);
  for (Index k = 0; k < x.size(); ++k) x.data()[k] = static_cast<double>(k % 7);
  return x;
}

}  // namespace

TEST_CASE("P.1: the log-probability of a row is the formula, summed over columns") {
  const Matrix<double> x = counts(4, 5), a = normal_matrix(4, 5, 1, 2);
  const Matrix<double> got = evaluate({x, a}, log_prob);
  REQUIRE(got.rows() == 4);
  REQUIRE(got.cols() == 1);
  for (Index i = 0; i < 4; ++i) {
    long double expected = 0;
    for (Index j = 0; j < 5; ++j) expected += by_formula(x(i, j), a(i, j));
    CHECK(got(i, 0) == Approx(static_cast<double>(expected)).epsilon(1e-13));
  }
}

TEST_CASE("P.1: probabilities of all counts add up to one, with mean and variance λ") {
  for (const double rate : {0.1, 3.0, 40.0}) {
    double total = 0, mean = 0, square = 0;
    for (int n = 0; n < 200; ++n) {
      const Matrix<double> x = Matrix<double>::Constant(1, 1, n), a = Matrix<double>::Constant(1, 1, std::log(rate));
      const double p = std::exp(evaluate({x, a}, log_prob)(0, 0));
      total += p;
      mean += n * p;
      square += n * n * p;
    }
    CHECK(total == Approx(1).epsilon(1e-13));
    CHECK(mean == Approx(rate).epsilon(1e-13));
    CHECK(square - mean * mean == Approx(rate).epsilon(1e-11));
  }
}

TEST_CASE("P.3: large counts lose no digits, in single precision as well") {
  for (const double n : {1.0, 50.0, 1e3, 1e6})
    for (const double off : {0.0, 1e-3, -0.1, 0.5}) {
      const Matrix<double> x = Matrix<double>::Constant(1, 1, n);
      const Matrix<double> a = Matrix<double>::Constant(1, 1, std::log(n) + off);
      const auto rounded = static_cast<float>(a(0, 0));  // what the float recording gets
      CHECK(evaluate({x, a}, log_prob)(0, 0) ==
            Approx(static_cast<double>(by_formula(n, a(0, 0)))).epsilon(n * 2e-15).scale(1));
      CHECK(static_cast<double>(evaluate_float({x, a}, log_prob)(0, 0)) ==
            Approx(static_cast<double>(by_formula(n, static_cast<double>(rounded)))).epsilon(1e-6));
    }
}

TEST_CASE("P.3: a count of zero has the log-probability −λ, also where λ is tiny") {
  for (const double a : {-700.0, -3.0, 0.0, 5.0})
    CHECK(evaluate({Matrix<double>::Zero(1, 1), Matrix<double>::Constant(1, 1, a)}, log_prob)(0, 0) == -std::exp(a));
}

TEST_CASE("P.4: the gradient in log λ is x − λ, and checked by differences for each way of repeating it") {
  const Matrix<double> x = counts(3, 4);
  const auto fixed = [&x](auto& tape, const auto& in) { return vade::poisson_log_prob(tape.constant(x), in[0]); };
  for (const Matrix<double>& a : {normal_matrix(3, 4, 1), normal_matrix(1, 4, 2), normal_matrix(1, 1, 3)})
    check_gradients({a}, fixed);
  const Matrix<double> a = normal_matrix(3, 4, 1);
  const auto report = vade::testing::check_gradient({a}, [&](auto& tape, const auto& in) { return sum(fixed(tape, in)); });
  CHECK(report.analytic[0].isApprox(x - Matrix<double>(a.array().exp()), 1e-13));
}

TEST_CASE("P.5: draws have mean and variance λ, by both ways of drawing, and are whole numbers") {
  for (const double rate : {0.0, 0.4, 29.0, 31.0, 1e4}) {
    const int draws = 20000;
    vade::RandomStream stream(3, vade::Purpose::user);
    double sum = 0, squares = 0;
    bool whole = true;
    for (int k = 0; k < draws; ++k) {
      const double x = vade::poisson_sample(rate, stream);
      whole = whole && x >= 0 && x == std::floor(x);
      sum += x - rate;
      squares += (x - rate) * (x - rate);
    }
    CHECK(whole);
    CHECK(std::abs(sum / draws) <= 4 * std::sqrt(rate / draws));                      // four standard errors
    CHECK(std::abs(squares / draws - rate) <= 4 * std::sqrt((2 * rate * rate + rate) / draws));
  }
}

TEST_CASE("P.5: the frequencies of draws are the probabilities, on both sides of the border between the two ways") {
  for (const double rate : {28.0, 32.0}) {
    const int draws = 40000;
    vade::RandomStream stream(5, vade::Purpose::user);
    std::vector<double> seen(100, 0);
    for (int k = 0; k < draws; ++k) seen.at(static_cast<std::size_t>(vade::poisson_sample(rate, stream))) += 1;
    double chi_square = 0;
    int cells = 0;
    for (std::size_t n = 0; n < seen.size(); ++n) {
      const double expected = draws * std::exp(static_cast<double>(by_formula(static_cast<double>(n), std::log(rate))));
      if (expected < 10) continue;
      chi_square += (seen[n] - expected) * (seen[n] - expected) / expected;
      ++cells;
    }
    CHECK(cells > 30);
    CHECK(chi_square < cells + 4 * std::sqrt(2.0 * cells));
  }
}

TEST_CASE("Rates without a meaning and shapes that do not fit are refused by name") {
  vade::RandomStream stream(1, vade::Purpose::user);
  CHECK_THROWS_AS(vade::poisson_sample(-1, stream), vade::ValueError);
  CHECK_THROWS_AS(vade::poisson_sample(std::numeric_limits<double>::quiet_NaN(), stream), vade::ValueError);
  vade::Tape<double> tape;
  const auto x = tape.constant(Matrix<double>::Zero(2, 3)), a = tape.constant(Matrix<double>::Zero(2, 2));
  CHECK_THROWS_AS(vade::poisson_log_prob(x, a), vade::ShapeError);
}

}  // namespace poisson_tests
