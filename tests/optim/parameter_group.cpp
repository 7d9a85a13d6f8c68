#include <vade/optim/parameter_group.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <vade/optim/adam.hpp>
#include <vade/optim/sgd.hpp>

namespace parameter_group {

using vade::Adam;
using vade::Matrix;
using vade::Parameter;
using vade::ParameterGroup;
using vade::Sgd;

template <class T>
void fill_gradient(Parameter<T>& p, T gradient) {
  p.gradient().setConstant(gradient);
  p.set_gradient_fresh(true);
}

}  // namespace parameter_group

TEST_CASE("A parameter that is listed twice is refused by name, in one group or in two") {
  using namespace parameter_group;
  Parameter<float> p("encoder.weight", Matrix<float>::Zero(1, 1)), q("bias", Matrix<float>::Zero(1, 1));
  CHECK_THROWS_WITH_AS(Adam<float>({{.parameters = {&p, &q, &p}}}),
                       "Adam: parameter encoder.weight is listed twice, wanted each parameter once", vade::ValueError);
  CHECK_THROWS_WITH_AS(Sgd<float>({{.parameters = {&q, &p}}, {.parameters = {&p}, .rate = 0.1}}),
                       "Sgd: parameter encoder.weight is listed twice, wanted each parameter once", vade::ValueError);
  CHECK_NOTHROW(Adam<float>({{.parameters = {&p}}, {.parameters = {&q}}}));
}

TEST_CASE_TEMPLATE("The norm of a gradient is finite though its squares are no floats", T, float, double) {
  using namespace parameter_group;
  Parameter<T> p("p", Matrix<T>::Zero(1, 4)), q("q", Matrix<T>::Zero(1, 1));
  const std::vector<ParameterGroup<T>> groups{{.parameters = {&p}}, {.parameters = {&q}}};
  fill_gradient(p, static_cast<T>(2e19));
  CHECK(vade::gradient_norm(groups) == doctest::Approx(4e19).epsilon(1e-7));
  fill_gradient(q, static_cast<T>(3e19));
  CHECK(vade::gradient_norm(groups) == doctest::Approx(5e19).epsilon(1e-7));
  CHECK(Adam<T>(groups).gradient_norm() == vade::gradient_norm(groups));
  CHECK(Sgd<T>(groups).gradient_norm() == vade::gradient_norm(groups));
  CHECK(p.has_fresh_gradient());
  fill_gradient(p, std::numeric_limits<T>::infinity());
  CHECK(vade::gradient_norm(groups) == std::numeric_limits<double>::infinity());
  fill_gradient(p, std::numeric_limits<T>::quiet_NaN());
  CHECK(std::isnan(vade::gradient_norm(groups)));
}
