#include <vade/optim/adam.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

namespace {

using reference::normal_matrix;
using vade::Adam;
using vade::AdamOptions;
using vade::Index;
using vade::Matrix;
using vade::Parameter;
using vade::ParameterGroup;

/// Adam on one number, from algorithm 1 of the paper, in long double.
struct ScalarAdam {
  long double w;
  long double m = 0;
  long double v = 0;

  void step(int t, long double g, long double alpha, long double beta1 = 0.9L, long double beta2 = 0.999L,
            long double epsilon = 1e-8L) {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const long double m_hat = m / (1 - std::pow(beta1, static_cast<long double>(t)));
    const long double v_hat = v / (1 - std::pow(beta2, static_cast<long double>(t)));
    w -= alpha * m_hat / (std::sqrt(v_hat) + epsilon);
  }
};

template <class T>
void give(Parameter<T>& p, const Matrix<T>& gradient) {
  p.gradient() = gradient;
  p.set_gradient_fresh(true);
}

Matrix<double> row(std::initializer_list<double> entries) {
  Matrix<double> m(1, static_cast<Index>(entries.size()));
  Index k = 0;
  for (const double e : entries) m(0, k++) = e;
  return m;
}

double approx_tolerance(float) { return 2e-6; }
double approx_tolerance(double) { return 1e-14; }

}  // namespace

TEST_CASE_TEMPLATE("Three steps of Adam on two parameters are those computed by hand", T, float, double) {
  Parameter<T> a("a", row({1, -2, 0.5}).cast<T>()), b("b", Matrix<double>::Constant(2, 1, 3).cast<T>());
  Adam<T> adam({{.parameters = {&a, &b}}});
  std::vector<ScalarAdam> by_hand{{1}, {-2}, {0.5L}, {3}, {3}};
  const double gradients[3][5] = {{0.5, -1, 0, 1e-3, 20}, {-0.25, -1, 2, -1e-3, 10}, {0.125, 4, 0, 5e-4, -40}};
  for (int t = 1; t <= 3; ++t) {
    const auto& g = gradients[t - 1];
    give<T>(a, row({g[0], g[1], g[2]}).cast<T>());
    give<T>(b, row({g[3], g[4]}).transpose().cast<T>());
    adam.step(0.1);
    for (int k = 0; k < 5; ++k) by_hand[static_cast<std::size_t>(k)].step(t, reference::wide(g[k]), 0.1L);
    CHECK(adam.steps() == t);
    for (int k = 0; k < 5; ++k) {
      const auto got = static_cast<double>(k < 3 ? a.value()(0, k) : b.value()(k - 3, 0));
      CHECK(
          got ==
          doctest::Approx(static_cast<double>(by_hand[static_cast<std::size_t>(k)].w)).epsilon(approx_tolerance(T{})));
    }
  }
}

TEST_CASE("The first step is the rate times the sign of the gradient, for gradients far above epsilon") {
  Parameter<double> p("p", row({0, 0, 0}));
  Adam<double> adam({{.parameters = {&p}}});
  give(p, row({0.5, -200, 1e-8}));
  adam.step(0.1);
  CHECK(p.value()(0, 0) == doctest::Approx(-0.1 * 0.5 / (0.5 + 1e-8)).epsilon(1e-14));
  CHECK(p.value()(0, 1) == doctest::Approx(0.1).epsilon(1e-9));
  CHECK(p.value()(0, 2) == doctest::Approx(-0.05).epsilon(1e-12));  // epsilon stands outside the root
}

TEST_CASE("One step counter serves all parameters: a second one changes nothing for the first") {
  Parameter<double> alone("p", row({1, 2})), first("p", row({1, 2})), other("q", Matrix<double>::Ones(5, 5));
  Adam<double> single({{.parameters = {&alone}}}), both({{.parameters = {&other, &first}}});
  for (int t = 0; t < 4; ++t) {
    const Matrix<double> g = row({1.0 + t, -0.5 * t});
    give(alone, g);
    give(first, g);
    give<double>(other, Matrix<double>::Constant(5, 5, 0.3));
    single.step(0.01);
    both.step(0.01);
  }
  CHECK(both.steps() == 4);
  CHECK(first.value() == alone.value());
}

