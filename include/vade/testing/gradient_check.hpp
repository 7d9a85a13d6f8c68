// vade: are these gradients right? Central differences against the tape.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/autodiff/tape.hpp>
#include <vade/core/random.hpp>

/// Three lines check a derivative:
///
///     auto report = testing::check_gradient({x}, [](auto& tape, const auto& in) { return sum(exp(in[0])); });
///     CHECK_MESSAGE(report.passed, report.text());
///
/// Always in double. The numerical side is the six-point central difference
///     f′(x) ≈ [45 (f₊₁ − f₋₁) − 9 (f₊₂ − f₋₂) + (f₊₃ − f₋₃)] / (60 h),   error O(h⁶).
/// An entry passes if the two sides differ by at most `absolute` near zero, or `relative` of the larger elsewhere; NaN
/// never passes. A check in which both sides are zero everywhere shows nothing, and fails, unless `allow_zero`.
namespace vade::testing {

/// Tolerances and step. The defaults suit smooth functions of entries of order one.
struct GradientCheckOptions {
  double relative = 1e-7;
  double absolute = 1e-9;
  double step = 2e-3;  ///< h = step · max(1, |x|)
  bool allow_zero = false;
};

/// Both gradients, and where they differ most.
struct GradientReport {
  bool passed = false;
  bool all_zero = false;
  std::vector<Matrix<double>> analytic;
  std::vector<Matrix<double>> numeric;
  Index worst_input = 0;
  Index worst_row = 0;
  Index worst_column = 0;
  double worst_error = 0;  ///< in units of the tolerance: above 1 fails; infinite where a side is NaN

  /// One line for a person.
  std::string text() const {
    if (all_zero) return "gradient check: both gradients are zero everywhere, so nothing was checked";
    const auto input = static_cast<std::size_t>(worst_input);
    return vade::detail::message("gradient check: worst entry is input ", worst_input, " (", worst_row, ", ",
                                 worst_column, "): analytic ", analytic[input](worst_row, worst_column), ", numeric ",
                                 numeric[input](worst_row, worst_column), ", ", worst_error, " times the tolerance");
  }
};

/// Compares the gradient of `function(tape, inputs)` with differences at `points`. A result that is not `[1 x 1]` is
/// contracted with fixed random weights, so every entry of it counts. Costs 6 evaluations for each entry.
template <class Function>
GradientReport check_gradient(const std::vector<Matrix<double>>& points, const Function& function,
                              const GradientCheckOptions& options = {}) {
  std::vector<Parameter<double>> inputs;
  for (std::size_t k = 0; k < points.size(); ++k) inputs.emplace_back("input " + std::to_string(k), points[k]);
  Tape<double> tape;
  const auto evaluate = [&](bool with_gradient) {
    tape.clear();
    tape.record_gradients(with_gradient);
    std::vector<Var<double>> vars;
    for (Parameter<double>& input : inputs) vars.push_back(tape.parameter(input));
    const Var<double> y = function(tape, vars);
    if (y.rows() == 1 && y.cols() == 1) return y;
    Matrix<double> weights(y.rows(), y.cols());
    fill_normal(weights, 20161117, Purpose::user);
    return sum(y * tape.constant(weights));
  };

  GradientReport report;
  tape.backward(evaluate(true));
  for (Parameter<double>& input : inputs)
    report.analytic.push_back(input.has_fresh_gradient() ? input.gradient()
                                                         : Matrix<double>::Zero(input.rows(), input.cols()));
  report.all_zero = true;
  report.passed = true;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    Matrix<double>& value = inputs[k].value();
    report.numeric.push_back(Matrix<double>::Zero(value.rows(), value.cols()));
    for (Index i = 0; i < value.rows(); ++i)
      for (Index j = 0; j < value.cols(); ++j) {
        const double x = value(i, j);
        const double h = options.step * std::max(1.0, std::abs(x));
        const auto at = [&](double offset) {
          value(i, j) = x + offset * h;
          return evaluate(false).scalar();
        };
        const double numeric =
            (45 * (at(1) - at(-1)) - 9 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60 * h);
        value(i, j) = x;
        report.numeric[k](i, j) = numeric;
        const double analytic = report.analytic[k](i, j);
        if (analytic != 0 || !(std::abs(numeric) <= options.absolute)) report.all_zero = false;
        const double allowed =
            options.absolute + options.relative * std::max(std::abs(analytic), std::abs(numeric));
        const double ratio = std::abs(analytic - numeric) / allowed;
        const double error = std::isnan(ratio) ? std::numeric_limits<double>::infinity() : ratio;
        if (error > 1) report.passed = false;
        if (error > report.worst_error) {
          report.worst_error = error;
          report.worst_input = static_cast<Index>(k);
          report.worst_row = i;
          report.worst_column = j;
        }
      }
  }
  if (report.all_zero && !options.allow_zero) report.passed = false;
  return report;
}

}  // namespace vade::testing
