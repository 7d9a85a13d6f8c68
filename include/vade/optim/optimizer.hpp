// vade: what an optimizer is.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string>

#include <vade/core/matrix.hpp>

namespace vade {

/// An optimizer is made from groups of parameters and moves those that have a fresh gradient.
///
///     step(rate, scale)      one update with learning rate `rate` times the group's, gradients multiplied by `scale`; it
///                            uses the gradients up
///     gradient_norm()        √ Σ ‖g‖² over all fresh gradients, which it does not use up
///     for_each_state(visit)  calls `visit(name, value)` for all that the next step depends on besides the parameters: counters
///                            and matrices, under names that no other state has, so that a `Checkpoint` can keep them
template <class O, class T>
concept Optimizer = Real<T> && requires(O& optimizer, double number) {
  optimizer.step(number, number);
  { optimizer.gradient_norm() } -> std::same_as<double>;
  optimizer.for_each_state([](const std::string&, auto&) {});
};

}  // namespace vade
