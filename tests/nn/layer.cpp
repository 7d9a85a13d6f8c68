#include <vade/nn/layer.hpp>

#include <doctest/doctest.h>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/nn/dense.hpp>
#include <vade/nn/mlp.hpp>
#include <vade/nn/sequential.hpp>

namespace {

using vade::Index;
using vade::Layer;
using vade::Matrix;
using vade::Parameter;
using vade::Var;

/// The smallest layer: y = x ⊙ s, row by row. What a user has to write.
struct Scale {
  Parameter<double> scale{"scale", Matrix<double>::Constant(1, 3, 2)};
  Parameter<double> unused{"unused", Matrix<double>::Zero(2, 2)};

  Index inputs() const { return scale.cols(); }
  Index outputs() const { return scale.cols(); }
  Var<double> operator()(Var<double> x) { return x * x.tape().parameter(scale); }
  Var<double> operator()(Var<double> x) const { return x * x.tape().parameter(scale); }
  void for_each_parameter(auto&& visit) { visit(scale), visit(unused); }
  void for_each_parameter(auto&& visit) const { visit(scale), visit(unused); }
};

struct NoConstCall : Scale {
  Var<double> operator()(Var<double> x) { return x; }  // hides both
};

struct WrongResult : Scale {
  int operator()(Var<double>) const { return 0; }
};

struct NoWidths {
  Var<double> operator()(Var<double> x) const { return x; }
  void for_each_parameter(auto&&) {}
  void for_each_parameter(auto&&) const {}
};

struct NoParameters {
  Index inputs() const { return 1; }
  Index outputs() const { return 1; }
  Var<double> operator()(Var<double> x) const { return x; }
};

struct ParametersOfMutableOnly : NoParameters {
  void for_each_parameter(auto&&) {}
};

static_assert(Layer<Scale, double>);
static_assert(Layer<vade::Dense<float>, float> && Layer<vade::Mlp<double, vade::Tanh>, double>);
static_assert(Layer<vade::Sequential<vade::Dense<float>, vade::Mlp<float>>, float>);

static_assert(!Layer<Scale, float>);
static_assert(!Layer<Scale, int>);
static_assert(!Layer<NoConstCall, double>);
static_assert(!Layer<WrongResult, double>);
static_assert(!Layer<NoWidths, double>);
static_assert(!Layer<NoParameters, double>);
static_assert(!Layer<ParametersOfMutableOnly, double>);
static_assert(!Layer<vade::Dense<float>, double>);
static_assert(!Layer<vade::Mlp<float>, double>);
static_assert(!Layer<vade::Sequential<vade::Dense<float>>, double>);
static_assert(!Layer<vade::Sequential<vade::Dense<float>, vade::Dense<double>>, float>);
static_assert(!Layer<int, double>);

}  // namespace

TEST_CASE("parameters_of gives the layer's own parameters in its order") {
  Scale layer;
  const std::vector<Parameter<double>*> all = vade::parameters_of<double>(layer);
  REQUIRE(all.size() == 2);
  CHECK(all[0] == &layer.scale);
  CHECK(all[1] == &layer.unused);
}

TEST_CASE("parameter_count counts numbers, not matrices") {
  CHECK(vade::parameter_count(Scale{}) == 3 + 4);
  CHECK(vade::parameter_count(vade::Dense<float>("d", 5, 7, vade::Initialiser::zero, 1, 0)) == 5 * 7 + 7);
}
