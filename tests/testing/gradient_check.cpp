// vade: tests of testing/gradient_check.hpp.
// SPDX-License-Identifier: MIT
#include <vade/testing/gradient_check.hpp>

#include <functional>
#include <limits>

#include <doctest/doctest.h>

#include <vade/autodiff/pointwise.hpp>

namespace {

using vade::Index;
using vade::Matrix;
using vade::Tape;
using vade::Var;
using vade::testing::check_gradient;
using vade::testing::GradientReport;

using Function = std::function<Var<double>(Tape<double>&, const std::vector<Var<double>>&)>;

Matrix<double> matrix(Index rows, Index columns, std::uint64_t seed = 1) {
  Matrix<double> result(rows, columns);
  vade::fill_normal(result, seed, vade::Purpose::user);
  return result;
}

GradientReport check(const std::vector<Matrix<double>>& points, const Function& function,
                     const vade::testing::GradientCheckOptions& options = {}) {
  return check_gradient(points, function, options);
}

/// y = ½ x², with an adjoint that is `factor` times the right one.
Var<double> half_square(Var<double> x, double factor) {
  const Var<double> y = x.tape().record({x}, x.rows(), x.cols());
  y.mutable_value() = 0.5 * x.value().cwiseProduct(x.value());
  y.on_backward([x, y, factor] { x.accumulate(factor * y.adjoint().array() * x.value().array()); });
  return y;
}

/// y = x a, for a square a, with x̄ += ȳ aᵀ, or wrongly ȳ a.
Var<double> times(Var<double> x, const Matrix<double>& a, bool right) {
  const Var<double> y = x.tape().record({x}, x.rows(), a.cols());
  y.mutable_value() = x.value() * a;
  const Matrix<double>* const factor = &a;
  y.on_backward([x, y, factor, right] {
    const Matrix<double> term = right ? Matrix<double>(y.adjoint() * factor->transpose()) : y.adjoint() * *factor;
    x.accumulate(term);
  });
  return y;
}

/// y = x², whose adjoint is right except for one entry.
Var<double> square_with_one_flaw(Var<double> x, Index row, Index column, double error) {
  const Var<double> y = x.tape().record({x}, x.rows(), x.cols());
  y.mutable_value() = x.value().cwiseProduct(x.value());
  y.on_backward([x, y, row, column, error] {
    Matrix<double> term = 2 * y.adjoint().cwiseProduct(x.value());
    term(row, column) += error;
    x.accumulate(term);
  });
  return y;
}

}  // namespace

