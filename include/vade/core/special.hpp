// vade: special functions of one number or one row, stable over the whole range.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <vade/core/matrix.hpp>

/// NaN in gives NaN out, everywhere. Value and derivative are named together, since the adjoints use the same forms.
namespace vade {

/// log 2π.
template <Real T>
inline constexpr T log_two_pi = static_cast<T>(1.837877066409345483560659472811235279722794947275566825634);

/// σ(l) = 1 / (1 + e⁻ˡ), in two branches, so that no exponential overflows. σ′ = σ (1 − σ).
template <Real T>
T sigmoid(T l) {
  const T e = std::exp(-std::abs(l));
  return (l >= T{0} ? T{1} : e) / (T{1} + e);
}

/// softplus(l) = log(1 + eˡ) = max(l, 0) + log1p(e^−|l|). softplus′ = σ.
template <Real T>
T softplus(T l) {
  return std::max(l, T{0}) + std::log1p(std::exp(-std::abs(l)));
}

/// log σ(l) = −softplus(−l).
template <Real T>
T log_sigmoid(T l) {
  return -softplus(-l);
}

/// −log Bernoulli(x; σ(l)) = softplus(l) − l x, for finite l and x in [0, 1]. Derivative in l: σ(l) − x. The large terms
/// cancel before the small one is added, so that a confident, right prediction keeps its digits.
template <Real T>
T bernoulli_cross_entropy(T logit, T x) {
  return (std::max(logit, T{0}) - logit * x) + std::log1p(std::exp(-std::abs(logit)));
}

/// Φ(z), the distribution function of the standard normal.
template <Real T>
T normal_cdf(T z) {
  return T{0.5} * std::erfc(-z * static_cast<T>(0.70710678118654752440));
}

/// log Σ_k e^{v_k}, shift-invariant; −∞ for an empty row or a row of −∞, +∞ if any entry is. Derivative: softmax.
/// O(K).
template <Real T>
T log_sum_exp(std::span<const T> values) {
  T top = -std::numeric_limits<T>::infinity();
  for (const T v : values) {
    if (std::isnan(v)) return v;
    top = std::max(top, v);
  }
  if (std::isinf(top)) return top;
  T sum = 0;
  for (const T v : values) sum += std::exp(v - top);
  return top + std::log(sum);
}

/// Replaces v by softmax(v) = e^{v − log_sum_exp(v)} and returns log_sum_exp(v). The row must have a finite maximum.
/// O(K).
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
