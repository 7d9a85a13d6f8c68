// vade: what a layer is.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <vector>

#include <vade/autodiff/tape.hpp>

namespace vade {

/// A layer maps `[B x inputs]` to `[B x outputs]` on a tape. Called on a mutable layer, it records its parameters, so
/// that gradients reach them; on a const layer, it only computes. `for_each_parameter` visits its parameters in a
/// fixed order, which is also their order in model files.
template <class L, class T>
concept Layer = Real<T> && requires(L& layer, const L& fixed, Var<T> x) {
  { layer(x) } -> std::same_as<Var<T>>;             // training: y = layer(x), with gradients
  { fixed(x) } -> std::same_as<Var<T>>;             // inference: y alone
  { fixed.inputs() } -> std::convertible_to<Index>;   // columns of x
  { fixed.outputs() } -> std::convertible_to<Index>;  // columns of y
  layer.for_each_parameter([](Parameter<T>&) {});
  fixed.for_each_parameter([](const Parameter<T>&) {});
};

/// Pointers to all parameters of anything with `for_each_parameter`, in its order.
template <Real T, class Network>
std::vector<Parameter<T>*> parameters_of(Network& network) {
  std::vector<Parameter<T>*> all;
  network.for_each_parameter([&](Parameter<T>& p) { all.push_back(&p); });
  return all;
}

/// Number of trainable numbers of anything with `for_each_parameter`.
template <class Network>
Index parameter_count(const Network& network) {
  Index count = 0;
  network.for_each_parameter([&](const auto& p) { count += p.size(); });
  return count;
}

}  // namespace vade
