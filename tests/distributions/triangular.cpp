#include <vade/distributions/triangular.hpp>

#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include <doctest/doctest.h>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/structure.hpp>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace triangular_tests {

// F.n are the equations of docs/derivations/full_gaussian.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::normal_matrix;
using vade::Index;
using vade::Matrix;
using vade::Tape;
using vade::Var;

using Inputs = std::vector<Matrix<double>>;

// in: diagonal, lower, x
const auto product = [](auto&, const auto& in) { return vade::triangular_product(in[0], in[1], in[2]); };
const auto solve = [](auto&, const auto& in) { return vade::triangular_solve(in[0], in[1], in[2]); };
const auto squares = [](auto&, const auto& in) { return vade::triangular_squares(in[0], in[1]); };
// in: diagonal, lower, x, diagonal and lower of P
const auto quotient = [](auto&, const auto& in) { return vade::triangular_quotient(in[3], in[4], in[0], in[1]); };

/// Factors with diagonals between 0.4 and 2.4, a vector, and further factors.
Inputs random_case(Index rows, Index latent, std::uint64_t seed) {
  const auto diagonal = [&](std::uint64_t s) {
    return Matrix<double>(0.4 + normal_matrix(rows, latent, s).array().abs().min(2.0));
  };
  return {diagonal(seed), normal_matrix(rows, vade::lower_count(latent), seed + 1),
          normal_matrix(rows, latent, seed + 2), diagonal(seed + 3),
          normal_matrix(rows, vade::lower_count(latent), seed + 4)};
}

std::vector<Inputs> cases() {
  std::vector<Inputs> all;
  for (const Index rows : {1, 3})
    for (const Index latent : {1, 2, 4})
      all.push_back(random_case(rows, latent, 10 * static_cast<std::uint64_t>(latent)));
  Inputs narrow = random_case(2, 3, 70);
  narrow[0] *= 1e-3;
  narrow[3] *= 1e2;
  all.push_back(narrow);
  return all;
}

/// The factor of row b as a dense matrix: diag plus mask times L′, by the definition.
Eigen::MatrixXd dense(const Matrix<double>& diagonal, const Matrix<double>& lower, Index b) {
  const Index latent = diagonal.cols();
  Eigen::MatrixXd l = Eigen::MatrixXd::Zero(latent, latent);
  Index at = 0;
  for (Index j = 0; j < latent; ++j) {
    l(j, j) = diagonal(b, j);
    for (Index k = 0; k < j; ++k) l(j, k) = lower(b, at++);
  }
  return l;
}

}  // namespace

TEST_CASE("F.1: the entries below the diagonal are packed row by row") {
  CHECK(vade::lower_count(1) == 0);
  CHECK(vade::lower_count(4) == 6);
  Matrix<double> diagonal(1, 3), lower(1, 3);
  diagonal << 1, 2, 3;
  lower << 10, 20, 30;  // L_10, L_20, L_21
  for (Index k = 0; k < 3; ++k) {
    Matrix<double> unit = Matrix<double>::Zero(1, 3);
    unit(0, k) = 1;
    Matrix<double> expected(3, 3);
    expected << 1, 10, 20, 0, 2, 30, 0, 0, 3;  // columns of L as rows
    CHECK(evaluate({diagonal, lower, unit}, product) == expected.row(k));
  }
}

TEST_CASE("F.12, F.13: product and solve are those of the dense matrix, and undo each other") {
  for (const Inputs& in : cases()) {
    const Matrix<double> y = evaluate(in, product), x = evaluate(in, solve);
    for (Index b = 0; b < y.rows(); ++b) {
      const Eigen::MatrixXd l = dense(in[0], in[1], b);
      CHECK(y.row(b).transpose().isApprox(l * in[2].row(b).transpose(), 1e-13));
      CHECK(x.row(b).transpose().isApprox(l.partialPivLu().solve(in[2].row(b).transpose()), 1e-12));
    }
    CHECK((evaluate({in[0], in[1], x}, product) - in[2]).norm() <= 1e-14 * (1 + x.norm()));
  }
}

