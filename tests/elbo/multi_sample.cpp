#include <vade/elbo/multi_sample.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <vade/distributions/gaussian_mixture_prior.hpp>
#include <vade/elbo/vade.hpp>
#include <vade/testing/linear_model.hpp>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace multi_sample_tests {

// B.n are the equations of docs/derivations/multi_sample_bounds.md.

namespace {

using doctest::Approx;
using reference::check_gradients;
using reference::evaluate;
using reference::normal_matrix;
using vade::Index;
using vade::Matrix;
using vade::RowVector;
using vade::Tape;
using vade::Var;
using vade::testing::GaussHermite;
using vade::testing::LinearModel;

using Inputs = std::vector<Matrix<double>>;

const auto bound_of = [](auto&, const auto& in) { return vade::importance_weighted_bound(in[0]); };

Matrix<double> constant(double value) { return Matrix<double>::Constant(1, 1, value); }

/// A code of one number with a standard normal prior, three outputs.
LinearModel standard_model() {
  LinearModel model = LinearModel::random(1, 1, 3, 4);
  model.means.setZero();
  model.log_variances.setZero();
  return model;
}

/// A posterior, mean and log-variance.
struct Q {
  double mean, log_variance;
};

/// Posteriors beside p(z|x), wider and narrower, near enough that the quadrature of their weights converges.
std::vector<Q> posteriors(const LinearModel& model) {
  const Matrix<double> exact = model.posterior();
  std::vector<Q> all;
  for (const Q& shift : {Q{0.2, 0.3}, Q{-0.2, 0.6}, Q{0.1, -0.3}})
    all.push_back({exact(0, 0) + shift.mean, exact(1, 0) + shift.log_variance});
  return all;
}

/// log w(z) at the nodes of a rule under q, `[n x 1]`.
Matrix<double> log_weights(const LinearModel& model, const Q& q, const GaussHermite& rule) {
  const Index n = rule.nodes().size();
  const Matrix<double> z = (q.mean + std::exp(0.5 * q.log_variance) * rule.nodes().array()).matrix().transpose();
  const Matrix<double> log_q = evaluate(
      {z, Matrix<double>::Constant(n, 1, q.mean), Matrix<double>::Constant(n, 1, q.log_variance)},
      [](auto&, const auto& in) { return vade::DiagonalGaussian<double>{in[1], in[2]}.log_prob(in[0]); });
  Matrix<double> result(n, 1);
  for (Index k = 0; k < n; ++k)
    result(k, 0) = model.log_likelihood(z.row(k)) + model.log_prior(z.row(k)) - log_q(k, 0);
  return result;
}

/// E of `value(log w)` over `samples` independent draws, by the product rule; value maps `[n^L x L]` to `[n^L x 1]`.
template <class F>
double expectation(const LinearModel& model, const Q& q, Index samples, const F& value) {
  const GaussHermite rule(36);
  const Index n = rule.nodes().size();
  const Matrix<double> one = log_weights(model, q, rule);
  Index count = 1;
  for (Index l = 0; l < samples; ++l) count *= n;
  Matrix<double> all(count, samples), probability = Matrix<double>::Ones(count, 1);
  for (Index i = 0; i < count; ++i)
    for (Index l = 0, rest = i; l < samples; ++l, rest /= n) {
      all(i, l) = one(rest % n, 0);
      probability(i, 0) *= rule.weights()(rest % n);
    }
  return (value(all).array() * probability.array()).sum();
}

double importance_weighted(const LinearModel& model, const Q& q, Index samples) {
  return expectation(model, q, samples, [](const Matrix<double>& log_w) { return evaluate({log_w}, bound_of); });
}

double elbo(const LinearModel& model, const Q& q) {
  RowVector<double> mean(1), log_variance(1);
  mean << q.mean;
  log_variance << q.log_variance;
  return evaluate({constant(model.reconstruction(mean, log_variance)), mean, log_variance},
                  [](auto&, const auto& in) { return vade::vae_terms(in[0], in[1], in[2]).bound(); })(0, 0);
}

/// log p(x|z), log p(z), log q(z|x) of random draws, `[B x L]` each.
Inputs random_terms(Index rows, Index samples, std::uint64_t seed) {
  return {normal_matrix(rows, samples, seed, 3), normal_matrix(rows, samples, seed + 1),
          normal_matrix(rows, samples, seed + 2)};
}

}  // namespace

