// vade: are these second derivatives right? Differences of the tape's gradients.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Eigenvalues>

#include <vade/core/memory.hpp>
#include <vade/testing/gradient_check.hpp>

/// A claimed Hessian, or a claimed maximum, is checked in three lines:
///
///     auto report = testing::check_hessian({z}, [](auto& tape, const auto& in) { return sum(square(in[0])); }, claim);
///     CHECK_MESSAGE(report.passed, report.text());
///
/// The function gives one number, in double. The variable is the vector of all entries of all inputs, row by row. A
/// column of the Hessian is the six-point central difference (see `gradient_check.hpp`) of the gradient. A wrong
/// adjoint makes it unsymmetric, which the report measures and which fails, too.
namespace vade::testing {

/// The Hessian at a point, and how it fares.
struct HessianReport {
  bool passed = false;
  Matrix<double> numeric;  ///< `[n x n]`, as differences give it, not made symmetric
  double asymmetry = 0;    ///< max |H − Hᵀ|, in units of the tolerance: above 1 fails
  double smallest_eigenvalue = std::numeric_limits<double>::quiet_NaN();  ///< NaN where an entry is not finite
  double largest_eigenvalue = std::numeric_limits<double>::quiet_NaN();
  Index worst_row = 0;
  Index worst_column = 0;
  double worst_error = 0;  ///< against the claim, in units of the tolerance: above 1 fails; infinite where NaN

  /// One line for a person.
  std::string text() const {
    return vade::detail::message("Hessian check: eigenvalues in [", smallest_eigenvalue, ", ", largest_eigenvalue,
                                 "], asymmetry ", asymmetry, " times the tolerance, worst entry (", worst_row, ", ",
                                 worst_column, ") ", worst_error, " times the tolerance off");
  }
};

namespace detail {

/// The Hessian of `function(tape, inputs)` `[1 x 1]`, its eigenvalues and its asymmetry. 6 n sweeps.
template <class Function>
HessianReport difference_hessian(const std::vector<Matrix<double>>& points, const Function& function,
                                 const GradientCheckOptions& options) {
  std::vector<Parameter<double>> inputs;
  Index n = 0;
  for (std::size_t k = 0; k < points.size(); ++k) {
    inputs.emplace_back("input " + std::to_string(k), points[k]);
    n += points[k].size();
  }
  Tape<double> tape;
  const auto gradient = [&] {
    tape.clear();
    std::vector<Var<double>> vars;
    for (Parameter<double>& input : inputs) {
      input.set_gradient_fresh(false);
      vars.push_back(tape.parameter(input));
    }
    tape.backward(function(tape, vars));
    RowVector<double> all = RowVector<double>::Zero(n);
    Index at = 0;
    for (Parameter<double>& input : inputs) {
      if (input.has_fresh_gradient())
        all.segment(at, input.size()) = Eigen::Map<const RowVector<double>>(input.gradient().data(), input.size());
      at += input.size();
    }
    return all;
  };
  check_memory("check_hessian", vade::detail::message("second derivatives in ", n, " variables"),
               4 * 8 * static_cast<double>(n) * static_cast<double>(n));
  HessianReport report;
  report.numeric = Matrix<double>::Zero(n, n);
  Index row = 0;
  for (Parameter<double>& input : inputs)
    for (Index i = 0; i < input.size(); ++i, ++row) {
      double& entry = input.value().data()[i];
      const double x = entry;
      const double h = options.step * std::max(1.0, std::abs(x));
      const auto at = [&](double offset) {
        entry = x + offset * h;
        return gradient();
      };
      report.numeric.row(row) = (45 * (at(1) - at(-1)) - 9 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60 * h);
      entry = x;
    }
  const Matrix<double>& hessian = report.numeric;
  const double allowed = options.absolute + options.relative * hessian.cwiseAbs().maxCoeff();
  report.asymmetry = (hessian - hessian.transpose()).cwiseAbs().maxCoeff() / allowed;
  if (!hessian.allFinite()) return report;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(0.5 * (hessian + hessian.transpose()),
                                                              Eigen::EigenvaluesOnly);
  report.smallest_eigenvalue = solver.eigenvalues().minCoeff();
  report.largest_eigenvalue = solver.eigenvalues().maxCoeff();
  report.passed = report.asymmetry <= 1;
  return report;
}

}  // namespace detail

/// Compares the Hessian of `function(tape, inputs)` `[1 x 1]` at `points` with `claim` `[n x n]`, n the number of all
/// entries, and asks for symmetry. An entry passes by the rule of `check_gradient`. @throws ShapeError
template <class Function>
HessianReport check_hessian(const std::vector<Matrix<double>>& points, const Function& function,
                            const Matrix<double>& claim, const GradientCheckOptions& options = {}) {
  HessianReport report = detail::difference_hessian(points, function, options);
  check_shape("check_hessian", "claim", claim, report.numeric.rows(), report.numeric.cols());
  for (Index i = 0; i < claim.rows(); ++i)
    for (Index j = 0; j < claim.cols(); ++j) {
      const double numeric = report.numeric(i, j);
      const double allowed = options.absolute + options.relative * std::max(std::abs(claim(i, j)), std::abs(numeric));
      const double ratio = std::abs(claim(i, j) - numeric) / allowed;
      const double error = std::isnan(ratio) ? std::numeric_limits<double>::infinity() : ratio;
      if (error > report.worst_error) {
        report.worst_error = error;
        report.worst_row = i;
        report.worst_column = j;
      }
    }
  report.passed = report.passed && report.worst_error <= 1;
  return report;
}

/// Passes where the Hessian is symmetric and all its eigenvalues are below −`margin`: at such a point without gradient
/// `function` has a strict maximum.
template <class Function>
HessianReport check_negative_definite(const std::vector<Matrix<double>>& points, const Function& function,
                                      double margin = 0, const GradientCheckOptions& options = {}) {
  HessianReport report = detail::difference_hessian(points, function, options);
  report.passed = report.passed && report.largest_eigenvalue < -margin;
  return report;
}

}  // namespace vade::testing
