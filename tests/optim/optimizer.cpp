#include <vade/optim/optimizer.hpp>

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vade/optim/adam.hpp>
#include <vade/optim/sgd.hpp>

namespace {

/// Moves nothing and has no state to visit.
struct Stateless {
  void step(double, double) {}
  double gradient_norm() { return 0; }
};

/// A step that depends on all gradients before it.
template <class O>
void take_step(vade::Parameter<double>& p, O& optimizer, double gradient) {
  p.gradient().setConstant(gradient);
  p.gradient()(0, 0) = -gradient;
  p.set_gradient_fresh(true);
  optimizer.step(0.1, 1);
}

/// Copies the state of one optimizer into another.
template <class O>
void copy_state(O& from, O& to) {
  std::map<std::string, vade::Matrix<double>> state;
  std::int64_t steps = 0;
  from.for_each_state([&]<class V>(const std::string& name, V& value) {
    if constexpr (std::same_as<V, std::int64_t>)
      steps = value;
    else
      state[name] = value;
  });
  to.for_each_state([&]<class V>(const std::string& name, V& value) {
    if constexpr (std::same_as<V, std::int64_t>)
      value = steps;
    else
      value = state.at(name);
  });
}

}  // namespace

TEST_CASE("Adam and Sgd are optimizers; a class without for_each_state is none") {
  CHECK(vade::Optimizer<vade::Adam<float>, float>);
  CHECK(vade::Optimizer<vade::Sgd<double>, double>);
  CHECK_FALSE(vade::Optimizer<Stateless, float>);
}

TEST_CASE("The state that an optimizer shows is all that its next step depends on") {
  const auto test = []<class O>(auto options, O*) {
    vade::Parameter<double> p("p", vade::Matrix<double>::Ones(2, 3)), q("p", vade::Matrix<double>::Ones(2, 3));
    O one({{.parameters = {&p}}}, options);
    for (const double gradient : {1.0, -3.0, 0.5}) take_step(p, one, gradient);
    O other({{.parameters = {&q}}}, options);
    q.value() = p.value();
    copy_state(one, other);
    for (const double gradient : {0.25, 2.0}) {
      take_step(p, one, gradient);
      take_step(q, other, gradient);
    }
    CHECK(p.value() == q.value());
  };
  test(vade::AdamOptions{.weight_decay = 0.1}, static_cast<vade::Adam<double>*>(nullptr));
  test(vade::SgdOptions{.momentum = 0.9}, static_cast<vade::Sgd<double>*>(nullptr));
  test(vade::SgdOptions{.momentum = 0.9, .nesterov = true}, static_cast<vade::Sgd<double>*>(nullptr));
}

TEST_CASE("Weight decay is a share of the weight per unit of the rate, on matrices of groups that decay") {
  const auto test = []<class O>(auto options, O*) {
    vade::Parameter<double> weight("w", vade::Matrix<double>::Constant(2, 3, 5.0));
    vade::Parameter<double> bias("b", vade::Matrix<double>::Constant(1, 3, 5.0));
    vade::Parameter<double> centre("c", vade::Matrix<double>::Constant(2, 3, 5.0));
    O optimizer({{.parameters = {&weight, &bias}, .rate = 0.5}, {.parameters = {&centre}, .decays = false}}, options);
    for (auto* p : {&weight, &bias, &centre}) {
      p->gradient().setZero();
      p->set_gradient_fresh(true);
    }
    optimizer.step(0.1, 1);
    CHECK(weight.value().isApprox(vade::Matrix<double>::Constant(2, 3, 5 * (1 - 0.5 * 0.1 * 0.2)), 1e-15));
    CHECK(bias.value() == vade::Matrix<double>::Constant(1, 3, 5.0));
    CHECK(centre.value() == vade::Matrix<double>::Constant(2, 3, 5.0));
  };
  test(vade::AdamOptions{.weight_decay = 0.2}, static_cast<vade::Adam<double>*>(nullptr));
  test(vade::SgdOptions{.weight_decay = 0.2}, static_cast<vade::Sgd<double>*>(nullptr));
}
