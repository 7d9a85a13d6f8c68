#include <vade/distributions/gaussian_mixture_prior.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vade/autodiff/arithmetic.hpp>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace gaussian_mixture_prior_tests {

// G.n are the equations of docs/derivations/gaussian_moments.md, D.n of vade_bound.md, A.n of adjoints.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::GaussHermite;
using reference::log_normal;
using reference::normal_matrix;
using reference::wide;
using vade::Index;
using vade::Matrix;
using vade::Parameter;
using vade::Tape;
using vade::Var;

using Inputs = std::vector<Matrix<double>>;

// in: mean, log_variance, means, log_variances
const auto expected_log_density = [](auto&, const auto& in) {
  return vade::expected_log_density(in[0], in[1], in[2], in[3]);
};

// in: z, means, log_variances
const auto mixture_log_density = [](auto&, const auto& in) { return vade::mixture_log_density(in[0], in[1], in[2]); };

// in: z, weight_logits, means, log_variances
const auto mixture_log_prob = [](auto&, const auto& in) { return vade::mixture_log_prob(in[0], in[1], in[2], in[3]); };

/// The same as `expected_log_density` from operations that are checked by themselves, one cluster at a time.
const auto composed = [](auto&, const auto& in) {
  const auto row = [](auto matrix, Index c) { return transpose(vade::columns(transpose(matrix), c, 1)); };
  const auto column = [&](Index c) {
    const auto lambda = row(in[3], c);
    const auto distance = square(in[0] - row(in[2], c)) + exp(in[1]);
    return -0.5 * row_sums(distance * exp(-lambda) + (lambda + vade::log_two_pi<double>));
  };
  auto all = column(0);
  for (Index c = 1; c < in[2].rows(); ++c) all = beside(all, column(c));
  return all;
};

Inputs random_case(Index rows, Index latent, Index clusters, std::uint64_t seed) {
  return {normal_matrix(rows, latent, seed), normal_matrix(rows, latent, seed + 1),
          normal_matrix(clusters, latent, seed + 2), normal_matrix(clusters, latent, seed + 3)};
}

/// Random shapes down to one, then clusters that are equal, far, narrow and wide, and posteriors likewise.
std::vector<Inputs> cases() {
  std::vector<Inputs> all;
  for (const Index rows : {1, 3})
    for (const Index latent : {1, 2})
      for (const Index clusters : {1, 4}) all.push_back(random_case(rows, latent, clusters, 10));
  for (const Index rows : {15, 16, 17, 33}) all.push_back(random_case(rows, 3, 2, 60));  // blocks have sixteen rows
  Inputs equal = random_case(3, 2, 4, 20);
  for (Index c = 1; c < 4; ++c) {
    equal[2].row(c) = equal[2].row(0);
    equal[3].row(c) = equal[3].row(0);
  }
  all.push_back(equal);
  Inputs far = random_case(3, 2, 4, 30);
  far[2] *= 30;
  all.push_back(far);
  for (const double shift : {-8.0, 8.0})
    for (const std::size_t which : {std::size_t{1}, std::size_t{3}}) {
      Inputs extreme = random_case(3, 2, 4, 40);
      extreme[which].array() += shift;
      all.push_back(extreme);
    }
  return all;
}

Matrix<double> constant(double value) { return Matrix<double>::Constant(1, 1, value); }

}  // namespace

TEST_CASE("G.5: the expected log-density is the formula") {
  for (const Inputs& in : cases()) {
    const Matrix<double> got = evaluate(in, expected_log_density);
    REQUIRE(got.rows() == in[0].rows());
    REQUIRE(got.cols() == in[2].rows());
    for (Index b = 0; b < got.rows(); ++b)
      for (Index c = 0; c < got.cols(); ++c) {
        long double expected = 0;
        for (Index j = 0; j < in[0].cols(); ++j)
          expected += log_normal(in[0](b, j), in[2](c, j), in[3](c, j)) -
                      0.5L * std::exp(wide(in[1](b, j)) - wide(in[3](c, j)));
        CHECK(got(b, c) == Approx(static_cast<double>(expected)).epsilon(1e-13));
      }
  }
}

TEST_CASE("G.5: the expected log-density agrees with quadrature, for unequal variances, too") {
  const GaussHermite rule(24);
  for (const double mean : {-1.0, 2.5})
    for (const double log_variance : {-6.0, 0.0, 2.0})
      for (const double cluster_mean : {-1.0, 0.5, 30.0})
        for (const double cluster_log_variance : {-3.0, 0.0, 4.0}) {
          const double expected = rule.expectation(mean, log_variance, [&](double z) {
            return static_cast<double>(log_normal(z, cluster_mean, cluster_log_variance));
          });
          CHECK(
              evaluate({constant(mean), constant(log_variance), constant(cluster_mean), constant(cluster_log_variance)},
                       expected_log_density)(0, 0) == Approx(expected).epsilon(1e-12));
        }
}

