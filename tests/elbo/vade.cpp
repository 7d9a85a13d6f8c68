#include <vade/elbo/vade.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <vade/distributions/bernoulli.hpp>
#include <vade/elbo/vae.hpp>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace vade_tests {

// D.n are the equations of docs/derivations/vade_bound.md, R.n those of responsibilities.md, A.n of adjoints.md.

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
using vade::Tape;
using vade::VadeTerms;
using vade::Var;

Matrix<double> constant(double value) { return Matrix<double>::Constant(1, 1, value); }

/// One batch of posteriors and one mixture.
struct Case {
  Matrix<double> mean, log_variance;    // [B x J]
  Matrix<double> logits;                // [1 x K]
  Matrix<double> means, log_variances;  // [K x J]

  Index rows() const { return mean.rows(); }
  Index latent() const { return mean.cols(); }
  Index clusters() const { return means.rows(); }
  std::vector<Matrix<double>> inputs() const { return {mean, log_variance, logits, means, log_variances}; }

  /// S_bc of G.5, in long double.
  long double expected_log_density(Index b, Index c) const {
    long double total = 0;
    for (Index j = 0; j < latent(); ++j)
      total += log_normal(mean(b, j), means(c, j), log_variances(c, j)) -
               0.5L * std::exp(wide(log_variance(b, j)) - wide(log_variances(c, j)));
    return total;
  }

  long double log_weight(Index c) const {
    long double sum = 0;
    for (Index k = 0; k < clusters(); ++k) sum += std::exp(wide(logits(0, k)));
    return wide(logits(0, c)) - std::log(sum);
  }
};

Case random_case(Index rows, Index latent, Index clusters, std::uint64_t seed) {
  return {normal_matrix(rows, latent, seed), normal_matrix(rows, latent, seed + 1),
          normal_matrix(1, clusters, seed + 2), normal_matrix(clusters, latent, seed + 3),
          normal_matrix(clusters, latent, seed + 4)};
}

/// Random shapes down to one; equal clusters; far clusters; tiny and large variances; very unequal weights.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Index rows : {1, 3})
    for (const Index latent : {1, 2})
      for (const Index clusters : {1, 4}) all.push_back(random_case(rows, latent, clusters, 10));
  Case equal = random_case(3, 2, 4, 20);
  equal.means = equal.means.row(0).replicate(4, 1).eval();
  equal.log_variances = equal.log_variances.row(0).replicate(4, 1).eval();
  all.push_back(equal);
  Case far = random_case(3, 2, 4, 30);
  far.means *= 30;
  all.push_back(far);
  for (const double shift : {-8.0, 6.0}) {
    Case narrow = random_case(3, 2, 4, 40);
    narrow.log_variance.array() += shift;
    all.push_back(narrow);
    Case wide = random_case(3, 2, 4, 50);
    wide.log_variances.array() += shift;
    all.push_back(wide);
  }
  Case unequal = random_case(3, 2, 4, 60);
  unequal.logits << 0, -30, 3, -300;
  all.push_back(unequal);
  return all;
}

enum class Flow { through, stopped };

// The functions below take in = {mean, log_variance, logits, means, log_variances}.

const auto densities = [](auto&, const auto& in) { return vade::expected_log_density(in[0], in[1], in[3], in[4]); };

const auto exact = [](auto& tape, const auto& in) { return vade::exact_responsibilities(densities(tape, in), in[2]); };

/// The terms at the exact γ with reconstruction −3.
auto terms_at_exact(auto& tape, const auto& in, Flow flow = Flow::stopped) {
  const auto s = densities(tape, in);
  const auto gamma = vade::exact_responsibilities(s, in[2]);
  return vade::vade_terms(tape.constant(constant(-3)), in[1], s, flow == Flow::stopped ? stop_gradient(gamma) : gamma,
                          in[2]);
}

/// The bound at a γ that is given, with reconstruction −3.
double bound_at(const Case& k, const Matrix<double>& gamma) {
  return evaluate(k.inputs(), [&](auto& tape, const auto& in) {
    return vade::vade_terms(tape.constant(constant(-3)), in[1], densities(tape, in), tape.constant(gamma), in[2])
        .bound();
  })(0, 0);
}

