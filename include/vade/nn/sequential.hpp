// vade: layers in a row, of types known when compiled.
// SPDX-License-Identifier: MIT
#pragma once

#include <tuple>
#include <utility>

#include <vade/core/checks.hpp>
#include <vade/nn/layer.hpp>

namespace vade {

/// y = last(... second(first(x))). Each layer keeps its type, so calls are resolved by the compiler. What a layer of
/// one's own lacks, g++ says at a `static_assert(Layer<Mine, float>)` beside it, and not where a sequence is called.
///
///     Sequential net(Dense<float, Relu>("a", 784, 128, Initialiser::he, 1, 0),
///                    Dense<float>("b", 128, 10, Initialiser::glorot, 1, 1));
template <class... Layers>
class Sequential {
  static_assert(sizeof...(Layers) > 0, "a sequence has at least one layer");

 public:
  /// @throws ShapeError where the outputs of a layer are not the inputs of the next
  explicit Sequential(Layers... layers) : layers_(std::move(layers)...) {
    Index width = inputs();
    std::apply(
        [&](const auto&... layer) {
          ((check_same_count("Sequential", "inputs of a layer against outputs of the one before", layer.inputs(), width),
            width = layer.outputs()),
           ...);
        },
        layers_);
  }

  Index inputs() const { return std::get<0>(layers_).inputs(); }
  Index outputs() const { return std::get<sizeof...(Layers) - 1>(layers_).outputs(); }

  template <std::size_t I>
  auto& layer() {
    return std::get<I>(layers_);
  }

  /// y `[B x outputs]`. @throws ShapeError
  template <Real T>
    requires(Layer<Layers, T> && ...)
  Var<T> operator()(Var<T> x) {
    return apply(layers_, x);
  }
  template <Real T>
    requires(Layer<Layers, T> && ...)
  Var<T> operator()(Var<T> x) const {
    return apply(layers_, x);
  }

  void for_each_parameter(auto&& visit) {
    std::apply([&](auto&... layer) { (layer.for_each_parameter(visit), ...); }, layers_);
  }
  void for_each_parameter(auto&& visit) const {
    std::apply([&](const auto&... layer) { (layer.for_each_parameter(visit), ...); }, layers_);
  }

  /// What its layers remember besides their parameters, for a `Checkpoint`: of those that have a `for_each_state`.
  void for_each_state(auto&& visit) {
    const auto of_layer = [&](auto& layer) {
      if constexpr (requires { layer.for_each_state(visit); }) layer.for_each_state(visit);
    };
    std::apply([&](auto&... layer) { (of_layer(layer), ...); }, layers_);
  }

 private:
  template <Real T>
  static Var<T> apply(auto& layers, Var<T> x) {
    std::apply([&](auto&... layer) { ((x = layer(x)), ...); }, layers);
    return x;
  }

  std::tuple<Layers...> layers_;
};

}  // namespace vade
