// vade: tests of autodiff/activation.hpp.
// SPDX-License-Identifier: MIT
#include <vade/autodiff/activation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

namespace {

using vade::Index;

template <class T>
using Array = Eigen::Array<T, 1, Eigen::Dynamic>;

struct WithoutSlope {
  static constexpr bool is_identity = false;
  static auto value(const auto& a) { return a.square(); }
};
struct WithoutIdentity {
  static auto value(const auto& a) { return a.square(); }
  static auto slope(const auto& y) { return y.sqrt(); }
};
struct OfUsers {  // the requirements are all that a user's own activation needs
  static constexpr bool is_identity = false;
  static auto value(const auto& a) { return a.exp(); }
  static auto slope(const auto& y) { return y; }
};

static_assert(vade::Activation<vade::Identity> && vade::Activation<vade::Relu> && vade::Activation<vade::Sigmoid> &&
              vade::Activation<vade::Tanh> && vade::Activation<vade::Softplus> && vade::Activation<OfUsers>);
static_assert(!vade::Activation<WithoutSlope> && !vade::Activation<WithoutIdentity> && !vade::Activation<int>);
static_assert(!WithoutSlope::is_identity && !OfUsers::is_identity);
static_assert(vade::Identity::is_identity && !vade::Relu::is_identity && !vade::Sigmoid::is_identity &&
              !vade::Tanh::is_identity && !vade::Softplus::is_identity);

/// f and f′ in long double, by the plain definitions.
long double value_of(vade::Identity, long double a) { return a; }
long double value_of(vade::Relu, long double a) { return a > 0 ? a : 0; }
long double value_of(vade::Sigmoid, long double a) { return 1 / (1 + std::exp(-a)); }
long double value_of(vade::Tanh, long double a) { return std::tanh(a); }
long double value_of(vade::Softplus, long double a) { return std::max(a, 0.0L) + std::log1p(std::exp(-std::abs(a))); }
long double slope_of(vade::Identity, long double) { return 1; }
long double slope_of(vade::Relu, long double a) { return a > 0 ? 1 : 0; }
long double slope_of(vade::Sigmoid, long double a) { return 1 / ((1 + std::exp(-a)) * (1 + std::exp(a))); }
long double slope_of(vade::Tanh, long double a) { return 1 / (std::cosh(a) * std::cosh(a)); }
long double slope_of(vade::Softplus, long double a) { return 1 / (1 + std::exp(-a)); }

template <class A, class T>
struct Pair {
  using Activation = A;
  using Scalar = T;
};

}  // namespace

TEST_CASE_TEMPLATE("The slope of relu is 1 above 0 and 0 elsewhere, in packets and in what is left over", T, float, double) {
  using limits = std::numeric_limits<T>;
  const T ends[] = {T{-1}, T{-0.0}, T{0}, limits::denorm_min(), -limits::denorm_min(), limits::min(), T{3}, limits::infinity()};
  Eigen::Array<T, 1, Eigen::Dynamic> y(37);
  for (Index i = 0; i < y.size(); ++i) y(i) = ends[i % 8];
  const Eigen::Array<T, 1, Eigen::Dynamic> slope = vade::Relu::slope(y);
  for (Index i = 0; i < y.size(); ++i) CHECK(slope(i) == (y(i) > 0 ? T{1} : T{0}));
}

TEST_CASE_TEMPLATE("Value and slope agree with long double, for rows of every size", P, Pair<vade::Identity, float>,
                   Pair<vade::Relu, float>, Pair<vade::Sigmoid, float>, Pair<vade::Tanh, float>,
                   Pair<vade::Softplus, float>, Pair<vade::Identity, double>, Pair<vade::Relu, double>,
                   Pair<vade::Sigmoid, double>, Pair<vade::Tanh, double>, Pair<vade::Softplus, double>) {
  using A = typename P::Activation;
  using T = typename P::Scalar;
  const auto unit = static_cast<long double>(std::numeric_limits<T>::epsilon());
  for (Index size = 1; size <= 33; ++size)
    for (const double scale : {1e-6, 0.1, 1.0, 4.0, 30.0}) {
      CAPTURE(size);
      Array<T> a(size);
      for (Index i = 0; i < size; ++i) a(i) = static_cast<T>(scale * std::sin(1.7 * static_cast<double>(i + size)));
      const Array<T> y = A::value(a);
      const Array<T> slope = A::slope(y);
      for (Index i = 0; i < size; ++i) {
        CAPTURE(a(i));
        const auto at = static_cast<long double>(a(i));
        const long double wanted = value_of(A{}, at);
        CHECK(std::abs(static_cast<long double>(y(i)) - wanted) <= 16 * unit * std::max(1.0L, std::abs(wanted)));
        // The slope is written in y, whose rounding it inherits: absolute, for slopes are at most 1.
        CHECK(std::abs(static_cast<long double>(slope(i)) - slope_of(A{}, at)) <= 64 * unit);
      }
    }
}