double exact_bound(const Case& k) {
  return evaluate(k.inputs(), [](auto& tape, const auto& in) { return terms_at_exact(tape, in).bound(); })(0, 0);
}

/// Points of the simplex, one a row.
Matrix<double> random_simplex(Index rows, Index clusters, std::uint64_t seed) {
  Matrix<double> p = (2 * normal_matrix(rows, clusters, seed)).array().exp().matrix();
  for (Index i = 0; i < rows; ++i) p.row(i) /= p.row(i).sum();
  return p;
}

/// mean over rows of KL(p ‖ q).
double divergence(const Matrix<double>& p, const Matrix<double>& q) {
  double total = 0;
  for (Index k = 0; k < p.size(); ++k)
    if (p.data()[k] > 0) total += p.data()[k] * std::log(p.data()[k] / q.data()[k]);
  return total / static_cast<double>(p.rows());
}

/// Rows of a matrix in another order.
Matrix<double> permuted_rows(const Matrix<double>& m, const std::vector<Index>& order) {
  Matrix<double> out(m.rows(), m.cols());
  for (Index c = 0; c < m.rows(); ++c) out.row(c) = m.row(order[static_cast<std::size_t>(c)]);
  return out;
}

/// A model with a code of one number, a mixture prior of two components, and a linear decoder of three outputs.
struct Toy {
  Case k;
  Matrix<double> x, a, b;
  double variance;  // of the Gaussian likelihood; 0 stands for Bernoulli

  double log_likelihood(double z) const {
    double total = 0;
    for (Index j = 0; j < x.cols(); ++j) {
      const double out = a(0, j) * z + b(0, j);
      total += variance > 0 ? static_cast<double>(log_normal(x(0, j), out, std::log(variance)))
                            : x(0, j) * out - std::log(1 + std::exp(out));
    }
    return total;
  }

  double log_prior(double z) const {
    long double density = 0;
    for (Index c = 0; c < k.clusters(); ++c)
      density += std::exp(k.log_weight(c) + log_normal(z, k.means(c, 0), k.log_variances(c, 0)));
    return static_cast<double>(std::log(density));
  }

  double evidence() const {
    return std::log(
        reference::integral(-15, 15, 6000, [&](double z) { return std::exp(log_likelihood(z) + log_prior(z)); }));
  }

  /// The library's bound at q(z|x) = N(mean, e^log_variance), reconstruction by quadrature of the library's likelihood.
  double bound(double mean, double log_variance, const Matrix<double>* gamma = nullptr) const {
    static const GaussHermite rule(40);
    const double reconstruction = rule.expectation(mean, log_variance, [&](double z) {
      return evaluate({x, Matrix<double>(a * z + b)}, [&](auto&, const auto& in) {
        return variance > 0 ? vade::gaussian_mean_log_prob(in[1], in[0], variance)
                            : vade::bernoulli_mean_log_prob(in[1], in[0]);
      })(0, 0);
    });
    return evaluate({constant(mean), constant(log_variance), k.logits, k.means, k.log_variances},
                    [&](auto& tape, const auto& in) {
                      const auto s = densities(tape, in);
                      const auto g = gamma != nullptr ? tape.constant(*gamma) : vade::exact_responsibilities(s, in[2]);
                      return vade::vade_terms(tape.constant(constant(reconstruction)), in[1], s, g, in[2]).bound();
                    })(0, 0);
  }
};

std::vector<Toy> toys() {
  Case k = random_case(1, 1, 2, 70);
  k.logits << 0.3, -0.6;
  k.means << -1.5, 1;
  k.log_variances << -1, 0.4;
  Matrix<double> binary(1, 3);
  binary << 1, 0, 1;
  return {{k, normal_matrix(1, 3, 1), normal_matrix(1, 3, 2), normal_matrix(1, 3, 3), 0.4},
          {k, binary, normal_matrix(1, 3, 2, 2), normal_matrix(1, 3, 3), 0}};
}

}  // namespace

