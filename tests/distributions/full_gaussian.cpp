#include <vade/distributions/full_gaussian.hpp>

#include <cmath>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include <doctest/doctest.h>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace full_gaussian_tests {

// F.n are the equations of docs/derivations/full_gaussian.md, G.n those of gaussian_moments.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::evaluate_float;
using reference::GaussHermite;
using reference::normal_matrix;
using vade::FullGaussian;
using vade::Index;
using vade::Matrix;
using vade::Tape;
using vade::Var;

using Inputs = std::vector<Matrix<double>>;

/// The Gaussian of inputs first ... first + 2: mean, log_scale, lower.
const auto gaussian = [](const auto& in, std::size_t first = 0) {
  return FullGaussian<typename std::decay_t<decltype(in[0].scalar())>>{in[first], in[first + 1], in[first + 2]};
};

const auto log_prob = [](auto&, const auto& in) { return gaussian(in).log_prob(in[3]); };
const auto sample = [](auto&, const auto& in) { return gaussian(in).sample(in[3]); };
const auto entropy = [](auto&, const auto& in) { return gaussian(in).entropy(); };
const auto expected_standard = [](auto&, const auto& in) { return gaussian(in).expected_standard_log_prob(); };
const auto kl_to_standard = [](auto&, const auto& in) { return gaussian(in).kl_to_standard(); };
const auto marginal = [](auto&, const auto& in) { return gaussian(in).marginal_log_variance(); };
const auto kl_of_two = [](auto&, const auto& in) { return vade::kl(gaussian(in), gaussian(in, 3)); };
const auto expected_of_two = [](auto&, const auto& in) {
  return vade::expected_log_prob(gaussian(in), gaussian(in, 3));
};

Inputs random_gaussian(Index rows, Index latent, std::uint64_t seed) {
  return {normal_matrix(rows, latent, seed), normal_matrix(rows, latent, seed + 1, 0.5),
          normal_matrix(rows, vade::lower_count(latent), seed + 2)};
}

Inputs joined(Inputs a, const Inputs& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Shapes from one number up, narrow, wide and strongly correlated ones.
std::vector<Inputs> cases() {
  std::vector<Inputs> all;
  for (const Index rows : {1, 3})
    for (const Index latent : {1, 2, 4}) all.push_back(random_gaussian(rows, latent, 10));
  for (const double shift : {-2.5, 2.5}) {
    all.push_back(random_gaussian(2, 3, 20));
    all.back()[1].array() += shift;
  }
  all.push_back(random_gaussian(2, 3, 30));
  all.back()[2] *= 5;
  return all;
}

/// Row b in Eigen's words: the mean and the covariance matrix Σ, without the library's packing of L.
struct Dense {
  Eigen::VectorXd mean;
  Eigen::MatrixXd factor, covariance;
  Dense(const Inputs& in, Index b, std::size_t first = 0) : mean(in[first].row(b).transpose()) {
    const Index latent = mean.size();
    factor = Eigen::MatrixXd::Zero(latent, latent);
    for (Index j = 0; j < latent; ++j) {
      factor(j, j) = std::exp(in[first + 1](b, j));
      for (Index k = 0; k < j; ++k) factor(j, k) = in[first + 2](b, j * (j - 1) / 2 + k);
    }
    covariance = factor * factor.transpose();
  }
  /// By the inverse and the determinant of Σ.
  double log_prob(const Eigen::VectorXd& z) const {
    const Eigen::VectorXd d = z - mean;
    return -0.5 * (d.dot(covariance.fullPivLu().solve(d)) + std::log(covariance.determinant()) +
                   static_cast<double>(mean.size()) * std::log(2 * reference::pi));
  }
};

/// The textbook's KL, by traces, inverses and determinants.
double kl_by_matrices(const Dense& q, const Dense& p) {
  const Eigen::MatrixXd inverse = p.covariance.inverse();
  const Eigen::VectorXd d = q.mean - p.mean;
  return 0.5 * ((inverse * q.covariance).trace() + d.dot(inverse * d) - static_cast<double>(d.size()) +
                std::log(p.covariance.determinant() / q.covariance.determinant()));
}

}  // namespace

