// vade: tests of autodiff/pointwise.hpp.
// SPDX-License-Identifier: MIT
#include <vade/autodiff/pointwise.hpp>

#include "support.hpp"

namespace {

using tests::check_between;
using tests::check_operation;
using tests::outcome;
using tests::random_matrix;
using tests::shapes;
using vade::Index;
using vade::Matrix;
using vade::Parameter;
using vade::Tape;
using vade::Var;

/// Value and slope at one number, of float or double: a matrix of `size` equal entries, all of which are returned.
template <vade::Real T>
tests::Outcome<T> at(T x, Index size, const tests::Operation<T>& operation) {
  Parameter<T> p("x", Matrix<T>::Constant(1, size, x));
  Tape<T> tape;
  const Var<T> y = operation(tape, {tape.parameter(p)});
  tests::Outcome<T> result{y.value(), {}};
  tape.backward(sum(y));
  result.gradients.push_back(p.has_fresh_gradient() ? p.gradient() : Matrix<T>::Zero(1, size));
  return result;
}

}  // namespace

TEST_CASE("A.5: exp, log, square and sqrt have their values and gradients") {
  check_between(-2, 2, [](auto&, const auto& in) { return exp(in[0]); });
  check_between(0.5, 3, [](auto&, const auto& in) { return log(in[0]); });
  check_between(-2, 2, [](auto&, const auto& in) { return square(in[0]); });
  check_between(0.5, 3, [](auto&, const auto& in) { return sqrt(in[0]); });
}

TEST_CASE("exp, log, square and sqrt keep their gradients for tiny and large entries") {
  check_between(-40, -20, [](auto&, const auto& in) { return exp(in[0]); }, {.absolute = 1e-18});
  check_between(15, 20, [](auto&, const auto& in) { return exp(in[0]); }, {.step = 2e-4});
  check_between(1e-3, 2e-3, [](auto&, const auto& in) { return log(in[0]); }, {.step = 1e-5});
  check_between(1e4, 2e4, [](auto&, const auto& in) { return log(in[0]); }, {.absolute = 1e-12});
  check_between(-1e-6, 1e-6, [](auto&, const auto& in) { return square(in[0]); });
  check_between(-1e4, 1e4, [](auto&, const auto& in) { return square(in[0]); });
  check_between(1e-3, 2e-3, [](auto&, const auto& in) { return sqrt(in[0]); }, {.step = 1e-5});
  check_between(1e4, 2e4, [](auto&, const auto& in) { return sqrt(in[0]); });
}

TEST_CASE("A.5: minus, a number times a matrix and a matrix plus a number have their gradients") {
  check_between(-2, 2, [](auto&, const auto& in) { return -in[0]; });
  check_between(-2, 2, [](auto&, const auto& in) { return -2.5 * in[0]; });
  check_between(-2, 2, [](auto&, const auto& in) { return in[0] + 3.25; });
  check_between(-2, 2, [](auto&, const auto& in) { return 1e6 * in[0]; });
  check_operation({random_matrix(2, 3, 1)}, [](auto&, const auto& in) { return 0.0 * in[0]; }, {.allow_zero = true});
}

TEST_CASE("A.5: a number stands on either side of +, −, × and /, with values and gradients") {
  check_between(-2, 2, [](auto&, const auto& in) { return in[0] * 2.5; });
  check_between(-2, 2, [](auto&, const auto& in) { return 3.25 + in[0]; });
  check_between(-2, 2, [](auto&, const auto& in) { return in[0] - 3.25; });
  check_between(-2, 2, [](auto&, const auto& in) { return 3.25 - in[0]; });
  check_between(-2, 2, [](auto&, const auto& in) { return in[0] / 3; });
  check_between(0.5, 2, [](auto&, const auto& in) { return -3 / in[0]; });
  Tape<float> tape;
  const Var<float> x = tape.constant(Matrix<float>::Constant(1, 1, 7.0f));
  CHECK((x * 3).scalar() == 21.0f);
  CHECK((3 + x).scalar() == 10.0f);
  CHECK((x - 3).scalar() == 4.0f);
  CHECK((3 - x).scalar() == -4.0f);
  CHECK((x / 3).scalar() == 7.0f / 3.0f);
  CHECK((3 / x).scalar() == doctest::Approx(3.0 / 7));
}

