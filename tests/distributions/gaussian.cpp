#include <vade/distributions/gaussian.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace gaussian_tests {

// G.n are the equations of docs/derivations/gaussian_moments.md, V.n those of vae_bound.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::evaluate_float;
using reference::GaussHermite;
using reference::log_normal;
using reference::normal_matrix;
using reference::wide;
using vade::Index;
using vade::Matrix;
using vade::Tape;
using vade::Var;

using Inputs = std::vector<Matrix<double>>;

const auto sample = [](auto&, const auto& in) { return vade::gaussian_sample(in[0], in[1], in[2]); };
const auto log_prob = [](auto&, const auto& in) { return vade::gaussian_log_prob(in[0], in[1], in[2]); };
const auto entropy = [](auto&, const auto& in) { return vade::gaussian_entropy(in[0]); };
const auto expected_standard = [](auto&, const auto& in) {
  return vade::gaussian_expected_standard_log_prob(in[0], in[1]);
};
const auto kl_to_standard = [](auto&, const auto& in) { return vade::gaussian_kl_to_standard(in[0], in[1]); };
const auto kl = [](auto&, const auto& in) { return vade::gaussian_kl(in[0], in[1], in[2], in[3]); };

/// `count` matrices: random of two sizes, one entry, and log-variances from tiny to large.
std::vector<Inputs> cases(std::size_t count) {
  std::vector<Inputs> all;
  for (const Index rows : {1, 4})
    for (const Index columns : {1, 3}) {
      Inputs one;
      for (std::size_t k = 0; k < count; ++k)
        one.push_back(normal_matrix(rows, columns, 100 * static_cast<std::uint64_t>(rows + columns) + k));
      all.push_back(one);
    }
  return all;
}

Matrix<double> constant(double value) { return Matrix<double>::Constant(1, 1, value); }

/// KL from the textbook, in long double.
long double kl_by_formula(double mean, double log_variance, double other_mean, double other_log_variance) {
  const long double difference = wide(mean) - wide(other_mean), l = wide(log_variance),
                    other = wide(other_log_variance);
  return 0.5L * (other - l + (std::exp(l) + difference * difference) / std::exp(other) - 1);
}

}  // namespace

TEST_CASE("G.1: the log-density is the formula, summed over dimensions") {
  for (Inputs in : cases(3))
    for (const double shift : {-12.0, 0.0, 12.0}) {
      in[2].array() += shift;
      const Matrix<double> got = evaluate(in, log_prob);
      REQUIRE(got.rows() == in[0].rows());
      REQUIRE(got.cols() == 1);
      for (Index i = 0; i < got.rows(); ++i) {
        long double expected = 0;
        for (Index j = 0; j < in[0].cols(); ++j) expected += log_normal(in[0](i, j), in[1](i, j), in[2](i, j));
        CHECK(got(i, 0) == Approx(static_cast<double>(expected)).epsilon(1e-14));
      }
      in[2].array() -= shift;
    }
}

TEST_CASE("G.1: the density integrates to one") {
  for (const double log_variance : {-6.0, 0.0, 3.0}) {
    const double reach = 12 * std::exp(0.5 * log_variance);
    const double total = reference::integral(0.7 - reach, 0.7 + reach, 400, [&](double z) {
      return std::exp(evaluate({constant(z), constant(0.7), constant(log_variance)}, log_prob)(0, 0));
    });
    CHECK(total == Approx(1).epsilon(1e-13));
  }
}

TEST_CASE("G.2: reparameterized samples have the moments of the Gaussian") {
  // Five standard errors each: a false alarm of 6e-7 per moment for a fresh seed.
  const Index rows = 40000;
  const double mean = 1.5, log_variance = -0.8, variance = std::exp(log_variance);
  Matrix<double> noise(rows, 1);
  vade::fill_normal(noise, 5, vade::Purpose::posterior);
  const Matrix<double> z = evaluate(
      {Matrix<double>::Constant(rows, 1, mean), Matrix<double>::Constant(rows, 1, log_variance), noise}, sample);
  const auto d = z.array() - mean;
  const double n = static_cast<double>(rows);
  CHECK(std::abs(d.mean()) < 5 * std::sqrt(variance / n));
  CHECK(std::abs(d.square().mean() - variance) < 5 * variance * std::sqrt(2 / n));
  CHECK(std::abs(d.cube().mean()) < 5 * std::pow(variance, 1.5) * std::sqrt(15 / n));
  CHECK(std::abs(d.square().square().mean() - 3 * variance * variance) < 5 * variance * variance * std::sqrt(96 / n));
}

