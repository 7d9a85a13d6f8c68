#include <vade/optim/weight_average.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

namespace {

using reference::normal_matrix;
using vade::Matrix;
using vade::Parameter;
using vade::WeightAverage;

}  // namespace

TEST_CASE_TEMPLATE("The average follows a <- d a + (1 - d) w with d = min(decay, (1 + t) / (10 + t))", T, float,
                   double) {
  for (const double decay : {0.0, 0.25, 0.999}) {
    Parameter<T> p("p", Matrix<T>::Constant(1, 1, T{2}));
    WeightAverage<T> average({&p}, decay);
    long double by_hand = 2;
    const double values[] = {3, -1, 4, 1, -5, 9};
    for (int t = 1; t <= 6; ++t) {
      const double value = values[t - 1];
      p.value().setConstant(static_cast<T>(value));
      average.update();
      const double d = std::min(decay, (1.0 + t) / (10.0 + t));
      by_hand = reference::wide(d) * by_hand + (1 - reference::wide(d)) * reference::wide(value);
    }
    average.swap();
    CHECK(static_cast<double>(p.value()(0, 0)) ==
          doctest::Approx(static_cast<double>(by_hand)).epsilon(std::same_as<T, float> ? 1e-6 : 1e-15));
  }
}

TEST_CASE("Before the first update the average is the start") {
  Parameter<double> p("p", Matrix<double>::Constant(2, 2, 1));
  WeightAverage<double> average({&p}, 0.9);
  p.value().setConstant(7);
  average.swap();
  CHECK(p.value() == Matrix<double>::Constant(2, 2, 1));
}

TEST_CASE("Swapping twice is nothing, and the average goes on from where it was") {
  Parameter<double> p("p", normal_matrix(3, 4, 1)), q("q", normal_matrix(1, 4, 2));
  Parameter<double> p2 = p, q2 = q;
  WeightAverage<double> swapped({&p, &q}, 0.9), plain({&p2, &q2}, 0.9);
  for (std::uint64_t t = 0; t < 5; ++t) {
    for (Parameter<double>* x : {&p, &p2}) x->value() = normal_matrix(3, 4, 10 + t);
    for (Parameter<double>* x : {&q, &q2}) x->value() = normal_matrix(1, 4, 20 + t);
    swapped.update();
    plain.update();
    const Matrix<double> before = p.value();
    swapped.swap();
    CHECK(p.value() != before);
    swapped.swap();
    CHECK(p.value() == before);
  }
  swapped.swap();
  plain.swap();
  CHECK(p.value() == p2.value());
  CHECK(q.value() == q2.value());
}

TEST_CASE("Averages are the same bytes for 1, 2, 3 and 7 threads") {
  const int threads_before = vade::default_pool().threads();
  std::vector<Matrix<float>> averages;
  for (const int threads : {1, 2, 3, 7}) {
    vade::set_threads(threads);
    Parameter<float> p("p", normal_matrix(500, 301, 1).cast<float>());
    WeightAverage<float> average({&p}, 0.9);
    for (std::uint64_t t = 0; t < 3; ++t) {
      p.value() = normal_matrix(500, 301, 5 + t).cast<float>();
      average.update();
    }
    average.swap();
    averages.push_back(p.value());
  }
  vade::set_threads(threads_before);
  for (const Matrix<float>& a : averages) CHECK(a == averages.front());
}

TEST_CASE("A parameter that is listed twice is refused by name") {
  Parameter<float> p("p", Matrix<float>::Zero(1, 2)), q("q", Matrix<float>::Zero(1, 2));
  CHECK_NOTHROW(WeightAverage<float>({&p, &q}, 0.5));
  CHECK_THROWS_WITH_AS(WeightAverage<float>({&p, &q, &p}, 0.5),
                       "WeightAverage: parameter p is listed twice, wanted each parameter once", vade::ValueError);
}

TEST_CASE("A decay outside [0, 1) is refused by name") {
  for (const double bad : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(WeightAverage<float>({}, bad), doctest::Contains("WeightAverage: decay is "),
                         vade::ValueError);
}