TEST_CASE("D.2, D.3, D.4, D.5, D.6, D.7: the five terms are the sums of the derivation") {
  for (const Case& k : cases()) {
    const Matrix<double> gamma = random_simplex(k.rows(), k.clusters(), 1);
    long double prior = 0, cluster_prior = 0, entropy = 0, cluster_entropy = 0;
    const auto n = static_cast<long double>(k.rows());
    for (Index b = 0; b < k.rows(); ++b) {
      for (Index c = 0; c < k.clusters(); ++c) {
        const long double g = wide(gamma(b, c));
        prior += g * k.expected_log_density(b, c) / n;
        cluster_prior += g * k.log_weight(c) / n;
        cluster_entropy -= g * std::log(g) / n;
      }
      for (Index j = 0; j < k.latent(); ++j) entropy -= (log_normal(0, 0, k.log_variance(b, j)) - 0.5L) / n;
    }
    Tape<double> tape;
    std::vector<Var<double>> in;
    for (const Matrix<double>& m : k.inputs()) in.push_back(tape.constant(m));
    const VadeTerms<double> terms =
        vade::vade_terms(tape.constant(constant(-3)), in[1], densities(tape, in), tape.constant(gamma), in[2]);
    CHECK(terms.reconstruction.scalar() == -3);
    CHECK(terms.latent_prior.scalar() == Approx(static_cast<double>(prior)).epsilon(1e-13));
    CHECK(terms.cluster_prior.scalar() == Approx(static_cast<double>(cluster_prior)).epsilon(1e-13));
    CHECK(terms.latent_entropy.scalar() == Approx(static_cast<double>(entropy)).epsilon(1e-13));
    CHECK(terms.cluster_entropy.scalar() == Approx(static_cast<double>(cluster_entropy)).epsilon(1e-13));
    // D.2, D.8: the sum of the five is the bound, and the last four are minus the divergence
    const double sum = terms.reconstruction.scalar() + terms.latent_prior.scalar() + terms.cluster_prior.scalar() +
                       terms.latent_entropy.scalar() + terms.cluster_entropy.scalar();
    CHECK(terms.bound().scalar() == Approx(sum).epsilon(1e-14));
    CHECK(terms.kl().scalar() == Approx(-3 - sum).epsilon(1e-13));
    for (const double beta : {0.0, 0.25, 2.0})
      CHECK(terms.bound(beta).scalar() == Approx(-3 - beta * terms.kl().scalar()).epsilon(1e-14));
  }
}

TEST_CASE("D.8: the divergence of q(z, c) from p(z, c) is never negative, and agrees with Monte Carlo") {
  for (const Case& k : cases())
    for (std::uint64_t seed = 0; seed < 5; ++seed)
      CHECK(bound_at(k, random_simplex(k.rows(), k.clusters(), seed)) <= -3 + 1e-12);

  const Case k = random_case(1, 3, 4, 80);
  const Matrix<double> gamma = random_simplex(1, 4, 3);
  const auto log_ratio = [&](vade::RandomStream& stream) {
    const double u = stream.uniform<double>();
    Index c = 0;
    for (double passed = gamma(0, 0); u > passed && c < 3; passed += gamma(0, c)) ++c;
    long double ratio = std::log(wide(gamma(0, c))) - k.log_weight(c);
    for (Index j = 0; j < 3; ++j) {
      const double z = k.mean(0, j) + std::exp(0.5 * k.log_variance(0, j)) * stream.normal<double>();
      ratio += log_normal(z, k.mean(0, j), k.log_variance(0, j)) - log_normal(z, k.means(c, j), k.log_variances(c, j));
    }
    return static_cast<double>(ratio);
  };
  const auto report = vade::testing::expect_equal_in_expectation(-3 - bound_at(k, gamma), log_ratio);
  CHECK_MESSAGE(report.passed, report.text());
}

