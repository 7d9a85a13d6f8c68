// vade tests: values to test against, found without the code under test.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include <vade/core/matrix.hpp>
#include <vade/core/random.hpp>
#include <vade/testing/expectation.hpp>
#include <vade/testing/quadrature.hpp>

namespace reference {

using vade::Index;
using vade::Matrix;
using vade::Purpose;
using vade::RandomStream;

inline constexpr double pi = 3.14159265358979323846;

/// Seeded normal entries times `scale`, `[rows x columns]`.
inline Matrix<double> normal_matrix(Index rows, Index columns, std::uint64_t seed, double scale = 1) {
  Matrix<double> m(rows, columns);
  vade::fill_normal(m, seed, Purpose::user);
  return scale * m;
}

/// A number in long double; said aloud, since a silent promotion is a warning.
inline long double wide(double value) { return static_cast<long double>(value); }

/// log N(z; mean, e^log_variance), in long double.
inline long double log_normal(double z, double mean, double log_variance) {
  const long double two_pi = 6.283185307179586476925286766559L, distance = wide(z) - wide(mean);
  return -0.5L * (std::log(two_pi) + wide(log_variance) + distance * distance * std::exp(-wide(log_variance)));
}

/// Quadrature and Monte Carlo are public: `vade/testing`.
using vade::testing::GaussHermite;
using vade::testing::integral;
using vade::testing::monte_carlo;

}  // namespace reference