TEST_CASE("F.14: squares are the diagonal of L times its transpose") {
  for (const Inputs& in : cases()) {
    const Matrix<double> v = evaluate(in, squares);
    for (Index b = 0; b < v.rows(); ++b) {
      const Eigen::MatrixXd l = dense(in[0], in[1], b);
      CHECK(v.row(b).transpose().isApprox(Eigen::VectorXd((l * l.transpose()).diagonal()), 1e-14));
    }
  }
}

TEST_CASE("F.15: the quotient is the part of P^-1 L below the diagonal") {
  for (const Inputs& in : cases()) {
    const Matrix<double> w = evaluate(in, quotient);
    REQUIRE(w.cols() == vade::lower_count(in[0].cols()));
    for (Index b = 0; b < w.rows(); ++b) {
      const Eigen::MatrixXd full = dense(in[3], in[4], b).partialPivLu().solve(dense(in[0], in[1], b));
      for (Index j = 0; j < full.rows(); ++j)
        for (Index k = 0; k < j; ++k)
          CHECK(w(b, vade::lower_count(j) + k) == Approx(full(j, k)).epsilon(1e-11).scale(full.norm()));
    }
  }
}

TEST_CASE("F.12: the gradient of the product is right") {
  for (const Inputs& in : cases()) check_gradients({in[0], in[1], in[2]}, product);
}

TEST_CASE("F.13: the gradient of the solve is right") {
  for (const Index latent : {1, 2, 4}) {
    const Inputs in = random_case(3, latent, 90);
    check_gradients({in[0], in[1], in[2]}, solve, 10);
  }
}

TEST_CASE("F.14: the gradient of the squares is right") {
  for (const Inputs& in : cases()) check_gradients({in[0], in[1]}, squares);
}

TEST_CASE("F.15: the gradient of the quotient is right, for both factors, and for one that is both") {
  for (const Index latent : {2, 4}) {
    const Inputs in = random_case(3, latent, 110);
    const auto of_four = [](auto&, const auto& v) { return vade::triangular_quotient(v[2], v[3], v[0], v[1]); };
    check_gradients({in[0], in[1], in[3], in[4]}, of_four, 100);
    const auto own = [](auto&, const auto& v) { return vade::triangular_quotient(v[0], v[1], v[0], v[1] + v[1]); };
    check_gradients({in[0], in[1]}, own, 100);
  }
}

TEST_CASE("Gradients add up when a factor is used several times") {
  const Inputs in = random_case(2, 3, 130);
  check_gradients(
      {in[0], in[1], in[2]},
      [](auto&, const auto& v) {
        const auto y = vade::triangular_solve(v[0], v[1], v[2]);
        return vade::triangular_product(v[0], v[1], y + v[2]) + vade::triangular_squares(v[0], v[1]);
      },
      10);
}

TEST_CASE("A factor of another size is refused by name") {
  Tape<double> tape;
  const auto zero = [&](Index rows, Index columns) { return tape.constant(Matrix<double>::Zero(rows, columns)); };
  const Var<double> d = zero(2, 3), l = zero(2, 3);
  CHECK_THROWS_WITH_AS(vade::triangular_product(d, zero(2, 2), d),
                       "triangular_product: lower is [2 x 2], wanted [2 x 3]", vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::triangular_product(d, l, zero(2, 4)), "triangular_product: x is [2 x 4], wanted [2 x 3]",
                       vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::triangular_solve(d, l, zero(1, 3)), "triangular_solve: x is [1 x 3], wanted [2 x 3]",
                       vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::triangular_squares(d, zero(1, 3)), "triangular_squares: lower is [1 x 3], wanted [2 x 3]",
                       vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::triangular_quotient(zero(2, 2), l, d, l),
                       "triangular_quotient: other_diagonal is [2 x 2], wanted [2 x 3]", vade::ShapeError);
}

}  // namespace triangular_tests