TEST_CASE("D.9: the compact form of document 003 is the sum of the five terms") {
  for (const Case& k : cases()) {
    const Matrix<double> gamma = random_simplex(k.rows(), k.clusters(), 2);
    long double compact = -3;
    for (Index b = 0; b < k.rows(); ++b) {
      long double row = 0;
      for (Index c = 0; c < k.clusters(); ++c) {
        long double inner = 0;
        for (Index j = 0; j < k.latent(); ++j) {
          const long double d = wide(k.mean(b, j)) - wide(k.means(c, j));
          inner += wide(k.log_variances(c, j)) + std::exp(wide(k.log_variance(b, j)) - wide(k.log_variances(c, j))) +
                   d * d / std::exp(wide(k.log_variances(c, j)));
        }
        const long double g = wide(gamma(b, c));
        row += g * (-0.5L * inner + k.log_weight(c) - std::log(g));
      }
      for (Index j = 0; j < k.latent(); ++j) row += 0.5L * (wide(k.log_variance(b, j)) + 1);
      compact += row / static_cast<long double>(k.rows());
    }
    CHECK(bound_at(k, gamma) == Approx(static_cast<double>(compact)).epsilon(1e-12));
  }
}

TEST_CASE("D.10: one standard cluster gives back the terms of the VAE, and their gradients") {
  const Matrix<double> mean = normal_matrix(4, 3, 1), log_variance = normal_matrix(4, 3, 2);
  const Matrix<double> zero = Matrix<double>::Zero(1, 3);
  Tape<double> tape;
  vade::Parameter<double> m("mean", mean), l("log_variance", log_variance);
  const auto record = [&](Tape<double>& t) {
    std::vector<Var<double>> in{t.parameter(m), t.parameter(l), t.constant(constant(0.7)), t.constant(zero),
                                t.constant(zero)};
    return terms_at_exact(t, in);
  };
  const VadeTerms<double> clustered = record(tape);
  const vade::VaeTerms<double> plain =
      vade::vae_terms(tape.constant(constant(-3)), tape.parameter(m), tape.parameter(l));
  CHECK(clustered.latent_prior.scalar() == Approx(plain.latent_prior.scalar()).epsilon(1e-14));
  CHECK(clustered.latent_entropy.scalar() == plain.latent_entropy.scalar());
  CHECK(clustered.cluster_prior.scalar() == 0);
  CHECK(clustered.cluster_entropy.scalar() == 0);
  CHECK(clustered.bound().scalar() == Approx(plain.bound().scalar()).epsilon(1e-14));
  tape.backward(clustered.bound());
  const Matrix<double> mean_gradient = m.gradient(), spread_gradient = l.gradient();
  tape.clear();
  tape.backward(vade::vae_terms(tape.constant(constant(-3)), tape.parameter(m), tape.parameter(l)).bound());
  CHECK(mean_gradient.isApprox(m.gradient(), 1e-13));
  CHECK(spread_gradient.isApprox(l.gradient(), 1e-13));
}

TEST_CASE("D.10: equal clusters give back one cluster, whatever their weights") {
  Case one = random_case(3, 2, 1, 90);
  Case three = one;
  three.logits = normal_matrix(1, 3, 5);
  three.means = one.means.replicate(3, 1);
  three.log_variances = one.log_variances.replicate(3, 1);
  CHECK(exact_bound(three) == Approx(exact_bound(one)).epsilon(1e-14));
}

TEST_CASE("D.11: permuting the clusters permutes the responsibilities and changes no term") {
  const std::vector<Index> order{2, 0, 3, 1};
  for (const Case& k : cases()) {
    if (k.clusters() != 4) continue;
    Case other = k;
    other.logits = permuted_rows(k.logits.transpose(), order).transpose();
    other.means = permuted_rows(k.means, order);
    other.log_variances = permuted_rows(k.log_variances, order);
    const Matrix<double> gamma = evaluate(k.inputs(), exact), other_gamma = evaluate(other.inputs(), exact);
    CHECK(permuted_rows(gamma.transpose(), order).transpose().isApprox(other_gamma, 1e-13));
    const auto terms = [](const Case& which) {
      Tape<double> tape;
      std::vector<Var<double>> in;
      for (const Matrix<double>& m : which.inputs()) in.push_back(tape.constant(m));
      const auto t = terms_at_exact(tape, in);
      return std::vector{t.latent_prior.scalar(), t.cluster_prior.scalar(), t.latent_entropy.scalar(),
                         t.cluster_entropy.scalar()};
    };
    const auto a = terms(k), b = terms(other);
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(1e-13));
  }
}

