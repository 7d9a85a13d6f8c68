// vade: data in units so large that squares of their differences underflow.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <vade/core/matrix.hpp>

namespace vade {

/// The power of two by which data in T are multiplied before differences are squared: 1 as a rule; where the `largest`
/// magnitude is so small that squares of differences would lose digits or underflow (1e-10 in float, 1e-130 in double;
/// metres where nanometres are meant), the one that brings it near to 1. Multiplying by a power of two is exact, so
/// distances, labels and scores are those that the data would have had in the other unit.
template <Real T>
T small_unit_factor(T largest) {
  constexpr T small = sizeof(T) == sizeof(float) ? static_cast<T>(1e-10) : static_cast<T>(1e-130);
  if (!(largest > 0) || largest >= small) return T{1};
  int exponent = 0;
  std::frexp(largest, &exponent);
  return std::ldexp(T{1}, std::min(-exponent, std::numeric_limits<T>::max_exponent - 2));
}

/// The same for a matrix of data. O(N D).
template <class M>
auto small_unit_factor(const M& x) -> typename M::Scalar {
  using T = typename M::Scalar;
  return x.size() == 0 ? T{1} : small_unit_factor<T>(x.cwiseAbs().maxCoeff());
}

}  // namespace vade
