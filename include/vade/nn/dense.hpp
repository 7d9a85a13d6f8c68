// vade: the dense layer.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include <vade/autodiff/products.hpp>
#include <vade/nn/initialiser.hpp>
#include <vade/nn/layer.hpp>

namespace vade {

/// y = f(x w + b): x `[B x inputs]`, w `[inputs x outputs]`, b `[1 x outputs]`. Parameters are named
/// "<name>.weight" and "<name>.bias".
template <Real T, Activation A = Identity>
class Dense {
 public:
  Dense() = default;

  /// Draws the weights from (seed, layer); `layer` tells the layers of one model apart.
  /// @throws ValueError for widths below 1
  Dense(const std::string& name, Index inputs, Index outputs, Initialiser initialiser, std::uint64_t seed,
        std::uint32_t layer) {
    check_at_least<Index>("Dense", name + ": inputs", inputs, 1);
    check_at_least<Index>("Dense", name + ": outputs", outputs, 1);
    weight_ = Parameter<T>(name + ".weight", initial_weights<T>(initialiser, inputs, outputs, seed, layer));
    bias_ = Parameter<T>(name + ".bias", Matrix<T>::Zero(1, outputs));
  }

  Index inputs() const { return weight_.rows(); }
  Index outputs() const { return weight_.cols(); }
  Parameter<T>& weight() { return weight_; }
  const Parameter<T>& weight() const { return weight_; }
  Parameter<T>& bias() { return bias_; }
  const Parameter<T>& bias() const { return bias_; }

  /// y `[B x outputs]`. @throws ShapeError
  Var<T> operator()(Var<T> x) { return apply(*this, x); }
  Var<T> operator()(Var<T> x) const { return apply(*this, x); }

  /// `visit(name, rows, columns)` for each parameter that such a layer has, in their order, without making it. O(1).
  static void for_each_shape(const std::string& name, Index inputs, Index outputs, auto&& visit) {
    visit(name + ".weight", inputs, outputs);
    visit(name + ".bias", Index{1}, outputs);
  }

  void for_each_parameter(auto&& visit) { visit(weight_), visit(bias_); }
  void for_each_parameter(auto&& visit) const { visit(weight_), visit(bias_); }

 private:
  static Var<T> apply(auto& self, Var<T> x) {
    return affine<A>(x, x.tape().parameter(self.weight_), x.tape().parameter(self.bias_));
  }

  Parameter<T> weight_;
  Parameter<T> bias_;
};

static_assert(Layer<Dense<float, Relu>, float> && Layer<Dense<double>, double>);

}  // namespace vade