TEST_CASE("A.5: activations have their gradients at moderate, tiny and saturated entries") {
  const auto check_activation = [](const auto& operation) {
    check_between(-3, 3, operation);
    check_between(-1e-5, 1e-5, operation);
    check_between(6, 9, operation);
    check_between(-9, -6, operation);
    check_between(25, 60, operation, {.allow_zero = true});
    check_between(-60, -25, operation, {.allow_zero = true});
  };
  check_activation([](auto&, const auto& in) { return sigmoid(in[0]); });
  check_activation([](auto&, const auto& in) { return tanh(in[0]); });
  check_activation([](auto&, const auto& in) { return softplus(in[0]); });
  check_between(0.1, 3, [](auto&, const auto& in) { return relu(in[0]); });
  check_between(-3, -0.1, [](auto&, const auto& in) { return relu(in[0]); }, {.allow_zero = true});
  check_between(-3, 3, [](auto&, const auto& in) { return vade::activate<vade::Identity>(in[0]); });
}

TEST_CASE("The named activations are activate of their types") {
  const std::vector<Matrix<double>> x{random_matrix(3, 5, 4, -3, 3)};
  const auto same = [&](const tests::Operation<double>& a, const tests::Operation<double>& b) {
    const auto first = outcome<double>(x, a), second = outcome<double>(x, b);
    return tests::same_bytes(first.value, second.value) && tests::same_bytes(first.gradients[0], second.gradients[0]);
  };
  CHECK(same([](auto&, const auto& in) { return relu(in[0]); },
             [](auto&, const auto& in) { return vade::activate<vade::Relu>(in[0]); }));
  CHECK(same([](auto&, const auto& in) { return sigmoid(in[0]); },
             [](auto&, const auto& in) { return vade::activate<vade::Sigmoid>(in[0]); }));
  CHECK(same([](auto&, const auto& in) { return tanh(in[0]); },
             [](auto&, const auto& in) { return vade::activate<vade::Tanh>(in[0]); }));
  CHECK(same([](auto&, const auto& in) { return softplus(in[0]); },
             [](auto&, const auto& in) { return vade::activate<vade::Softplus>(in[0]); }));
}

TEST_CASE("Values are those of the standard library") {
  const Matrix<double> x = random_matrix(5, 9, 2, -3, 3), positive = random_matrix(5, 9, 3, 0.1, 9);
  const auto value = [](const Matrix<double>& point, const tests::Operation<double>& operation) {
    return outcome<double>({point}, operation).value;
  };
  const auto compare = [](const Matrix<double>& got, const Matrix<double>& point, double (*wanted)(double)) {
    return (got - point.unaryExpr(wanted)).cwiseAbs().maxCoeff() < 1e-13;
  };
  CHECK(compare(value(x, [](auto&, const auto& in) { return exp(in[0]); }), x, [](double v) { return std::exp(v); }));
  CHECK(compare(value(positive, [](auto&, const auto& in) { return log(in[0]); }), positive,
                [](double v) { return std::log(v); }));
  CHECK(compare(value(positive, [](auto&, const auto& in) { return sqrt(in[0]); }), positive,
                [](double v) { return std::sqrt(v); }));
  CHECK(compare(value(x, [](auto&, const auto& in) { return square(in[0]); }), x, [](double v) { return v * v; }));
  CHECK(compare(value(x, [](auto&, const auto& in) { return -in[0]; }), x, [](double v) { return -v; }));
  CHECK(compare(value(x, [](auto&, const auto& in) { return 0.75 * in[0] + -2; }), x,
                [](double v) { return 0.75 * v - 2; }));
  CHECK(compare(value(x, [](auto&, const auto& in) { return vade::clamp(in[0], -1, 2); }), x,
                [](double v) { return std::clamp(v, -1.0, 2.0); }));
}

