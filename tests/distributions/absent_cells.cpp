#include <vade/distributions/bernoulli.hpp>
#include <vade/distributions/categorical.hpp>
#include <vade/distributions/gaussian.hpp>
#include <vade/distributions/negative_binomial.hpp>
#include <vade/distributions/poisson.hpp>

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace absent_cells_tests {

// O.n are the equations of docs/derivations/absent_cells.md.

namespace {

using reference::check_gradients;
using reference::evaluate;
using reference::normal_matrix;
using vade::Index;
using vade::Matrix;
using Variables = std::vector<vade::Var<double>>;

/// A density of rows by the parameters θ `[3 x 4]` that a decoder gives: whole, and with `observed` as its last argument.
struct Density {
  std::string name;
  bool one_cell = false;  ///< whether a row is one cell
  Matrix<double> x;
  std::function<vade::Var<double>(vade::Var<double> x, vade::Var<double> theta)> whole;
  std::function<vade::Var<double>(vade::Var<double> x, vade::Var<double> theta, vade::Var<double> observed)> masked;
};

std::vector<Density> densities() {
  Matrix<double> counts(3, 4), classes = Matrix<double>::Zero(3, 4), grey(3, 4);
  counts << 0, 1, 2, 3, 7, 0, 0, 1, 4, 2, 9, 5;
  grey << 0, 1, 0.5, 0.2, 1, 1, 0, 0.9, 0.1, 0, 0.3, 1;
  for (Index i = 0; i < 3; ++i) classes(i, i) = 1;
  return {
      {"Gaussian", false, normal_matrix(3, 4, 1),
       [](auto x, auto theta) { return vade::gaussian_log_prob(x, theta, 0.5 * theta); },
       [](auto x, auto theta, auto o) { return vade::gaussian_log_prob(x, theta, 0.5 * theta, o); }},
      {"Bernoulli", false, grey, [](auto x, auto theta) { return vade::bernoulli_log_prob(theta, x); },
       [](auto x, auto theta, auto o) { return vade::bernoulli_log_prob(theta, x, o); }},
      {"Poisson", false, counts, [](auto x, auto theta) { return vade::poisson_log_prob(x, theta); },
       [](auto x, auto theta, auto o) { return vade::poisson_log_prob(x, theta, o); }},
      {"negative binomial", false, counts,
       [](auto x, auto theta) { return vade::negative_binomial_log_prob(x, theta, 0.5 * theta); },
       [](auto x, auto theta, auto o) { return vade::negative_binomial_log_prob(x, theta, 0.5 * theta, o); }},
      {"categorical", true, classes, [](auto x, auto theta) { return vade::categorical_log_prob(theta, x); },
       [](auto x, auto theta, auto o) { return vade::categorical_log_prob(theta, x, o); }}};
}

/// Which cells are there: some of each row, none of row 1.
Matrix<double> pattern(const Density& density) {
  Matrix<double> o(3, density.one_cell ? 1 : 4);
  if (density.one_cell)
    o << 1, 0, 1;
  else
    o << 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0;
  return o;
}

}  // namespace

TEST_CASE("O.1: with all cells observed, the density is the whole one") {
  for (const Density& d : densities()) {
    CAPTURE(d.name);
    const Matrix<double> theta = normal_matrix(3, 4, 2);
    const Matrix<double> all = Matrix<double>::Ones(3, d.one_cell ? 1 : 4);
    const Matrix<double> whole = evaluate({d.x, theta}, [&](auto&, const auto& in) { return d.whole(in[0], in[1]); });
    const Matrix<double> masked =
        evaluate({d.x, theta, all}, [&](auto&, const auto& in) { return d.masked(in[0], in[1], in[2]); });
    CHECK(masked.isApprox(whole, 1e-14));
  }
}

TEST_CASE("O.1: absent cells count exactly nothing, and the others what they count alone") {
  for (const Density& d : densities()) {
    if (d.one_cell) continue;
    CAPTURE(d.name);
    const Matrix<double> theta = normal_matrix(3, 4, 2), o = pattern(d);
    const Matrix<double> got =
        evaluate({d.x, theta, o}, [&](auto&, const auto& in) { return d.masked(in[0], in[1], in[2]); });
    Matrix<double> expected = Matrix<double>::Zero(3, 1);
    for (Index j = 0; j < 4; ++j) {
      const Matrix<double> cell = evaluate({d.x.col(j), theta.col(j)},
                                           [&](auto&, const auto& in) { return d.whole(in[0], in[1]); });
      expected += cell.cwiseProduct(o.col(j));
    }
    CHECK(got.isApprox(expected, 1e-14));
    CHECK(got(1, 0) == 0);
  }
}

TEST_CASE("O.1: an absent class counts exactly nothing") {
  const Density d = densities().back();
  const Matrix<double> theta = normal_matrix(3, 4, 2);
  const Matrix<double> whole = evaluate({d.x, theta}, [&](auto&, const auto& in) { return d.whole(in[0], in[1]); });
  const Matrix<double> got =
      evaluate({d.x, theta, pattern(d)}, [&](auto&, const auto& in) { return d.masked(in[0], in[1], in[2]); });
  CHECK(got(0, 0) == whole(0, 0));
  CHECK(got(1, 0) == 0);
  CHECK(got(2, 0) == whole(2, 0));
}

TEST_CASE("O.2: gradients are right, exactly 0 for absent cells, and no stored number matters") {
  for (const Density& d : densities()) {
    CAPTURE(d.name);
    const Matrix<double> theta = normal_matrix(3, 4, 2), o = pattern(d);
    const auto of_parameters = [&](const Matrix<double>& x) {
      return [&d, &o, x](auto& tape, const auto& in) { return d.masked(tape.constant(x), in[0], tape.constant(o)); };
    };
    check_gradients({theta}, of_parameters(d.x));
    Matrix<double> other = d.x;  // another number in each absent cell
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < 4; ++j)
        if (o(i, d.one_cell ? 0 : j) == 0) other(i, j) = d.one_cell ? 0.0 : 1.0;
    REQUIRE_FALSE(other == d.x);
    const auto first = vade::testing::check_gradient({theta}, of_parameters(d.x));
    const auto second = vade::testing::check_gradient({theta}, of_parameters(other));
    CHECK(first.analytic[0] == second.analytic[0]);
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < 4; ++j)
        if (o(i, d.one_cell ? 0 : j) == 0) CHECK(first.analytic[0](i, j) == 0);
    CHECK(first.analytic[0].cwiseAbs().maxCoeff() > 0);
  }
}

TEST_CASE("A mask of another shape is refused") {
  vade::Tape<double> tape;
  const auto x = tape.constant(Matrix<double>::Zero(2, 3)), o = tape.constant(Matrix<double>::Zero(2, 2));
  CHECK_THROWS_WITH_AS(vade::poisson_log_prob(x, x, o), "observed_row_sums: observed is [2 x 2], wanted [2 x 3]",
                       vade::ShapeError);
}

}  // namespace absent_cells_tests
