// vade: tests of autodiff/parameter.hpp.
// SPDX-License-Identifier: MIT
#include <vade/autodiff/parameter.hpp>

#include <type_traits>

#include <doctest/doctest.h>

namespace {

using vade::Matrix;
using vade::Parameter;

static_assert(std::is_copy_constructible_v<Parameter<float>> && std::is_nothrow_move_constructible_v<Parameter<float>>);

}  // namespace

TEST_CASE_TEMPLATE("A new parameter has a gradient of zeros of its shape, which is not fresh", T, float, double) {
  const Parameter<T> p("encoder.0.weight", Matrix<T>::Constant(3, 2, T{1.5}));
  CHECK(p.name() == "encoder.0.weight");
  CHECK(p.rows() == 3);
  CHECK(p.cols() == 2);
  CHECK(p.size() == 6);
  CHECK(p.value() == Matrix<T>::Constant(3, 2, T{1.5}));
  CHECK(p.gradient() == Matrix<T>::Zero(3, 2));
  CHECK_FALSE(p.has_fresh_gradient());
}

TEST_CASE("A default parameter is empty") {
  const Parameter<double> p;
  CHECK(p.name().empty());
  CHECK(p.size() == 0);
  CHECK(p.gradient().size() == 0);
  CHECK_FALSE(p.has_fresh_gradient());
}

TEST_CASE("A parameter can be renamed and marked, and its matrices written") {
  Parameter<double> p("a", Matrix<double>::Zero(1, 2));
  p.rename("b");
  p.value()(0, 1) = 3;
  p.gradient()(0, 0) = 4;
  p.set_gradient_fresh(true);
  CHECK(p.name() == "b");
  CHECK(p.value()(0, 1) == 3);
  CHECK(p.gradient()(0, 0) == 4);
  CHECK(p.has_fresh_gradient());
  p.set_gradient_fresh(false);
  CHECK_FALSE(p.has_fresh_gradient());
}

TEST_CASE("A copy is independent of the original") {
  Parameter<double> original("a", Matrix<double>::Ones(2, 2));
  Parameter<double> copy = original;
  copy.value()(0, 0) = 9;
  copy.gradient()(0, 0) = 9;
  CHECK(original.value()(0, 0) == 1);
  CHECK(original.gradient()(0, 0) == 0);
}