TEST_CASE("A variable used several times gets the sum of its gradients") {
  check_between(0.5, 2, [](auto&, const auto& in) { return exp(in[0]) + square(in[0]) + log(in[0]); });
  check_between(-2, 2, [](auto&, const auto& in) { return tanh(tanh(tanh(in[0]))) + in[0]; });
}

TEST_CASE_TEMPLATE("relu has slope 0 at zero", T, float, double) {
  for (const T zero : {T{0}, T{-0.0}}) {
    const auto got = at<T>(zero, 9, [](auto&, const auto& in) { return relu(in[0]); });
    CHECK(got.value.isZero(0));
    CHECK(got.gradients[0].isZero(0));
  }
}

TEST_CASE_TEMPLATE("clamp passes the gradient inside and on its bounds, and none outside", T, float, double) {
  const auto slope = [](T x) {
    const auto got = at<T>(x, 9, [](auto&, const auto& in) { return vade::clamp(in[0], T{-1}, T{2}); });
    CHECK((got.value.array() == std::clamp(x, T{-1}, T{2})).all());
    CHECK((got.gradients[0].array() == got.gradients[0](0, 0)).all());
    return got.gradients[0](0, 0);
  };
  CHECK(slope(T{0}) == T{1});
  CHECK(slope(T{-1}) == T{1});
  CHECK(slope(T{2}) == T{1});
  CHECK(slope(std::nextafter(T{2}, T{3})) == T{0});
  CHECK(slope(std::nextafter(T{-1}, T{-2})) == T{0});
  CHECK(slope(std::nextafter(T{2}, T{1})) == T{1});
  CHECK(slope(std::numeric_limits<T>::infinity()) == T{0});
  CHECK(slope(-std::numeric_limits<T>::max()) == T{0});
}

TEST_CASE("clamp has its gradient by differences away from its bounds, and refuses bounds in the wrong order") {
  check_between(-0.9, 1.9, [](auto&, const auto& in) { return vade::clamp(in[0], -1, 2); });
  check_between(2.1, 3, [](auto&, const auto& in) { return vade::clamp(in[0], -1, 2); }, {.allow_zero = true});
  Tape<double> tape;
  const Var<double> x = tape.constant(Matrix<double>::Zero(1, 1));
  CHECK_THROWS_WITH_AS(vade::clamp(x, 2, 1), "clamp: low is 2 and high is 1", vade::ValueError);
  CHECK_THROWS_AS(vade::clamp(x, std::numeric_limits<double>::quiet_NaN(), 1), vade::ValueError);
  CHECK(vade::clamp(x, 1, 1).scalar() == 1);
}

TEST_CASE_TEMPLATE("stop_gradient keeps the value and blocks the gradient", T, float, double) {
  Parameter<T> p("x", random_matrix(3, 4, 1).cast<T>());
  Tape<T> tape;
  const Var<T> x = tape.parameter(p);
  const Var<T> y = stop_gradient(x);
  CHECK(tests::same_bytes(Matrix<T>(y.value()), p.value()));
  CHECK_FALSE(y.needs_gradient());
  CHECK_THROWS_AS(tape.backward(sum(square(y))), vade::ValueError);
  // d/dx Σ x · stop(x) = stop(x), and not 2 x.
  tape.backward(sum(x * stop_gradient(x)));
  CHECK((p.gradient() - p.value()).isZero(0));
}

