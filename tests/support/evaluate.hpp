// vade tests: one lambda, evaluated or checked against differences.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <doctest/doctest.h>

#include <vade/testing/gradient_check.hpp>

/// Both take f(tape, inputs) as `vade::testing::check_gradient` does, so that a test states its function once.
namespace reference {

/// The value of f at `inputs`.
template <class F>
vade::Matrix<double> evaluate(const std::vector<vade::Matrix<double>>& inputs, const F& f) {
  vade::Tape<double> tape;
  std::vector<vade::Var<double>> vars;
  for (const vade::Matrix<double>& input : inputs) vars.push_back(tape.constant(input));
  return f(tape, vars).value();
}

/// The same in float, from the rounded inputs.
template <class F>
vade::Matrix<float> evaluate_float(const std::vector<vade::Matrix<double>>& inputs, const F& f) {
  vade::Tape<float> tape;
  std::vector<vade::Var<float>> vars;
  for (const vade::Matrix<double>& input : inputs)
    vars.push_back(tape.constant(vade::Matrix<float>(input.cast<float>())));
  return f(tape, vars).value();
}

/// The gradients of f agree with differences. `magnitude` is the size of f where it is far above one: the differences
/// then carry rounding errors of that size.
template <class F>
void check_gradients(const std::vector<vade::Matrix<double>>& inputs, const F& f, double magnitude = 1) {
  const auto report = vade::testing::check_gradient(inputs, f, {.absolute = 1e-9 * magnitude});
  CHECK_MESSAGE(report.passed, report.text());
}

}  // namespace reference