TEST_CASE("D.12: a shift of all weight logits changes neither the bound nor the responsibilities") {
  for (const Case& k : cases())
    for (const double shift : {-50.0, 3.0, 500.0}) {
      Case other = k;
      other.logits.array() += shift;
      CHECK(exact_bound(other) == Approx(exact_bound(k)).epsilon(1e-13));
      CHECK(evaluate(other.inputs(), exact).isApprox(evaluate(k.inputs(), exact), 1e-12));
    }
}

TEST_CASE("D.13: the bound is never above the log-likelihood, found by quadrature") {
  for (const Toy& toy : toys()) {
    const double evidence = toy.evidence();
    double best = -1e300;
    for (const double mean : {-2.0, -1.0, -0.3, 0.3, 1.0, 2.0})
      for (const double log_variance : {-6.0, -2.0, -1.0, 0.0}) {
        const double bound = toy.bound(mean, log_variance);
        CHECK(bound <= evidence + 1e-12);
        best = std::max(best, bound);
        const Matrix<double> gamma = random_simplex(1, 2, 9);
        CHECK(toy.bound(mean, log_variance, &gamma) <= bound + 1e-12);
      }
    CHECK(best > evidence - 1);  // and not by being vacuous
  }
}

TEST_CASE("D.13: a linear Gaussian decoder and one cluster reach the log-likelihood at the exact posterior") {
  Toy toy = toys()[0];
  toy.k = random_case(1, 1, 1, 71);
  const double prior_precision = std::exp(-toy.k.log_variances(0, 0));
  const double precision = prior_precision + toy.a.squaredNorm() / toy.variance;
  const double mean =
      (prior_precision * toy.k.means(0, 0) + toy.a.row(0).dot(toy.x.row(0) - toy.b.row(0)) / toy.variance) / precision;
  CHECK(toy.bound(mean, -std::log(precision)) == Approx(toy.evidence()).epsilon(1e-11));
  CHECK(toy.bound(mean + 0.2, -std::log(precision)) < toy.evidence() - 1e-3);
}

TEST_CASE("R.2: exact responsibilities are positive, sum to one, and are the softmax of the derivation") {
  for (const Case& k : cases()) {
    const Matrix<double> gamma = evaluate(k.inputs(), exact);
    for (Index b = 0; b < k.rows(); ++b) {
      CHECK(gamma.row(b).sum() == Approx(1).epsilon(1e-14));
      CHECK(gamma.row(b).minCoeff() >= 0);
      long double sum = 0;
      for (Index c = 0; c < k.clusters(); ++c) sum += std::exp(k.expected_log_density(b, c) + k.log_weight(c));
      if (!(sum > 0)) continue;
      for (Index c = 0; c < k.clusters(); ++c)
        CHECK(
            gamma(b, c) ==
            Approx(static_cast<double>(std::exp(k.expected_log_density(b, c) + k.log_weight(c)) / sum)).epsilon(1e-12));
    }
  }
}

TEST_CASE("R.1, R.2, R.6: no other point of the simplex has a higher bound; it falls short by KL(other || exact)") {
  for (const Case& k : cases()) {
    const Matrix<double> gamma = evaluate(k.inputs(), exact);
    const double highest = bound_at(k, gamma);
    for (std::uint64_t seed = 0; seed < 4; ++seed)
      for (const double part : {1.0, 0.1, 1e-3}) {
        const Matrix<double> other = (1 - part) * gamma + part * random_simplex(k.rows(), k.clusters(), seed);
        const double bound = bound_at(k, other);
        CHECK(bound <= highest + 1e-12 * (1 + std::abs(highest)));
        if (gamma.minCoeff() > 1e-250) {
          CHECK(bound == Approx(highest - divergence(other, gamma)).epsilon(1e-10));
          if (k.clusters() > 1 && part == 1.0) CHECK(bound < highest - 1e-3);
        }
      }
  }
}