TEST_CASE("B.1: rows are repeated in succession, and the mean over all is the mean over rows and draws") {
  const Matrix<double> x = normal_matrix(3, 2, 1);
  const auto repeat = [](auto&, const auto& in) { return vade::repeat_rows(in[0], 4); };
  const Matrix<double> y = evaluate({x}, repeat);
  REQUIRE(y.rows() == 12);
  for (Index i = 0; i < 12; ++i) CHECK(y.row(i) == x.row(i / 4));
  CHECK(y.mean() == Approx(x.mean()).epsilon(1e-14));
  check_gradients({x}, repeat);
  Tape<double> tape;
  const Var<double> same = tape.constant(x);
  CHECK(vade::repeat_rows(same, 1).node() == same.node());
  CHECK_THROWS_WITH_AS(vade::repeat_rows(same, 0), "repeat_rows: samples is 0, wanted at least 1",
                       vade::ValueError);
}

TEST_CASE("B.11: the draws of each row are averaged, the opposite of repeating them") {
  const Matrix<double> x = normal_matrix(12, 2, 1);
  const auto average = [](auto&, const auto& in) { return vade::average_draws(in[0], 4); };
  const Matrix<double> y = evaluate({x}, average);
  REQUIRE(y.rows() == 3);
  for (Index b = 0; b < 3; ++b)
    for (Index j = 0; j < 2; ++j)
      CHECK(y(b, j) == Approx((x(4 * b, j) + x(4 * b + 1, j) + x(4 * b + 2, j) + x(4 * b + 3, j)) / 4).epsilon(1e-14));
  check_gradients({x}, average);
  Tape<double> tape;
  const Var<double> same = tape.constant(x);
  CHECK(vade::average_draws(same, 1).node() == same.node());
  CHECK(vade::average_draws(vade::repeat_rows(same, 3), 3).value().isApprox(x, 1e-15));
  CHECK_THROWS_WITH_AS(vade::average_draws(same, 0), doctest::Contains("average_draws: samples is 0"), vade::ValueError);
  CHECK_THROWS_AS(vade::average_draws(same, 5), vade::ShapeError);
}

TEST_CASE("B.1: the average of L bounds has the expectation of one, and an L-th of its variance") {
  const LinearModel model = standard_model();
  for (const Q& q : posteriors(model)) {
    const double one = elbo(model, q);
    const auto average = [](const Matrix<double>& log_w) { return Matrix<double>(log_w.rowwise().mean()); };
    const auto square = [&](const Matrix<double>& log_w) {
      return Matrix<double>((log_w.rowwise().mean().array() - one).square());
    };
    CHECK(expectation(model, q, 2, average) == Approx(one).epsilon(1e-10));
    CHECK(expectation(model, q, 2, square) == Approx(expectation(model, q, 1, square) / 2).epsilon(1e-9));
  }
}

TEST_CASE("B.1: draws below each other stand beside each other, and back") {
  const Matrix<double> x = normal_matrix(6, 1, 2);
  const auto beside = [](auto&, const auto& in) { return vade::draws_beside(in[0], 3); };
  const Matrix<double> y = evaluate({x}, beside);
  REQUIRE(y.rows() == 2);
  for (Index b = 0; b < 2; ++b)
    for (Index l = 0; l < 3; ++l) CHECK(y(b, l) == x(3 * b + l, 0));
  check_gradients({x}, beside);
  Tape<double> tape;
  CHECK_THROWS_AS(vade::draws_beside(tape.constant(x), 4), vade::ShapeError);
}

TEST_CASE("B.1: repeated Gaussians draw independent codes of the same rows") {
  Tape<double> tape;
  const auto of = [&](Index columns, std::uint64_t seed) { return tape.constant(normal_matrix(2, columns, seed)); };
  const vade::DiagonalGaussian<double> diagonal{of(3, 1), of(3, 2)};
  const vade::FullGaussian<double> full{of(3, 1), of(3, 2), of(3, 3)};
  const Matrix<double> noise = normal_matrix(8, 3, 4);
  const auto check = [&](const auto& q) {
    const Matrix<double> z = vade::repeat_rows(q, 4).sample(tape.constant(noise)).value();
    for (Index l = 0; l < 4; ++l) {
      Matrix<double> part(2, 3);
      part << noise.row(l), noise.row(4 + l);
      const Matrix<double> alone = q.sample(tape.constant(part)).value();
      CHECK(z.row(l) == alone.row(0));
      CHECK(z.row(4 + l) == alone.row(1));
    }
  };
  check(diagonal);
  check(full);
}