TEST_CASE("G.3: a sample is the mean plus the deviation times the noise") {
  for (const Inputs& in : cases(3)) {
    const Matrix<double> z = evaluate(in, sample);
    for (Index k = 0; k < z.size(); ++k)
      CHECK(z.data()[k] ==
            Approx(in[0].data()[k] + std::sqrt(std::exp(in[1].data()[k])) * in[2].data()[k]).epsilon(1e-15));
  }
  CHECK(evaluate({constant(3), constant(-1000), constant(2)}, sample)(0, 0) == 3);
}

TEST_CASE("G.4: change of variables, log q(z) = log p(noise) - half the sum of log-variances") {
  for (const Inputs& in : cases(3)) {
    const Matrix<double> z = evaluate(in, sample);
    const Matrix<double> zero = Matrix<double>::Zero(z.rows(), z.cols());
    const Matrix<double> log_q = evaluate({z, in[0], in[1]}, log_prob);
    const Matrix<double> log_p = evaluate({in[2], zero, zero}, log_prob);
    CHECK(log_q.isApprox(log_p - 0.5 * in[1].rowwise().sum(), 1e-13));
  }
}

TEST_CASE("G.6: the entropy is minus the expected log-density") {
  const GaussHermite rule(20);
  for (const double mean : {-2.0, 0.0, 5.0})
    for (const double log_variance : {-12.0, -1.0, 0.0, 2.0, 12.0}) {
      const double expected = -rule.expectation(
          mean, log_variance, [&](double z) { return static_cast<double>(log_normal(z, mean, log_variance)); });
      CHECK(evaluate({constant(log_variance)}, entropy)(0, 0) == Approx(expected).epsilon(1e-12));
    }
  CHECK(evaluate({Matrix<double>::Zero(1, 7)}, entropy)(0, 0) ==
        Approx(3.5 * (1 + std::log(2 * reference::pi))).epsilon(1e-15));
}

TEST_CASE("G.7: the expected standard log-density agrees with quadrature, and sums over dimensions") {
  const GaussHermite rule(20);
  for (const double mean : {-2.0, 0.0, 5.0})
    for (const double log_variance : {-12.0, -1.0, 0.0, 2.0}) {
      const double expected =
          rule.expectation(mean, log_variance, [](double z) { return static_cast<double>(log_normal(z, 0, 0)); });
      CHECK(evaluate({constant(mean), constant(log_variance)}, expected_standard)(0, 0) ==
            Approx(expected).epsilon(1e-12));
    }
  const Matrix<double> mean = normal_matrix(1, 5, 1), log_variance = normal_matrix(1, 5, 2);
  double total = 0;
  for (Index j = 0; j < 5; ++j) total += evaluate({mean.col(j), log_variance.col(j)}, expected_standard)(0, 0);
  CHECK(evaluate({mean, log_variance}, expected_standard)(0, 0) == Approx(total).epsilon(1e-14));
}

TEST_CASE("G.8: the divergence of two Gaussians agrees with quadrature") {
  const GaussHermite rule(20);
  for (const double mean : {-1.0, 2.0})
    for (const double log_variance : {-5.0, 0.0, 2.0})
      for (const double other_mean : {-1.0, 0.5})
        for (const double other_log_variance : {-2.0, 0.0, 5.0}) {
          const double expected = rule.expectation(mean, log_variance, [&](double z) {
            return static_cast<double>(log_normal(z, mean, log_variance) -
                                       log_normal(z, other_mean, other_log_variance));
          });
          const Inputs in{constant(mean), constant(log_variance), constant(other_mean), constant(other_log_variance)};
          CHECK(evaluate(in, kl)(0, 0) == Approx(expected).epsilon(1e-12));
        }
}

