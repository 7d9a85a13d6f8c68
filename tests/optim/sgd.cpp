#include <vade/optim/sgd.hpp>

#include <limits>

#include <doctest/doctest.h>

namespace {

using vade::Matrix;
using vade::Parameter;
using vade::Sgd;

template <class T>
Parameter<T> number(T value) {
  return Parameter<T>("p", Matrix<T>::Constant(1, 1, value));
}

template <class T>
void give(Parameter<T>& p, T gradient) {
  p.gradient().setConstant(gradient);
  p.set_gradient_fresh(true);
}

}  // namespace

TEST_CASE_TEMPLATE("Without momentum a step is w - rate g", T, float, double) {
  auto p = number<T>(1);
  Sgd<T> sgd({{.parameters = {&p}}});
  give(p, T{2});
  sgd.step(0.25);
  CHECK(p.value()(0, 0) == T{0.5});
  give(p, T{-4});
  sgd.step(0.25);
  CHECK(p.value()(0, 0) == T{1.5});
}

TEST_CASE_TEMPLATE("With momentum, three steps are those computed by hand", T, float, double) {
  auto p = number<T>(10);
  Sgd<T> sgd({{.parameters = {&p}}}, {.momentum = 0.5});
  give(p, T{4});  // u = 4, w = 10 - 2
  sgd.step(0.5);
  CHECK(p.value()(0, 0) == T{8});
  give(p, T{2});  // u = 2 + 2, w = 8 - 2
  sgd.step(0.5);
  CHECK(p.value()(0, 0) == T{6});
  give(p, T{-8});  // u = 2 - 8, w = 6 + 3
  sgd.step(0.5);
  CHECK(p.value()(0, 0) == T{9});
}

TEST_CASE("A step uses gradients up, and leaves parameters without one as they are, velocity included") {
  auto p = number<double>(1), q = number<double>(1);
  Sgd<double> sgd({{.parameters = {&p, &q}}}, {.momentum = 0.5});
  give(p, 1.0);
  give(q, 1.0);
  sgd.step(1);
  give(p, 1.0);
  q.gradient().setConstant(1e6);
  sgd.step(1);
  CHECK(p.value()(0, 0) == -1.5);
  CHECK(q.value()(0, 0) == 0);
  give(q, 1.0);
  sgd.step(1);
  CHECK(q.value()(0, 0) == -1.5);  // velocity 1 · 0.5 + 1, as if the second step had not been
}

TEST_CASE("Rates of groups and the scale of gradients multiply") {
  auto p = number<double>(0), q = number<double>(0);
  Sgd<double> sgd({{.parameters = {&p}, .rate = 2}, {.parameters = {&q}, .rate = 0.5}});
  give(p, 8.0);
  give(q, 8.0);
  sgd.step(0.5, 0.25);
  CHECK(p.value()(0, 0) == -2);
  CHECK(q.value()(0, 0) == -0.5);
}

TEST_CASE("Momentum outside [0, 1) and bad rates of groups are refused by name") {
  auto p = number<float>(0);
  for (const double bad : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(Sgd<float>({}, {.momentum = bad}), doctest::Contains("SgdOptions: momentum is "), vade::ValueError);
  for (const double bad : {-1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(Sgd<float>({{.parameters = {&p}, .rate = bad}}), doctest::Contains("rate of group 0"),
                         vade::ValueError);
}

TEST_CASE("Nesterov's form looks the gradient up ahead: two steps computed by hand") {
  auto p = number<double>(10);
  Sgd<double> sgd({{.parameters = {&p}}}, {.momentum = 0.5, .nesterov = true});
  give(p, 4.0);  // u = 4, w = 10 - 0.5 (2 + 4)
  sgd.step(0.5);
  CHECK(p.value()(0, 0) == 7);
  give(p, 2.0);  // u = 2 + 2, w = 7 - 0.5 (2 + 2)
  sgd.step(0.5);
  CHECK(p.value()(0, 0) == 5);
  CHECK_THROWS_WITH_AS(Sgd<double>({}, {.nesterov = true}), doctest::Contains("nesterov is true with momentum 0"),
                       vade::ValueError);
}