TEST_CASE("A parameter without a fresh gradient stays as it is, moments included") {
  Parameter<double> p("p", row({1})), q("q", row({1}));
  Adam<double> adam({{.parameters = {&p, &q}}});
  ScalarAdam by_hand{1};
  give(p, row({2}));
  give(q, row({2}));
  adam.step(0.1);
  by_hand.step(1, 2, 0.1L);
  q.gradient()(0, 0) = 1e6;  // stale: used up by the first step
  CHECK_FALSE(q.has_fresh_gradient());
  give(p, row({2}));
  adam.step(0.1);
  CHECK(q.value()(0, 0) == doctest::Approx(static_cast<double>(by_hand.w)).epsilon(1e-15));
  give(q, row({-1}));
  adam.step(0.1);
  by_hand.step(3, -1, 0.1L);  // moments as after step 1, bias correction of step 3
  CHECK(q.value()(0, 0) == doctest::Approx(static_cast<double>(by_hand.w)).epsilon(1e-14));
}

TEST_CASE("A step uses the gradients up") {
  Parameter<double> p("p", row({1}));
  Adam<double> adam({{.parameters = {&p}}});
  give(p, row({2}));
  adam.step(0.1);
  const Matrix<double> once = p.value();
  adam.step(0.1);
  CHECK(p.value() == once);
  CHECK(adam.steps() == 2);
}

TEST_CASE("A group's rate multiplies the rate of the step") {
  Parameter<double> network("n", row({0})), mixture("m", row({0})), frozen("f", row({0}));
  Adam<double> adam(
      {{.parameters = {&network}}, {.parameters = {&mixture}, .rate = 0.1}, {.parameters = {&frozen}, .rate = 0}});
  for (Parameter<double>* p : {&network, &mixture, &frozen}) give(*p, row({4}));
  adam.step(0.5);
  CHECK(network.value()(0, 0) == doctest::Approx(-0.5).epsilon(1e-8));
  CHECK(mixture.value()(0, 0) == doctest::Approx(-0.05).epsilon(1e-8));
  CHECK(frozen.value()(0, 0) == 0);
}

TEST_CASE_TEMPLATE("Gradients whose squares overflow are finite steps, clipped or not", T, float, double) {
  for (const double share : {1e-20, 1e-10, 0.3}) {
    const T huge = static_cast<T>(share) * std::numeric_limits<T>::max();
    for (const bool clipped : {true, false}) {
      Parameter<T> p("p", Matrix<T>::Zero(1, 1));
      Adam<T> adam({{.parameters = {&p}}});
      give(p, Matrix<T>::Constant(1, 1, huge).eval());
      adam.step(0.1, clipped ? 1 / static_cast<double>(huge) : 1.0);
      CHECK(p.value()(0, 0) == doctest::Approx(-0.1).epsilon(1e-5));
      for (int step = 0; step < 3; ++step) {
        give(p, Matrix<T>::Ones(1, 1).eval());
        adam.step(0.1);
        CHECK(std::isfinite(p.value()(0, 0)));
      }
    }
  }
}

TEST_CASE_TEMPLATE("No gradient is so small that a step is longer than the rate, down to the least epsilon", T, float, double) {
  const double epsilon = std::same_as<T, float> ? 3.2e-14 : 3.2e-144;
  for (const double times : {1e-6, 0.1, 0.9, 1.1, 10.0, 1e6}) {
    Parameter<T> p("p", Matrix<T>::Zero(1, 1));
    Adam<T> adam({{.parameters = {&p}}}, {.epsilon = epsilon});
    for (int step = 0; step < 3; ++step) {
      give(p, Matrix<T>::Constant(1, 1, static_cast<T>(times * epsilon)).eval());
      adam.step(0.1);
    }
    CHECK(p.value()(0, 0) <= 0);
    CHECK(p.value()(0, 0) >= T(-0.3001));
  }
}

