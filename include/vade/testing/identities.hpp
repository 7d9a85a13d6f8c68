// vade: what every bound, divergence and responsibility must keep, as checks of a user's own.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <vade/testing/gradient_check.hpp>
#include <vade/testing/linear_model.hpp>

/// A derivation of one's own, checked in five lines (`examples/check_your_elbo.cpp` shows a wrong one, too):
///
///     const auto report = testing::check_vae_bound([](const auto& in) {
///       const auto kl = 0.5 * row_sums(square(in.mean) + exp(in.log_variance) - in.log_variance + -1.0);
///       return in.reconstruction - mean(kl);
///     });
///     CHECK_MESSAGE(report.passed, report.text());
///
/// Truths come from quadrature and plain sums, in double, never from the library's own bounds.
namespace vade::testing {

/// One thing that must hold.
struct Identity {
  std::string name;
  double error = 0;    ///< the worst violation, in units of the tolerance: above 1 fails; infinite where NaN
  std::string detail;  ///< the two numbers of the worst violation
};

/// All that was checked.
struct IdentityReport {
  bool passed = true;
  std::vector<Identity> identities;

  /// One line for each identity, "ok" or "FAILS" in front.
  std::string text() const {
    std::string lines;
    for (const Identity& i : identities) {
      lines += i.error <= 1 ? "ok     " + i.name : "FAILS  " + i.name + ": " + i.detail;
      lines += '\n';
    }
    return lines;
  }

  /// `got` and `wanted` differ by at most 1e-9 (1 + |wanted|).
  void equal(const std::string& name, double got, double wanted) {
    note(name, std::abs(got - wanted) / (1e-9 * (1 + std::abs(wanted))), got, ", wanted ", wanted);
  }
  /// `got` is at most `limit`, up to 1e-9 (1 + |limit|).
  void at_most(const std::string& name, double got, double limit) {
    note(name, (got - limit) / (1e-9 * (1 + std::abs(limit))), got, ", wanted at most ", limit);
  }
  /// The tape's gradients are right.
  void gradient(const std::string& name, const GradientReport& report) {
    note(name, report.passed ? 0 : std::max(report.worst_error, 2.0), report.text());
  }

