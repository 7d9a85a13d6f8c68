// vade: tests of autodiff/reductions.hpp.
// SPDX-License-Identifier: MIT
#include <vade/autodiff/reductions.hpp>

#include "../support/extremes.hpp"
#include "support.hpp"

#include <vade/autodiff/structure.hpp>

namespace {

using tests::check_between;
using tests::check_operation;
using tests::infinity;
using tests::Operation;
using tests::outcome;
using tests::random_matrix;
using tests::shapes;
using vade::Index;
using vade::Matrix;
using vade::Parameter;
using vade::Tape;
using vade::Var;

Matrix<double> softmax_of(const Matrix<double>& x) {
  Matrix<double> y = (x.colwise() - x.rowwise().maxCoeff()).array().exp();
  for (Index i = 0; i < y.rows(); ++i) y.row(i) /= y.row(i).sum();
  return y;
}

}  // namespace

TEST_CASE("A.9: sums and means have their values") {
  for (const auto& [rows, columns] : shapes) {
    const Matrix<double> m = random_matrix(rows, columns, 3);
    Tape<double> tape;
    const Var<double> x = tape.constant(m);
    CHECK(sum(x).scalar() == doctest::Approx(m.sum()).epsilon(1e-14));
    CHECK(mean(x).scalar() == doctest::Approx(m.mean()).epsilon(1e-14));
    CHECK(tests::distance(column_sums(x).value(), m.colwise().sum()) < 1e-14);
    CHECK(tests::distance(column_means(x).value(), m.colwise().mean()) < 1e-14);
    CHECK(tests::distance(row_sums(x).value(), m.rowwise().sum()) < 1e-14);
    CHECK(tests::distance(row_means(x).value(), m.rowwise().mean()) < 1e-14);
  }
}

TEST_CASE("A.9: sums and means have their gradients") {
  check_between(-2, 2, [](auto&, const auto& in) { return sum(in[0]); });
  check_between(-2, 2, [](auto&, const auto& in) { return mean(in[0]); });
  check_between(-2, 2, [](auto&, const auto& in) { return column_sums(in[0]); });
  check_between(-2, 2, [](auto&, const auto& in) { return column_means(in[0]); });
  check_between(-2, 2, [](auto&, const auto& in) { return row_sums(in[0]); });
  check_between(-2, 2, [](auto&, const auto& in) { return row_means(in[0]); });
  check_between(-1e6, 1e6, [](auto&, const auto& in) { return row_sums(in[0]); });
}

TEST_CASE("A.17: sums over observed cells leave the others out, whatever they hold, and give them no gradient") {
  Matrix<double> o(3, 4);
  o << 1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1;
  Matrix<double> m = random_matrix(3, 4, 3);
  const Matrix<double> expected = m.cwiseProduct(o).rowwise().sum();
  m(0, 1) = tests::not_a_number<double>;
  m(1, 3) = infinity<double>;
  Tape<double> tape;
  CHECK(tests::distance(observed_row_sums(tape.constant(m), tape.constant(o)).value(), expected) < 1e-14);
  const auto report = vade::testing::check_gradient({random_matrix(3, 4, 4)}, [&](auto& t, const auto& in) {
    return sum(observed_row_sums(in[0], t.constant(o)));
  });
  CHECK_MESSAGE(report.passed, report.text());
  CHECK(report.analytic[0] == o);
}

TEST_CASE("A variable that is summed in several ways gets the sum of its gradients") {
  check_between(-2, 2, [](auto&, const auto& in) {
    return in[0] * column_means(in[0]) + row_sums(in[0]) * sum(in[0]) + softmax(in[0]) * log_sum_exp(in[0]);
  });
}

TEST_CASE("A sum of floats is taken in double over the rows") {
  // 2²⁴ + 1 is no float: added one by one in float, the ones would be lost.
  Matrix<float> m = Matrix<float>::Ones(1001, 1);
  m(0, 0) = 16777216.0f;
  Tape<float> tape;
  CHECK(sum(tape.constant(m)).scalar() == 16777216.0f + 1000.0f);
  for (const Index columns : {1, 64, 65, 200}) {
    const Matrix<float> many = m.replicate(1, columns);
    CHECK((column_sums(tape.constant(many)).value().array() == 16777216.0f + 1000.0f).all());
  }
}

TEST_CASE("A.10, A.11, A.12: gradients of log_sum_exp, softmax, log_softmax at moderate and extreme entries") {
  const auto check = [](const auto& operation) {
    check_between(-2, 2, operation, {.allow_zero = true});  // of one column, softmax is constant
    check_between(-1e-6, 1e-6, operation, {.allow_zero = true});
    check_between(700, 702, operation, {.step = 2e-5, .allow_zero = true});
    check_between(-702, -700, operation, {.step = 2e-5, .allow_zero = true});
    check_between(-30, 30, operation, {.step = 2e-4, .allow_zero = true});
  };
  check([](auto&, const auto& in) { return log_sum_exp(in[0]); });
  check([](auto&, const auto& in) { return softmax(in[0]); });
  check([](auto&, const auto& in) { return log_softmax(in[0]); });
}