TEST_CASE("R.3: the bound at the exact responsibilities is a log-sum-exp") {
  for (const Case& k : cases()) {
    const double by_value = evaluate(k.inputs(), [](auto& tape, const auto& in) {
      const auto value = log_sum_exp(densities(tape, in) + log_softmax(in[2]));
      return mean(value + vade::gaussian_entropy(in[1]));
    })(0, 0);
    CHECK(exact_bound(k) == Approx(-3 + by_value).epsilon(1e-13));
  }
}

TEST_CASE("R.4: the envelope theorem, the gradient is the same with gamma constant and with gamma flowing") {
  for (const Case& k : cases()) {
    const auto bound = [](Flow flow) {
      return [flow](auto& tape, const auto& in) { return terms_at_exact(tape, in, flow).bound(); };
    };
    const double size = 1 + std::abs(exact_bound(k));
    check_gradients(k.inputs(), bound(Flow::stopped), size);
    check_gradients(k.inputs(), bound(Flow::through), size);
    const vade::testing::GradientCheckOptions values_only{.relative = 1e9};
    const auto stopped = vade::testing::check_gradient(k.inputs(), bound(Flow::stopped), values_only);
    const auto through = vade::testing::check_gradient(k.inputs(), bound(Flow::through), values_only);
    for (std::size_t i = 0; i < 5; ++i)
      CHECK((stopped.analytic[i] - through.analytic[i]).cwiseAbs().maxCoeff() <
            1e-11 * (1 + through.analytic[i].cwiseAbs().maxCoeff()));
  }
}

TEST_CASE("R.4: the envelope theorem holds for a weight beta on the divergence, too") {
  const Case k = random_case(3, 2, 4, 33);
  for (const double beta : {0.1, 3.0})
    check_gradients(
        k.inputs(), [&](auto& tape, const auto& in) { return terms_at_exact(tape, in).bound(beta); }, 10);
}

TEST_CASE("R.5: sampled responsibilities are p(c|z) by Bayes' rule") {
  for (const Case& k : cases()) {
    const Matrix<double> gamma = evaluate(
        k.inputs(), [](auto&, const auto& in) { return vade::sampled_responsibilities(in[0], in[2], in[3], in[4]); });
    for (Index b = 0; b < k.rows(); ++b) {
      CHECK(gamma.row(b).sum() == Approx(1).epsilon(1e-14));
      std::vector<long double> joint;
      for (Index c = 0; c < k.clusters(); ++c) {
        long double total = k.log_weight(c);
        for (Index j = 0; j < k.latent(); ++j) total += log_normal(k.mean(b, j), k.means(c, j), k.log_variances(c, j));
        joint.push_back(std::exp(total));
      }
      const long double sum = std::accumulate(joint.begin(), joint.end(), 0.0L);
      for (Index c = 0; c < k.clusters(); ++c)
        CHECK(gamma(b, c) == Approx(static_cast<double>(joint[static_cast<std::size_t>(c)] / sum)).epsilon(1e-12));
    }
  }
}

TEST_CASE("R.5: sampled responsibilities average to the weights over the model's own draws") {
  Matrix<double> logits(1, 2), means(2, 1), log_variances(2, 1);
  logits << std::log(0.3), std::log(0.7);
  means << -1, 1.2;
  log_variances << -0.5, 0.8;
  for (const Index c : {0, 1}) {
    const double average = reference::integral(-25, 25, 2500, [&](double z) {
      const Matrix<double> gamma = evaluate({constant(z), logits, means, log_variances}, [](auto&, const auto& in) {
        return vade::sampled_responsibilities(in[0], in[1], in[2], in[3]);
      });
      const double density = 0.3 * std::exp(static_cast<double>(log_normal(z, -1, -0.5))) +
                             0.7 * std::exp(static_cast<double>(log_normal(z, 1.2, 0.8)));
      return density * gamma(0, c);
    });
    CHECK(average == Approx(c == 0 ? 0.3 : 0.7).epsilon(1e-12));
  }
}

