// vade: special functions of one number or one row, stable over the whole range.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <vade/core/matrix.hpp>

/// NaN in gives NaN out, everywhere.
namespace vade {

/// log 2π.
template <Real T>
inline constexpr T log_two_pi = static_cast<T>(1.837877066409345483560659472811235279722794947275566825634);

/// Φ(z), the distribution function of the standard normal.
template <Real T>
T normal_cdf(T z) {
  return T{0.5} * std::erfc(-z * static_cast<T>(0.70710678118654752440));
}

/// The two parts of log Σ_k e^{v_k} = top + log sum: top = max_k v_k, sum = Σ_k e^{v_k − top}. Where large entries meet,
/// (v − top) − log sum keeps the digits that v − (top + log sum) has rounded away.
template <Real T>
struct ExponentialSum {
  T top;
  T sum;

  /// −∞ for an empty row or a row of −∞, +∞ if any entry is. Derivative: softmax.
  T log() const { return top + std::log(sum); }
};

/// Of a row whose top is infinite, or an empty one (top −∞), the sum is 1. Both are NaN if an entry is. O(K).
template <Real T>
ExponentialSum<T> exponential_sum(std::span<const T> values) {
  T top = -std::numeric_limits<T>::infinity();
  for (const T v : values) {
    if (std::isnan(v)) return {v, v};
    top = std::max(top, v);
  }
  if (std::isinf(top)) return {top, T{1}};
  T sum = 0;
  for (const T v : values) sum += std::exp(v - top);
  return {top, sum};
}

/// Replaces v by softmax(v) = e^{v − top} / sum and returns top + log sum. The row must have a finite maximum. O(K).
template <Real T>
T softmax_in_place(std::span<T> values) {
  T top = -std::numeric_limits<T>::infinity();
  for (const T v : values) top = std::max(top, v);
  T sum = 0;
  for (T& v : values) {
    v = std::exp(v - top);
    sum += v;
  }
  const T scale = T{1} / sum;
  for (T& v : values) v *= scale;
  return top + std::log(sum);
}

/// −Σ_k p_k log p_k in nats, with 0 log 0 = 0. O(K).
template <Real T>
T entropy(std::span<const T> probabilities) {
  T sum = 0;
  for (const T p : probabilities)
    if (!(p == T{0})) sum -= p * std::log(p);
  return sum;
}

}  // namespace vade