TEST_CASE("A.10, A.11, A.12: these gradients are not all zero where there are several columns") {
  const tests::Points x{random_matrix(3, 4, 9, -2, 2)};
  check_operation(x, [](auto&, const auto& in) { return log_sum_exp(in[0]); });
  check_operation(x, [](auto&, const auto& in) { return softmax(in[0]); });
  check_operation(x, [](auto&, const auto& in) { return log_softmax(in[0]); });
  check_operation(x, [](auto&, const auto& in) { return in[0] + log_sum_exp(in[0]) * softmax(in[0]); });
}

TEST_CASE_TEMPLATE("Softmax, its logarithm and log_sum_exp agree, for rows of every size", T, float, double) {
  const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (Index size = 1; size <= 33; ++size) {
    const Matrix<T> m = random_matrix(3, size, 4, -5, 5).cast<T>();
    Tape<T> tape;
    const Var<T> x = tape.constant(m);
    const Matrix<T> p = softmax(x).value(), log_p = log_softmax(x).value(), total = log_sum_exp(x).value();
    CHECK(tests::distance(p, softmax_of(m.template cast<double>())) < 20 * unit);
    CHECK(tests::distance(Matrix<T>(log_p.array().exp()), p) < 20 * unit);
    CHECK(tests::distance(Matrix<T>(m - log_p), Matrix<T>(total.replicate(1, size))) < 20 * unit);
    CHECK(tests::distance(Matrix<T>(p.rowwise().sum()), Matrix<T>(Matrix<T>::Ones(3, 1))) < 20 * unit);
    CHECK((p.array() > T{0}).all());
  }
}

TEST_CASE("Adding a number to a row changes neither softmax nor any gradient, and shifts log_sum_exp") {
  const Matrix<double> x = random_matrix(3, 5, 4);
  const Operation<double> total = [](auto&, const auto& in) { return log_sum_exp(in[0]); };
  const Operation<double> share = [](auto&, const auto& in) { return softmax(in[0]); };
  for (const double shift : {64.0, -4096.0}) {
    const Matrix<double> shifted = x.array() + shift;
    CHECK(tests::distance(outcome<double>({shifted}, share).value, outcome<double>({x}, share).value) < 1e-12);
    CHECK((outcome<double>({shifted}, total).value.array() - shift - outcome<double>({x}, total).value.array())
              .abs()
              .maxCoeff() < 1e-11);
    CHECK(tests::distance(outcome<double>({shifted}, total).gradients[0], outcome<double>({x}, total).gradients[0]) <
          1e-11);
  }
}

TEST_CASE("A.10, A.11, A.12: adjoints are the formulas of the header") {
  const Matrix<double> x = random_matrix(3, 5, 4, -2, 2), p = softmax_of(x);
  Matrix<double> column(3, 1), bar(3, 5);
  vade::fill_normal(column, 5, vade::Purpose::user);  // the weights of `outcome`
  vade::fill_normal(bar, 5, vade::Purpose::user);
  const auto total = outcome<double>({x}, [](auto&, const auto& in) { return log_sum_exp(in[0]); });
  CHECK(tests::distance(total.gradients[0], Matrix<double>(column.col(0).asDiagonal() * p)) < 1e-13);
  const auto share = outcome<double>({x}, [](auto&, const auto& in) { return softmax(in[0]); });
  const Matrix<double> inner = bar.cwiseProduct(p).rowwise().sum();
  CHECK(tests::distance(share.gradients[0], Matrix<double>(p.cwiseProduct(bar - inner.replicate(1, 5)))) < 1e-13);
  const auto log_share = outcome<double>({x}, [](auto&, const auto& in) { return log_softmax(in[0]); });
  const Matrix<double> sums = bar.rowwise().sum();
  CHECK(tests::distance(log_share.gradients[0], Matrix<double>(bar - p.cwiseProduct(sums.replicate(1, 5)))) < 1e-13);
}

TEST_CASE_TEMPLATE("An entry of −∞ has no share and no gradient; a row of them gives −∞ and passes nothing back", T,
                   float, double) {
  for (Index size = 1; size <= 33; ++size) {
    Matrix<T> m = random_matrix(3, size, 4).cast<T>();
    for (Index j = 0; j < size; j += 2) m(0, j) = -infinity<T>;
    m.row(1).setConstant(-infinity<T>);
    const auto total = outcome<T>({m}, [](auto&, const auto& in) { return log_sum_exp(in[0]); });
    CHECK(total.value(1, 0) == -infinity<T>);
    CHECK(std::isfinite(total.value(2, 0)));
    CHECK((total.value(0, 0) == -infinity<T>) == (size == 1));
    CHECK(total.gradients[0].allFinite());
    CHECK(total.gradients[0].row(1).isZero(0));
    // Eigen's vectorised exp of −∞ may be a subnormal number.
    for (Index j = 0; j < size; j += 2) CHECK(std::abs(total.gradients[0](0, j)) <= std::numeric_limits<T>::min());
    if (size > 1) CHECK(std::abs(total.gradients[0](0, 1)) > T{0});
    const Matrix<T> finite_rows = m.row(0);
    if (size == 1) continue;
    const auto share = outcome<T>({finite_rows}, [](auto&, const auto& in) { return softmax(in[0]); });
    for (Index j = 0; j < size; j += 2) CHECK(share.value(0, j) == T{0});
    for (Index j = 0; j < size; j += 2) CHECK(share.gradients[0](0, j) == T{0});
    CHECK(share.gradients[0].allFinite());
  }
}

