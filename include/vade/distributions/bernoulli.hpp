// vade: the Bernoulli distribution on logits.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/cross_entropy.hpp>
#include <vade/autodiff/pointwise.hpp>

namespace vade {

/// log p(x) = Σ_j [x_j l_j − softplus(l_j)] for each row: logits and x `[B x D]`, result `[B x 1]`, nats. Values of x
/// between 0 and 1 give the cross-entropy, as grey images use it. No digit is lost to large logits: in the fused form,
/// the terms of a pixel have one sign. O(B D). V.6 in docs/derivations. @throws ShapeError
template <Real T>
Var<T> bernoulli_log_prob(Var<T> logits, Var<T> x) {
  check_shape("bernoulli_log_prob", "x", x, logits.rows(), logits.cols());
  return T{-1} * bernoulli_cross_entropies(logits, x);
}

/// (1/B) Σ_i log p(x_i), `[1 x 1]`: the same in one fused pass, as training uses it.
template <Real T>
Var<T> bernoulli_mean_log_prob(Var<T> logits, Var<T> x) {
  return (T{-1} / static_cast<T>(x.rows())) * bernoulli_cross_entropy(logits, x);
}

/// log p(x_ij) of each cell, `[B x D]`: −[max(l, 0) − l x + log(1 + e^−|l|)]. l̄ += ȳ (x − σ(l)), x̄ += ȳ l. O(B D).
/// @throws ShapeError
template <Real T>
Var<T> bernoulli_cell_log_prob(Var<T> logits, Var<T> x) {
  return detail::binary(
      "bernoulli_log_prob", logits, x,
      [](T l, T v) { return l * v - std::max(l, T{0}) - std::log1p(std::exp(-std::abs(l))); },
      [](T l, T v) { return l >= T{0} ? v - T{1} / (T{1} + std::exp(-l)) : v - std::exp(l) / (T{1} + std::exp(l)); }, [](T l, T) { return l; });
}

/// O.1: log p(x) of each row over the cells that were observed (see `observed_row_sums`), `[B x 1]`. An absent x_ij
/// must be finite. @throws ShapeError
template <Real T>
Var<T> bernoulli_log_prob(Var<T> logits, Var<T> x, Var<T> observed) {
  return observed_row_sums(bernoulli_cell_log_prob(logits, x), observed);
}

}  // namespace vade
