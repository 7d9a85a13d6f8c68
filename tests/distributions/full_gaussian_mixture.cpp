#include <vade/distributions/full_gaussian_mixture.hpp>

#include <cmath>
#include <vector>

#include <Eigen/LU>

#include <doctest/doctest.h>

#include <vade/distributions/categorical.hpp>
#include <vade/distributions/gaussian_mixture_prior.hpp>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace full_gaussian_mixture_tests {

// L.n are the equations of docs/derivations/likelihoods_and_mixtures.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::normal_matrix;
using vade::FullGaussian;
using vade::Index;
using vade::Matrix;
using vade::Tape;
using vade::Var;

using Inputs = std::vector<Matrix<double>>;

// in: z, means, log_scales, lowers, weight_logits
const auto log_density = [](auto&, const auto& in) {
  return vade::full_mixture_log_density(in[0], FullGaussian<double>{in[1], in[2], in[3]});
};
const auto log_prob = [](auto&, const auto& in) {
  return vade::full_mixture_log_prob(in[0], in[4], FullGaussian<double>{in[1], in[2], in[3]});
};
const auto responsibilities = [](auto&, const auto& in) {
  return vade::full_mixture_responsibilities(in[0], in[4], FullGaussian<double>{in[1], in[2], in[3]});
};

Inputs random_case(Index rows, Index latent, Index clusters, std::uint64_t seed) {
  return {normal_matrix(rows, latent, seed), normal_matrix(clusters, latent, seed + 1),
          normal_matrix(clusters, latent, seed + 2, 0.5), normal_matrix(clusters, vade::lower_count(latent), seed + 3),
          normal_matrix(1, clusters, seed + 4)};
}

std::vector<Inputs> cases() {
  return {random_case(1, 1, 1, 10), random_case(3, 1, 2, 20), random_case(3, 2, 4, 30), random_case(2, 4, 3, 40)};
}

/// log N(z_b; μ_c, Σ_c) by inverse and determinant.
double by_matrices(const Inputs& in, Index b, Index c) {
  const Index latent = in[0].cols();
  Eigen::MatrixXd l = Eigen::MatrixXd::Zero(latent, latent);
  for (Index j = 0; j < latent; ++j) {
    l(j, j) = std::exp(in[2](c, j));
    for (Index k = 0; k < j; ++k) l(j, k) = in[3](c, j * (j - 1) / 2 + k);
  }
  const Eigen::MatrixXd covariance = l * l.transpose();
  const Eigen::VectorXd d = (in[0].row(b) - in[1].row(c)).transpose();
  return -0.5 * (d.dot(covariance.fullPivLu().solve(d)) + std::log(covariance.determinant()) +
                 static_cast<double>(latent) * std::log(2 * reference::pi));
}

}  // namespace

TEST_CASE("L.7: the log-densities of all components are those of inverse and determinant") {
  for (const Inputs& in : cases()) {
    const Matrix<double> got = evaluate(in, log_density);
    REQUIRE(got.cols() == in[1].rows());
    for (Index b = 0; b < got.rows(); ++b)
      for (Index c = 0; c < got.cols(); ++c) CHECK(got(b, c) == Approx(by_matrices(in, b, c)).epsilon(1e-9));
  }
}

TEST_CASE("L.8: the gradient of the log-densities is right") {
  for (const Inputs& in : cases()) check_gradients({in[0], in[1], in[2], in[3]}, log_density, 100);
}

TEST_CASE("L.9, L.10: log-density and responsibilities are those of the weighted densities") {
  for (const Inputs& in : cases()) {
    const Matrix<double> got = evaluate(in, log_prob), gamma = evaluate(in, responsibilities);
    const Eigen::ArrayXd pi = in[4].row(0).transpose().array().exp() / in[4].array().exp().sum();
    for (Index b = 0; b < got.rows(); ++b) {
      Eigen::ArrayXd joint(pi.size());
      for (Index c = 0; c < pi.size(); ++c) joint(c) = pi(c) * std::exp(by_matrices(in, b, c));
      CHECK(got(b, 0) == Approx(std::log(joint.sum())).epsilon(1e-9));
      CHECK(gamma.row(b).transpose().isApprox((joint / joint.sum()).matrix(), 1e-9));
    }
    check_gradients(in, log_prob, 100);
    if (in[1].rows() > 1) check_gradients(in, responsibilities, 10);
  }
}