TEST_CASE("G.5: the expected log-density agrees with Monte Carlo in four dimensions") {
  const Inputs in = random_case(1, 4, 3, 50);
  const Matrix<double> got = evaluate(in, expected_log_density);
  for (Index c = 0; c < 3; ++c) {
    const auto estimate = reference::monte_carlo(20000, 3, [&](vade::RandomStream& stream) {
      long double total = 0;
      for (Index j = 0; j < 4; ++j)
        total +=
            log_normal(in[0](0, j) + std::exp(0.5 * in[1](0, j)) * stream.normal<double>(), in[2](c, j), in[3](c, j));
      return static_cast<double>(total);
    });
    CHECK(estimate.distance(got(0, c)) < 5);  // false alarm 6e-7 each
  }
}

TEST_CASE("G.5: many rows, clusters and dimensions agree with the composition, in the same bytes for any number of threads") {
  const Inputs in = random_case(70, 30, 80, 70);  // five blocks, each a task of its own
  Parameter<double> mean("mean", in[0]), log_variance("log_variance", in[1]), means("means", in[2]),
      log_variances("log_variances", in[3]);
  const Matrix<double> weights = normal_matrix(70, 80, 80);
  const auto gradients = [&](const auto& operation) {
    Tape<double> tape;
    const std::vector<Var<double>> variables{tape.parameter(mean), tape.parameter(log_variance), tape.parameter(means),
                                             tape.parameter(log_variances)};
    tape.backward(sum(tape.constant(weights) * operation(tape, variables)));
    return Inputs{mean.gradient(), log_variance.gradient(), means.gradient(), log_variances.gradient()};
  };
  const Inputs expected = gradients(composed);
  const int before = vade::default_pool().threads();
  vade::set_threads(1);
  const Inputs alone = gradients(expected_log_density);
  for (std::size_t k = 0; k < 4; ++k) CHECK(alone[k].isApprox(expected[k], 1e-12));
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    const Inputs shared = gradients(expected_log_density);
    for (std::size_t k = 0; k < 4; ++k) CHECK((shared[k].array() == alone[k].array()).all());
  }
  vade::set_threads(before);
}

TEST_CASE("G.5: the fused operation and the composed one agree in value and in gradient") {
  for (const Inputs& in : cases()) {
    CHECK(evaluate(in, expected_log_density).isApprox(evaluate(in, composed), 1e-12));
    const auto fused = vade::testing::check_gradient(in, expected_log_density, {.relative = 1e9});
    const auto parts = vade::testing::check_gradient(in, composed, {.relative = 1e9});
    for (std::size_t k = 0; k < 4; ++k) CHECK(fused.analytic[k].isApprox(parts.analytic[k], 1e-11));
  }
}

TEST_CASE("A.2: gradients of the expected log-density are right in all four inputs") {
  for (const Inputs& in : cases())
    check_gradients(in, expected_log_density, 1 + evaluate(in, expected_log_density).cwiseAbs().maxCoeff());
}

TEST_CASE("A.2: adjoints add up where one variable stands in two places") {
  const Matrix<double> points = normal_matrix(3, 2, 1), spreads = normal_matrix(3, 2, 2);
  check_gradients({points, spreads},
                  [](auto&, const auto& in) { return vade::expected_log_density(in[0], in[1], in[0], in[1]); });
}

TEST_CASE("A.2: a frozen mixture leaves the gradients of the posterior as they are") {
  const Inputs in = random_case(3, 2, 4, 60);
  Parameter<double> mean("mean", in[0]), log_variance("log_variance", in[1]), means("means", in[2]),
      log_variances("log_variances", in[3]);
  Tape<double> tape;
  tape.backward(sum(vade::expected_log_density(tape.parameter(mean), tape.parameter(log_variance),
                                               tape.parameter(means), tape.parameter(log_variances))));
  const Matrix<double> free_mean = mean.gradient(), free_log_variance = log_variance.gradient();
  tape.clear();
  tape.backward(sum(vade::expected_log_density(tape.parameter(mean), tape.parameter(log_variance), tape.constant(in[2]),
                                               tape.constant(in[3]))));
  CHECK(mean.gradient() == free_mean);
  CHECK(log_variance.gradient() == free_log_variance);
}

