// vade tests: functions of one number, by formulas that hold over the whole range.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

namespace reference {

inline double sigmoid(double l) {
  const double e = std::exp(-std::abs(l));
  return (l >= 0 ? 1 : e) / (1 + e);
}

/// −log Bernoulli(x; σ(l)) for finite l and x in [0, 1]. The large terms cancel before the small one is added.
inline double bernoulli_cross_entropy(double l, double x) {
  return (std::max(l, 0.0) - l * x) + std::log1p(std::exp(-std::abs(l)));
}

}  // namespace reference