TEST_CASE("gradient_scale acts as if the gradients had been scaled") {
  Parameter<double> scaled("p", row({1, 2})), whole("p", row({1, 2}));
  Adam<double> a({{.parameters = {&scaled}}}), b({{.parameters = {&whole}}});
  for (int t = 1; t <= 3; ++t) {
    give(scaled, row({8.0 * t, -16}));
    give(whole, row({2.0 * t, -4}));
    a.step(0.1, 0.25);
    b.step(0.1);
  }
  CHECK(scaled.value().isApprox(whole.value(), 1e-15));
}

TEST_CASE_TEMPLATE("gradient_norm is the norm of all fresh gradients together", T, float, double) {
  Parameter<T> a("a", Matrix<T>::Zero(300, 401)), b("b", Matrix<T>::Zero(1, 3)), stale("s", Matrix<T>::Zero(1, 2));
  Adam<T> adam({{.parameters = {&a, &b}}, {.parameters = {&stale}, .rate = 0.5}});
  CHECK(adam.gradient_norm() == 0);
  give<T>(a, normal_matrix(300, 401, 1).cast<T>());
  give<T>(b, row({3, -4, 12}).cast<T>());
  stale.gradient().setConstant(T{1000});
  long double total = 0;
  for (const Parameter<T>* p : {&a, &b})
    for (Index k = 0; k < p->size(); ++k)
      total += static_cast<long double>(p->gradient().data()[k]) * static_cast<long double>(p->gradient().data()[k]);
  CHECK(adam.gradient_norm() ==
        doctest::Approx(static_cast<double>(std::sqrt(total))).epsilon(std::same_as<T, float> ? 1e-7 : 1e-14));
  CHECK(a.has_fresh_gradient());  // asking uses nothing up
}

TEST_CASE("gradient_norm of 3 and 4 is 5") {
  Parameter<float> a("a", Matrix<float>::Zero(1, 1)), b("b", Matrix<float>::Zero(1, 1));
  Adam<float> adam({{.parameters = {&a, &b}}});
  give<float>(a, Matrix<float>::Constant(1, 1, 3));
  give<float>(b, Matrix<float>::Constant(1, 1, -4));
  CHECK(adam.gradient_norm() == 5);
}

TEST_CASE("gradient_norm is not finite if an entry is not") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Parameter<float> p("p", Matrix<float>::Zero(1, 2000));
    Adam<float> adam({{.parameters = {&p}}});
    Matrix<float> g = Matrix<float>::Ones(1, 2000);
    g(0, 1500) = bad;
    give(p, g);
    CHECK_FALSE(std::isfinite(adam.gradient_norm()));
  }
}

TEST_CASE_TEMPLATE("Steps and norms are the same bytes for 1, 2, 3 and 7 threads", T, float, double) {
  const int threads_before = vade::default_pool().threads();
  std::vector<Matrix<T>> values;
  std::vector<double> norms;
  for (const int threads : {1, 2, 3, 7}) {
    vade::set_threads(threads);
    Parameter<T> p("p", normal_matrix(333, 301, 1).cast<T>()), q("q", normal_matrix(1, 7, 2).cast<T>());
    Adam<T> adam({{.parameters = {&p, &q}}});
    for (std::uint64_t t = 0; t < 3; ++t) {
      give<T>(p, normal_matrix(333, 301, 10 + t).cast<T>());
      give<T>(q, normal_matrix(1, 7, 20 + t).cast<T>());
      norms.push_back(adam.gradient_norm());
      adam.step(0.01, 0.5);
    }
    values.push_back(p.value());
    values.push_back(q.value());
  }
  vade::set_threads(threads_before);
  for (std::size_t k = 2; k < values.size(); ++k) CHECK(values[k] == values[k % 2]);
  for (std::size_t k = 3; k < norms.size(); ++k) CHECK(norms[k] == norms[k % 3]);
}

