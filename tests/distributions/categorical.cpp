#include <vade/distributions/categorical.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace categorical_tests {

// L.n are the equations of docs/derivations/likelihoods_and_mixtures.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::evaluate_float;
using reference::normal_matrix;
using reference::wide;
using vade::Index;
using vade::Labels;
using vade::Matrix;
using vade::Tape;
using vade::Var;

const auto entropy = [](auto&, const auto& in) { return vade::categorical_logits_entropy(in[0]); };
const auto kl = [](auto&, const auto& in) { return vade::categorical_kl(in[0], in[1]); };

/// log softmax of row b in long double.
std::vector<long double> log_probabilities(const Matrix<double>& logits, Index b) {
  long double sum = 0;
  for (const double l : logits.row(b)) sum += std::exp(wide(l) - wide(logits.row(b).maxCoeff()));
  std::vector<long double> all;
  for (const double l : logits.row(b)) all.push_back(wide(l) - wide(logits.row(b).maxCoeff()) - std::log(sum));
  return all;
}

/// Random rows, nearly certain ones, equal ones, and one class.
std::vector<Matrix<double>> cases() {
  return {normal_matrix(3, 4, 1), normal_matrix(3, 4, 2, 20), Matrix<double>::Constant(2, 5, 700),
          normal_matrix(2, 1, 3)};
}

}  // namespace

TEST_CASE("L.2: the log-probability of a class is its log-softmax, and probabilities sum to one") {
  for (const Matrix<double>& logits : cases()) {
    Matrix<double> total = Matrix<double>::Zero(logits.rows(), 1);
    for (Index k = 0; k < logits.cols(); ++k) {
      const Labels labels(static_cast<std::size_t>(logits.rows()), static_cast<vade::Label>(k));
      const Matrix<double> got = evaluate({logits}, [&](auto& tape, const auto& in) {
        return vade::categorical_log_prob(in[0], vade::indicators(tape, labels, logits.cols()));
      });
      for (Index b = 0; b < logits.rows(); ++b)
        CHECK(got(b, 0) ==
              Approx(static_cast<double>(log_probabilities(logits, b)[static_cast<std::size_t>(k)])).epsilon(1e-13));
      total.array() += got.array().exp();
    }
    CHECK(total.isApprox(Matrix<double>::Ones(logits.rows(), 1), 1e-13));
  }
}

TEST_CASE("L.2: gradients are right, for logits and for soft classes") {
  const auto log_prob = [](auto&, const auto& in) { return vade::categorical_log_prob(in[0], softmax(in[1])); };
  check_gradients({normal_matrix(3, 4, 4), normal_matrix(3, 4, 5)}, log_prob);
}

TEST_CASE("L.3: the entropy from logits is that of the probabilities, between 0 and log K") {
  for (const Matrix<double>& logits : cases()) {
    const Matrix<double> got = evaluate({logits}, entropy);
    for (Index b = 0; b < logits.rows(); ++b) {
      long double sum = 0;
      for (const long double l : log_probabilities(logits, b)) sum -= std::exp(l) * l;
      CHECK(got(b, 0) == Approx(static_cast<double>(sum)).epsilon(1e-12));
    }
    CHECK(got.isApprox(
        evaluate({logits}, [](auto&, const auto& in) { return vade::categorical_entropy(softmax(in[0])); }), 1e-12));
    CHECK(got.minCoeff() >= 0);
    CHECK(got.maxCoeff() <= std::log(static_cast<double>(logits.cols())) + 1e-12);
  }
  check_gradients({normal_matrix(3, 4, 6)}, entropy);
  check_gradients({normal_matrix(3, 4, 7, 20)}, entropy);
}

TEST_CASE("A.4: the gradient of the entropy from probabilities is right, and zero where a probability is") {
  const auto of_softmax = [](auto&, const auto& in) { return vade::categorical_entropy(softmax(in[0])); };
  check_gradients({normal_matrix(3, 4, 8)}, of_softmax);
  vade::Parameter<double> p("p", (Matrix<double>(1, 2) << 0, 1).finished());
  Tape<double> tape;
  tape.backward(vade::categorical_entropy(tape.parameter(p)));
  CHECK(p.gradient()(0, 0) == 0);
  CHECK(p.gradient()(0, 1) == -1);
}

TEST_CASE("L.4: the divergence is the sum over classes of p (log p - log q)") {
  const std::vector<Matrix<double>> all = cases();
  for (const Matrix<double>& a : all)
    for (std::uint64_t seed = 20; seed < 22; ++seed) {
      const Matrix<double> b = normal_matrix(a.rows(), a.cols(), seed, 3);
      const Matrix<double> got = evaluate({a, b}, kl);
      for (Index i = 0; i < a.rows(); ++i) {
        const auto p = log_probabilities(a, i), q = log_probabilities(b, i);
        long double sum = 0;
        for (std::size_t k = 0; k < p.size(); ++k) sum += std::exp(p[k]) * (p[k] - q[k]);
        CHECK(got(i, 0) == Approx(static_cast<double>(sum)).epsilon(1e-12));
        CHECK(got(i, 0) >= 0);
      }
    }
}