TEST_CASE("F.1: L is the Cholesky factor of the covariance, and twice the sum of log-scales its log-determinant") {
  for (const Inputs& in : cases())
    for (Index b = 0; b < in[0].rows(); ++b) {
      const Dense q(in, b);
      const Eigen::MatrixXd factor = q.covariance.llt().matrixL();
      CHECK(factor.isApprox(q.factor, 1e-8));
      CHECK(2 * in[1].row(b).sum() == Approx(std::log(q.covariance.determinant())).epsilon(1e-6));
      for (Index k = 0; k < q.mean.size(); ++k) {  // the code's L, column by column: samples at unit noise
        Matrix<double> noise = Matrix<double>::Zero(in[0].rows(), in[0].cols());
        noise.col(k).setOnes();
        const Matrix<double> z = evaluate(joined(in, {noise}), sample);
        CHECK((z.row(b) - in[0].row(b)).transpose().isApprox(factor.col(k), 1e-8));
      }
    }
}

TEST_CASE("F.2: samples have the mean and the covariance") {
  // Five standard errors each: a false alarm of 6e-7 for a fresh seed.
  const Index rows = 40000, latent = 3;
  const Inputs one = random_gaussian(1, latent, 40);
  Inputs in;
  for (const Matrix<double>& m : one) in.push_back(m.replicate(rows, 1));
  Matrix<double> noise(rows, latent);
  vade::fill_normal(noise, 5, vade::Purpose::posterior);
  const Matrix<double> z = evaluate(joined(in, {noise}), sample);
  const Dense q(one, 0);
  const Eigen::MatrixXd centred = z.rowwise() - one[0].row(0);
  const Eigen::MatrixXd covariance = centred.transpose() * centred / static_cast<double>(rows);
  for (Index i = 0; i < latent; ++i) {
    CHECK(std::abs(centred.col(i).mean()) < 5 * std::sqrt(q.covariance(i, i) / static_cast<double>(rows)));
    for (Index j = 0; j < latent; ++j) {
      const double variance = q.covariance(i, i) * q.covariance(j, j) + q.covariance(i, j) * q.covariance(i, j);
      CHECK(std::abs(covariance(i, j) - q.covariance(i, j)) < 5 * std::sqrt(variance / static_cast<double>(rows)));
    }
  }
}

TEST_CASE("F.3: the log-density is that of the covariance's inverse and determinant") {
  for (Inputs in : cases()) {
    in.push_back(normal_matrix(in[0].rows(), in[0].cols(), 50, 2));
    const Matrix<double> got = evaluate(in, log_prob);
    REQUIRE(got.cols() == 1);
    for (Index b = 0; b < got.rows(); ++b)
      CHECK(got(b, 0) == Approx(Dense(in, b).log_prob(in[3].row(b).transpose())).epsilon(1e-6));
  }
}

TEST_CASE("F.3: the density integrates to one") {
  Inputs in = random_gaussian(1, 2, 60);
  in.push_back(Matrix<double>::Zero(1, 2));
  const double total = reference::integral(-15, 15, 150, [&](double a) {
    return reference::integral(-15, 15, 150, [&](double b) {
      in[3] << a, b;
      return std::exp(evaluate(in, log_prob)(0, 0));
    });
  });
  CHECK(total == Approx(1).epsilon(1e-8));
}