TEST_CASE("Only the operand of an addition that is not stopped gets a gradient") {
  Parameter<double> a("a", random_matrix(2, 2, 1)), b("b", random_matrix(2, 2, 2));
  Tape<double> tape;
  tape.backward(sum(exp(tape.parameter(a)) + stop_gradient(exp(tape.parameter(b)))));
  CHECK(a.has_fresh_gradient());
  CHECK_FALSE(b.has_fresh_gradient());
}

// Eigen's vectorised exp ends at a subnormal number or at zero where the scalar one, which does the last few entries of
// a row, goes on to the least subnormal. So values below the least normal number are right to that number and no more;
// and which of them an entry gets depends on its place. Everything else holds for every size.
TEST_CASE_TEMPLATE("Extreme entries are right to the least normal number, for rows of every size", T, float, double) {
  const bool narrow = std::is_same_v<T, float>;
  const double least = static_cast<double>(std::numeric_limits<T>::min());
  const double most = static_cast<double>(std::numeric_limits<T>::max());
  struct Case {
    const char* name;
    tests::Operation<T> operation;
    long double (*wanted)(long double);
    long double (*slope)(long double);
  };
  const Case cases[] = {
      {"exp", [](auto&, const auto& in) { return exp(in[0]); }, [](long double v) { return std::exp(v); },
       [](long double v) { return std::exp(v); }},
      {"sigmoid", [](auto&, const auto& in) { return sigmoid(in[0]); },
       [](long double v) { return 1 / (1 + std::exp(-v)); },
       [](long double v) { return std::exp(-std::abs(v)) / std::pow(1 + std::exp(-std::abs(v)), 2.0L); }},
      {"tanh", [](auto&, const auto& in) { return tanh(in[0]); }, [](long double v) { return std::tanh(v); },
       [](long double v) { return 1 - std::tanh(v) * std::tanh(v); }},
      {"softplus", [](auto&, const auto& in) { return softplus(in[0]); },
       [](long double v) { return std::max(v, 0.0L) + std::log1p(std::exp(-std::abs(v))); },
       [](long double v) { return 1 / (1 + std::exp(-v)); }},
      {"relu", [](auto&, const auto& in) { return relu(in[0]); }, [](long double v) { return std::max(v, 0.0L); },
       [](long double v) { return v > 0 ? 1.0L : 0.0L; }},
  };
  for (const Case& c : cases)
    for (const double magnitude :
         {0.0, 1e-30, 20.0, 87.0, 88.0, 89.0, 100.0, 104.0, 700.0, 708.0, 710.0, 745.0, 1e4, most})
      for (const double x : {magnitude, -magnitude}) {
        if (narrow && std::string(c.name) == "exp" && x > 80 && x < 89) continue;  // next test
        for (Index size = 1; size <= 33; ++size) {
          CAPTURE(c.name);
          CAPTURE(x);
          CAPTURE(size);
          const auto got = at<T>(static_cast<T>(x), size, c.operation);
          const auto right = [&](const Matrix<T>& entries, long double wanted) {
            if (wanted > static_cast<long double>(most))
              return (entries.array() == std::numeric_limits<T>::infinity()).all();
            const long double allowed = 40 * static_cast<long double>(std::numeric_limits<T>::epsilon()) *
                                            std::max(std::abs(wanted), std::string(c.name) == "exp" ? 0.0L : 1e-3L) +
                                        static_cast<long double>(least);
            for (const T entry : entries.reshaped())
              if (!(std::abs(static_cast<long double>(entry) - wanted) <= allowed)) return false;
            return true;
          };
          const auto exact = static_cast<long double>(static_cast<T>(x));
          REQUIRE(right(got.value, c.wanted(exact)));
          if (c.slope(exact) <= 1) REQUIRE(got.gradients[0].allFinite());
          if (c.slope(exact) > 1e-2L || c.slope(exact) == 0) REQUIRE(right(got.gradients[0], c.slope(exact)));
        }
      }
}