TEST_CASE("L.4: zero at equality, never negative by rounding, digits kept near equality, finite far away") {
  const Matrix<double> a = normal_matrix(2, 5, 30), direction = normal_matrix(2, 5, 31);
  CHECK(evaluate({a, a}, kl).isZero(0));
  for (const double step : {1e-3, 1e-5, 1e-7}) {
    const Matrix<double> got = evaluate({a, Matrix<double>(a + step * direction)}, kl);
    for (Index b = 0; b < 2; ++b) {  // ½ step² Var_p(direction), to first order
      const Eigen::ArrayXd p = (a.row(b).array() - std::log(a.row(b).array().exp().sum())).exp().transpose();
      const Eigen::ArrayXd d = direction.row(b).transpose().array();
      const double variance = (p * d.square()).sum() - std::pow((p * d).sum(), 2);
      CHECK(got(b, 0) == Approx(0.5 * step * step * variance).epsilon(10 * step).scale(0));
    }
    CHECK(evaluate_float({a, Matrix<double>(a + step * direction)}, kl).minCoeff() >= 0);
  }
  Matrix<double> left(1, 2), right(1, 2);
  left << 2000, 0;
  right << 0, 2000;
  CHECK(evaluate({left, right}, kl)(0, 0) == Approx(2000));
  CHECK(std::isfinite(evaluate_float({left, right}, kl)(0, 0)));
}

TEST_CASE("L.4: the gradients of the divergence are right, near equality, too") {
  const Matrix<double> a = normal_matrix(3, 4, 40);
  check_gradients({a, normal_matrix(3, 4, 41, 3)}, kl);
  check_gradients({a, Matrix<double>(a + normal_matrix(3, 4, 42, 1e-3))}, kl);
}

TEST_CASE("L.5: drawn classes have the probabilities, and a row's draw is its own") {
  Matrix<double> logits(1, 3);
  logits << std::log(0.2), std::log(0.5), std::log(0.3);
  const Matrix<double> many = (logits.array() + 7).matrix().replicate(40000, 1);
  const Labels labels = vade::categorical_sample(many, 3, vade::Purpose::user);
  for (vade::Label k = 0; k < 3; ++k) {
    const double p = std::exp(logits(0, k));
    const auto count = static_cast<double>(std::count(labels.begin(), labels.end(), k));
    CHECK(std::abs(count / 40000 - p) < 5 * std::sqrt(p * (1 - p) / 40000));  // false alarm 6e-7 each
  }
  const Labels few = vade::categorical_sample(many.topRows(5), 3, vade::Purpose::user);
  CHECK(std::equal(few.begin(), few.end(), labels.begin()));
  CHECK(labels != vade::categorical_sample(many, 4, vade::Purpose::user));
}

TEST_CASE("L.6: the relaxed sample lies on the simplex, has gradients, and approaches the indicator of the maximum") {
  const Matrix<double> logits = normal_matrix(4, 3, 50), noise = normal_matrix(4, 3, 51);
  const auto at = [&](double temperature) {
    return [&, temperature](auto& tape, const auto& in) {
      return vade::relaxed_categorical_sample(in[0], tape.constant(noise), temperature);
    };
  };
  for (const double temperature : {0.5, 2.0}) {
    const Matrix<double> y = evaluate({logits}, at(temperature));
    CHECK(y.minCoeff() > 0);
    CHECK(y.rowwise().sum().isApprox(Eigen::VectorXd::Ones(4), 1e-14));
    check_gradients({logits}, at(temperature));
  }
  const Matrix<double> cold = evaluate({logits}, at(1e-4));
  for (Index b = 0; b < 4; ++b) {
    Index top = 0;
    (logits + noise).row(b).maxCoeff(&top);
    CHECK(cold(b, top) == Approx(1));
  }
}

TEST_CASE("Labels outside the range, other shapes and temperatures are refused by name") {
  Tape<double> tape;
  const Var<double> l = tape.constant(Matrix<double>::Zero(2, 3)), other = tape.constant(Matrix<double>::Zero(2, 2));
  CHECK_THROWS_WITH_AS(vade::indicators(tape, {0, 3}, 3), doctest::Contains("labels has 3 at 1"), vade::ValueError);
  CHECK_THROWS_WITH_AS(vade::categorical_log_prob(l, other),
                       "categorical_log_prob: indicators is [2 x 2], wanted [2 x 3]", vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::categorical_kl(l, other), "categorical_kl: other_logits is [2 x 2], wanted [2 x 3]",
                       vade::ShapeError);
  CHECK_THROWS_AS(vade::relaxed_categorical_sample(l, l, 0.0), vade::ValueError);
}

}  // namespace categorical_tests