TEST_CASE("F.4, F.5, F.9: entropy and expected log-densities agree with quadrature in two dimensions") {
  const GaussHermite rule(12);  // exact: all are quadratic in z
  const Matrix<double> zero = Matrix<double>::Zero(1, 2);
  for (const unsigned seed : {70u, 80u}) {
    const Inputs q = random_gaussian(1, 2, seed), p = random_gaussian(1, 2, seed + 3);
    const Dense dense(q, 0);
    const auto expectation = [&](const Inputs& of) {
      return rule.expectation(0, 0, [&](double a) {
        return rule.expectation(0, 0, [&](double b) {
          const Eigen::VectorXd z = dense.mean + dense.factor * Eigen::Vector2d(a, b);
          return Dense(of, 0).log_prob(z);
        });
      });
    };
    CHECK(evaluate(q, entropy)(0, 0) == Approx(-expectation(q)).epsilon(1e-9));
    CHECK(evaluate(q, expected_standard)(0, 0) ==
          Approx(expectation({zero, zero, Matrix<double>::Zero(1, 1)})).epsilon(1e-9));
    CHECK(evaluate(joined(q, p), expected_of_two)(0, 0) == Approx(expectation(p)).epsilon(1e-9));
  }
}

TEST_CASE("F.6: the divergence to the standard normal is minus F.5 minus F.4, and that of traces and determinants") {
  for (const Inputs& in : cases()) {
    const Matrix<double> got = evaluate(in, kl_to_standard);
    const Matrix<double> difference = -(evaluate(in, expected_standard) + evaluate(in, entropy));
    CHECK(got.isApprox(difference, 1e-12));
    Inputs standard{Matrix<double>::Zero(1, in[0].cols()), Matrix<double>::Zero(1, in[0].cols()),
                    Matrix<double>::Zero(1, in[2].cols())};
    for (Index b = 0; b < got.rows(); ++b)
      CHECK(got(b, 0) == Approx(kl_by_matrices(Dense(in, b), Dense(standard, 0))).epsilon(1e-6));
  }
}

TEST_CASE("F.7: the divergence of full Gaussians is that of traces and determinants") {
  const std::vector<Inputs> all = cases();
  for (const Inputs& q : all)
    for (const Inputs& p : all) {
      if (q[0].rows() != p[0].rows() || q[0].cols() != p[0].cols()) continue;
      const Matrix<double> got = evaluate(joined(q, p), kl_of_two);
      for (Index b = 0; b < got.rows(); ++b) {
        CHECK(got(b, 0) == Approx(kl_by_matrices(Dense(q, b), Dense(p, b))).epsilon(1e-5).scale(1e-3));
        CHECK(got(b, 0) >= 0);
      }
    }
}

TEST_CASE("F.7: the divergence is minus F.9 minus F.4, zero at equality, and positive elsewhere") {
  for (const Inputs& q : cases()) {
    CHECK(evaluate(joined(q, q), kl_of_two).cwiseAbs().maxCoeff() < 1e-28);
    Inputs p = random_gaussian(q[0].rows(), q[0].cols(), 300);
    const Matrix<double> got = evaluate(joined(q, p), kl_of_two);
    CHECK(got.minCoeff() > 1e-3);
    CHECK(got.isApprox(-(evaluate(joined(q, p), expected_of_two) + evaluate(q, entropy)), 1e-11));
  }
}

TEST_CASE("F.7: rounding never makes a divergence negative, and small ones keep their digits") {
  const Inputs q = random_gaussian(1, 3, 90);
  for (const double step : {1e-3, 1e-5, 1e-7}) {
    Inputs p = q;
    p[0](0, 1) += step;
    const double by_distance = evaluate(joined(q, p), kl_of_two)(0, 0);
    const Dense dense(q, 0);
    Eigen::VectorXd d = Eigen::VectorXd::Zero(3);
    d(1) = step;
    CHECK(by_distance == Approx(0.5 * d.dot(dense.covariance.inverse() * d)).epsilon(1e-6).scale(0));
    CHECK(evaluate_float(joined(q, p), kl_of_two)(0, 0) >= 0);
    p = q;
    p[2](0, 2) += step;
    const double by_factor = evaluate(joined(q, p), kl_of_two)(0, 0);  // ½ |P⁻¹ ΔL|², ΔL a multiple of one entry
    const Eigen::Vector3d column = Dense(p, 0).factor.inverse().col(2) * step;
    CHECK(by_factor == Approx(0.5 * column.squaredNorm()).epsilon(1e-5).scale(0));
    p = q;
    p[1](0, 2) -= step;
    const double by_scale = evaluate(joined(q, p), kl_of_two)(0, 0);  // ½ (e^d − 1 − d), d = 2 step
    CHECK(by_scale == Approx(step * step).epsilon(10 * step + 1e-6).scale(0));
  }
}