TEST_CASE("B.2: importance weights have the mean p(x)") {
  const LinearModel model = standard_model();
  for (const Q& q : posteriors(model))
    CHECK(std::log(expectation(model, q, 1, [](const Matrix<double>& log_w) {
            return Matrix<double>(log_w.array().exp());
          })) == Approx(model.log_evidence()).epsilon(1e-6));
}

TEST_CASE("B.3: the importance-weighted bound is the log of the mean weight, without overflow") {
  for (const Index samples : {1, 5}) {
    const Matrix<double> log_w = normal_matrix(3, samples, 5);
    const Matrix<double> got = evaluate({log_w}, bound_of);
    for (Index b = 0; b < 3; ++b)
      CHECK(got(b, 0) == Approx(std::log(log_w.row(b).array().exp().mean())).epsilon(1e-13));
    CHECK(evaluate({Matrix<double>(log_w.array() - 5000)}, bound_of).isApprox((got.array() - 5000).matrix(), 1e-13));
    check_gradients({log_w}, bound_of);
  }
}

TEST_CASE("B.3: the bound is never above the log-likelihood, found by quadrature") {
  const LinearModel model = standard_model();
  const double evidence = model.log_evidence();
  for (const Q& q : posteriors(model))
    for (const Index samples : {1, 2, 3}) CHECK(importance_weighted(model, q, samples) <= evidence + 1e-9);
}

TEST_CASE("B.4: one draw gives the ELBO") {
  const LinearModel model = standard_model();
  for (const Q& q : posteriors(model)) CHECK(importance_weighted(model, q, 1) == Approx(elbo(model, q)).epsilon(1e-10));
}

TEST_CASE("B.5: the bound rises with the number of draws, and not above the log-likelihood") {
  const LinearModel model = standard_model();
  const double evidence = model.log_evidence();
  for (const Q& q : posteriors(model)) {
    const double one = importance_weighted(model, q, 1), two = importance_weighted(model, q, 2),
                 three = importance_weighted(model, q, 3);
    CHECK(two > one + 1e-3);
    CHECK(three > two + 1e-3);
    CHECK(three < evidence);
  }
}

TEST_CASE("B.6: the gradient weighs that of each draw by its normalised weight") {
  const Matrix<double> log_w = normal_matrix(3, 4, 6);
  vade::Parameter<double> p("log_w", log_w);
  Tape<double> tape;
  tape.backward(sum(vade::importance_weighted_bound(tape.parameter(p))));
  for (Index b = 0; b < 3; ++b) {
    const Eigen::ArrayXd w = log_w.row(b).transpose().array().exp();
    CHECK(p.gradient().row(b).transpose().isApprox((w / w.sum()).matrix(), 1e-13));
  }
}

TEST_CASE("B.6, B.7: the terms have the gradient of the bound, though it is stopped at the weights") {
  const auto terms = [](auto&, const auto& in) { return vade::importance_weighted_terms(in[0], in[1], in[2]).bound(); };
  for (const Index samples : {1, 4}) check_gradients(random_terms(3, samples, 7), terms);
}

TEST_CASE("B.7: three terms add up to the bound; with one draw they are its log-densities") {
  for (const Index samples : {1, 4}) {
    const Inputs in = random_terms(3, samples, 8);
    Tape<double> tape;
    const auto terms =
        vade::importance_weighted_terms(tape.constant(in[0]), tape.constant(in[1]), tape.constant(in[2]));
    const Matrix<double> log_w = in[0] + in[1] - in[2];
    CHECK(terms.bound().scalar() == Approx(evaluate({log_w}, bound_of).mean()).epsilon(1e-13));
    double reconstruction = 0;
    for (Index b = 0; b < 3; ++b) {
      const Eigen::ArrayXd w = log_w.row(b).transpose().array().exp();
      reconstruction += (w / w.sum() * in[0].row(b).transpose().array()).sum() / 3;
    }
    CHECK(terms.reconstruction.scalar() == Approx(reconstruction).epsilon(1e-13));
    if (samples == 1) CHECK(terms.latent_entropy.scalar() == Approx(-in[2].mean()).epsilon(1e-13));
  }
}

