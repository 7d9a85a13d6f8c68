#include <vade/elbo/vade.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include <doctest/doctest.h>

#include <vade/autodiff/structure.hpp>
#include <vade/distributions/bernoulli.hpp>
#include <vade/elbo/vae.hpp>
#include <vade/nn/mlp.hpp>

#include "../support/evaluate.hpp"
#include "../support/reference.hpp"

namespace published_mistakes_tests {

// Public implementations of VaDE, and two of the documents that this library follows, depart from the derivation in
// known ways. Each test writes one departure down as it stands, shows on a concrete example that it misses a truth
// found by quadrature or simulation, and that this library hits it. So each test fails for a library that takes the
// mistake over. Equation numbers are those of docs/derivations/.

namespace {

using doctest::Approx;
using reference::evaluate;
using reference::GaussHermite;
using reference::log_normal;
using reference::normal_matrix;
using vade::Index;
using vade::Matrix;
using vade::Tape;
using vade::Var;

Matrix<double> row(std::initializer_list<double> entries) {
  Matrix<double> m(1, static_cast<Index>(entries.size()));
  Index k = 0;
  for (const double e : entries) m(0, k++) = e;
  return m;
}

Matrix<double> column(std::initializer_list<double> entries) { return row(entries).transpose(); }

double log_n(double z, double mean, double log_variance) {
  return static_cast<double>(log_normal(z, mean, log_variance));
}

/// p / Σ p, of one row.
Matrix<double> normalised(const Matrix<double>& p) { return p / p.sum(); }

/// e^v / Σ e^v of one row, in long double.
Matrix<double> softmax_by_hand(const Matrix<double>& v) {
  long double sum = 0;
  for (Index c = 0; c < v.cols(); ++c) sum += std::exp(reference::wide(v(0, c) - v.maxCoeff()));
  Matrix<double> out(1, v.cols());
  for (Index c = 0; c < v.cols(); ++c)
    out(0, c) = static_cast<double>(std::exp(reference::wide(v(0, c) - v.maxCoeff())) / sum);
  return out;
}

/// log p(c|z), up to a constant, with Σ_j log N in place; `weights` counts how often log π is added.
Matrix<double> log_joint(const Matrix<double>& z, const Matrix<double>& weights, const Matrix<double>& means,
                         const Matrix<double>& log_variances, double times = 1) {
  Matrix<double> out(1, means.rows());
  for (Index c = 0; c < means.rows(); ++c) {
    out(0, c) = times * std::log(weights(0, c));
    for (Index j = 0; j < z.cols(); ++j) out(0, c) += log_n(z(0, j), means(c, j), log_variances(c, j));
  }
  return out;
}

Matrix<double> log_of(const Matrix<double>& p) { return p.array().log().matrix(); }

/// The library's p(c|z).
Matrix<double> ours_at(const Matrix<double>& z, const Matrix<double>& weights, const Matrix<double>& means,
                       const Matrix<double>& log_variances) {
  return evaluate({z, log_of(weights), means, log_variances},
                  [](auto&, const auto& in) { return vade::sampled_responsibilities(in[0], in[1], in[2], in[3]); });
}

/// S of G.5, by quadrature, for one posterior of one dimension.
Matrix<double> densities_by_quadrature(double mean, double log_variance, const Matrix<double>& means,
                                       const Matrix<double>& log_variances) {
  static const GaussHermite rule(30);
  Matrix<double> s(1, means.rows());
  for (Index c = 0; c < means.rows(); ++c)
    s(0, c) =
        rule.expectation(mean, log_variance, [&](double z) { return log_n(z, means(c, 0), log_variances(c, 0)); });
  return s;
}

/// Σ γ (S + log π − log γ): what γ changes of the bound.
double bound_part(const Matrix<double>& gamma, const Matrix<double>& s, const Matrix<double>& weights) {
  double total = 0;
  for (Index c = 0; c < gamma.cols(); ++c)
    if (gamma(0, c) > 0) total += gamma(0, c) * (s(0, c) + std::log(weights(0, c)) - std::log(gamma(0, c)));
  return total;
}

/// The library's exact γ for one posterior.
Matrix<double> ours_exact(const Matrix<double>& mean, const Matrix<double>& log_variance, const Matrix<double>& weights,
                          const Matrix<double>& means, const Matrix<double>& log_variances) {
  return evaluate({mean, log_variance, log_of(weights), means, log_variances}, [](auto&, const auto& in) {
    return vade::exact_responsibilities(vade::expected_log_density(in[0], in[1], in[3], in[4]), in[2]);
  });
}

Index winner(const Matrix<double>& gamma) {
  Index c = 0;
  gamma.row(0).maxCoeff(&c);
  return c;
}

}  // namespace

TEST_CASE("Mistake: log pi is summed over the latent axis, so that pi counts J times (original code; R.5)") {
  // Truth: p(c|z), averaged over the model's own draws, is pi. Ten latent dimensions, as on MNIST.
  const Index latent = 10;
  const Matrix<double> weights = row({0.6, 0.3, 0.1});
  const Matrix<double> means = normal_matrix(3, latent, 1, 0.3), log_variances = normal_matrix(3, latent, 2, 0.2);
  const auto average = [&](const auto& posterior) {
    return reference::monte_carlo(4000, 3, [&](vade::RandomStream& stream) {
      const double u = stream.uniform<double>();
      const Index c = u < 0.6 ? 0 : u < 0.9 ? 1 : 2;
      Matrix<double> z(1, latent);
      for (Index j = 0; j < latent; ++j)
        z(0, j) = means(c, j) + std::exp(0.5 * log_variances(c, j)) * stream.normal<double>();
      return posterior(z)(0, 0);
    });
  };
  const auto mistaken = average([&](const Matrix<double>& z) {
    return softmax_by_hand(log_joint(z, weights, means, log_variances, static_cast<double>(latent)));
  });
  const auto ours = average([&](const Matrix<double>& z) { return ours_at(z, weights, means, log_variances); });
  CHECK(mistaken.distance(weights(0, 0)) > 20);
  CHECK(ours.distance(weights(0, 0)) < 5);  // false alarm 6e-7

  // In one dimension the mistake cannot be seen: a test with J = 1 would have passed.
  const Matrix<double> z = row({0.4}), one_mean = means.leftCols(1), one_spread = log_variances.leftCols(1);
  CHECK(softmax_by_hand(log_joint(z, weights, one_mean, one_spread, 1))
            .isApprox(ours_at(z, weights, one_mean, one_spread), 1e-13));
}

TEST_CASE("Mistake: 1e-10 is added to densities, so that far points belong to all clusters alike (original; R.5)") {
  const Matrix<double> weights = row({0.2, 0.3, 0.5}), means = column({0, 1, 2}), log_variances = column({0, 0, 0});
  const Matrix<double> z = row({30});
  const Matrix<double> log_densities = log_joint(z, weights, means, log_variances);
  const Matrix<double> truth = softmax_by_hand(log_densities);
  const Matrix<double> mistaken = normalised((log_densities.array().exp() + 1e-10).matrix());
  CHECK(truth(0, 2) > 1 - 1e-9);
  CHECK(mistaken.isApprox(Matrix<double>::Constant(1, 3, 1.0 / 3), 1e-9));
  CHECK(winner(mistaken) == 0);  // equal entries: the first class takes all far points
  CHECK(ours_at(z, weights, means, log_variances).isApprox(truth, 1e-12));
  CHECK(winner(ours_at(z, weights, means, log_variances)) == 2);
}

TEST_CASE("Mistake: pi is a free parameter, and the bound passes the log-likelihood (original, GuHongyang; D.12)") {
  // One component and a linear Gaussian decoder: at the exact posterior the bound is the log-likelihood (D.13).
  const double x = 0.8, a = 1.5, variance = 0.3, free_weight = 1.3;
  const double evidence = std::log(reference::integral(
      -12, 12, 4000, [&](double z) { return std::exp(log_n(z, 0, 0) + log_n(x, a * z, std::log(variance))); }));
  const double precision = 1 + a * a / variance, mean = a * x / variance / precision;
  const GaussHermite rule(20);
  const double reconstruction =
      rule.expectation(mean, -std::log(precision), [&](double z) { return log_n(x, a * z, std::log(variance)); });
  const Matrix<double> in_mean = row({mean}), in_spread = row({-std::log(precision)}), zero = row({0});
  const double ours = evaluate({in_mean, in_spread, row({std::log(free_weight)}), zero, zero, row({reconstruction})},
                               [](auto&, const auto& in) {
                                 const auto s = vade::expected_log_density(in[0], in[1], in[3], in[4]);
                                 const auto gamma = vade::exact_responsibilities(s, in[2]);
                                 return vade::vade_terms(in[5], in[1], s, gamma, in[2]).bound();
                               })(0, 0);
  const double mistaken = reconstruction + densities_by_quadrature(mean, -std::log(precision), zero, zero)(0, 0) +
                          std::log(free_weight) + 0.5 * (1 + std::log(2 * reference::pi) - std::log(precision));
  CHECK(mistaken > evidence + 0.2);
  CHECK(ours == Approx(evidence).epsilon(1e-11));
}

TEST_CASE("Mistake: a free pi is pushed up for ever; the gradient of logits leaves the sum at one (GuHongyang; R.7)") {
  const Matrix<double> mean = normal_matrix(20, 2, 1), spread = normal_matrix(20, 2, 2), means = normal_matrix(3, 2, 3),
                       spreads = normal_matrix(3, 2, 4), weights = row({0.2, 0.3, 0.5});
  const Matrix<double> gamma = evaluate({mean, spread, log_of(weights), means, spreads}, [](auto&, const auto& in) {
    return vade::exact_responsibilities(vade::expected_log_density(in[0], in[1], in[3], in[4]), in[2]);
  });
  vade::Parameter<double> free("pi", weights), logits("logits", log_of(weights));
  Tape<double> tape;
  tape.backward(vade::mean(row_sums(tape.constant(gamma) * log(tape.parameter(free)))));  // E[log p(c)], pi itself
  CHECK(free.gradient().minCoeff() > 0);  // every step makes every weight larger
  tape.clear();
  tape.backward(vade::mean(row_sums(tape.constant(gamma) * log_softmax(tape.parameter(logits)))));
  CHECK(std::abs(logits.gradient().sum()) < 1e-14);
  CHECK(logits.gradient().minCoeff() < 0);
  const Matrix<double> stepped = logits.value() + 10 * logits.gradient();
  CHECK(evaluate({stepped}, [](auto&, const auto& in) { return softmax(in[0]); }).sum() == Approx(1).epsilon(1e-14));
}

TEST_CASE("Mistake: gamma comes from a second, unrelated draw of z, so prediction is random (GuHongyang; R.2, R.6)") {
  const Matrix<double> weights = row({0.5, 0.5}), means = column({-1, 1}), log_variances = column({-0.5, -0.5});
  const double mean = 0.2, log_variance = 0.5;
  const Matrix<double> s = densities_by_quadrature(mean, log_variance, means, log_variances);
  const Matrix<double> ours = ours_exact(row({mean}), row({log_variance}), weights, means, log_variances);
  const double highest = std::log((weights.array() * s.array().exp()).sum());  // R.3
  CHECK(bound_part(ours, s, weights) == Approx(highest).epsilon(1e-12));
  CHECK(ours_exact(row({mean}), row({log_variance}), weights, means, log_variances) == ours);

  const auto second_draw = [&](double z) {
    return softmax_by_hand(log_joint(row({z}), weights, means, log_variances));
  };
  const double average = reference::integral(mean - 12, mean + 12, 2000, [&](double z) {
    return std::exp(log_n(z, mean, log_variance)) * bound_part(second_draw(z), s, weights);
  });
  CHECK(average < highest - 0.3);  // nats lost in every evaluation of the bound, on average
  const auto flips = reference::monte_carlo(4000, 5, [&](vade::RandomStream& stream) {
    const double z = mean + std::exp(0.5 * log_variance) * stream.normal<double>();
    return winner(second_draw(z)) == winner(ours) ? 0.0 : 1.0;
  });
  CHECK(flips.mean > 0.3);  // the label of one and the same x changes from call to call
}

TEST_CASE("Mistake: fitted weights pass through a softmax again, and come out almost equal (two codes; D.12)") {
  const Matrix<double> weights = row({0.05, 0.15, 0.1, 0.12, 0.08, 0.1, 0.1, 0.07, 0.13, 0.1});
  const Matrix<double> mistaken = softmax_by_hand(weights);
  CHECK(mistaken.minCoeff() > 0.094);
  CHECK(mistaken.maxCoeff() < 0.106);
  const Matrix<double> ours = evaluate({log_of(weights)}, [](auto&, const auto& in) { return softmax(in[0]); });
  CHECK(ours.isApprox(weights, 1e-14));

  // And it costs likelihood: E[log p(z)] under the fitted mixture itself, by quadrature over ten well separated parts.
  const auto expected = [&](const Matrix<double>& used) {
    return reference::integral(-20, 110, 13000, [&](double z) {
      double truth = 0, model = 0;
      for (Index c = 0; c < 10; ++c) {
        const double density = std::exp(log_n(z, 10.0 * static_cast<double>(c), 0));
        truth += weights(0, c) * density;
        model += used(0, c) * density;
      }
      return truth > 0 ? truth * std::log(model) : 0;
    });
  };
  CHECK(expected(mistaken) < expected(ours) - 0.03);
}

TEST_CASE("Mistake: responsibilities in linear space are 0 / 0 when all densities underflow (mori97; R.2, R.5)") {
  const Matrix<double> weights = row({0.4, 0.6}), means = column({0, 3}), log_variances = column({0, 0});
  const Matrix<double> z = row({60}), log_densities = log_joint(z, weights, means, log_variances);
  const Matrix<double> densities = log_densities.unaryExpr([](double v) { return std::exp(v); });
  CHECK(std::isnan(normalised(densities)(0, 0)));
  const Matrix<double> truth = softmax_by_hand(log_densities);
  CHECK(truth(0, 1) == 1);
  CHECK(ours_at(z, weights, means, log_variances).isApprox(truth, 1e-14));
  const Matrix<double> exact = ours_exact(z, row({-2}), weights, means, log_variances);
  CHECK(exact.allFinite());
  CHECK(exact(0, 1) == 1);
  // the bound and its gradient stay finite, too
  const auto report = vade::testing::check_gradient({z, row({-2.0}), log_of(weights), means, log_variances},
                                                    [](auto&, const auto& in) {
                                                      const auto s =
                                                          vade::expected_log_density(in[0], in[1], in[3], in[4]);
                                                      return log_sum_exp(s + log_softmax(in[2]));
                                                    },
                                                    {.absolute = 1e-5});
  CHECK_MESSAGE(report.passed, report.text());
}

TEST_CASE("Mistake: softplus on the log-variance keeps every posterior deviation above one (deepof; V.7)") {
  const double x = 0.8, a = 3, variance = 0.1;  // the exact posterior has variance 1 / 91
  const double evidence = std::log(reference::integral(
      -8, 8, 8000, [&](double z) { return std::exp(log_n(z, 0, 0) + log_n(x, a * z, std::log(variance))); }));
  const double precision = 1 + a * a / variance, mean = a * x / variance / precision;
  const GaussHermite rule(20);
  const auto bound = [&](double log_variance) {
    const double reconstruction =
        rule.expectation(mean, log_variance, [&](double z) { return log_n(x, a * z, std::log(variance)); });
    return evaluate({row({reconstruction}), row({mean}), row({log_variance})},
                    [](auto&, const auto& in) { return vade::vae_terms(in[0], in[1], in[2]).bound(); })(0, 0);
  };
  double best_mistaken = -1e300, best_ours = -1e300;
  for (double head = -30; head <= 30; head += 0.25) {  // whatever the network gives
    best_mistaken = std::max(best_mistaken, bound(std::log1p(std::exp(head))));
    best_ours = std::max(best_ours, bound(head));
  }
  CHECK(best_mistaken < evidence - 20);
  CHECK(best_ours > evidence - 0.01);
  CHECK(best_ours <= evidence + 1e-12);
  CHECK(bound(-std::log(precision)) == Approx(evidence).epsilon(1e-10));
}

TEST_CASE("Mistake: pi fixed uniform is no stationary point where clusters are unequal (deepof; R.7)") {
  // 90 codes at one centre, 10 at the other: the gradient in the logits points to these shares, and vanishes there.
  Matrix<double> mean(100, 1);
  for (Index i = 0; i < 100; ++i) mean(i, 0) = i < 90 ? -5 : 5;
  const Matrix<double> spread = Matrix<double>::Constant(100, 1, -3), means = column({-5, 5}), spreads = column({0, 0});
  const auto gradient = [&](const Matrix<double>& weights) {
    vade::Parameter<double> logits("logits", log_of(weights));
    Tape<double> tape;
    const Var<double> s = vade::expected_log_density(tape.constant(mean), tape.constant(spread), tape.constant(means),
                                                     tape.constant(spreads));
    tape.backward(vade::mean(log_sum_exp(s + log_softmax(tape.parameter(logits)))));
    return Matrix<double>(logits.gradient());
  };
  CHECK(gradient(row({0.5, 0.5}))(0, 0) == Approx(0.4).epsilon(1e-9));
  CHECK(gradient(row({0.9, 0.1})).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("Mistake: the log-variance counts once instead of half in gamma (ClustPy; R.5, G.1)") {
  const Matrix<double> weights = row({0.5, 0.5}), means = column({0, 0}), log_variances = column({-3, 1});
  const auto without_half = [&](double z, const Matrix<double>& spreads) {
    Matrix<double> v(1, 2);
    for (Index c = 0; c < 2; ++c)
      v(0, c) = std::log(weights(0, c)) + log_n(z, means(c, 0), spreads(c, 0)) - 0.5 * spreads(c, 0);
    return softmax_by_hand(v);
  };
  const auto average = [&](const auto& posterior) {  // truth: 0.5, the weight
    return reference::integral(-30, 30, 6000, [&](double z) {
      const double density = 0.5 * std::exp(log_n(z, 0, -3)) + 0.5 * std::exp(log_n(z, 0, 1));
      return density * posterior(z)(0, 0);
    });
  };
  CHECK(average([&](double z) { return without_half(z, log_variances); }) > 0.6);
  CHECK(average([&](double z) { return ours_at(row({z}), weights, means, log_variances); }) ==
        Approx(0.5).epsilon(1e-10));
  const Index label = winner(without_half(0.55, log_variances));  // and labels change
  CHECK(label != winner(ours_at(row({0.55}), weights, means, log_variances)));

  // With equal variances the mistake cancels: a test on equal clusters would have passed.
  const Matrix<double> equal = column({0.7, 0.7});
  CHECK(without_half(0.8, equal).isApprox(ours_at(row({0.8}), weights, means, equal), 1e-13));
}

TEST_CASE("Mistake: log-variances are reported as variances (ClustPy; G.1)") {
  for (const double log_variance : {-2.0, 0.3, 1.5}) {
    const double second_moment = reference::integral(-40, 40, 8000, [&](double z) {
      return (z - 1) * (z - 1) *
             std::exp(evaluate({row({z}), row({1}), row({log_variance})}, [](auto&, const auto& in) {
               return vade::mixture_log_density(in[0], in[1], in[2]);
             })(0, 0));
    });
    CHECK(second_moment == Approx(std::exp(log_variance)).epsilon(1e-9));
    CHECK(std::abs(second_moment - log_variance) > 0.5);
  }
}

TEST_CASE("Mistake: no activation between two layers, which then are one (thesis code)") {
  const Matrix<double> x = normal_matrix(1, 3, 1), y = normal_matrix(1, 3, 2), zero = Matrix<double>::Zero(1, 3);
  // A map is affine exactly if f(x + y) − f(x) − f(y) + f(0) = 0.
  const auto defect = [&](const auto& net) {
    const auto f = [&](const Matrix<double>& in) {
      Tape<double> tape;
      return Matrix<double>(net(tape.constant(in)).value());
    };
    return (f(x + y) - f(x) - f(y) + f(zero)).cwiseAbs().maxCoeff();
  };
  const vade::Mlp<double, vade::Identity> mistaken("n", {3, 16, 16, 2}, 1, 0);
  const vade::Mlp<double> ours("n", {3, 16, 16, 2}, 1, 0);
  CHECK(defect(mistaken) < 1e-13);
  CHECK(defect(ours) > 0.01);
}

TEST_CASE("Mistake: the reconstruction is averaged over pixels, and the bound passes the log-likelihood (V.6, V.7)") {
  // A code of one number, twenty Bernoulli pixels with logits a z.
  const Index pixels = 20;
  const Matrix<double> a = normal_matrix(1, pixels, 1);
  const Matrix<double> x = (normal_matrix(1, pixels, 2).array() > 0).cast<double>().matrix();
  const auto by_hand = [&](double z) {
    double total = 0;
    for (Index j = 0; j < pixels; ++j) total += x(0, j) * a(0, j) * z - std::log1p(std::exp(a(0, j) * z));
    return total;
  };
  const double evidence =
      std::log(reference::integral(-12, 12, 4000, [&](double z) { return std::exp(by_hand(z) + log_n(z, 0, 0)); }));
  const GaussHermite rule(40);
  double best_mistaken = -1e300, best_ours = -1e300;
  for (const double mean : {-1.0, -0.5, 0.0, 0.5, 1.0})
    for (const double log_variance : {-2.0, -1.0, 0.0}) {
      const double summed = rule.expectation(mean, log_variance, [&](double z) {
        return evaluate({Matrix<double>(a * z), x},
                        [](auto&, const auto& in) { return vade::bernoulli_mean_log_prob(in[0], in[1]); })(0, 0);
      });
      const auto bound = [&](double reconstruction) {
        return evaluate({row({reconstruction}), row({mean}), row({log_variance})},
                        [](auto&, const auto& in) { return vade::vae_terms(in[0], in[1], in[2]).bound(); })(0, 0);
      };
      best_mistaken = std::max(best_mistaken, bound(summed / static_cast<double>(pixels)));
      best_ours = std::max(best_ours, bound(summed));
    }
  CHECK(best_mistaken > evidence + 5);
  CHECK(best_ours <= evidence + 1e-12);
  CHECK(best_ours > evidence - 1);
}

TEST_CASE("Slip: the last steps of document 003's first proof divide the distance by the wrong variance (G.5)") {
  const double mean = 1.2, log_variance = -1, other_mean = -0.4, other_log_variance = 0.9;
  const auto slipped = [&](double spread) {  // steps 4 to 8: (mean − other mean)² over the variance of q
    const double d = mean - other_mean;
    return -0.5 * (std::log(2 * reference::pi) + other_log_variance + std::exp(spread - other_log_variance) +
                   d * d / std::exp(spread));
  };
  const auto ours = [&](double spread) {
    return evaluate({row({mean}), row({spread}), row({other_mean}), row({other_log_variance})},
                    [](auto&, const auto& in) { return vade::expected_log_density(in[0], in[1], in[2], in[3]); })(0, 0);
  };
  const auto truth = [&](double spread) {
    return densities_by_quadrature(mean, spread, column({other_mean}), column({other_log_variance}))(0, 0);
  };
  CHECK(ours(log_variance) == Approx(truth(log_variance)).epsilon(1e-12));
  CHECK(std::abs(slipped(log_variance) - truth(log_variance)) > 1);
  // With equal variances nobody notices.
  CHECK(slipped(other_log_variance) == Approx(truth(other_log_variance)).epsilon(1e-12));
  CHECK(ours(other_log_variance) == Approx(truth(other_log_variance)).epsilon(1e-12));
}

TEST_CASE("Slip: document 004's Gaussian likelihood counts J latent dimensions where it means D inputs (V.5)") {
  // Two inputs, one latent dimension: a density of x integrates to one over the plane.
  const Matrix<double> m = row({0.3, -0.2});
  const double variance = 0.5, latent = 1;
  const auto over_plane = [&](const auto& log_density) {
    return reference::integral(-8, 8, 80, [&](double x0) {
      return reference::integral(-8, 8, 80, [&](double x1) { return std::exp(log_density(row({x0, x1}))); });
    });
  };
  const double slipped = over_plane([&](const Matrix<double>& x) {
    return -0.5 * ((x - m).squaredNorm() / variance + latent * std::log(2 * reference::pi) + 2 * std::log(variance));
  });
  const double ours = over_plane([&](const Matrix<double>& x) {
    return evaluate({m, x},
                    [&](auto&, const auto& in) { return vade::gaussian_mean_log_prob(in[0], in[1], variance); })(0, 0);
  });
  CHECK(slipped == Approx(std::sqrt(2 * reference::pi)).epsilon(1e-9));
  CHECK(ours == Approx(1).epsilon(1e-9));
}

}  // namespace published_mistakes_tests
