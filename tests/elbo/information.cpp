// vade: the equations of docs/derivations/information_maximisation.md.
// SPDX-License-Identifier: MIT
#include <vade/elbo/information.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace information_tests {

// All of it is in a namespace of its own, so that its short names can stand beside those of other files.
namespace information {

namespace {

using doctest::Approx;
using reference::evaluate;
using vade::Index;
using vade::Matrix;

/// p(c|x) for a batch, from logits.
Matrix<double> batch(Index rows, Index clusters, double sharpness) {
  return evaluate({reference::normal_matrix(rows, clusters, 1, sharpness)},
                  [](auto&, const auto& in) { return softmax(in[0]); });
}

/// I(x; c) of probabilities; what a view would say does not matter to it.
const auto mutual = [](auto&, const auto& in) {
  return vade::information_terms(in[0], log_softmax(stop_gradient(in[0]))).information();
};

double divergence(const auto& p, const auto& q) {
  double total = 0;
  for (Index c = 0; c < p.size(); ++c)
    if (p(c) > 0) total += p(c) * std::log(p(c) / q(c));
  return total;
}

}  // namespace

TEST_CASE("I.1: marginal minus conditional entropy is the mutual information of row and class, a double sum") {
  for (const double sharpness : {0.1, 1.0, 5.0}) {
    const Matrix<double> p = batch(7, 4, sharpness);
    double wanted = 0;  // Σ_nc p(n, c) log [p(n, c) / (p(n) p(c))], p(n) = 1/7
    for (Index n = 0; n < 7; ++n)
      for (Index c = 0; c < 4; ++c) wanted += p(n, c) / 7 * std::log(p(n, c) / 7 / (1.0 / 7 * p.col(c).mean()));
    CHECK(evaluate({p}, mutual)(0, 0) == Approx(wanted).epsilon(1e-11));
  }
}

TEST_CASE("I.2: it is the mean divergence of the rows from their mean, so it is never negative") {
  const Matrix<double> p = batch(7, 4, 2);
  double wanted = 0;
  for (Index n = 0; n < 7; ++n) wanted += divergence(p.row(n), p.colwise().mean()) / 7;
  CHECK(evaluate({p}, mutual)(0, 0) == Approx(wanted).epsilon(1e-11));
  CHECK(std::abs(evaluate({Matrix<double>(p.row(0).replicate(5, 1))}, mutual)(0, 0)) < 1e-14);
}

TEST_CASE("I.3: it is at most log K, reached by certain rows in equal shares and by nothing else that is tried") {
  Matrix<double> certain = Matrix<double>::Zero(8, 4);
  for (Index n = 0; n < 8; ++n) certain(n, n % 4) = 1;
  CHECK(evaluate({certain}, mutual)(0, 0) == Approx(std::log(4.0)).epsilon(1e-14));
  Matrix<double> unequal = certain;
  unequal.row(0) = certain.row(1);
  CHECK(evaluate({unequal}, mutual)(0, 0) < std::log(4.0) - 0.01);
  CHECK(evaluate({Matrix<double>(0.9 * certain.array() + 0.025)}, mutual)(0, 0) < std::log(4.0) - 0.1);
}

TEST_CASE("I.4: cross-entropy minus entropy is the divergence of a view, and its gradient is that of the view alone") {
  const Matrix<double> logits = reference::normal_matrix(6, 3, 2), view = reference::normal_matrix(6, 3, 3);
  const auto consistency = [](auto&, const auto& in) {
    return vade::information_terms(softmax(in[0]), log_softmax(in[1])).consistency;
  };
  const auto softmax_of = [](const Matrix<double>& l) {
    return evaluate({l}, [](auto&, const auto& in) { return softmax(in[0]); });
  };
  const Matrix<double> p = softmax_of(logits), q = softmax_of(view);
  double wanted = 0;
  for (Index n = 0; n < 6; ++n) wanted += divergence(p.row(n), q.row(n)) / 6;
  CHECK(evaluate({logits, view}, consistency)(0, 0) == Approx(wanted).epsilon(1e-12));
  const auto report = vade::testing::check_gradient({logits, view}, consistency, {.relative = 1e9});
  CHECK(report.analytic[0].cwiseAbs().maxCoeff() == 0);
  CHECK(report.analytic[1].isApprox((q - p) / 6, 1e-12));
}

TEST_CASE("I.5: the loss weighs three terms, and is at least what a certain, even and consistent classifier has") {
  const auto loss = [](const Matrix<double>& logits, const Matrix<double>& view) {
    return evaluate({logits, view}, [](auto&, const auto& in) {
      return vade::information_terms(softmax(in[0]), log_softmax(in[1])).loss(0.3, 2.5);
    })(0, 0);
  };
  const double lowest = -0.3 * 2.5 * std::log(3.0);
  for (const unsigned seed : {5u, 6u, 7u}) {
    const Matrix<double> logits = reference::normal_matrix(6, 3, seed), view = reference::normal_matrix(6, 3, seed + 10);
    const auto terms = [&](auto part) {
      return evaluate({logits, view}, [&](auto&, const auto& in) {
        return part(vade::information_terms(softmax(in[0]), log_softmax(in[1])));
      })(0, 0);
    };
    const double consistency = terms([](const auto& t) { return t.consistency; });
    const double certainty = terms([](const auto& t) { return t.conditional_entropy; });
    const double balance = terms([](const auto& t) { return t.marginal_entropy; });
    CHECK(loss(logits, view) == Approx(consistency + 0.3 * (certainty - 2.5 * balance)).epsilon(1e-12));
    CHECK(loss(logits, view) > lowest);
  }
  Matrix<double> best = Matrix<double>::Zero(6, 3);
  for (Index n = 0; n < 6; ++n) best(n, n % 3) = 60;
  CHECK(loss(best, best) == Approx(lowest).epsilon(1e-12));
}

TEST_CASE("I.5: without balance every certain and consistent partition has the least loss, whatever its sizes") {
  const auto loss = [](auto&, const auto& in) {
    return vade::information_terms(softmax(in[0]), log_softmax(in[1])).loss(0.1, 0.0);
  };
  Matrix<double> certain = Matrix<double>::Zero(10, 3);
  for (const Index in_first : {10, 9, 4}) {
    for (Index n = 0; n < 10; ++n) {
      certain.row(n).setZero();
      certain(n, n < in_first ? 0 : 1) = 60;
    }
    CHECK(std::abs(evaluate({certain, certain}, loss)(0, 0)) < 1e-12);
  }
  for (const double sharpness : {0.1, 1.0, 5.0}) {  // views across a cut, and rows that are not certain, cost
    const Matrix<double> logits = reference::normal_matrix(10, 3, 1, sharpness);
    CHECK(evaluate({logits, logits}, loss)(0, 0) > 1e-3);
    CHECK(evaluate({certain, Matrix<double>(certain + logits)}, loss)(0, 0) >= 0);
  }
  Matrix<double> crossed = certain;
  crossed.row(3).swap(crossed.row(4));  // two rows beside the cut, seen on the other side of it
  CHECK(evaluate({certain, crossed}, loss)(0, 0) == Approx(2 * 60 / 10.0).epsilon(1e-9));
}

TEST_CASE("A view of another shape is refused") {
  const Matrix<double> p = batch(6, 3, 1), view = reference::normal_matrix(6, 4, 1);
  CHECK_THROWS_WITH_AS(evaluate({p, view},
                                [](auto&, const auto& in) { return vade::information_terms(in[0], in[1]).consistency; }),
                       doctest::Contains("view_log_probabilities"), vade::ShapeError);
}

TEST_CASE(
    "I.6: the gradient of the information in the logits pushes each row towards what it has more of than others") {
  const Matrix<double> logits = reference::normal_matrix(6, 3, 4);
  const auto objective = [](auto& tape, const auto& in) {
    const std::vector<vade::Var<double>> p{softmax(in[0])};
    return mutual(tape, p);
  };
  reference::check_gradients({logits}, objective);
  const auto report = vade::testing::check_gradient({logits}, objective);
  const Matrix<double> p = evaluate({logits}, [](auto&, const auto& in) { return softmax(in[0]); });
  for (Index n = 0; n < 6; ++n) {
    const double mean = divergence(p.row(n), p.colwise().mean());
    for (Index c = 0; c < 3; ++c) {
      const double wanted = p(n, c) / 6 * (std::log(p(n, c) / p.col(c).mean()) - mean);
      CHECK(report.analytic[0](n, c) == Approx(wanted).epsilon(1e-10));
    }
  }
}

}  // namespace information

}  // namespace information_tests
