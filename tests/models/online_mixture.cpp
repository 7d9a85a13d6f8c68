#include <vade/models/online_mixture.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <vade/core/random.hpp>
#include <vade/elbo/vade.hpp>

using vade::Index;
using vade::Matrix;
using vade::MixtureParameters;
using vade::OnlineMixture;
using vade::Tape;
using vade::Var;

namespace online_mixture_tests {

constexpr Index row_count = 60, cluster_count = 3, code_width = 2;

struct Posteriors {
  Matrix<double> gamma{row_count, cluster_count}, means{row_count, code_width}, log_variances{row_count, code_width};

  Posteriors() {
    vade::fill_normal(gamma, 1, vade::Purpose::user);
    vade::fill_normal(means, 2, vade::Purpose::user);
    vade::fill_normal(log_variances, 3, vade::Purpose::user);
    gamma = gamma.array().exp().matrix();
    gamma = gamma.array().colwise() / gamma.rowwise().sum().array().eval();
  }

  MixtureParameters<double> maximised() const {
    OnlineMixture<double> online(cluster_count, code_width);
    online.observe(gamma, means, log_variances, 1);
    MixtureParameters<double> mixture(cluster_count, code_width);
    online.update(mixture);
    return mixture;
  }
};

/// Σ_c γ_c (log π_c + S_c), a mean over rows: the part of the bound that the mixture has a say in. Sweeps back.
double bound(const Posteriors& p, MixtureParameters<double>& mixture) {
  Tape<double> tape;
  const Var<double> logits = tape.parameter(mixture.weight_logits);
  const Var<double> s = expected_log_density(tape.constant(p.means), tape.constant(p.log_variances),
                                             tape.parameter(mixture.means), tape.parameter(mixture.log_variances));
  const Var<double> sum = mean(row_sums(tape.constant(p.gamma) * (s + log_softmax(logits))));
  tape.backward(sum);
  return sum.scalar();
}

TEST_CASE("M.9: the weights are mean responsibilities, where the gradient of the bound in their logits is zero") {
  const Posteriors p;
  MixtureParameters<double> mixture = p.maximised();
  CHECK((mixture.weights() - p.gamma.colwise().mean()).cwiseAbs().maxCoeff() < 1e-14);
  bound(p, mixture);
  CHECK(mixture.weight_logits.gradient().cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("M.10: the centres are weighted means of posterior means, where the gradient of the bound in them is zero") {
  const Posteriors p;
  MixtureParameters<double> mixture = p.maximised();
  for (Index c = 0; c < cluster_count; ++c)
    CHECK(mixture.means.value()(c, 1) == doctest::Approx(p.gamma.col(c).dot(p.means.col(1)) / p.gamma.col(c).sum()));
  bound(p, mixture);
  CHECK(mixture.means.gradient().cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("M.11: the variances hold those of the posteriors, and the gradient of the bound in them is zero") {
  const Posteriors p;
  MixtureParameters<double> mixture = p.maximised();
  double sum = 0;
  for (Index i = 0; i < row_count; ++i)
    sum += p.gamma(i, 2) * (std::exp(p.log_variances(i, 0)) + std::pow(p.means(i, 0) - mixture.means.value()(2, 0), 2));
  CHECK(std::exp(mixture.log_variances.value()(2, 0)) == doctest::Approx(sum / p.gamma.col(2).sum()));
  const double best = bound(p, mixture);
  CHECK(mixture.log_variances.gradient().cwiseAbs().maxCoeff() < 1e-14);
  for (const double nudge : {-0.1, 0.1}) {
    MixtureParameters<double> other = p.maximised();
    other.log_variances.value()(0, 0) += nudge;
    other.means.value()(1, 1) += nudge;
    CHECK(bound(p, other) < best);
  }
}

TEST_CASE("Batches of equal share add up to all rows, later ones fade earlier ones, a cluster without rows stays") {
  const Posteriors p;
  OnlineMixture<double> halves(cluster_count, code_width);
  MixtureParameters<double> untouched(cluster_count, code_width);
  untouched.means.value().setConstant(7);
  halves.update(untouched);
  CHECK((untouched.means.value().array() == 7).all());  // nothing was observed
  for (const Index first : {0, 30})
    halves.observe(p.gamma.middleRows(first, 30), p.means.middleRows(first, 30), p.log_variances.middleRows(first, 30), 0.1);
  MixtureParameters<double> mixture(cluster_count, code_width), whole = p.maximised();
  halves.update(mixture);
  CHECK((mixture.means.value() - whole.means.value()).cwiseAbs().maxCoeff() < 1e-13);
  CHECK((mixture.log_variances.value() - whole.log_variances.value()).cwiseAbs().maxCoeff() < 1e-12);

  Matrix<double> first_only = Matrix<double>::Zero(1, cluster_count);
  first_only(0, 0) = 1;
  for (int step = 0; step < 400; ++step)
    halves.observe(first_only, Matrix<double>::Constant(1, code_width, 5), Matrix<double>::Zero(1, code_width), 0.1);
  const Matrix<double> centre = mixture.means.value().row(1);
  halves.update(mixture);
  CHECK(mixture.means.value()(0, 0) == doctest::Approx(5));
  CHECK(std::exp(mixture.log_variances.value()(0, 0)) == doctest::Approx(1));
  CHECK(mixture.means.value().row(1) == centre);
  CHECK(mixture.weights()(1) == doctest::Approx(1e-6).epsilon(1e-3).scale(0));
  CHECK_THROWS_AS(halves.observe(first_only, Matrix<double>::Zero(2, code_width), Matrix<double>::Zero(2, code_width), 0.1),
                  vade::ShapeError);
}

TEST_CASE("M.11: variances keep their digits where the codes are far from 0, in one batch and in many") {
  constexpr Index rows = 200;
  Matrix<double> noise(rows, 1);
  vade::fill_normal(noise, 5, vade::Purpose::user);
  const Matrix<double> gamma = Matrix<double>::Ones(rows, 1), log_variances = Matrix<double>::Constant(rows, 1, -6);
  for (const double centre : {0.0, 1e2, 1e4, 1e6, 1e8}) {
    CAPTURE(centre);
    const Matrix<double> codes = centre + 0.1 * noise.array();
    const double mean = codes.mean(), wanted = std::exp(-6.0) + (codes.array() - mean).square().mean();
    for (const Index batch : {rows, Index{20}}) {
      OnlineMixture<double> online(1, 1);
      for (Index first = 0; first < rows; first += batch)
        online.observe(gamma.topRows(batch), codes.middleRows(first, batch), log_variances.topRows(batch), 1e-9);
      MixtureParameters<double> mixture(1, 1);
      online.update(mixture);
      const double rounded = 1e-15 * centre;  // the centre is a double: it misses the mean by this much, in deviations
      CHECK(std::exp(mixture.log_variances.value()(0, 0)) == doctest::Approx(wanted).epsilon(1e-12 + rounded).scale(0));
      CHECK(std::abs(mixture.means.value()(0, 0) - mean) <= 1e-15 * (1 + centre));
    }
  }
}

}  // namespace online_mixture_tests