TEST_CASE("F.8: the marginal variances are the covariance's diagonal, and all that a diagonal density asks for") {
  const GaussHermite rule(12);
  for (const Inputs& in : cases()) {
    const Matrix<double> got = evaluate(in, marginal);
    for (Index b = 0; b < got.rows(); ++b) {
      const Dense q(in, b);
      CHECK(got.row(b).array().exp().matrix().transpose().isApprox(Eigen::VectorXd(q.covariance.diagonal()), 1e-13));
    }
  }
  const Inputs q = random_gaussian(1, 2, 100);  // E_q[log N(z; m, s²)] over the correlated pair, by quadrature
  const Matrix<double> m = normal_matrix(1, 2, 103), s = normal_matrix(1, 2, 104);
  const Dense dense(q, 0);
  const double expected = rule.expectation(0, 0, [&](double a) {
    return rule.expectation(0, 0, [&](double b) {
      const Eigen::VectorXd z = dense.mean + dense.factor * Eigen::Vector2d(a, b);
      return static_cast<double>(reference::log_normal(z(0), m(0, 0), s(0, 0)) +
                                 reference::log_normal(z(1), m(0, 1), s(0, 1)));
    });
  });
  const Matrix<double> v = evaluate(q, marginal);
  double by_moments = 0;  // G.5 with these variances
  for (Index j = 0; j < 2; ++j)
    by_moments +=
        static_cast<double>(reference::log_normal(q[0](0, j), m(0, j), s(0, j))) - 0.5 * std::exp(v(0, j) - s(0, j));
  CHECK(by_moments == Approx(expected).epsilon(1e-10));
}

TEST_CASE("F.10: without correlations every function is that of the diagonal Gaussian") {
  for (Inputs in : cases()) {
    in[2].setZero();
    const Matrix<double> other = normal_matrix(in[0].rows(), in[0].cols(), 120);
    const Inputs diagonal{in[0], 2 * in[1], other}, full{in[0], in[1], in[2], other};
    const auto of = [](const auto& v) { return vade::DiagonalGaussian<double>{v[0], v[1]}; };
    CHECK(evaluate(full, sample)
              .isApprox(evaluate(diagonal, [&](auto&, const auto& v) { return of(v).sample(v[2]); }), 1e-13));
    CHECK(evaluate(full, log_prob)
              .isApprox(evaluate(diagonal, [&](auto&, const auto& v) { return of(v).log_prob(v[2]); }), 1e-13));
    CHECK(evaluate(full, entropy)
              .isApprox(evaluate(diagonal, [&](auto&, const auto& v) { return of(v).entropy(); }), 1e-13));
    CHECK(evaluate(full, expected_standard)
              .isApprox(evaluate(diagonal, [&](auto&, const auto& v) { return of(v).expected_standard_log_prob(); }),
                        1e-13));
    CHECK(evaluate(full, kl_to_standard)
              .isApprox(evaluate(diagonal, [&](auto&, const auto& v) { return of(v).kl_to_standard(); }), 1e-13));
    CHECK(
        evaluate(full, marginal)
            .isApprox(evaluate(diagonal, [&](auto&, const auto& v) { return of(v).marginal_log_variance(); }), 1e-12));
    const Inputs p{other, in[1].array() - 0.3, in[2]};
    CHECK(evaluate(joined(in, p), kl_of_two)
              .isApprox(evaluate({in[0], 2 * in[1], other, 2 * p[1]},
                                 [](auto&, const auto& v) {
                                   return vade::kl(vade::DiagonalGaussian<double>{v[0], v[1]},
                                                   vade::DiagonalGaussian<double>{v[2], v[3]});
                                 }),
                        1e-13));
  }
}