TEST_CASE("G.8: the divergence agrees with Monte Carlo in three dimensions") {
  const Inputs in{normal_matrix(1, 3, 1), normal_matrix(1, 3, 2), normal_matrix(1, 3, 3), normal_matrix(1, 3, 4)};
  const auto estimate = reference::monte_carlo(40000, 7, [&](vade::RandomStream& stream) {
    long double ratio = 0;
    for (Index j = 0; j < 3; ++j) {
      const double z = in[0](0, j) + std::exp(0.5 * in[1](0, j)) * stream.normal<double>();
      ratio += log_normal(z, in[0](0, j), in[1](0, j)) - log_normal(z, in[2](0, j), in[3](0, j));
    }
    return static_cast<double>(ratio);
  });
  CHECK(estimate.distance(evaluate(in, kl)(0, 0)) < 5);  // false alarm 6e-7
  CHECK(estimate.standard_error < 0.05 * estimate.mean);
}

TEST_CASE("G.8: the divergence is the formula, from tiny to large variances") {
  for (const double log_variance : {-20.0, -3.0, 0.0, 9.0})
    for (const double other_log_variance : {-9.0, 0.0, 20.0})
      for (const double other_mean : {0.3, 40.0})
        CHECK(evaluate({constant(0.3), constant(log_variance), constant(other_mean), constant(other_log_variance)}, kl)(
                  0, 0) == Approx(static_cast<double>(kl_by_formula(0.3, log_variance, other_mean, other_log_variance)))
                               .epsilon(1e-13));
}

TEST_CASE("G.8: the divergence is zero at equality and positive elsewhere") {
  for (const Inputs& in : cases(4)) {
    CHECK(evaluate({in[0], in[1], in[0], in[1]}, kl).cwiseAbs().maxCoeff() == 0);
    CHECK(evaluate(in, kl).minCoeff() > 0);
  }
}

TEST_CASE("G.8, G.9: rounding never makes a divergence negative, and small ones keep their digits") {
  for (int k = -400; k <= 400; ++k) {
    const double s = 1e-9 * k + 1e-13 * k * k;
    CHECK(evaluate({constant(0), constant(s)}, kl_to_standard)(0, 0) >= 0);
    CHECK(evaluate({constant(1), constant(1 + s), constant(1), constant(1)}, kl)(0, 0) >= 0);
    CHECK(evaluate_float({constant(0), constant(1e4 * s)}, kl_to_standard)(0, 0) >= 0);
  }
  // ½ (eˢ − 1 − s) = s²/4 + s³/12 + ...
  for (const double s : {1e-3, -1e-3, 1e-5})
    CHECK(evaluate({constant(0), constant(s)}, kl_to_standard)(0, 0) / (s * s / 4) ==
          Approx(1 + s / 3 + s * s / 12).epsilon(1e-10));
}

TEST_CASE("G.9: the divergence to the standard normal is G.8 with mean 0 and log-variance 0, and minus G.7 minus G.6") {
  for (const Inputs& in : cases(2)) {
    const Matrix<double> zero = Matrix<double>::Zero(in[0].rows(), in[0].cols());
    const Matrix<double> standard = evaluate(in, kl_to_standard);
    CHECK(standard.isApprox(evaluate({in[0], in[1], zero, zero}, kl), 1e-14));
    CHECK(standard.isApprox(-(evaluate(in, expected_standard) + evaluate({in[1]}, entropy)), 1e-13));
  }
  CHECK(evaluate({Matrix<double>::Zero(3, 4), Matrix<double>::Zero(3, 4)}, kl_to_standard) ==
        Matrix<double>::Zero(3, 1));
}

TEST_CASE("V.5: the Gaussian likelihood is the mean over rows of G.1, and counts D dimensions") {
  const double variance = 0.3;
  for (const Index rows : {1, 5})
    for (const Index inputs : {1, 6}) {
      const Matrix<double> m = normal_matrix(rows, inputs, 1), x = normal_matrix(rows, inputs, 2);
      const Matrix<double> got =
          evaluate({m, x}, [&](auto&, const auto& in) { return vade::gaussian_mean_log_prob(in[0], in[1], variance); });
      const double expected =
          evaluate({x, m, Matrix<double>::Constant(rows, inputs, std::log(variance))}, log_prob).mean();
      CHECK(got(0, 0) == Approx(expected).epsilon(1e-13));
    }
  const Matrix<double> exact =
      evaluate({Matrix<double>::Zero(2, 784), Matrix<double>::Zero(2, 784)},
               [](auto&, const auto& in) { return vade::gaussian_mean_log_prob(in[0], in[1], 1.0); });
  CHECK(exact(0, 0) == Approx(-392 * std::log(2 * reference::pi)).epsilon(1e-14));
}

