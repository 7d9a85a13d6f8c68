#include <vade/elbo/vae.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <vade/autodiff/structure.hpp>
#include <vade/distributions/bernoulli.hpp>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace vae_tests {

// V.n are the equations of docs/derivations/vae_bound.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::GaussHermite;
using reference::log_normal;
using reference::normal_matrix;
using vade::Index;
using vade::Matrix;
using vade::Tape;
using vade::VaeTerms;
using vade::Var;

using Inputs = std::vector<Matrix<double>>;

Matrix<double> constant(double value) { return Matrix<double>::Constant(1, 1, value); }

/// A model with a code of one number, z ~ N(0, 1), and a linear decoder a z + b of three outputs, read as means of
/// Gaussians with one variance or as Bernoulli logits.
struct Toy {
  Matrix<double> x, a, b;
  double variance;  // of the Gaussian likelihood; 0 stands for Bernoulli

  /// log p(x|z), with the library's likelihood.
  double log_likelihood(double z) const {
    return evaluate({x, Matrix<double>(a * z + b)}, [&](auto&, const auto& in) {
      return variance > 0 ? vade::gaussian_mean_log_prob(in[1], in[0], variance)
                          : vade::bernoulli_mean_log_prob(in[1], in[0]);
    })(0, 0);
  }

  /// log p(x|z) by scalar formulas.
  double log_likelihood_by_hand(double z) const {
    double total = 0;
    for (Index j = 0; j < x.cols(); ++j) {
      const double out = a(0, j) * z + b(0, j);
      total += variance > 0 ? static_cast<double>(log_normal(x(0, j), out, std::log(variance)))
                            : x(0, j) * out - std::log(1 + std::exp(out));
    }
    return total;
  }

  /// log p(x) = log ∫ N(z; 0, 1) p(x|z) dz.
  double evidence() const {
    return std::log(reference::integral(-12, 12, 4000, [&](double z) {
      return std::exp(log_likelihood_by_hand(z) + static_cast<double>(log_normal(z, 0, 0)));
    }));
  }

  /// The library's bound at q = N(mean, e^log_variance), its reconstruction term by quadrature instead of a draw.
  double bound(double mean, double log_variance) const {
    const double reconstruction = rule().expectation(mean, log_variance, [&](double z) { return log_likelihood(z); });
    return evaluate({constant(reconstruction), constant(mean), constant(log_variance)},
                    [](auto&, const auto& in) { return vade::vae_terms(in[0], in[1], in[2]).bound(); })(0, 0);
  }

  static const GaussHermite& rule() {
    static const GaussHermite rule(40);
    return rule;
  }
};

Toy gaussian_toy() { return {normal_matrix(1, 3, 1), normal_matrix(1, 3, 2), normal_matrix(1, 3, 3), 0.4}; }

Toy bernoulli_toy() {
  Toy toy{Matrix<double>::Zero(1, 3), normal_matrix(1, 3, 2, 2), normal_matrix(1, 3, 3), 0};
  toy.x << 1, 0, 1;
  return toy;
}

}  // namespace

TEST_CASE("V.3: the three terms are means over rows of three expectations") {
  for (const Index rows : {1, 4})
    for (const Index latent : {1, 3}) {
      const Matrix<double> mean = normal_matrix(rows, latent, 1), log_variance = normal_matrix(rows, latent, 2);
      long double prior = 0, entropy = 0;
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < latent; ++j) {
          const long double variance = std::exp(static_cast<long double>(log_variance(i, j)));
          prior += (log_normal(mean(i, j), 0, 0) - 0.5L * variance) / static_cast<long double>(rows);
          entropy -= (log_normal(0, 0, log_variance(i, j)) - 0.5L) / static_cast<long double>(rows);
        }
      Tape<double> tape;
      const VaeTerms<double> terms =
          vade::vae_terms(tape.constant(constant(-3)), tape.constant(mean), tape.constant(log_variance));
      CHECK(terms.reconstruction.scalar() == -3);
      CHECK(terms.latent_prior.scalar() == Approx(static_cast<double>(prior)).epsilon(1e-14));
      CHECK(terms.latent_entropy.scalar() == Approx(static_cast<double>(entropy)).epsilon(1e-14));
      CHECK(terms.bound().scalar() == Approx(static_cast<double>(prior + entropy - 3)).epsilon(1e-14));
    }
}

TEST_CASE("V.4: the bound is the reconstruction minus the divergence in closed form") {
  const Matrix<double> mean = normal_matrix(5, 3, 1), log_variance = normal_matrix(5, 3, 2);
  Tape<double> tape;
  const Var<double> m = tape.constant(mean), l = tape.constant(log_variance);
  const VaeTerms<double> terms = vade::vae_terms(tape.constant(constant(-3)), m, l);
  const double kl = vade::mean(vade::gaussian_kl_to_standard(m, l)).scalar();
  CHECK(terms.kl().scalar() == Approx(kl).epsilon(1e-14));
  CHECK(terms.bound().scalar() == Approx(-3 - kl).epsilon(1e-14));
}

TEST_CASE("V.8: beta weighs the divergence alone") {
  Tape<double> tape;
  const VaeTerms<double> terms = vade::vae_terms(tape.constant(constant(-3)), tape.constant(normal_matrix(5, 3, 1)),
                                                 tape.constant(normal_matrix(5, 3, 2)));
  for (const double beta : {0.0, 0.5, 1.0, 4.0})
    CHECK(terms.bound(beta).scalar() == Approx(-3 - beta * terms.kl().scalar()).epsilon(1e-14));
  CHECK(terms.bound(0).scalar() == -3);
}

