// vade: is this the expectation of that? Monte Carlo with a standard error.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <vade/core/checks.hpp>
#include <vade/core/random.hpp>

/// A closed form is checked against draws in three lines, here E[z²] = 1 + 0.5² for z ~ N(1, 0.5²):
///
///     auto report = testing::expect_equal_in_expectation(1.25, [](RandomStream& s) {
///       return std::pow(1 + 0.5 * s.normal<double>(), 2); });
///     CHECK_MESSAGE(report.passed, report.text());
///
/// The mean of the draws may be off by so many standard errors that a right expectation fails with probability
/// `false_alarm` (normal tails: the mean of many draws of finite variance). Seeds are fixed, so a check that passes
/// goes on passing. A mean that is known too badly shows nothing, and fails: see `resolution`.
namespace vade::testing {

/// How many draws, and how sure.
struct ExpectationOptions {
  std::uint32_t draws = 40000;
  std::uint64_t seed = 1;
  double false_alarm = 1e-6;  ///< for a fresh seed; 4.9 standard errors
  double resolution = 0.05;   ///< largest standard error that still shows something, in units of max(1, |wanted|)

  /// @throws ValueError naming the field
  void check() const {
    check_at_least("ExpectationOptions", "draws", draws, std::uint32_t{2});
    check_between("ExpectationOptions", "false_alarm", false_alarm, 1e-15, 0.5);
    check_positive("ExpectationOptions", "resolution", resolution);
  }
};

/// A mean of draws and its standard error.
struct Estimate {
  double mean = 0;
  double standard_error = 0;
  std::uint32_t draws = 0;

  /// |mean − truth| in standard errors; NaN stays NaN. Draws that are all equal have no error but rounding's.
  double distance(double truth) const {
    const double rounding = 1e-12 * std::max({1.0, std::abs(mean), std::abs(truth)});
    return std::abs(mean - truth) / std::max(standard_error, rounding);
  }
};

/// Mean of `draw(stream)` over `draws` draws, draw i from the stream (seed, user, 0, i). O(draws).
template <class Draw>
Estimate monte_carlo(std::uint32_t draws, std::uint64_t seed, const Draw& draw) {
  double mean = 0, squares = 0;
  for (std::uint32_t i = 0; i < draws; ++i) {
    RandomStream stream(seed, Purpose::user, 0, i);
    const double value = draw(stream);
    const double step = value - mean;
    mean += step / (i + 1.0);
    squares += step * (value - mean);
  }
  return {mean, std::sqrt(squares / (draws - 1.0) / draws), draws};
}

/// z with P(|Z| > z) = `probability` for a standard normal Z: 1.96 for 0.05. By bisection.
inline double two_sided_quantile(double probability) {
  double low = 0, high = 40;
  for (int i = 0; i < 64; ++i) {
    const double middle = 0.5 * (low + high);
    (std::erfc(middle / 1.41421356237309504880) > probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

/// What was wanted, what came, and how far apart they are.
struct ExpectationReport {
  bool passed = false;
  double wanted = 0;
  Estimate estimate = {};
  double distance = 0;    ///< in standard errors
  double allowed = 0;     ///< in standard errors, by the false-alarm rate
  bool resolved = false;  ///< the standard error is small enough to show something

  /// One line for a person.
  std::string text() const {
    return vade::detail::message("expectation: wanted ", wanted, ", the mean of ", estimate.draws, " draws is ",
                                 estimate.mean, " with standard error ", estimate.standard_error, ": off by ", distance,
                                 " of these, allowed ", allowed,
                                 resolved ? "" : "; the error is too large to show anything, wanted more draws");
  }
};

/// Compares `wanted` with the mean of `draw(RandomStream&)`. O(draws). @throws ValueError for bad options
template <class Draw>
ExpectationReport expect_equal_in_expectation(double wanted, const Draw& draw, const ExpectationOptions& options = {}) {
  options.check();
  ExpectationReport report{.wanted = wanted, .estimate = monte_carlo(options.draws, options.seed, draw)};
  report.distance = report.estimate.distance(wanted);
  report.allowed = two_sided_quantile(options.false_alarm);
  report.resolved = report.estimate.standard_error <= options.resolution * std::max(1.0, std::abs(wanted));
  report.passed = report.distance <= report.allowed && report.resolved;
  return report;
}

}  // namespace vade::testing