TEST_CASE("V.5: a variance that is not positive is refused") {
  Tape<double> tape;
  const Var<double> x = tape.constant(Matrix<double>::Zero(1, 1));
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(vade::gaussian_mean_log_prob(x, x, bad),
                         doctest::Contains("gaussian_mean_log_prob: variance is "), vade::ValueError);
}

TEST_CASE("G.1: the standard normal is the case of mean 0 and log-variance 0") {
  const Matrix<double> z = normal_matrix(4, 3, 1), zero = Matrix<double>::Zero(4, 3);
  CHECK(evaluate({z}, [](auto&, const auto& in) { return vade::standard_normal_log_prob(in[0]); })
            .isApprox(evaluate({z, zero, zero}, log_prob), 1e-14));
  check_gradients({z}, [](auto&, const auto& in) { return vade::standard_normal_log_prob(in[0]); });
}

TEST_CASE("L.1: a learned variance is one number, one for each input, or one for each input and row") {
  const Matrix<double> m = normal_matrix(3, 4, 1), x = normal_matrix(3, 4, 2);
  const auto learned = [](auto&, const auto& in) { return vade::gaussian_mean_log_prob(in[0], in[1], in[2]); };
  for (const Matrix<double>& log_variance :
       {normal_matrix(1, 1, 3), normal_matrix(1, 4, 4), normal_matrix(3, 4, 5), normal_matrix(3, 1, 6)}) {
    long double total = 0;
    for (Index b = 0; b < 3; ++b)
      for (Index i = 0; i < 4; ++i)
        total += log_normal(x(b, i), m(b, i),
                            log_variance(log_variance.rows() == 1 ? 0 : b, log_variance.cols() == 1 ? 0 : i)) / 3;
    CHECK(evaluate({m, x, log_variance}, learned)(0, 0) == Approx(static_cast<double>(total)).epsilon(1e-13));
    check_gradients({m, x, log_variance}, learned);
  }
  const double fixed =
      evaluate({m, x}, [](auto&, const auto& in) { return vade::gaussian_mean_log_prob(in[0], in[1], 0.3); })(0, 0);
  CHECK(evaluate({m, x, constant(std::log(0.3))}, learned)(0, 0) == Approx(fixed).epsilon(1e-13));
}

TEST_CASE("L.12: the gradient for the variance of each input vanishes at the mean squared error") {
  const Matrix<double> m = normal_matrix(20, 4, 1), x = normal_matrix(20, 4, 2);
  const auto gradient_at = [&](const Matrix<double>& log_variance) {
    vade::Parameter<double> l("log_variance", log_variance);
    Tape<double> tape;
    tape.backward(vade::gaussian_mean_log_prob(tape.constant(m), tape.constant(x), tape.parameter(l)));
    return l.gradient();
  };
  const Matrix<double> best = (m - x).array().square().colwise().mean().log().matrix();
  CHECK(gradient_at(best).cwiseAbs().maxCoeff() < 1e-14);
  CHECK(gradient_at(Matrix<double>(best.array() + 0.1)).maxCoeff() < -1e-3);
}

TEST_CASE("The diagonal Gaussian has the functions of its page under the names of every Gaussian") {
  const Inputs in = cases(4).back();
  const auto of = [](const auto& v, std::size_t first = 0) {
    return vade::DiagonalGaussian<double>{v[first], v[first + 1]};
  };
  CHECK(evaluate(in, [&](auto&, const auto& v) { return of(v).sample(v[2]); }) == evaluate(in, sample));
  CHECK(evaluate(in, [&](auto&, const auto& v) { return of(v).log_prob(v[2]); }) ==
        evaluate({in[2], in[0], in[1]}, log_prob));
  CHECK(evaluate(in, [&](auto&, const auto& v) { return of(v).entropy(); }) == evaluate({in[1]}, entropy));
  CHECK(evaluate(in, [&](auto&, const auto& v) { return of(v).expected_standard_log_prob(); }) ==
        evaluate(in, expected_standard));
  CHECK(evaluate(in, [&](auto&, const auto& v) { return of(v).kl_to_standard(); }) == evaluate(in, kl_to_standard));
  CHECK(evaluate(in, [&](auto&, const auto& v) { return vade::kl(of(v), of(v, 2)); }) == evaluate(in, kl));
  CHECK(evaluate(in, [&](auto&, const auto& v) { return of(v).marginal_log_variance(); }) == in[1]);
}