TEST_CASE("R.5: at a draw of z the sampled responsibilities give a lower bound, never a higher one") {
  for (const Case& k : cases()) {
    const double highest = exact_bound(k);
    double total = 0;
    for (std::uint64_t draw = 0; draw < 20; ++draw) {
      auto inputs = k.inputs();
      inputs.push_back(normal_matrix(k.rows(), k.latent(), 1000 + draw));
      const Matrix<double> gamma = evaluate(inputs, [](auto&, const auto& in) {
        return vade::sampled_responsibilities(vade::gaussian_sample(in[0], in[1], in[5]), in[2], in[3], in[4]);
      });
      const double bound = bound_at(k, gamma);
      CHECK(bound <= highest + 1e-12 * (1 + std::abs(highest)));
      total += bound;
    }
    if (k.clusters() > 1 && k.rows() == 3 && k.latent() == 2 && k.means.row(0) != k.means.row(1) &&
        k.log_variance.maxCoeff() > 2)
      CHECK(total / 20 < highest - 1e-3);  // with wide posteriors the loss is plain
  }
}

TEST_CASE("R.5: with sampled responsibilities, stopping the gradient is no longer exact") {
  const Case k = random_case(3, 2, 4, 44);
  const Matrix<double> noise = normal_matrix(3, 2, 45);
  const auto bound = [&](Flow flow) {
    return [&, flow](auto& tape, const auto& in) {
      const auto z = vade::gaussian_sample(in[0], in[1], tape.constant(noise));
      const auto gamma = vade::sampled_responsibilities(z, in[2], in[3], in[4]);
      return vade::vade_terms(tape.constant(constant(-3)), in[1], densities(tape, in),
                              flow == Flow::stopped ? stop_gradient(gamma) : gamma, in[2])
          .bound();
    };
  };
  check_gradients(k.inputs(), bound(Flow::through));
  CHECK_FALSE(vade::testing::check_gradient(k.inputs(), bound(Flow::stopped)).passed);
}

TEST_CASE("R.8: the exact responsibilities are the geometric mean of p(c|z) under q, not the arithmetic one") {
  // A posterior over a narrow and a wide cluster. Means by quadrature; the bounds tell which is better.
  Case k = random_case(1, 1, 2, 1);
  k.mean << 0;
  k.log_variance << 0;
  k.logits << 0.7, -0.1;
  k.means << 0, 0;
  k.log_variances << -2, 2;
  const auto average = [&k](const auto& of_log_odds) {
    return reference::integral(-25, 25, 5000, [&](double z) {
      const long double log_odds = k.log_weight(0) + log_normal(z, 0, -2) - k.log_weight(1) - log_normal(z, 0, 2);
      return std::exp(static_cast<double>(log_normal(z, 0, 0))) * of_log_odds(static_cast<double>(log_odds));
    });
  };
  const double arithmetic = average([](double l) { return 1 / (1 + std::exp(-l)); });
  const double log_first = average([](double l) { return std::min(l, 0.0) - std::log1p(std::exp(-std::abs(l))); });
  const double log_second = average([](double l) { return std::min(-l, 0.0) - std::log1p(std::exp(-std::abs(l))); });
  const Matrix<double> gamma = evaluate(k.inputs(), exact);
  CHECK(gamma(0, 0) == Approx(1 / (1 + std::exp(log_second - log_first))).epsilon(1e-10));
  CHECK(std::abs(gamma(0, 0) - arithmetic) > 0.1);
  Matrix<double> averaged(1, 2);
  averaged << arithmetic, 1 - arithmetic;
  CHECK(bound_at(k, averaged) < exact_bound(k) - 0.1);
}

TEST_CASE("R.7: the gradient in the weight logits is the mean responsibility minus the weight") {
  for (const Case& k : cases()) {
    const auto report = vade::testing::check_gradient(
        k.inputs(), [](auto& tape, const auto& in) { return terms_at_exact(tape, in).bound(); }, {.relative = 1e9});
    const Matrix<double> gamma = evaluate(k.inputs(), exact);
    for (Index c = 0; c < k.clusters(); ++c) {
      const double wanted = gamma.col(c).mean() - std::exp(static_cast<double>(k.log_weight(c)));
      CHECK(std::abs(report.analytic[2](0, c) - wanted) < 1e-13);
    }
    CHECK(std::abs(report.analytic[2].sum()) < 1e-13);  // so the weights go on summing to one
  }
}