TEST_CASE("Differences are taken before squares: a common shift costs no digits") {
  Inputs in = random_case(3, 2, 4, 70);
  for (const std::size_t k : {std::size_t{0}, std::size_t{2}})
    in[k] = (in[k].array() * 1024).round().matrix() / 1024;  // so that the shift is exact
  const Matrix<double> here = evaluate(in, expected_log_density);
  in[0].array() += 1048576;
  in[2].array() += 1048576;
  CHECK(evaluate(in, expected_log_density) == here);
}

TEST_CASE("G.10: without variance the expected log-density is the log-density") {
  for (const Inputs& in : cases()) {
    const Matrix<double> got = evaluate({in[0], in[2], in[3]}, mixture_log_density);
    for (Index b = 0; b < got.rows(); ++b)
      for (Index c = 0; c < got.cols(); ++c) {
        long double expected = 0;
        for (Index j = 0; j < in[0].cols(); ++j) expected += log_normal(in[0](b, j), in[2](c, j), in[3](c, j));
        CHECK(got(b, c) == Approx(static_cast<double>(expected)).epsilon(1e-13));
      }
  }
}

TEST_CASE("G.10: the expected log-density approaches the log-density in proportion to the variance") {
  const Inputs in = random_case(3, 2, 4, 80);
  const Matrix<double> limit = evaluate({in[0], in[2], in[3]}, mixture_log_density);
  for (const double log_variance : {0.0, -5.0, -10.0}) {
    const Matrix<double> spread = Matrix<double>::Constant(3, 2, log_variance);
    const Matrix<double> gap = limit - evaluate({in[0], spread, in[2], in[3]}, expected_log_density);
    const Matrix<double> precisions = (-in[3].array()).exp().rowwise().sum().matrix();
    const Matrix<double> wanted = 0.5 * std::exp(log_variance) * precisions.transpose().replicate(3, 1);
    CHECK((gap - wanted).cwiseAbs().maxCoeff() < 1e-13 * (1 + limit.cwiseAbs().maxCoeff()));
  }
  const Matrix<double> none = Matrix<double>::Constant(3, 2, -800);
  CHECK(evaluate({in[0], none, in[2], in[3]}, expected_log_density).isApprox(limit, 1e-15));
}

TEST_CASE_TEMPLATE("G.10: no variance is no variance, however narrow the component", T, float, double) {
  const T log_variance = std::same_as<T, float> ? T{-86} : T{-707};
  Tape<T> tape;
  const Var<T> z = tape.constant(Matrix<T>::Zero(1, 5));
  const Var<T> log_variances = tape.constant(Matrix<T>::Constant(1, 5, log_variance));
  const T got = vade::mixture_log_density(z, z, log_variances).scalar();
  CHECK(static_cast<double>(got) ==
        Approx(static_cast<double>(T{-2.5} * (vade::log_two_pi<T> + log_variance))).epsilon(1e-6));
}

TEST_CASE("A.2: gradients of the component log-densities are right") {
  for (const Inputs& in : cases())
    check_gradients({in[0], in[2], in[3]}, mixture_log_density,
                    1 + evaluate({in[0], in[2], in[3]}, mixture_log_density).cwiseAbs().maxCoeff());
}

TEST_CASE("D.1: the mixture's log-density is the log of the weighted sum") {
  for (const Inputs& in : cases()) {
    const Index clusters = in[2].rows();
    const Matrix<double> logits = normal_matrix(1, clusters, 90, 2);
    const Matrix<double> got = evaluate({in[0], logits, in[2], in[3]}, mixture_log_prob);
    REQUIRE(got.cols() == 1);
    long double normaliser = 0;
    for (Index c = 0; c < clusters; ++c) normaliser += std::exp(wide(logits(0, c)));
    for (Index b = 0; b < got.rows(); ++b) {
      long double density = 0;
      for (Index c = 0; c < clusters; ++c) {
        long double log_density = wide(logits(0, c)) - std::log(normaliser);
        for (Index j = 0; j < in[0].cols(); ++j) log_density += log_normal(in[0](b, j), in[2](c, j), in[3](c, j));
        density += std::exp(log_density);
      }
      REQUIRE(density > 0);  // long double reaches where double underflows
      CHECK(got(b, 0) == Approx(static_cast<double>(std::log(density))).epsilon(1e-13));
    }
  }
}

TEST_CASE("D.1: the mixture's density integrates to one, whatever the logits") {
  Matrix<double> means(3, 1), log_variances(3, 1), logits(1, 3);
  means << -3, 0, 4;
  log_variances << -2, 0.5, 1;
  for (const double shift : {0.0, 5.0, -700.0}) {
    logits << 1 + shift, -1 + shift, 2 + shift;
    const double total = reference::integral(-30, 30, 3000, [&](double z) {
      return std::exp(evaluate({constant(z), logits, means, log_variances}, mixture_log_prob)(0, 0));
    });
    CHECK(total == Approx(1).epsilon(1e-12));
  }
}