TEST_CASE_TEMPLATE("The slope of relu at zero is zero, of both signs", T, float, double) {
  for (Index size = 1; size <= 33; ++size) {
    Array<T> a = Array<T>::Zero(size);
    a(0) = T{-0.0};
    const Array<T> y = vade::Relu::value(a);
    CHECK((y == T{0}).all());
    CHECK((vade::Relu::slope(y) == T{0}).all());
    a = Array<T>::Constant(size, std::numeric_limits<T>::min());
    const Array<T> least = vade::Relu::value(a);
    CHECK((least == std::numeric_limits<T>::min()).all());
    CHECK((vade::Relu::slope(least) == T{1}).all());
  }
}

TEST_CASE_TEMPLATE("Saturated activations reach their limits, with slopes 0 and 1", T, float, double) {
  for (Index size = 1; size <= 33; ++size)
    for (const T big : {T{1e4}, std::numeric_limits<T>::max(), std::numeric_limits<T>::infinity()}) {
      CAPTURE(size);
      const Array<T> high = Array<T>::Constant(size, big), low = -high;
      const T least = std::numeric_limits<T>::min();  // Eigen's vectorised exp may end at a subnormal and not at 0
      CHECK((vade::Relu::value(high) == big).all());
      CHECK((vade::Relu::value(low) == T{0}).all());
      CHECK((vade::Sigmoid::value(high) == T{1}).all());
      CHECK((vade::Sigmoid::value(low) >= T{0}).all());
      CHECK((vade::Sigmoid::value(low) < least).all());
      CHECK((vade::Tanh::value(high) == T{1}).all());
      CHECK((vade::Tanh::value(low) == T{-1}).all());
      CHECK((vade::Softplus::value(high) == big).all());
      CHECK((vade::Softplus::value(low) >= T{0}).all());
      CHECK((vade::Softplus::value(low) < least).all());
      const Array<T> one = Array<T>::Ones(size), zero = Array<T>::Zero(size);
      CHECK((vade::Sigmoid::slope(one) == T{0}).all());
      CHECK((vade::Sigmoid::slope(zero) == T{0}).all());
      CHECK((vade::Tanh::slope(one) == T{0}).all());
      CHECK((vade::Tanh::slope(-one) == T{0}).all());
      CHECK((vade::Softplus::slope(high) == T{1}).all());
      CHECK((vade::Softplus::slope(zero) == T{0}).all());
    }
}

TEST_CASE_TEMPLATE("NaN in gives NaN out, in every position of every size", P, Pair<vade::Identity, float>,
                   Pair<vade::Relu, float>, Pair<vade::Sigmoid, float>, Pair<vade::Tanh, float>,
                   Pair<vade::Softplus, float>, Pair<vade::Identity, double>, Pair<vade::Relu, double>,
                   Pair<vade::Sigmoid, double>, Pair<vade::Tanh, double>, Pair<vade::Softplus, double>) {
  using T = typename P::Scalar;
  for (Index size = 1; size <= 33; ++size)
    for (Index at = 0; at < size; ++at) {
      Array<T> a = Array<T>::Constant(size, T{0.5});
      a(at) = std::numeric_limits<T>::quiet_NaN();
      const Array<T> y = P::Activation::value(a);
      for (Index i = 0; i < size; ++i) CHECK(std::isnan(y(i)) == (i == at));
    }
}
