// vade: the Bernoulli distribution on logits.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/autodiff/cross_entropy.hpp>
#include <vade/autodiff/reductions.hpp>

namespace vade {

/// log p(x) = Σ_j [x_j l_j − softplus(l_j)] for each row: logits and x `[B x D]`, result `[B x 1]`, nats. Values of x
/// between 0 and 1 give the cross-entropy, as grey images use it. O(B D). V.6 in docs/derivations. @throws ShapeError
template <Real T>
Var<T> bernoulli_log_prob(Var<T> logits, Var<T> x) {
  check_shape("bernoulli_log_prob", "x", x, logits.rows(), logits.cols());
  return row_sums(x * logits - softplus(logits));
}

/// (1/B) Σ_i log p(x_i), `[1 x 1]`: the same in one fused pass, as training uses it.
template <Real T>
Var<T> bernoulli_mean_log_prob(Var<T> logits, Var<T> x) {
  return (T{-1} / static_cast<T>(x.rows())) * bernoulli_cross_entropy(logits, x);
}

}  // namespace vade