TEST_CASE("V.2, V.4: one-draw bounds average to the expectation of log p(x, z) - log q(z)") {
  const double mean = 0.4, log_variance = -0.9;
  for (const Toy& toy : {gaussian_toy(), bernoulli_toy()}) {
    const auto log_ratio = [&](vade::RandomStream& stream) {
      const double z = mean + std::exp(0.5 * log_variance) * stream.normal<double>();
      return toy.log_likelihood_by_hand(z) +
             static_cast<double>(log_normal(z, 0, 0) - log_normal(z, mean, log_variance));
    };
    const auto report = vade::testing::expect_equal_in_expectation(toy.bound(mean, log_variance), log_ratio);
    CHECK_MESSAGE(report.passed, report.text());

    // And the library's own path: sample, decode, terms. 40000 rows are 40000 draws; false alarm 6e-7.
    const Index rows = 40000;
    Matrix<double> noise(rows, 1);
    vade::fill_normal(noise, 12, vade::Purpose::posterior);
    Tape<double> tape;
    const Var<double> m = tape.constant(Matrix<double>::Constant(rows, 1, mean)),
                      l = tape.constant(Matrix<double>::Constant(rows, 1, log_variance));
    const Var<double> z = vade::gaussian_sample(m, l, tape.constant(noise));
    const Var<double> out = z * tape.constant(toy.a) + tape.constant(toy.b);
    const Var<double> x = tape.constant(toy.x.replicate(rows, 1));
    const Var<double> reconstruction =
        toy.variance > 0 ? vade::gaussian_mean_log_prob(out, x, toy.variance) : vade::bernoulli_mean_log_prob(out, x);
    Matrix<double> by_row(rows, 1);
    for (Index i = 0; i < rows; ++i) by_row(i, 0) = toy.log_likelihood_by_hand(z.value()(i, 0));
    const double error = std::sqrt((by_row.array() - by_row.mean()).square().mean() / static_cast<double>(rows));
    CHECK(std::abs(vade::vae_terms(reconstruction, m, l).bound().scalar() - toy.bound(mean, log_variance)) < 5 * error);
  }
}

TEST_CASE("V.7: the bound is never above the log-likelihood, found by quadrature") {
  for (const Toy& toy : {gaussian_toy(), bernoulli_toy()}) {
    const double evidence = toy.evidence();
    for (const double mean : {-2.0, -0.5, 0.0, 0.5, 2.0})
      for (const double log_variance : {-6.0, -2.0, -1.0, 0.0, 1.0})
        CHECK(toy.bound(mean, log_variance) <= evidence + 1e-12);
  }
}

TEST_CASE("V.1: the bound falls short of the log-likelihood by KL(q || p(z|x))") {
  for (const Toy& toy : {gaussian_toy(), bernoulli_toy()}) {
    const double evidence = toy.evidence();
    for (const double mean : {-1.0, 0.5})
      for (const double log_variance : {-2.0, 0.0}) {
        const double gap = reference::integral(-12, 12, 4000, [&](double z) {
          const auto log_q = static_cast<double>(log_normal(z, mean, log_variance));
          const double log_posterior =
              toy.log_likelihood_by_hand(z) + static_cast<double>(log_normal(z, 0, 0)) - evidence;
          return std::exp(log_q) * (log_q - log_posterior);
        });
        CHECK(toy.bound(mean, log_variance) == Approx(evidence - gap).epsilon(1e-9));
      }
  }
}

TEST_CASE("V.7: with a linear Gaussian decoder the bound at the exact posterior is the log-likelihood") {
  const Toy toy = gaussian_toy();
  const double precision = 1 + toy.a.squaredNorm() / toy.variance;
  const double mean = toy.a.row(0).dot(toy.x.row(0) - toy.b.row(0)) / toy.variance / precision;
  CHECK(toy.bound(mean, -std::log(precision)) == Approx(toy.evidence()).epsilon(1e-12));
  CHECK(toy.bound(mean + 0.1, -std::log(precision)) < toy.evidence() - 1e-3);
  CHECK(toy.bound(mean, -std::log(precision) + 0.2) < toy.evidence() - 1e-3);
}

TEST_CASE("A.1: gradients of the bound are right, through the sample, too") {
  for (const Index rows : {1, 3}) {
    const Matrix<double> noise = normal_matrix(rows, 2, 5), x = normal_matrix(rows, 4, 6),
                         weight = normal_matrix(2, 4, 7);
    for (const double shift : {-4.0, 0.0, 2.0}) {
      Matrix<double> log_variance = normal_matrix(rows, 2, 8);
      log_variance.array() += shift;
      check_gradients(
          {normal_matrix(rows, 2, 9), log_variance},
          [&](auto& tape, const auto& in) {
            const auto z = vade::gaussian_sample(in[0], in[1], tape.constant(noise));
            auto out = vade::columns(z, 0, 1) * tape.constant(weight.row(0)) +
                       vade::columns(z, 1, 1) * tape.constant(weight.row(1));
            const auto reconstruction = vade::gaussian_mean_log_prob(out, tape.constant(x), 0.5);
            return vade::vae_terms(reconstruction, in[0], in[1]).bound(0.7);
          },
          10);
    }
  }
}

TEST_CASE("Shapes that do not fit are refused by name") {
  Tape<double> tape;
  const Var<double> one = tape.constant(constant(0)), a = tape.constant(Matrix<double>::Zero(3, 2)),
                    b = tape.constant(Matrix<double>::Zero(3, 1));
  CHECK_THROWS_WITH_AS(vade::vae_terms(a, a, a), "vae_terms: reconstruction is [3 x 2], wanted [1 x 1]",
                       vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::vae_terms(one, a, b), "vae_terms: log_variance is [3 x 1], wanted [3 x 2]",
                       vade::ShapeError);
}

}  // namespace vae_tests
