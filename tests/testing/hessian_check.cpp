// vade: tests of testing/hessian_check.hpp.
// SPDX-License-Identifier: MIT
#include <vade/testing/hessian_check.hpp>

#include <doctest/doctest.h>

#include <vade/autodiff/pointwise.hpp>
#include <vade/autodiff/products.hpp>
#include <vade/autodiff/structure.hpp>
#include <vade/distributions/gaussian.hpp>

namespace {

using doctest::Approx;
using vade::Index;
using vade::Matrix;
using vade::Var;
using vade::testing::check_hessian;
using vade::testing::check_negative_definite;
using vade::testing::HessianReport;

Matrix<double> normals(Index rows, Index columns, std::uint64_t seed) {
  Matrix<double> m(rows, columns);
  vade::fill_normal(m, seed, vade::Purpose::user);
  return m;
}

const auto sum_of_squares = [](auto&, const auto& in) { return sum(square(in[0])); };

/// y = Σ x0 x1, whose adjoint of x1 is `factor` times the right one.
Var<double> product(Var<double> x, double factor) {
  const Var<double> y = x.tape().record({x}, 1, 1);
  y.mutable_value()(0, 0) = x.value()(0, 0) * x.value()(0, 1);
  y.on_backward([x, y, factor] {
    Matrix<double> bar(1, 2);
    bar << x.value()(0, 1), factor * x.value()(0, 0);
    x.accumulate(y.adjoint()(0, 0) * bar);
  });
  return y;
}

}  // namespace

TEST_CASE("The three lines of the header pass, and a wrong claim does not") {
  const Matrix<double> x = normals(2, 3, 1), claim = 2 * Matrix<double>::Identity(6, 6);
  const HessianReport report = check_hessian({x}, sum_of_squares, claim);
  CHECK_MESSAGE(report.passed, report.text());
  CHECK_FALSE(check_hessian({x}, sum_of_squares, 0.5 * claim).passed);
  CHECK_FALSE(check_hessian({x}, sum_of_squares, -claim).passed);
}

TEST_CASE("A quadratic form has its matrix as Hessian, over several inputs in their order") {
  const Matrix<double> a = normals(5, 5, 2), symmetric = a + a.transpose();
  const auto form = [&](auto& tape, const auto& in) {
    const auto v = beside(in[0], in[1]);
    return 0.5 * matmul(matmul(v, tape.constant(symmetric)), transpose(v));
  };
  const HessianReport report = check_hessian({normals(1, 2, 3), normals(1, 3, 4)}, form, symmetric);
  CHECK_MESSAGE(report.passed, report.text());
  Matrix<double> wrong = symmetric;
  wrong(3, 1) += 1e-3;
  const HessianReport caught = check_hessian({normals(1, 2, 3), normals(1, 3, 4)}, form, wrong);
  CHECK_FALSE(caught.passed);
  CHECK(caught.worst_row == 3);
  CHECK(caught.worst_column == 1);
  CHECK(caught.text().find("worst entry (3, 1)") != std::string::npos);
}

TEST_CASE("G.1: the Hessian of the log-density in z is minus the precisions, negative definite") {
  const Matrix<double> z = normals(1, 3, 5), mean = normals(1, 3, 6), log_variance = normals(1, 3, 7);
  const auto f = [&](auto& tape, const auto& in) {
    return sum(vade::gaussian_log_prob(in[0], tape.constant(mean), tape.constant(log_variance)));
  };
  const Matrix<double> claim = (-(-log_variance.array()).exp()).matrix().row(0).asDiagonal();
  const HessianReport report = check_hessian({z}, f, claim);
  CHECK_MESSAGE(report.passed, report.text());
  CHECK(report.largest_eigenvalue == Approx(claim.diagonal().maxCoeff()).epsilon(1e-6));
  CHECK(report.smallest_eigenvalue == Approx(claim.diagonal().minCoeff()).epsilon(1e-6));
  CHECK(check_negative_definite({z}, f).passed);
  CHECK_FALSE(check_negative_definite({z}, f, 100).passed);
}

TEST_CASE("G.9: minus the divergence to the standard normal has a strict maximum at the standard normal") {
  const Matrix<double> zero = Matrix<double>::Zero(1, 2);
  const auto f = [](auto&, const auto& in) { return -sum(vade::gaussian_kl_to_standard(in[0], in[1])); };
  Matrix<double> claim = Matrix<double>::Zero(4, 4);
  claim.diagonal() << -1, -1, -0.5, -0.5;
  CHECK(check_hessian({zero, zero}, f, claim).passed);
  CHECK(check_negative_definite({zero, zero}, f).passed);
}

TEST_CASE("A saddle and a flat direction are no maximum") {
  const auto saddle = [](auto&, const auto& in) { return product(in[0], 1); };
  CHECK_FALSE(check_negative_definite({normals(1, 2, 8)}, saddle).passed);
  const auto flat = [](auto&, const auto& in) { return -square(sum(in[0])); };
  CHECK_FALSE(check_negative_definite({normals(1, 2, 8)}, flat, 1e-6).passed);
}

TEST_CASE("A wrong adjoint is seen as asymmetry, without any claim") {
  const auto f = [](double factor) {
    return [factor](auto&, const auto& in) { return -sum(square(in[0])) + product(in[0], factor); };
  };
  CHECK(check_negative_definite({normals(1, 2, 9)}, f(1)).passed);
  const HessianReport report = check_negative_definite({normals(1, 2, 9)}, f(1.001));
  CHECK_FALSE(report.passed);
  CHECK(report.asymmetry > 1);
}

TEST_CASE("NaN never passes, and shapes that do not fit are refused") {
  const auto bad = [](auto&, const auto& in) { return sum(log(in[0])); };
  const Matrix<double> negative = Matrix<double>::Constant(1, 2, -1.0);
  const auto not_a_number = [](auto&, const auto& in) { return sum(sqrt(in[0]) * in[0]); };
  CHECK_FALSE(check_hessian({negative}, not_a_number, Matrix<double>::Identity(2, 2)).passed);
  CHECK_FALSE(check_negative_definite({negative}, not_a_number).passed);
  CHECK_THROWS_WITH_AS(check_hessian({negative}, bad, Matrix<double>::Identity(3, 3)),
                       "check_hessian: claim is [3 x 3], wanted [2 x 2]", vade::ShapeError);
}

TEST_CASE("A Hessian that no memory holds is refused with its size, before any sweep") {
  CHECK_THROWS_WITH_AS(check_negative_definite({Matrix<double>::Zero(1, 1600000)}, sum_of_squares),
                       doctest::Contains("check_hessian: second derivatives in 1600000 variables take"), vade::ResourceError);
}

TEST_CASE("The points are not changed") {
  const std::vector<Matrix<double>> points{normals(1, 2, 1)}, before = points;
  check_hessian(points, sum_of_squares, Matrix<double>::Identity(2, 2));
  CHECK(points == before);
}