TEST_CASE("D.1: one component is a Gaussian, and equal components are one") {
  const Matrix<double> z = normal_matrix(4, 2, 1), mean = normal_matrix(1, 2, 2), spread = normal_matrix(1, 2, 3);
  const Matrix<double> one = evaluate({z, constant(-7), mean, spread}, mixture_log_prob);
  CHECK(one.isApprox(evaluate({z, mean, spread}, mixture_log_density), 1e-15));
  const Matrix<double> three =
      evaluate({z, normal_matrix(1, 3, 4), mean.replicate(3, 1), spread.replicate(3, 1)}, mixture_log_prob);
  CHECK(three.isApprox(one, 1e-14));
}

TEST_CASE("D.1: far from all components the mixture's log-density stays finite") {
  Matrix<double> means(2, 1), log_variances = Matrix<double>::Zero(2, 1);
  means << 0, 1;
  const Matrix<double> logits = Matrix<double>::Zero(1, 2);
  const double got = evaluate({constant(1e6), logits, means, log_variances}, mixture_log_prob)(0, 0);
  CHECK(got == Approx(-0.5 * std::log(2 * reference::pi) + std::log(0.5) - 0.5 * (1e6 - 1) * (1e6 - 1)).epsilon(1e-14));
}

TEST_CASE("A.3: gradients of the mixture's log-density are right in all four inputs") {
  for (const Inputs& in : cases()) {
    const Inputs all{in[0], normal_matrix(1, in[2].rows(), 90), in[2], in[3]};
    check_gradients(all, mixture_log_prob, 1 + evaluate(all, mixture_log_prob).cwiseAbs().maxCoeff());
  }
}

TEST_CASE("Expected log-densities in float agree with double") {
  const Inputs in = random_case(20, 10, 10, 95);
  const Matrix<double> twice = evaluate(in, expected_log_density);
  const Matrix<float> single = reference::evaluate_float(in, expected_log_density);
  CHECK((single.cast<double>() - twice).cwiseAbs().maxCoeff() < 3e-6 * twice.cwiseAbs().maxCoeff());
}

TEST_CASE("Values and gradients are the same bytes for 1, 2, 3 and 7 threads") {
  const int threads_before = vade::default_pool().threads();
  const Inputs in = random_case(700, 10, 10, 96);
  std::vector<Matrix<float>> results;
  for (const int threads : {1, 2, 3, 7}) {
    vade::set_threads(threads);
    std::vector<Parameter<float>> inputs;
    for (const Matrix<double>& m : in) inputs.emplace_back("in", m.cast<float>());
    Tape<float> tape;
    const Var<float> s = vade::expected_log_density(tape.parameter(inputs[0]), tape.parameter(inputs[1]),
                                                    tape.parameter(inputs[2]), tape.parameter(inputs[3]));
    results.emplace_back(s.value());
    tape.backward(sum(square(s)));
    for (const Parameter<float>& p : inputs) results.push_back(p.gradient());
  }
  vade::set_threads(threads_before);
  for (std::size_t k = 5; k < results.size(); ++k) CHECK(results[k] == results[k % 5]);
}

TEST_CASE("Shapes that do not fit are refused by name") {
  Tape<double> tape;
  const auto make = [&](Index rows, Index columns) { return tape.constant(Matrix<double>::Zero(rows, columns)); };
  CHECK_THROWS_WITH_AS(vade::expected_log_density(make(5, 2), make(5, 3), make(4, 2), make(4, 2)),
                       "expected_log_density: log_variance is [5 x 3], wanted [5 x 2]", vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::expected_log_density(make(5, 2), make(5, 2), make(4, 3), make(4, 2)),
                       "expected_log_density: means is [4 x 3], wanted [4 x 2]", vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::expected_log_density(make(5, 2), make(5, 2), make(4, 2), make(3, 2)),
                       "expected_log_density: log_variances is [3 x 2], wanted [4 x 2]", vade::ShapeError);
  CHECK_THROWS_AS(vade::mixture_log_density(make(5, 2), make(4, 1), make(4, 1)), vade::ShapeError);
  CHECK_THROWS_AS(vade::mixture_log_prob(make(5, 2), make(1, 3), make(4, 2), make(4, 2)), vade::ShapeError);
}

}  // namespace gaussian_mixture_prior_tests