TEST_CASE("B.8: the mean of exponentials, one by one, is that of all at once, whatever their order and size") {
  const Matrix<double> v = normal_matrix(1, 50, 9, 20);
  for (const double shift : {-5000.0, 0.0, 5000.0}) {
    vade::LogMeanExp forward, backward;
    for (Index l = 0; l < 50; ++l) {
      forward.add(v(0, l) + shift);
      backward.add(v(0, 49 - l) + shift);
    }
    const double wanted = evaluate({v}, bound_of)(0, 0) + shift;
    CHECK(forward.value() == Approx(wanted).epsilon(1e-12));
    CHECK(backward.value() == Approx(wanted).epsilon(1e-12));
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  vade::LogMeanExp mean;
  CHECK(mean.value() == -infinity);
  mean.add(-infinity);
  CHECK(mean.value() == -infinity);
  mean.add(3);
  CHECK(mean.value() == Approx(3 - std::log(2)));
  for (int l = 0; l < 3; ++l) mean.add(infinity), CHECK(mean.value() == infinity);
  mean.add(1);
  CHECK(mean.value() == infinity);
  mean.add(std::numeric_limits<double>::quiet_NaN());
  CHECK(std::isnan(mean.value()));
}

TEST_CASE("B.9: with a mixture prior the clusters are summed out: the weights' mean is p(x), the bound above VaDE's") {
  const LinearModel model = LinearModel::random(1, 3, 2, 5);
  const double evidence = model.log_evidence();
  const Q q{0.2, 0.5};
  const auto under_q = [&](const auto& value) {
    return reference::integral(-14, 14, 2800, [&](double z) {
      const double log_q = vade::testing::log_normal(z, q.mean, q.log_variance);
      RowVector<double> code(1);
      code << z;
      const Matrix<double> prior =
          evaluate({code, model.weight_logits, model.means, model.log_variances},
                   [](auto&, const auto& in) { return vade::mixture_log_prob(in[0], in[1], in[2], in[3]); });
      return std::exp(log_q) * value(model.log_likelihood(code) + prior(0, 0) - log_q);
    });
  };
  CHECK(std::log(under_q([](double log_w) { return std::exp(log_w); })) == Approx(evidence).epsilon(1e-9));
  const double bound = under_q([](double log_w) { return evaluate({constant(log_w)}, bound_of)(0, 0); });
  CHECK(bound < evidence);
  const Matrix<double> mean = constant(q.mean), log_variance = constant(q.log_variance);
  const Matrix<double> reconstruction = constant(model.reconstruction(mean.row(0), log_variance.row(0)));
  const double vade_bound = evaluate(
      {reconstruction, mean, log_variance, model.weight_logits, model.means, model.log_variances},
      [](auto&, const auto& in) {
        const auto densities = vade::expected_log_density(in[1], in[2], in[4], in[5]);
        return vade::vade_terms(in[0], in[2], densities, vade::exact_responsibilities(densities, in[3]), in[3]).bound();
      })(0, 0);
  CHECK(bound > vade_bound + 1e-3);
}

TEST_CASE("B.10: at the exact posterior every weight is p(x), and one draw is enough") {
  const LinearModel model = standard_model();
  const Matrix<double> exact = model.posterior();
  const Matrix<double> log_w = log_weights(model, {exact(0, 0), exact(1, 0)}, GaussHermite(9));
  CHECK((log_w.array() - model.log_evidence()).abs().maxCoeff() < 1e-9);
  CHECK(evaluate({Matrix<double>(log_w.transpose())}, bound_of)(0, 0) == Approx(model.log_evidence()).epsilon(1e-10));
}

TEST_CASE("Shapes that do not fit are refused by name") {
  Tape<double> tape;
  const Var<double> a = tape.constant(Matrix<double>::Zero(3, 2)), b = tape.constant(Matrix<double>::Zero(3, 1));
  CHECK_THROWS_WITH_AS(vade::importance_weighted_terms(a, b, a),
                       "importance_weighted_terms: log_prior is [3 x 1], wanted [3 x 2]", vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::importance_weighted_terms(a, a, b),
                       "importance_weighted_terms: log_posterior is [3 x 1], wanted [3 x 2]", vade::ShapeError);
}

}  // namespace multi_sample_tests