TEST_CASE("exp of float is finite up to 88, and infinite from 89 on, in value and gradient") {
  for (Index size = 1; size <= 33; ++size) {
    const auto operation = [](auto&, const auto& in) { return exp(in[0]); };
    const auto below = at<float>(88.0f, size, operation);
    CHECK(below.value.allFinite());
    CHECK(below.gradients[0].allFinite());
    CHECK((below.value.array() / std::exp(88.0f) - 1).abs().maxCoeff() < 1e-5f);
    const auto above = at<float>(89.0f, size, operation);
    CHECK((above.value.array() == std::numeric_limits<float>::infinity()).all());
    CHECK((above.gradients[0].array() == std::numeric_limits<float>::infinity()).all());
  }
}

TEST_CASE_TEMPLATE("log and sqrt outside their range are not finite, so that a check finds them", T, float, double) {
  for (Index size = 1; size <= 33; ++size) {
    const auto log_of = [&](T x) { return at<T>(x, size, [](auto&, const auto& in) { return log(in[0]); }); };
    const auto sqrt_of = [&](T x) { return at<T>(x, size, [](auto&, const auto& in) { return sqrt(in[0]); }); };
    CHECK((log_of(T{0}).value.array() == -std::numeric_limits<T>::infinity()).all());
    CHECK(log_of(T{0}).gradients[0].array().isInf().all());
    CHECK(log_of(T{-1}).value.array().isNaN().all());
    CHECK(sqrt_of(T{0}).value.isZero(0));
    CHECK(sqrt_of(T{0}).gradients[0].array().isInf().all());
    CHECK(sqrt_of(T{-1}).value.array().isNaN().all());
    // Eigen's fast square root gives NaN for infinity in some entries.
    CHECK_FALSE(sqrt_of(std::numeric_limits<T>::infinity()).value.array().isFinite().any());
  }
}

TEST_CASE_TEMPLATE("NaN goes through every operation, in every position", T, float, double) {
  const tests::Operation<T> operations[] = {[](auto&, const auto& in) { return exp(in[0]); },
                                            [](auto&, const auto& in) { return log(in[0]); },
                                            [](auto&, const auto& in) { return square(in[0]); },
                                            [](auto&, const auto& in) { return sqrt(in[0]); },
                                            [](auto&, const auto& in) { return -in[0]; },
                                            [](auto&, const auto& in) { return in[0] + T{1}; },
                                            [](auto&, const auto& in) { return relu(in[0]); },
                                            [](auto&, const auto& in) { return sigmoid(in[0]); },
                                            [](auto&, const auto& in) { return tanh(in[0]); },
                                            [](auto&, const auto& in) { return softplus(in[0]); },
                                            [](auto&, const auto& in) { return vade::clamp(in[0], T{-9}, T{9}); },
                                            [](auto&, const auto& in) { return stop_gradient(in[0]) * in[0]; }};
  for (const tests::Operation<T>& operation : operations)
    for (const Index size : {1, 4, 17})
      for (Index where = 0; where < size; ++where) {
        Matrix<T> x = Matrix<T>::Constant(1, size, T{0.5});
        x(0, where) = std::numeric_limits<T>::quiet_NaN();
        const Matrix<T> y = outcome<T>({x}, operation).value;
        for (Index i = 0; i < size; ++i) CHECK(std::isnan(y(0, i)) == (i == where));
      }
}

TEST_CASE("A matrix of many tiles has the same bytes and gradients as its rows one by one") {
  const Matrix<double> x = random_matrix(70, 512, 6, -3, 3);  // three tiles of 32 rows
  vade::set_threads(3);
  const tests::Operation<double> operation = [](auto&, const auto& in) { return softplus(exp(in[0])); };
  const Matrix<double> whole = outcome<double>({x}, operation).value;
  for (Index i = 0; i < 70; ++i)
    CHECK(tests::same_bytes(Matrix<double>(whole.row(i)), outcome<double>({x.row(i)}, operation).value));
}
