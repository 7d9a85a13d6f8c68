// vade: operations on one matrix, entry by entry.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/autodiff/activation.hpp>
#include <vade/autodiff/tape.hpp>

/// Each operation is one call of `pointwise`: the value y = f(x), then the slope f′(x) in terms of x and y, whichever
/// is cheaper. The adjoint is x̄ += ȳ ⊙ f′(x). All are O(rows · cols).
namespace vade {

namespace detail {

/// Records y = f(x) with `value(x)` and `slope(x, y)` given as functions of Eigen arrays.
template <Real T, class Value, class Slope>
Var<T> pointwise(Var<T> x, Value value, Slope slope) {
  const Var<T> y = x.tape().record({x}, x.rows(), x.cols());
  evaluate(y.mutable_value(), value(x.value().array()), true);
  y.on_backward([x, y, slope] {
    const auto xs = x.value();
    const auto ys = y.value();
    const auto bar = y.adjoint();
    x.accumulate(bar.array() * slope(xs.array(), ys.array()));
  });
  return y;
}

}  // namespace detail

/// y = eˣ. Slope y.
template <Real T>
Var<T> exp(Var<T> x) {
  return detail::pointwise(x, [](const auto& a) { return a.exp(); }, [](const auto&, const auto& y) { return y; });
}

/// y = log x, for x > 0. Slope 1 / x.
template <Real T>
Var<T> log(Var<T> x) {
  return detail::pointwise(x, [](const auto& a) { return a.log(); },
                           [](const auto& a, const auto&) { return a.inverse(); });
}

/// y = x². Slope 2 x.
template <Real T>
Var<T> square(Var<T> x) {
  return detail::pointwise(x, [](const auto& a) { return a.square(); },
                           [](const auto& a, const auto&) { return T{2} * a; });
}

/// y = √x, for x > 0. Slope 1 / (2 y).
template <Real T>
Var<T> sqrt(Var<T> x) {
  return detail::pointwise(x, [](const auto& a) { return a.sqrt(); },
                           [](const auto&, const auto& y) { return T{0.5} * y.inverse(); });
}

/// y = −x. Slope −1.
template <Real T>
Var<T> operator-(Var<T> x) {
  return T{-1} * x;
}

/// y = s x, for a number s. Slope s.
template <Real T>
Var<T> operator*(std::type_identity_t<T> s, Var<T> x) {
  const Var<T> y = x.tape().record({x}, x.rows(), x.cols());
  detail::evaluate(y.mutable_value(), s * x.value().array(), true);
  y.on_backward([x, y, s] { x.accumulate(s * y.adjoint().array()); });
  return y;
}

/// y = x + s, for a number s. Slope 1.
template <Real T>
Var<T> operator+(Var<T> x, std::type_identity_t<T> s) {
  const Var<T> y = x.tape().record({x}, x.rows(), x.cols());
  detail::evaluate(y.mutable_value(), x.value().array() + s, true);
  y.on_backward([x, y] { x.accumulate(y.adjoint()); });
  return y;
}

/// y = x s, y = s + x, y = x − s, y = s − x, for a number s.
template <Real T>
Var<T> operator*(Var<T> x, std::type_identity_t<T> s) {
  return s * x;
}
template <Real T>
Var<T> operator+(std::type_identity_t<T> s, Var<T> x) {
  return x + s;
}
template <Real T>
Var<T> operator-(Var<T> x, std::type_identity_t<T> s) {
  return x + (-s);
}
template <Real T>
Var<T> operator-(std::type_identity_t<T> s, Var<T> x) {
  return -x + s;
}

/// y = x / s, for a number s. Slope 1 / s.
template <Real T>
Var<T> operator/(Var<T> x, std::type_identity_t<T> s) {
  const Var<T> y = x.tape().record({x}, x.rows(), x.cols());
  detail::evaluate(y.mutable_value(), x.value().array() / s, true);
  y.on_backward([x, y, s] { x.accumulate(y.adjoint().array() / s); });
  return y;
}

/// y = s / x, for a number s. Slope −y / x.
template <Real T>
Var<T> operator/(std::type_identity_t<T> s, Var<T> x) {
  return detail::pointwise(x, [s](const auto& a) { return s * a.inverse(); },
                           [](const auto& a, const auto& y) { return -y * a.inverse(); });
}

/// y = f(x) for an activation type; slope as the activation states it.
template <Activation A, Real T>
Var<T> activate(Var<T> x) {
  return detail::pointwise(x, [](const auto& a) { return A::value(a); },
                           [](const auto&, const auto& y) { return A::slope(y); });
}

/// y = max(x, 0). Slope 1 where x > 0, else 0.
template <Real T>
Var<T> relu(Var<T> x) {
  return activate<Relu>(x);
}

/// y = σ(x). Slope y (1 − y).
template <Real T>
Var<T> sigmoid(Var<T> x) {
  return activate<Sigmoid>(x);
}

/// y = tanh x. Slope 1 − y².
template <Real T>
Var<T> tanh(Var<T> x) {
  return activate<Tanh>(x);
}

/// y = log(1 + eˣ). Slope σ(x).
template <Real T>
Var<T> softplus(Var<T> x) {
  return activate<Softplus>(x);
}

/// y = min(max(x, low), high). Slope 1 for low <= x <= high, 0 outside: a clamped entry gets no gradient, one on the
/// bound does, so that it can come back. @throws ValueError if low > high
template <Real T>
Var<T> clamp(Var<T> x, std::type_identity_t<T> low, std::type_identity_t<T> high) {
  if (!(low <= high)) throw ValueError(detail::message("clamp: low is ", low, " and high is ", high));
  return detail::pointwise(x, [low, high](const auto& a) { return a.max(low).min(high); },
                           [low, high](const auto& a, const auto&) {
                             return (a >= low).template cast<T>() * (a <= high).template cast<T>();
                           });
}

/// y = x, and nothing flows back: the slope is 0 by decree.
template <Real T>
Var<T> stop_gradient(Var<T> x) {
  const Var<T> y = x.tape().constant(x.rows(), x.cols());
  detail::evaluate(y.mutable_value(), x.value(), true);
  return y;
}

}  // namespace vade