TEST_CASE("L.9: the density integrates to one") {
  Inputs in = random_case(1, 2, 3, 50);
  const double total = reference::integral(-15, 15, 150, [&](double a) {
    return reference::integral(-15, 15, 150, [&](double b) {
      in[0] << a, b;
      return std::exp(evaluate(in, log_prob)(0, 0));
    });
  });
  CHECK(total == Approx(1).epsilon(1e-8));
}

TEST_CASE("L.7, L.9: without correlations it is the mixture of diagonal Gaussians") {
  for (Inputs in : cases()) {
    in[3].setZero();
    const Inputs diagonal{in[0], in[4], in[1], 2 * in[2]};
    CHECK(evaluate(in, log_prob)
              .isApprox(evaluate(diagonal,
                                 [](auto&, const auto& v) { return vade::mixture_log_prob(v[0], v[1], v[2], v[3]); }),
                        1e-12));
    CHECK(evaluate(in, responsibilities)
              .isApprox(
                  evaluate(diagonal,
                           [](auto&, const auto& v) { return vade::mixture_responsibilities(v[0], v[1], v[2], v[3]); }),
                  1e-12));
  }
}

TEST_CASE("L.11: a sample of a given component is that component's, with its gradients") {
  const vade::Labels labels{2, 0, 2};
  for (const Index latent : {1, 3}) {
    const Inputs in = random_case(3, latent, 3, 60);
    const Matrix<double> noise = normal_matrix(3, latent, 70);
    const auto full = [&](auto& tape, const auto& v) {
      return vade::full_mixture_sample(vade::indicators(tape, labels, 3), FullGaussian<double>{v[1], v[2], v[3]},
                                       tape.constant(noise));
    };
    const auto diagonal = [&](auto& tape, const auto& v) {
      return vade::mixture_sample(vade::indicators(tape, labels, 3), v[1], v[2], tape.constant(noise));
    };
    const Matrix<double> z = evaluate(in, full), of_diagonal = evaluate(in, diagonal);
    for (Index b = 0; b < 3; ++b) {
      const Index c = labels[static_cast<std::size_t>(b)];
      for (Index j = 0; j < latent; ++j) {
        double expected = in[1](c, j) + std::exp(in[2](c, j)) * noise(b, j);
        for (Index k = 0; k < j; ++k) expected += in[3](c, j * (j - 1) / 2 + k) * noise(b, k);
        CHECK(z(b, j) == Approx(expected).epsilon(1e-12));
        CHECK(of_diagonal(b, j) == Approx(in[1](c, j) + std::exp(0.5 * in[2](c, j)) * noise(b, j)).epsilon(1e-12));
      }
    }
    check_gradients(in, full);
    check_gradients(in, diagonal);
  }
}

TEST_CASE("Shapes that do not fit are refused by name") {
  Tape<double> tape;
  const auto zero = [&](Index rows, Index columns) { return tape.constant(Matrix<double>::Zero(rows, columns)); };
  CHECK_THROWS_WITH_AS(
      vade::full_mixture_log_density(zero(2, 3), FullGaussian<double>{zero(4, 2), zero(4, 3), zero(4, 3)}),
      "full_mixture_log_density: means is [4 x 2], wanted [4 x 3]", vade::ShapeError);
  CHECK_THROWS_WITH_AS(
      vade::full_mixture_log_density(zero(2, 3), FullGaussian<double>{zero(4, 3), zero(4, 3), zero(4, 2)}),
      "full_mixture_log_density: lower is [4 x 2], wanted [4 x 3]", vade::ShapeError);
}

}  // namespace full_gaussian_mixture_tests