TEST_CASE("A step in float is a step in double, to the digits of a float") {
  Parameter<float> single("p", normal_matrix(40, 30, 1).cast<float>());
  Parameter<double> twice("p", single.value().cast<double>());
  Adam<float> a({{.parameters = {&single}}});
  Adam<double> b({{.parameters = {&twice}}});
  for (std::uint64_t t = 0; t < 50; ++t) {
    const Matrix<float> g = normal_matrix(40, 30, 100 + t).cast<float>();
    give(single, g);
    give<double>(twice, g.cast<double>());
    a.step(0.01);
    b.step(0.01);
  }
  CHECK((single.value().cast<double>() - twice.value()).cwiseAbs().maxCoeff() < 2e-5);
  CHECK(twice.value() != single.value().cast<double>());
}

TEST_CASE("Other decay rates, 0 included, follow the same formula") {
  for (const double beta1 : {0.0, 0.5}) {
    Parameter<double> p("p", row({1}));
    Adam<double> adam({{.parameters = {&p}}}, {.beta1 = beta1, .beta2 = 0.0, .epsilon = 0.1});
    ScalarAdam by_hand{1};
    for (int t = 1; t <= 3; ++t) {
      give(p, row({0.3 * t}));
      adam.step(0.2);
      by_hand.step(t, static_cast<long double>(0.3 * t), 0.2L, static_cast<long double>(beta1), 0, 0.1L);
    }
    CHECK(p.value()(0, 0) == doctest::Approx(static_cast<double>(by_hand.w)).epsilon(1e-14));
  }
}

TEST_CASE("Bad options are refused by name") {
  const auto make = [](AdamOptions options) { return Adam<float>({}, options); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double beta : {-0.1, 1.0, nan}) {
    CHECK_THROWS_WITH_AS(make({.beta1 = beta}), doctest::Contains("AdamOptions: beta1 is "), vade::ValueError);
    CHECK_THROWS_WITH_AS(make({.beta2 = beta}), doctest::Contains("AdamOptions: beta2 is "), vade::ValueError);
  }
  for (const double epsilon : {0.0, -1e-8, nan, std::numeric_limits<double>::infinity()})
    CHECK_THROWS_WITH_AS(make({.epsilon = epsilon}), doctest::Contains("AdamOptions: epsilon is "), vade::ValueError);
}

TEST_CASE("A group's rate that is negative or not finite is refused") {
  Parameter<float> p("p", Matrix<float>::Zero(1, 1));
  for (const double rate : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_WITH_AS(Adam<float>({{.parameters = {&p}, .rate = rate}}), doctest::Contains("rate of group 0"),
                         vade::ValueError);
}

TEST_CASE("Options that the type of the parameters cannot hold are refused by name, and double takes them") {
  CHECK_THROWS_WITH_AS(Adam<float>({}, {.epsilon = 1e-50}),
                       doctest::Contains("Adam: epsilon is 1e-50, in the type of the parameters 0, wanted at least 3.1622"),
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(Adam<float>({}, {.beta2 = 0.99999999}), doctest::Contains("Adam: beta2 is 0.99999999, in"),
                       vade::ValueError);
  CHECK_THROWS_AS(Adam<float>({}, {.epsilon = 3e-14}), vade::ValueError);
  CHECK_NOTHROW(Adam<float>({}, {.epsilon = 4e-14}));
  CHECK_NOTHROW(Adam<float>({}, {.beta2 = 0.9999999, .epsilon = 1e-11}));
  CHECK_NOTHROW(Adam<double>({}, {.beta2 = 0.99999999, .epsilon = 1e-50}));
}
