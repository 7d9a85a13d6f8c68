// vade: the gamma function and its relatives, the same digits on every machine.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

#include <vade/core/special.hpp>

/// `std::lgamma` differs between C libraries, and writes a global variable, so that two threads must not call it. These
/// functions take arguments above zero; zero and below, and NaN, give NaN. Series: Abramowitz and Stegun, "Handbook of
/// Mathematical Functions" (1964), 6.1.40 and 6.3.18. Errors are below 2e-15 (1 + |result|). All are O(1).
namespace vade {

namespace detail {

/// From here on the series reach the last digit.
inline constexpr double asymptotic_from = 12;

}  // namespace detail

/// δ(x) = log Γ(x + 1) − [½ log(2πx) + x log x − x], Stirling's remainder: about 1 / (12 x), and positive. P.2.
inline double stirling_remainder(double x) {
  if (!(x > 0)) return std::numeric_limits<double>::quiet_NaN();
  double correction = 0;
  // δ(x) − δ(x + 1) = (x + ½) log(1 + 1/x) − 1.
  for (; x < detail::asymptotic_from; ++x) correction += (x + 0.5) * std::log1p(1 / x) - 1;
  const double r = 1 / x, s = r * r;
  return correction +
         r * (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s * (1.0 / 1188 - s * 691.0 / 360360)))));
}

/// log Γ(x).
inline double log_gamma(double x) {
  if (!(x > 0)) return std::numeric_limits<double>::quiet_NaN();
  double product = 1;
  double high = x;  // Γ(x) = Γ(high) / product
  for (; high < detail::asymptotic_from; ++high) product *= high;
  return (high - 0.5) * std::log(high) - high + log_two_pi<double> / 2 + stirling_remainder(high) - std::log(product);
}

/// ψ(x) = d log Γ(x) / dx.
inline double digamma(double x) {
  if (!(x > 0)) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (; x < detail::asymptotic_from; ++x) sum += 1 / x;
  const double r = 1 / x, s = r * r;
  return std::log(x) - r / 2 -
         s * (1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s * (1.0 / 240 - s * (1.0 / 132 - s * 691.0 / 32760))))) -
         sum;
}

}  // namespace vade