TEST_CASE("F.11: change of variables, log q(z) = log p(noise) - the sum of log-scales") {
  for (const Inputs& in : cases()) {
    const Matrix<double> noise = normal_matrix(in[0].rows(), in[0].cols(), 130);
    const Matrix<double> z = evaluate(joined(in, {noise}), sample);
    const Matrix<double> log_q = evaluate(joined(in, {z}), log_prob);
    const double constant = 0.5 * static_cast<double>(noise.cols()) * std::log(2 * reference::pi);
    for (Index b = 0; b < z.rows(); ++b)
      CHECK(log_q(b, 0) == Approx(-0.5 * noise.row(b).squaredNorm() - constant - in[1].row(b).sum()).epsilon(1e-9));
  }
}

TEST_CASE("F.2 to F.9: gradients of all functions of the full Gaussian are right") {
  for (const Index latent : {1, 2, 4}) {
    const Inputs q = random_gaussian(3, latent, 140), p = random_gaussian(3, latent, 150);
    const Inputs with_z = joined(q, {normal_matrix(3, latent, 160)});
    check_gradients(with_z, sample);
    check_gradients(with_z, log_prob, 100);
    check_gradients({q[0], q[1]}, [&](auto& tape, const auto& in) {
      return FullGaussian<double>{in[0], in[1], tape.constant(q[2])}.entropy();
    });
    check_gradients(q, expected_standard, 10);
    check_gradients(q, kl_to_standard, 10);
    check_gradients(q, marginal);
    check_gradients(joined(q, p), kl_of_two, 1000);
    check_gradients(joined(q, p), expected_of_two, 1000);
  }
}

TEST_CASE("F.6: the gradient of the divergence to the standard normal is right where it is nearly zero") {
  check_gradients({normal_matrix(2, 3, 1, 1e-4), normal_matrix(2, 3, 2, 1e-4), normal_matrix(2, 3, 3, 1e-4)},
                  kl_to_standard);
}

TEST_CASE("A factor of another width is refused by every function") {
  Tape<double> tape;
  const auto of = [&](Index rows, Index columns) { return tape.constant(Matrix<double>::Ones(rows, columns).eval()); };
  const Var<double> z = of(2, 3);
  for (const Var<double> lower : {of(2, 7), of(1, 3), of(2, 0)}) {
    const FullGaussian<double> q{of(2, 3), of(2, 3), lower};
    CHECK_THROWS_AS(q.sample(z), vade::ShapeError);
    CHECK_THROWS_AS(q.log_prob(z), vade::ShapeError);
    CHECK_THROWS_AS(q.entropy(), vade::ShapeError);
    CHECK_THROWS_AS(q.expected_standard_log_prob(), vade::ShapeError);
    CHECK_THROWS_AS(q.kl_to_standard(), vade::ShapeError);
    CHECK_THROWS_AS(q.marginal_log_variance(), vade::ShapeError);
  }
}

TEST_CASE("A copy on another tape has the numbers and no gradient") {
  Tape<double> tape, other;
  const Inputs in = random_gaussian(2, 3, 170);
  vade::Parameter<double> mean("mean", in[0]);
  const FullGaussian<double> q{tape.parameter(mean), tape.constant(in[1]), tape.constant(in[2])};
  const FullGaussian<double> copy = q.copy_to(other);
  CHECK(copy.mean.value() == in[0]);
  CHECK(copy.entropy().value() == q.entropy().value());
  CHECK_FALSE(copy.mean.needs_gradient());
}

}  // namespace full_gaussian_tests