 private:
  template <class... Parts>
  void note(const std::string& name, double error, const Parts&... parts) {
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
    auto known = std::find_if(identities.begin(), identities.end(), [&](const Identity& i) { return i.name == name; });
    if (known == identities.end()) known = identities.insert(known, {name, -1, ""});
    if (error > known->error) *known = {name, error, vade::detail::message("got ", parts...)};
    passed = passed && error <= 1;
  }
};

/// What a bound with prior N(0, I) depends on: `mean`, `log_variance` `[B x J]` and E_q[log p(x|z)] `[1 x 1]`.
struct VaeArguments {
  Var<double> mean, log_variance, reconstruction;
};

/// The same with a mixture as prior: `weight_logits` `[1 x K]`, `means`, `log_variances` `[K x J]`.
struct VadeArguments {
  Var<double> mean, log_variance, reconstruction, weight_logits, means, log_variances;
};

/// Two Gaussians in each row, `[B x J]`.
struct DivergenceArguments {
  Var<double> mean, log_variance, other_mean, other_log_variance;
};

namespace detail {

inline Matrix<double> normals(Index rows, Index columns, std::uint32_t what, double scale = 1) {
  Matrix<double> m(rows, columns);
  fill_normal(m, 20170819, Purpose::user, what);
  return scale * m;
}

inline Matrix<double> number(double value) { return Matrix<double>::Constant(1, 1, value); }

/// Makes the arguments of an aggregate from a vector of variables, in its order.
template <class Arguments, std::size_t... Place>
Arguments arguments(const std::vector<Var<double>>& in, std::index_sequence<Place...>) {
  return Arguments{in[Place]...};
}

template <class Arguments, std::size_t Count, class F>
auto on_tape(const F& f) {
  return [&f](auto&, const std::vector<Var<double>>& in) {
    return f(arguments<Arguments>(in, std::make_index_sequence<Count>()));
  };
}

/// The value of f at `inputs`.
template <class F>
Matrix<double> value_at(const std::vector<Matrix<double>>& inputs, const F& f) {
  Tape<double> tape;
  std::vector<Var<double>> vars;
  for (const Matrix<double>& input : inputs) vars.push_back(tape.constant(input));
  return f(tape, vars).value();
}

/// ½ Σ_j (μ² + σ² − 1 − log σ²), the mean over rows.
inline double standard_divergence(const Matrix<double>& mean, const Matrix<double>& log_variance) {
  double total = 0;
  for (Index i = 0; i < mean.size(); ++i) {
    const double m = mean.data()[i], l = log_variance.data()[i];
    total += 0.5 * (m * m + std::exp(l) - 1 - l);
  }
  return total / static_cast<double>(mean.rows());
}

/// Rows of m in the order 1, 2, ..., 0.
inline Matrix<double> rotated(const Matrix<double>& m) {
  Matrix<double> out(m.rows(), m.cols());
  for (Index i = 0; i < m.rows(); ++i) out.row(i) = m.row((i + 1) % m.rows());
  return out;
}

/// bound(model, mean, log_variance) is at most log p(x) on a grid of posteriors.
template <class Bound>
void check_below_evidence(IdentityReport& report, const std::string& name, const LinearModel& model,
                          const Bound& bound) {
  const double evidence = model.log_evidence();
  const RowVector<double> zero = RowVector<double>::Zero(model.latent());
  for (const double first : {-1.5, -0.5, 0.0, 0.5, 1.5})
    for (const double last : {-1.0, 0.3})
      for (const double log_variance : {-4.0, -2.0, -1.0, 0.0, 1.0}) {
        RowVector<double> mean = zero;
        mean(0) = first;
        if (model.latent() > 1) mean(1) = last;
        report.at_most(name, bound(model, mean, (zero.array() + log_variance).matrix()), evidence);
      }
}

}  // namespace detail

/// Checks `bound(VaeArguments)` `[1 x 1]`, a mean over rows: it counts the reconstruction once and is the mean of the
/// bounds of single rows; the divergence is never negative, zero where q is the prior; it is at most log p(x), and equal to
/// it at the exact posterior, in one and two dimensions; its gradients are right.
template <class F>
IdentityReport check_vae_bound(const F& bound) {
  using namespace detail;
  IdentityReport report;
  const auto f = on_tape<VaeArguments, 3>(bound);
  const auto at = [&](const Matrix<double>& mean, const Matrix<double>& log_variance, double reconstruction) {
    return value_at({mean, log_variance, number(reconstruction)}, f)(0, 0);
  };
  const Matrix<double> zero = Matrix<double>::Zero(2, 3);
  report.equal("the divergence is zero where the posterior is the prior", at(zero, zero, -3), -3);
  for (const double scale : {0.01, 1.0, 3.0}) {
    const Matrix<double> mean = normals(4, 3, 1, scale), spread = normals(4, 3, 2, scale);
    report.at_most("the divergence is never negative", at(mean, spread, -3), -3);
    report.equal("the reconstruction counts once", at(mean, spread, -2) - at(mean, spread, -3), 1);
    double single = 0;
    for (Index i = 0; i < mean.rows(); ++i) single += at(mean.row(i), spread.row(i), -3) / static_cast<double>(mean.rows());
    report.equal("rows count alike", at(mean, spread, -3), single);
  }
  for (const Index latent : {1, 2}) {
    const std::string where = " with a code of " + std::to_string(latent);
    LinearModel model = LinearModel::random(latent, 1, 3, 7);
    model.means.setZero();
    model.log_variances.setZero();
    check_below_evidence(report, "the bound is at most log p(x)" + where, model,
                         [&](const LinearModel& m, const RowVector<double>& mean, const RowVector<double>& spread) {
                           return at(mean, spread, m.reconstruction(mean, spread));
                         });
    const Matrix<double> q = model.posterior();
    report.equal("at the exact posterior the bound is log p(x)" + where,
                 at(q.row(0), q.row(1), model.reconstruction(q.row(0), q.row(1))), model.log_evidence());
  }
  report.gradient("gradients are right", check_gradient({normals(3, 2, 3), normals(3, 2, 4), number(-3)}, f));
  return report;
}

/// Checks `bound(VadeArguments)` `[1 x 1]`: one standard cluster gives the VAE's bound, equal clusters give one
/// cluster, the order of clusters and a shift of all logits change nothing; it is at most log p(x) in one and two
/// dimensions, and equal to it at the exact posterior of one cluster; its gradients are right.
template <class F>
IdentityReport check_vade_bound(const F& bound) {
  using namespace detail;
  IdentityReport report;
  const auto f = on_tape<VadeArguments, 6>(bound);
  const auto at = [&](const std::vector<Matrix<double>>& in) { return value_at(in, f)(0, 0); };
  const Matrix<double> mean = normals(4, 3, 1), spread = normals(4, 3, 2), logits = normals(1, 4, 3),
                       means = normals(4, 3, 4), spreads = normals(4, 3, 5), zero = Matrix<double>::Zero(1, 3),
                       rec = number(-3);
  report.equal("K = 1 gives the bound of the VAE", at({mean, spread, rec, number(0.7), zero, zero}),
               -3 - standard_divergence(mean, spread));
  const Matrix<double> one = means.row(0), width = spreads.row(0);
  report.equal("equal clusters are one cluster",
               at({mean, spread, rec, logits, one.replicate(4, 1), width.replicate(4, 1)}),
               at({mean, spread, rec, number(0), one, width}));
  const double before = at({mean, spread, rec, logits, means, spreads});
  report.equal("the order of the clusters changes nothing",
               at({mean, spread, rec, rotated(logits.transpose()).transpose(), rotated(means), rotated(spreads)}),
               before);
  report.equal("a shift of all weight logits changes nothing",
               at({mean, spread, rec, (logits.array() + 3).matrix(), means, spreads}), before);
  const auto on_model = [&](const LinearModel& m, const RowVector<double>& q_mean, const RowVector<double>& q_spread) {
    return at(
        {q_mean, q_spread, number(m.reconstruction(q_mean, q_spread)), m.weight_logits, m.means, m.log_variances});
  };
  for (const Index latent : {1, 2}) {
    const std::string where = " with a code of " + std::to_string(latent);
    check_below_evidence(report, "the bound is at most log p(x)" + where, LinearModel::random(latent, 3, 3, 8),
                         on_model);
    const LinearModel single = LinearModel::random(latent, 1, 3, 9);
    const Matrix<double> q = single.posterior();
    report.equal("at the exact posterior of one cluster the bound is log p(x)" + where,
                 on_model(single, q.row(0), q.row(1)), single.log_evidence());
  }
  report.gradient("gradients are right", check_gradient({mean, spread, rec, logits, means, spreads}, f));
  return report;
}

/// Checks `gamma(VadeArguments)` `[B x K]`, near and far: rows are positive and sum to one, follow the order of the
/// clusters, and are π where clusters are equal. Where `exact`, no other point of the simplex has a higher bound (R.1).
template <class F>
IdentityReport check_responsibilities(const F& gamma, bool exact = true) {
  using namespace detail;
  IdentityReport report;
  const auto f = on_tape<VadeArguments, 6>(gamma);
  const Matrix<double> logits = normals(1, 4, 3), rec = number(0), spread = normals(5, 2, 2),
                       spreads = normals(4, 2, 5);
  Matrix<double> weights = logits.array().exp().matrix();
  weights /= weights.sum();
  const GaussHermite rule(3);
  for (const double scale : {1.0, 40.0}) {
    const Matrix<double> mean = normals(5, 2, 1, scale), means = normals(4, 2, 4, scale);
    const Matrix<double> g = value_at({mean, spread, rec, logits, means, spreads}, f);
    for (Index b = 0; b < g.rows(); ++b) {
      report.equal("responsibilities sum to one", g.row(b).sum(), 1);
      report.at_most("responsibilities are not negative", -g.row(b).minCoeff(), 0);
    }
    const Matrix<double> turned =
        value_at({mean, spread, rec, rotated(logits.transpose()).transpose(), rotated(means), rotated(spreads)}, f);
    report.equal("responsibilities follow the order of the clusters",
                 (turned - rotated(g.transpose()).transpose()).cwiseAbs().maxCoeff(), 0);
    const Matrix<double> alike =
        value_at({mean, spread, rec, logits, means.row(0).replicate(4, 1), spreads.row(0).replicate(4, 1)}, f);
    report.equal("equal clusters share by their weights", (alike - weights.replicate(5, 1)).cwiseAbs().maxCoeff(), 0);
    if (!exact) continue;
    for (Index b = 0; b < g.rows(); ++b) {
      const auto part = [&](const RowVector<double>& q) {  // Σ_c q_c (S_c + log π_c − log q_c), S by quadrature
        double total = 0;
        for (Index c = 0; c < 4; ++c) {
          if (!(q(c) > 0)) continue;  // 0 log 0 = 0
          double s = 0;
          for (Index j = 0; j < 2; ++j)
            s += rule.expectation(mean(b, j), spread(b, j),
                                  [&](double z) { return log_normal(z, means(c, j), spreads(c, j)); });
          total += q(c) * (s + std::log(weights(0, c)) - std::log(q(c)));
        }
        return total;
      };
      for (std::uint32_t other = 0; other < 4; ++other) {
        RowVector<double> p = normals(1, 4, 20 + other).array().exp().matrix();
        p /= p.sum();
        for (const double share : {0.5, 0.01, 1e-3})
          report.at_most("no other point of the simplex has a higher bound", part((1 - share) * g.row(b) + share * p),
                         part(g.row(b)));
      }
    }
  }
  return report;
}

/// Checks `kl(DivergenceArguments)` `[B x 1]`: zero at equality, positive elsewhere, equal to E_q[log q − log p] by
/// quadrature, with right gradients.
template <class F>
IdentityReport check_divergence(const F& kl) {
  using namespace detail;
  IdentityReport report;
  const auto f = on_tape<DivergenceArguments, 4>(kl);
  const GaussHermite rule(3);
  for (const double scale : {0.1, 1.0, 2.0}) {
    const Matrix<double> mean = normals(4, 3, 1, scale), spread = normals(4, 3, 2, scale),
                         other = normals(4, 3, 3, scale), other_spread = normals(4, 3, 4, scale);
    const Matrix<double> none = value_at({mean, spread, mean, spread}, f);
    const Matrix<double> some = value_at({mean, spread, other, other_spread}, f);
    for (Index b = 0; b < 4; ++b) {
      report.equal("the divergence is zero at equality", none(b, 0), 0);
      report.at_most("the divergence is not negative", -some(b, 0), 0);
      double wanted = 0;
      for (Index j = 0; j < 3; ++j)
        wanted += rule.expectation(mean(b, j), spread(b, j), [&](double z) {
          return log_normal(z, mean(b, j), spread(b, j)) - log_normal(z, other(b, j), other_spread(b, j));
        });
      report.equal("the divergence is E_q[log q - log p]", some(b, 0), wanted);
    }
  }
  report.gradient("gradients are right",
                  check_gradient({normals(2, 3, 5), normals(2, 3, 6), normals(2, 3, 7), normals(2, 3, 8)}, f));
  return report;
}

}  // namespace vade::testing