TEST_CASE("A.1: gradients of the Gaussian's functions are right at random points") {
  for (const Inputs& in : cases(4)) {
    check_gradients({in[0], in[1], in[2]}, sample);
    check_gradients({in[0], in[1], in[2]}, log_prob);
    check_gradients({in[0]}, entropy);
    check_gradients({in[0], in[1]}, expected_standard);
    check_gradients({in[0], in[1]}, kl_to_standard);
    check_gradients(in, kl);
    check_gradients({in[0], in[1]}, [](auto&, const auto& v) { return vade::gaussian_mean_log_prob(v[0], v[1], 0.3); });
  }
}

TEST_CASE("A.1: gradients of the Gaussian's functions are right for tiny and large variances") {
  for (const double log_variance : {-10.0, 10.0}) {
    const Matrix<double> l = Matrix<double>::Constant(2, 2, log_variance), a = normal_matrix(2, 2, 1),
                         b = normal_matrix(2, 2, 2), small = normal_matrix(2, 2, 3);
    const double size = std::exp(10);
    check_gradients({a, l, b}, sample, std::exp(5));
    check_gradients({a, b, l}, log_prob, size);
    check_gradients({a, l}, expected_standard, size);
    check_gradients({a, l}, kl_to_standard, size);
    check_gradients({a, l, b, small}, kl, size);
    check_gradients({a, small, b, l}, kl, size);
  }
}

TEST_CASE("A.1: gradients of the divergence are right where it is nearly zero, and zero where it is zero") {
  const Matrix<double> near = normal_matrix(2, 3, 1, 1e-4);
  check_gradients({near, normal_matrix(2, 3, 2, 1e-4)}, kl_to_standard);
  const auto report = vade::testing::check_gradient({Matrix<double>::Zero(2, 3), Matrix<double>::Zero(2, 3)},
                                                    kl_to_standard, {.allow_zero = true});
  CHECK_MESSAGE(report.passed, report.text());
  CHECK(report.analytic[1].cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("The Gaussian's functions in float agree with double") {
  const Inputs in{normal_matrix(5, 4, 1), normal_matrix(5, 4, 2), normal_matrix(5, 4, 3), normal_matrix(5, 4, 4)};
  const auto agree = [](const Matrix<float>& single, const Matrix<double>& twice) {
    CHECK((single.cast<double>() - twice).cwiseAbs().maxCoeff() < 1e-5 * (1 + twice.cwiseAbs().maxCoeff()));
  };
  agree(evaluate_float(in, sample), evaluate(in, sample));
  agree(evaluate_float(in, log_prob), evaluate(in, log_prob));
  agree(evaluate_float(in, entropy), evaluate(in, entropy));
  agree(evaluate_float(in, expected_standard), evaluate(in, expected_standard));
  agree(evaluate_float(in, kl_to_standard), evaluate(in, kl_to_standard));
  agree(evaluate_float(in, kl), evaluate(in, kl));
}

TEST_CASE("Shapes that do not fit are refused") {
  Tape<double> tape;
  const Var<double> a = tape.constant(Matrix<double>::Zero(2, 3)), b = tape.constant(Matrix<double>::Zero(2, 4));
  CHECK_THROWS_AS(vade::gaussian_sample(a, a, b), vade::ShapeError);
  CHECK_THROWS_AS(vade::gaussian_log_prob(a, b, a), vade::ShapeError);
  CHECK_THROWS_AS(vade::gaussian_kl_to_standard(a, b), vade::ShapeError);
  CHECK_THROWS_AS(vade::gaussian_kl(a, a, a, b), vade::ShapeError);
  CHECK_THROWS_AS(vade::gaussian_mean_log_prob(a, b, 1.0), vade::ShapeError);
}

}  // namespace gaussian_tests
