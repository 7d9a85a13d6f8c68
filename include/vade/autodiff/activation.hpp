// vade: activations.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <type_traits>

#include <vade/autodiff/detail/is_positive.hpp>
#include <vade/core/matrix.hpp>

/// An activation y = f(a) is a type with two functions on arrays: the value from the pre-activation a, and the slope
/// f′(a) written in the *output* y. Then a fused layer need not keep a. `is_identity` lets it leave out work.
namespace vade {

/// y = a. Slope 1.
struct Identity {
  static constexpr bool is_identity = true;
  static auto value(const auto& a) {
    using T = typename std::decay_t<decltype(a)>::Scalar;
    return a * T{1};
  }
  static auto slope(const auto& y) {
    using T = typename std::decay_t<decltype(y)>::Scalar;
    return (y == y).template cast<T>();  // NOLINT(misc-redundant-expression): ones, in the shape of y
  }
};

/// y = max(a, 0). Slope 1 where y > 0, else 0; at a = 0 it is defined as 0.
struct Relu {
  static constexpr bool is_identity = false;
  static auto value(const auto& a) { return a.max(typename std::decay_t<decltype(a)>::Scalar{0}); }
  static auto slope(const auto& y) {
    return y.unaryExpr(detail::IsPositive<typename std::decay_t<decltype(y)>::Scalar>());
  }
};

/// y = σ(a) = 1 / (1 + e⁻ᵃ). Slope y (1 − y).
struct Sigmoid {
  static constexpr bool is_identity = false;
  static auto value(const auto& a) { return a.logistic(); }
  static auto slope(const auto& y) {
    using T = typename std::decay_t<decltype(y)>::Scalar;
    return y * (T{1} - y);
  }
};

/// y = tanh a. Slope 1 − y².
struct Tanh {
  static constexpr bool is_identity = false;
  static auto value(const auto& a) { return a.tanh(); }
  static auto slope(const auto& y) {
    using T = typename std::decay_t<decltype(y)>::Scalar;
    return T{1} - y.square();
  }
};

/// y = softplus(a) = log(1 + eᵃ) = max(a, 0) + log1p(e^−|a|). Slope σ(a) = 1 − e⁻ʸ.
struct Softplus {
  static constexpr bool is_identity = false;
  static auto value(const auto& a) {
    using T = typename std::decay_t<decltype(a)>::Scalar;
    return a.max(T{0}) + (-a.abs()).exp().log1p();
  }
  static auto slope(const auto& y) { return -((-y).expm1()); }
};

/// The requirements on an activation.
template <class A>
concept Activation = requires(const Eigen::Array<float, 1, Eigen::Dynamic>& a) {
  { A::is_identity } -> std::convertible_to<bool>;
  A::value(a);  // f(a), an array expression
  A::slope(a);  // f′ in terms of y = f(a)
};

}  // namespace vade
