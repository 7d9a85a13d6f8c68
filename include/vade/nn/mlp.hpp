// vade: the multilayer perceptron, of widths known when run.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <vade/nn/dense.hpp>

namespace vade {

/// Dense layers of `widths[0]` → `widths[1]` → ... → `widths.back()`; all but the last have activation `Hidden`, the
/// last has `Output`. Weights start by He before ReLU, by Glorot elsewhere. Parameters are named "<name>.<i>.weight".
template <Real T, Activation Hidden = Relu, Activation Output = Identity>
class Mlp {
 public:
  Mlp() = default;

  /// Uses `first_layer` and the numbers after it to draw weights: leave room between the networks of one model.
  /// @throws ValueError for fewer than two widths or a width below 1
  Mlp(const std::string& name, const std::vector<Index>& widths, std::uint64_t seed, std::uint32_t first_layer) {
    if (widths.size() < 2)
      throw ValueError(detail::message("Mlp: ", name, " has ", widths.size(), " widths, wanted at least 2"));
    for (std::size_t i = 0; i + 2 < widths.size(); ++i)
      hidden_.emplace_back(name + "." + std::to_string(i), widths[i], widths[i + 1], start<Hidden>(), seed,
                           first_layer + static_cast<std::uint32_t>(i));
    const std::size_t last = widths.size() - 2;
    output_ = Dense<T, Output>(name + "." + std::to_string(last), widths[last], widths[last + 1], start<Output>(),
                               seed, first_layer + static_cast<std::uint32_t>(last));
  }

  Index inputs() const { return hidden_.empty() ? output_.inputs() : hidden_.front().inputs(); }
  Index outputs() const { return output_.outputs(); }

  /// The layers with activation `Hidden`, and the last.
  std::vector<Dense<T, Hidden>>& hidden() { return hidden_; }
  const std::vector<Dense<T, Hidden>>& hidden() const { return hidden_; }
  Dense<T, Output>& output() { return output_; }
  const Dense<T, Output>& output() const { return output_; }

  /// y `[B x outputs]`. @throws ShapeError
  Var<T> operator()(Var<T> x) { return apply(*this, x); }
  Var<T> operator()(Var<T> x) const { return apply(*this, x); }

  /// `visit(name, rows, columns)` for each parameter that such a network has, in their order, without making it. O(layers).
  static void for_each_shape(const std::string& name, const std::vector<Index>& widths, auto&& visit) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i)
      Dense<T>::for_each_shape(name + "." + std::to_string(i), widths[i], widths[i + 1], visit);
  }

  void for_each_parameter(auto&& visit) { each_parameter(*this, visit); }
  void for_each_parameter(auto&& visit) const { each_parameter(*this, visit); }

 private:
  template <Activation A>
  static constexpr Initialiser start() {
    return std::same_as<A, Relu> ? Initialiser::he : Initialiser::glorot;
  }

  static Var<T> apply(auto& self, Var<T> x) {
    for (auto& layer : self.hidden_) x = layer(x);
    return self.output_(x);
  }

  static void each_parameter(auto& self, auto&& visit) {
    for (auto& layer : self.hidden_) layer.for_each_parameter(visit);
    self.output_.for_each_parameter(visit);
  }

  std::vector<Dense<T, Hidden>> hidden_;
  Dense<T, Output> output_;
};

static_assert(Layer<Mlp<float>, float>);

}  // namespace vade
