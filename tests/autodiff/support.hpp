// vade: what the tests of the operations share.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <vade/testing/gradient_check.hpp>

/// An operation under test is a generic lambda `(auto& tape, const auto& in)`, so that it runs in float and double.
/// It is stored as a std::function: the checker is then compiled once for a test program and not once for a test.
namespace tests {

using vade::Index;
using vade::Matrix;
using vade::Parameter;
using vade::Tape;
using vade::Var;

template <vade::Real T>
using Operation = std::function<Var<T>(Tape<T>&, const std::vector<Var<T>>&)>;

using Points = std::vector<Matrix<double>>;

/// One number, one row, one column, and matrices narrower and wider than a register.
inline constexpr std::pair<Index, Index> shapes[] = {{1, 1}, {1, 7}, {5, 1}, {3, 4}, {4, 33}};

/// Uniform entries in (low, high): the same for the same seed.
inline Matrix<double> random_matrix(Index rows, Index columns, std::uint64_t seed, double low = -1, double high = 1) {
  vade::RandomStream stream(seed, vade::Purpose::user);
  Matrix<double> matrix(rows, columns);
  for (Index i = 0; i < matrix.size(); ++i) matrix.data()[i] = stream.uniform(low, high);
  return matrix;
}

template <class A, class B>
bool same_bytes(const A& a, const B& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(*a.data())) == 0;
}

/// Value and gradients of an operation; the gradient is that of its entries' sum with fixed random weights.
template <vade::Real T>
struct Outcome {
  Matrix<T> value;
  std::vector<Matrix<T>> gradients;
};

template <vade::Real T>
Outcome<T> outcome(const std::vector<Matrix<T>>& points, const Operation<T>& operation) {
  std::vector<Parameter<T>> inputs;
  for (const Matrix<T>& point : points) inputs.emplace_back("input", point);
  Tape<T> tape;
  std::vector<Var<T>> vars;
  for (Parameter<T>& input : inputs) vars.push_back(tape.parameter(input));
  const Var<T> y = operation(tape, vars);
  Outcome<T> result{y.value(), {}};
  Matrix<T> weights(y.rows(), y.cols());
  vade::fill_normal(weights, 5, vade::Purpose::user);
  tape.backward(sum(y * tape.constant(weights)));
  for (const Parameter<T>& input : inputs)
    result.gradients.push_back(input.has_fresh_gradient() ? input.gradient()
                                                          : Matrix<T>::Zero(input.rows(), input.cols()));
  return result;
}

/// Largest difference, in units of `max(1, largest entry)`; NaN where one side has NaN.
template <class A, class B>
double distance(const A& a, const B& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return std::numeric_limits<double>::infinity();
  double largest = 1, difference = 0;
  for (Index i = 0; i < a.rows(); ++i)
    for (Index j = 0; j < a.cols(); ++j) {
      const auto u = static_cast<double>(a(i, j)), v = static_cast<double>(b(i, j));
      largest = std::max({largest, std::abs(u), std::abs(v)});
      if (!(std::abs(u - v) <= difference)) difference = std::abs(u - v);
      if (std::isnan(difference)) return difference;
    }
  return difference / largest;
}

/// The gradient check in double; then float against double, at the same (rounded) points.
inline void check_operation(const Points& points, const Operation<double>& in_double, const Operation<float>& in_float,
                            const vade::testing::GradientCheckOptions& options = {}, double float_tolerance = 1e-5) {
  const vade::testing::GradientReport report = vade::testing::check_gradient(points, in_double, options);
  CHECK_MESSAGE(report.passed, report.text());

  std::vector<Matrix<float>> narrow;
  std::vector<Matrix<double>> rounded;
  for (const Matrix<double>& point : points) {
    narrow.push_back(point.cast<float>());
    rounded.push_back(narrow.back().cast<double>());
  }
  const Outcome<float> got = outcome<float>(narrow, in_float);
  const Outcome<double> wanted = outcome<double>(rounded, in_double);
  CHECK(distance(got.value, wanted.value) < float_tolerance);
  for (std::size_t k = 0; k < points.size(); ++k)
    CHECK_MESSAGE(distance(got.gradients[k], wanted.gradients[k]) < float_tolerance, "gradient of input ", k);
}

template <class Generic>
void check_operation(const Points& points, const Generic& operation,
                     const vade::testing::GradientCheckOptions& options = {}, double float_tolerance = 1e-5) {
  check_operation(points, Operation<double>(operation), Operation<float>(operation), options, float_tolerance);
}

/// Checks an operation at random entries in (low, high) of every shape.
template <class Generic>
void check_between(double low, double high, const Generic& operation,
                   const vade::testing::GradientCheckOptions& options = {}, double float_tolerance = 1e-5) {
  std::uint64_t seed = 1;
  for (const auto& [rows, columns] : shapes)
    check_operation({random_matrix(rows, columns, seed++, low, high)}, operation, options, float_tolerance);
}

}  // namespace tests