TEST_CASE("The three lines of the header pass") {
  const Matrix<double> x = matrix(2, 3);
  auto report = check_gradient({x}, [](auto&, const auto& in) { return sum(exp(in[0])); });
  CHECK_MESSAGE(report.passed, report.text());
  CHECK_FALSE(report.all_zero);
  CHECK(report.worst_error <= 1);
  REQUIRE(report.analytic.size() == 1);
  REQUIRE(report.numeric.size() == 1);
  CHECK((report.analytic[0] - x.array().exp().matrix()).cwiseAbs().maxCoeff() < 1e-13);
  CHECK((report.numeric[0] - x.array().exp().matrix()).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("A right custom operation passes") {
  const GradientReport report = check({matrix(3, 2)}, [](auto&, const auto& in) { return half_square(in[0], 1); });
  CHECK_MESSAGE(report.passed, report.text());
}

TEST_CASE("A planted wrong sign is caught") {
  const GradientReport report = check({matrix(3, 2)}, [](auto&, const auto& in) { return half_square(in[0], -1); });
  CHECK_FALSE(report.passed);
  CHECK_FALSE(report.all_zero);
  CHECK(report.worst_error > 1e6);
}

TEST_CASE("A planted wrong sign of one term among right ones is caught") {
  const GradientReport report = check(
      {matrix(3, 2)}, [](auto&, const auto& in) { return sum(exp(in[0])) + sum(half_square(in[0], -1)); });
  CHECK_FALSE(report.passed);
}

TEST_CASE("A dropped factor of one half is caught") {
  const GradientReport report = check({matrix(3, 2)}, [](auto&, const auto& in) { return half_square(in[0], 2); });
  CHECK_FALSE(report.passed);
  CHECK_FALSE(check({matrix(3, 2)}, [](auto&, const auto& in) { return half_square(in[0], 0.5); }).passed);
}

TEST_CASE("A gradient wrong by one part in a million is caught") {
  CHECK_FALSE(check({matrix(3, 2)}, [](auto&, const auto& in) { return half_square(in[0], 1 + 1e-6); }).passed);
  CHECK(check({matrix(3, 2)}, [](auto&, const auto& in) { return half_square(in[0], 1 + 1e-8); }).passed);
}

TEST_CASE("A transposed factor is caught, also where every shape is square") {
  const Matrix<double> a = matrix(3, 3, 2);
  CHECK(check({matrix(3, 3)}, [&](auto&, const auto& in) { return times(in[0], a, true); }).passed);
  CHECK_FALSE(check({matrix(3, 3)}, [&](auto&, const auto& in) { return times(in[0], a, false); }).passed);
}

TEST_CASE("A missing adjoint is caught: one side is zero, the other is not") {
  const GradientReport report =
      check({matrix(2, 2)}, [](auto&, const auto& in) { return half_square(in[0], 0); });
  CHECK_FALSE(report.passed);
  CHECK_FALSE(report.all_zero);
}

TEST_CASE("The worst entry is named, with both gradients, in the text") {
  const std::vector<Matrix<double>> points{Matrix<double>::Ones(2, 2), Matrix<double>::Constant(3, 4, 2.0)};
  const GradientReport report = check(points, [](auto&, const auto& in) {
    return sum(square(in[0])) + sum(square_with_one_flaw(in[1], 2, 1, 0.5));
  });
  CHECK_FALSE(report.passed);
  CHECK(report.worst_input == 1);
  CHECK(report.worst_row == 2);
  CHECK(report.worst_column == 1);
  CHECK(report.analytic[1](2, 1) == 4.5);
  CHECK(std::abs(report.numeric[1](2, 1) - 4) < 1e-9);
  CHECK(report.worst_error == doctest::Approx(0.5 / (1e-9 + 1e-7 * 4.5)));
  CHECK(report.text().find("worst entry is input 1 (2, 1): analytic 4.5, numeric 4") != std::string::npos);
  CHECK(report.text().find("times the tolerance") != std::string::npos);
}

TEST_CASE("Of two wrong entries the worse is named, in whatever order they come") {
  for (const double first : {0.1, 0.9}) {
    const GradientReport report = check({Matrix<double>::Ones(2, 3)}, [first](auto&, const auto& in) {
      return sum(square_with_one_flaw(in[0], 0, 1, first)) + sum(square_with_one_flaw(in[0], 1, 2, 0.5));
    });
    CHECK(report.worst_row == (first < 0.5 ? 1 : 0));
    CHECK(report.worst_column == (first < 0.5 ? 2 : 1));
  }
}

TEST_CASE("A check in which both gradients are zero is refused") {
  const Function constant = [](auto&, const auto& in) { return sum(0.0 * in[0]); };
  const GradientReport report = check({matrix(2, 2)}, constant);
  CHECK_FALSE(report.passed);
  CHECK(report.all_zero);
  CHECK(report.text().find("zero everywhere") != std::string::npos);
}

TEST_CASE("allow_zero accepts zero gradients that are meant, and nothing else") {
  const Function dead = [](auto&, const auto& in) { return sum(relu(in[0])); };
  const Matrix<double> negative = Matrix<double>::Constant(2, 2, -1.0);
  CHECK_FALSE(check({negative}, dead).passed);
  CHECK(check({negative}, dead, {.allow_zero = true}).passed);
  CHECK(check({negative}, dead, {.allow_zero = true}).all_zero);
  CHECK_FALSE(
      check({matrix(2, 2)}, [](auto&, const auto& in) { return half_square(in[0], -1); }, {.allow_zero = true}).passed);
}

TEST_CASE("An input of zero gradient beside one that is not zero is checked as any other") {
  const Function first_only = [](auto&, const auto& in) { return sum(square(in[0])) + sum(0.0 * in[1]); };
  CHECK(check({matrix(2, 2), matrix(1, 3)}, first_only).passed);
}

TEST_CASE("An input that the function does not use has a gradient of zeros on both sides") {
  const GradientReport report =
      check({matrix(2, 2), matrix(1, 3)}, [](auto&, const auto& in) { return sum(square(in[0])); });
  CHECK(report.passed);
  CHECK(report.analytic[1] == Matrix<double>::Zero(1, 3));
  CHECK(report.numeric[1] == Matrix<double>::Zero(1, 3));
}

TEST_CASE("A function of no input is refused as the tape refuses it") {
  const Function constant = [](auto& tape, const auto&) { return tape.constant(Matrix<double>::Ones(1, 1)); };
  CHECK_THROWS_AS(check({matrix(2, 2)}, constant), vade::ValueError);
  CHECK_THROWS_AS(check({}, constant), vade::ValueError);
}

TEST_CASE("NaN never passes, and its entry is the worst one, wherever it stands") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (Index at = 0; at < 6; ++at) {
    const GradientReport report = check({Matrix<double>::Ones(2, 3)}, [at, nan](auto&, const auto& in) {
      return sum(square_with_one_flaw(in[0], at / 3, at % 3, nan));
    });
    CHECK_FALSE(report.passed);
    CHECK_FALSE(report.all_zero);
    CHECK(report.worst_row == at / 3);
    CHECK(report.worst_column == at % 3);
    CHECK(report.text().find("analytic nan") != std::string::npos);
  }
}

TEST_CASE("NaN of the numerical side alone does not pass, and is not taken for zero") {
  // √x at 0 with steps to both sides, and an adjoint of zero.
  const Function bad = [](auto& tape, const auto& in) {
    const Var<double> y = tape.record({in[0]}, 1, 1);
    y.mutable_value()(0, 0) = std::sqrt(in[0].value()(0, 0));
    y.on_backward([x = in[0]] { x.accumulate(Matrix<double>::Zero(1, 1)); });
    return y;
  };
  const GradientReport report = check({Matrix<double>::Zero(1, 1)}, bad);
  CHECK_FALSE(report.passed);
  CHECK_FALSE(report.all_zero);
  CHECK(report.text().find("numeric") != std::string::npos);
  CHECK_FALSE(check({Matrix<double>::Zero(1, 1)}, bad, {.allow_zero = true}).passed);
}

TEST_CASE("An infinite gradient never passes") {
  const double infinity = std::numeric_limits<double>::infinity();
  const GradientReport report = check({Matrix<double>::Ones(2, 3)}, [infinity](auto&, const auto& in) {
    return sum(square_with_one_flaw(in[0], 1, 1, infinity));
  });
  CHECK_FALSE(report.passed);
  CHECK(report.worst_row == 1);
  CHECK(report.worst_column == 1);
}

TEST_CASE("Every entry of a matrix result counts") {
  for (Index at = 0; at < 6; ++at)
    CHECK_FALSE(check({Matrix<double>::Ones(2, 3)}, [at](auto&, const auto& in) {
                  return square_with_one_flaw(in[0], at / 3, at % 3, 1e-3);
                }).passed);
  // The sum of a softmax-like result is constant: contracting with ones would see nothing.
  CHECK(check({matrix(2, 3)}, [](auto&, const auto& in) { return softmax(in[0]); }).passed);
}

TEST_CASE("The difference is of sixth order: a polynomial of degree six is exact, whatever the step") {
  const Function sixth = [](auto&, const auto& in) { return sum(square(in[0] * in[0] * in[0])); };
  CHECK(check({Matrix<double>::Constant(1, 1, 1.5)}, sixth, {.relative = 1e-12, .absolute = 0, .step = 0.25}).passed);
}

TEST_CASE("The step grows with large entries, and can be made small for entries near a singularity") {
  const Function square_of = [](auto&, const auto& in) { return sum(square(in[0])); };
  CHECK(check({Matrix<double>::Constant(1, 2, 1e6)}, square_of).passed);
  const Function log_of = [](auto&, const auto& in) { return sum(log(in[0])); };
  const Matrix<double> small = Matrix<double>::Constant(1, 2, 1e-3);
  CHECK_FALSE(check({small}, log_of).passed);  // three steps to the left are below zero
  CHECK(check({small}, log_of, {.step = 1e-5}).passed);
}

TEST_CASE("The points are not changed") {
  const std::vector<Matrix<double>> points{matrix(2, 2)};
  const std::vector<Matrix<double>> before = points;
  check(points, [](auto&, const auto& in) { return sum(square(in[0])); });
  CHECK(points == before);
}