TEST_CASE("D.7: the categorical entropy is the formula, with 0 log 0 = 0") {
  Matrix<double> p(4, 3);
  p << 1.0 / 3, 1.0 / 3, 1.0 / 3, 1, 0, 0, 0.5, 0.5, 0, 0.2, 0.3, 0.5;
  const Matrix<double> got = evaluate({p}, [](auto&, const auto& in) { return vade::categorical_entropy(in[0]); });
  CHECK(got(0, 0) == Approx(std::log(3.0)).epsilon(1e-15));
  CHECK(got(1, 0) == 0);
  CHECK(got(2, 0) == Approx(std::log(2.0)).epsilon(1e-15));
  CHECK(got(3, 0) == Approx(-0.2 * std::log(0.2) - 0.3 * std::log(0.3) - 0.5 * std::log(0.5)).epsilon(1e-15));
}

TEST_CASE("A.4: the gradient of the categorical entropy is right, and defined as 0 where a probability is 0") {
  const auto entropy = [](auto&, const auto& in) { return vade::categorical_entropy(in[0]); };
  for (const Index rows : {1, 4})
    for (const Index clusters : {1, 5}) {
      const Matrix<double> p = random_simplex(rows, clusters, 7).array().max(0.05).matrix();
      check_gradients({p}, entropy, 1);
    }
  vade::Parameter<double> p("p", Matrix<double>::Zero(1, 2));
  p.value()(0, 0) = 1;
  Tape<double> tape;
  tape.backward(sum(vade::categorical_entropy(tape.parameter(p))));
  CHECK(p.gradient()(0, 0) == -1);
  CHECK(p.gradient()(0, 1) == 0);
}

TEST_CASE("The terms in float agree with double") {
  const Case k = random_case(50, 10, 10, 99);
  const auto bound = [](auto& tape, const auto& in) {
    const auto s = vade::expected_log_density(in[0], in[1], in[3], in[4]);
    const auto gamma = vade::exact_responsibilities(s, in[2]);
    auto zero = tape.constant(1, 1);
    zero.mutable_value().setZero();
    return vade::vade_terms(zero, in[1], s, gamma, in[2]).bound();
  };
  CHECK(static_cast<double>(reference::evaluate_float(k.inputs(), bound)(0, 0)) ==
        Approx(evaluate(k.inputs(), bound)(0, 0)).epsilon(1e-5));
}

TEST_CASE("Shapes that do not fit are refused by name") {
  Tape<double> tape;
  const auto make = [&](Index rows, Index columns) { return tape.constant(Matrix<double>::Zero(rows, columns)); };
  const auto one = make(1, 1);
  CHECK_THROWS_WITH_AS(vade::vade_terms(make(3, 1), make(3, 2), make(3, 4), make(3, 4), make(1, 4)),
                       "vade_terms: reconstruction is [3 x 1], wanted [1 x 1]", vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::vade_terms(one, make(3, 2), make(3, 4), make(3, 5), make(1, 4)),
                       "vade_terms: responsibilities is [3 x 5], wanted [3 x 4]", vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::vade_terms(one, make(1, 2), make(3, 4), make(3, 4), make(1, 4)),
                       "vade_terms: rows of log_variance: got 1, wanted 3", vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::vade_terms(one, make(3, 2), make(3, 4), make(3, 4), make(3, 4)),
                       "vade_terms: weight_logits is [3 x 4], wanted [1 x 4]", vade::ShapeError);
  CHECK_THROWS_AS(vade::exact_responsibilities(make(3, 4), make(1, 5)), vade::ShapeError);
  CHECK_THROWS_AS(vade::sampled_responsibilities(make(3, 2), make(1, 4), make(4, 3), make(4, 3)), vade::ShapeError);
}

}  // namespace vade_tests