TEST_CASE("Finite entries beside constants of −∞ pass the gradient check") {
  const auto mask = [](auto& tape, auto x) {
    using T = typename std::decay_t<decltype(x.value())>::Scalar;
    return beside(tape.constant(Matrix<T>::Constant(x.rows(), 3, -infinity<T>)), x);
  };
  const tests::Points x{random_matrix(3, 4, 6, -2, 2)};
  check_operation(x, [&](auto& tape, const auto& in) { return log_sum_exp(mask(tape, in[0])); });
  check_operation(x, [&](auto& tape, const auto& in) { return softmax(mask(tape, in[0])); });
}

TEST_CASE_TEMPLATE("log_sum_exp with +∞ is +∞ and passes nothing back; NaN gives NaN", T, float, double) {
  for (const Index at : {0, 3, 8}) {
    Matrix<T> m = Matrix<T>::Zero(2, 9);
    m(0, at) = infinity<T>;
    const auto top = outcome<T>({m}, [](auto&, const auto& in) { return log_sum_exp(in[0]); });
    CHECK(top.value(0, 0) == infinity<T>);
    CHECK(top.gradients[0].row(0).isZero(0));
    CHECK(top.gradients[0].row(1).allFinite());
    m(0, at) = std::numeric_limits<T>::quiet_NaN();
    const auto bad = outcome<T>({m}, [](auto&, const auto& in) { return log_sum_exp(in[0]); });
    CHECK(std::isnan(bad.value(0, 0)));
    CHECK(std::isfinite(bad.value(1, 0)));
    const auto share = outcome<T>({m}, [](auto&, const auto& in) { return softmax(in[0]); });
    CHECK(share.value.row(0).array().isNaN().all());
    CHECK(share.value.row(1).allFinite());
  }
}

TEST_CASE_TEMPLATE("Gradients stay finite for the largest entries, for rows of every size", T, float, double) {
  const Operation<T> operations[] = {[](auto&, const auto& in) { return log_sum_exp(in[0]); },
                                     [](auto&, const auto& in) { return softmax(in[0]); },
                                     [](auto&, const auto& in) { return log_softmax(in[0]); }};
  for (const Operation<T>& operation : operations)
    for (Index size = 1; size <= 33; ++size)
      for (const T big : {T{89}, T{104}, T{1e4}, std::numeric_limits<T>::max() / 4}) {
        Matrix<T> m = random_matrix(2, size, 8).cast<T>() * big;
        m(0, size / 2) = big;
        m(1, size / 2) = -big;
        const auto got = outcome<T>({m}, operation);
        CHECK(got.value.allFinite());
        CHECK(got.gradients[0].allFinite());
      }
}

TEST_CASE("A log_sum_exp after an infinite one does not disturb its neighbours' gradients") {
  Parameter<double> p("p", Matrix<double>::Zero(2, 2));
  p.value().row(0).setConstant(-infinity<double>);
  Tape<double> tape;
  tape.backward(sum(columns(transpose(log_sum_exp(tape.parameter(p))), 1, 1)));
  CHECK(p.gradient().row(0).isZero(0));
  CHECK((p.gradient().row(1).array() == 0.5).all());
}

TEST_CASE("A.10, A.12: in float, shares and gradients of large entries are exact to the last digits, and sum to one") {
  for (const float shift : {0.0f, 1e4f, 1e8f, -1e8f}) {
    CAPTURE(shift);
    Matrix<float> x(2, 3);
    x << 0, 8, 16, 24, 24, 0;  // of 1e8, floats are multiples of 8
    const Matrix<double> p = softmax_of(x.cast<double>());
    x.array() += shift;
    Tape<float> tape;
    Parameter<float> total("total", x);
    const Matrix<float> log_p = log_softmax(tape.constant(x)).value();
    const Matrix<double> shares = log_p.cast<double>().array().exp();
    for (Index i = 0; i < 2; ++i) CHECK(shares.row(i).sum() == doctest::Approx(1).epsilon(1e-6));
    CHECK((shares - p).cwiseAbs().maxCoeff() < 1e-6);
    tape.backward(sum(log_sum_exp(tape.parameter(total))));
    CHECK((total.gradient().cast<double>() - p).cwiseAbs().maxCoeff() < 1e-6);
    for (Index i = 0; i < 2; ++i) CHECK(total.gradient().row(i).sum() == doctest::Approx(1).epsilon(1e-6));
    Parameter<float> logits("logits", x);
    tape.clear();
    tape.backward(sum(columns(log_softmax(tape.parameter(logits)), 0, 1)));
    Matrix<double> wanted = -p;
    wanted.col(0).array() += 1;
    CHECK((logits.gradient().cast<double>() - wanted).cwiseAbs().maxCoeff() < 1e-6);
  }
}
