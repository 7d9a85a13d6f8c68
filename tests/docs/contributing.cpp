// The code of CONTRIBUTING.md, compiled and tested: what the guide quotes is taken from here.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/pointwise.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/nn/layer.hpp>
#include <vade/testing/gradient_check.hpp>

namespace vade {

/// y = x³. Slope 3 x². O(rows · cols).
template <Real T>
Var<T> cube(Var<T> x) {
  return detail::pointwise(
      x, [](const auto& a) { return a.cube(); }, [](const auto& a, const auto&) { return T{3} * a.square(); });
}

/// y_ij = x_ij s_j for learned factors s `[1 x columns]`, which start at one. The parameter is named "<name>.scale".
template <Real T>
class Scale {
 public:
  /// @throws ValueError for a width below 1
  Scale(const std::string& name, Index columns) {
    check_at_least<Index>("Scale", name + ": columns", columns, 1);
    scale_ = Parameter<T>(name + ".scale", Matrix<T>::Ones(1, columns));
  }

  Index inputs() const { return scale_.cols(); }
  Index outputs() const { return scale_.cols(); }

  /// y `[B x columns]`. @throws ShapeError
  Var<T> operator()(Var<T> x) { return x * x.tape().parameter(scale_); }
  Var<T> operator()(Var<T> x) const { return x * x.tape().parameter(scale_); }

  void for_each_parameter(auto&& visit) { visit(scale_); }
  void for_each_parameter(auto&& visit) const { visit(scale_); }

 private:
  Parameter<T> scale_;
};

static_assert(Layer<Scale<float>, float> && Layer<Scale<double>, double>);

/// log p(x; λ) = Σ_j (log λ_j − λ_j x_j) for x >= 0: x and `log_rate` log λ `[B x J]`, result `[B x 1]`, nats. O(B J).
/// @throws ShapeError
template <Real T>
Var<T> exponential_log_prob(Var<T> x, Var<T> log_rate) {
  check_shape("exponential_log_prob", "x", x, log_rate.rows(), log_rate.cols());
  return row_sums(log_rate - exp(log_rate) * x);
}

}  // namespace vade

namespace {

using vade::Index;
using vade::Matrix;

Matrix<double> normals(Index rows, Index columns, std::uint64_t seed) {
  Matrix<double> m(rows, columns);
  vade::fill_normal(m, seed, vade::Purpose::user);
  return m;
}

}  // namespace

TEST_CASE("The gradient of a cube is right") {
  const auto report =
      vade::testing::check_gradient({normals(3, 4, 1)}, [](auto&, const auto& in) { return cube(in[0]); });
  CHECK_MESSAGE(report.passed, report.text());
}

TEST_CASE("A scaling layer multiplies each column, and learns its factors") {
  vade::Scale<double> layer("scale", 3);
  const Matrix<double> x = normals(4, 3, 2);
  vade::Tape<double> tape;
  CHECK(layer(tape.constant(x)).value() == x);
  tape.backward(sum(layer(tape.constant(x))));
  layer.for_each_parameter([&](const vade::Parameter<double>& p) {
    CHECK(p.name() == "scale.scale");
    CHECK(p.gradient().isApprox(x.colwise().sum(), 1e-14));
  });
  CHECK_THROWS_AS(layer(tape.constant(normals(4, 2, 3))), vade::ShapeError);
  CHECK_THROWS_AS(vade::Scale<double>("scale", 0), vade::ValueError);
}

TEST_CASE("The exponential density integrates to one, and its gradients are right") {
  double integral = 0;
  const double step = 1e-3;
  vade::Tape<double> tape;
  for (double at = step / 2; at < 20; at += step) {
    tape.clear();
    const auto x = tape.constant(Matrix<double>::Constant(1, 1, at));
    const auto log_rate = tape.constant(Matrix<double>::Constant(1, 1, std::log(1.7)));
    integral += step * std::exp(exponential_log_prob(x, log_rate).scalar());
  }
  CHECK(integral == doctest::Approx(1).epsilon(1e-6));

  const auto report =
      vade::testing::check_gradient({normals(3, 2, 4).cwiseAbs(), normals(3, 2, 5)},
                                    [](auto&, const auto& in) { return exponential_log_prob(in[0], in[1]); });
  CHECK_MESSAGE(report.passed, report.text());
}
