// vade: bounds from several draws of z a row, averaged or importance-weighted.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

#include <vade/distributions/categorical.hpp>
#include <vade/distributions/full_gaussian.hpp>
#include <vade/elbo/vae.hpp>

/// With L draws z_1 ... z_L of q(z|x) and w_l = p(x|z_l) p(z_l) / q(z_l|x), whose mean under q is p(x):
///     averaged              E[(1/L) Σ_l log w_l]   the ELBO for every L, with an L-th of the variance
///     importance-weighted   E[log (1/L) Σ_l w_l]   the ELBO for L = 1, rises with L, and never above log p(x)
/// (Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016). Derived, with the numbers B.n used
/// here, in docs/derivations/multi_sample_bounds.md. The draws of a row stand below each other: row b L + l of `[B L x C]`.
namespace vade {

/// Each row of x `[B x C]` `samples` times, `[B L x C]`; x itself for one. x̄_b += Σ_l ȳ_{b L + l}. B.1: the mean over
/// the rows of the result is the mean over rows and draws. O(B L C). @throws ValueError for samples < 1
template <Real T>
Var<T> repeat_rows(Var<T> x, Index samples) {
  check_at_least("repeat_rows", "samples", samples, Index{1});
  if (samples == 1) return x;
  const Var<T> y = x.tape().record({x}, x.rows() * samples, x.cols());
  const auto in = x.value();
  MatrixView<T> out = y.mutable_value();
  for (Index i = 0; i < out.rows(); ++i) out.row(i) = in.row(i / samples);
  y.on_backward([x, y, samples] {
    const auto bar = y.adjoint();
    detail::accumulate_rows(x, [&](Index b, auto row) {
      for (Index l = 0; l < samples; ++l) row += bar.row(b * samples + l).array();
    });
  });
  return y;
}

/// B.11: the mean of the `samples` rows of each draw, `[B L x C]` → `[B x C]`; x itself for one. x̄_{b L + l} += ȳ_b / L.
/// O(B L C). @throws ShapeError; ValueError for samples < 1
template <Real T>
Var<T> average_draws(Var<T> x, Index samples) {
  check_at_least("average_draws", "samples", samples, Index{1});
  if (samples == 1) return x;
  check_shape("average_draws", "x", x, x.rows() / samples * samples, x.cols());
  const Var<T> y = x.tape().record({x}, x.rows() / samples, x.cols());
  const auto in = x.value();
  MatrixView<T> out = y.mutable_value();
  for (Index b = 0; b < out.rows(); ++b) out.row(b) = in.middleRows(b * samples, samples).colwise().mean();
  y.on_backward([x, y, samples] {
    const auto bar = y.adjoint();
    detail::accumulate_rows(x, [&](Index i, auto row) { row += bar.row(i / samples).array() / static_cast<T>(samples); });
  });
  return y;
}

/// The same numbers with the draws of a row beside each other: `[B L x 1]` → `[B x L]`. @throws ShapeError
template <Real T>
Var<T> draws_beside(Var<T> x, Index samples) {
  check_at_least("draws_beside", "samples", samples, Index{1});
  check_shape("draws_beside", "x", x, x.rows() / samples * samples, 1);
  const Var<T> y = x.tape().record({x}, x.rows() / samples, samples);
  y.mutable_value() = ConstMatrixView<T>(x.value().data(), y.rows(), samples);
  y.on_backward([x, y] {
    const auto bar = y.adjoint();
    x.accumulate(ConstMatrixView<T>(bar.data(), x.rows(), 1));
  });
  return y;
}

/// Each Gaussian `samples` times, so that one noise `[B L x J]` draws L codes of each.
template <Real T>
DiagonalGaussian<T> repeat_rows(const DiagonalGaussian<T>& q, Index samples) {
  return {repeat_rows(q.mean, samples), repeat_rows(q.log_variance, samples)};
}
template <Real T>
FullGaussian<T> repeat_rows(const FullGaussian<T>& q, Index samples) {
  return {repeat_rows(q.mean, samples), repeat_rows(q.log_scale, samples), repeat_rows(q.lower, samples)};
}

/// B.3: log (1/L) Σ_l w_l for each row, `[B x 1]`, from log w `[B x L]`: by B.4 a bound whose gradient weighs that of
/// each log w_l by w_l / Σ w. O(B L).
template <Real T>
Var<T> importance_weighted_bound(Var<T> log_weights) {
  return log_sum_exp(log_weights) + -std::log(static_cast<T>(log_weights.cols()));
}

/// B.7: the same as three terms that add up to it, means over rows, from log p(x|z), log p(z) and log q(z|x) of all
/// draws, `[B x L]` each. With w̃_l = w_l / Σ w: Σ w̃ log p(x|z), Σ w̃ log p(z), and −Σ w̃ log(L w̃ q(z|x)), the
/// entropy of the draws after weighting. The gradient is stopped at w̃ and still that of the bound (B.6), as in R.4.
/// O(B L). @throws ShapeError
template <Real T>
VaeTerms<T> importance_weighted_terms(Var<T> log_likelihood, Var<T> log_prior, Var<T> log_posterior) {
  const Index rows = log_likelihood.rows(), samples = log_likelihood.cols();
  check_shape("importance_weighted_terms", "log_prior", log_prior, rows, samples);
  check_shape("importance_weighted_terms", "log_posterior", log_posterior, rows, samples);
  const Var<T> weights = stop_gradient(softmax(log_likelihood + log_prior - log_posterior));
  const Var<T> entropy = categorical_entropy(weights) - row_sums(weights * log_posterior);
  return {.reconstruction = mean(row_sums(weights * log_likelihood)),
          .latent_prior = mean(row_sums(weights * log_prior)),
          .latent_entropy = mean(entropy) + -std::log(static_cast<T>(samples))};
}

/// B.8: log (1/n) Σ_l e^{v_l} of numbers that come one by one, in double and without overflow: with m the largest so
/// far and s = Σ_l e^{v_l − m}, a new v above m makes s = s e^{m − v} + 1, m = v.
class LogMeanExp {
 public:
  void add(double v) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    ++count_;
    if (v > top_) {
      sum_ = sum_ * std::exp(top_ - v) + 1;
      top_ = v;
    } else if (v == infinity) {
      ++sum_;  // another one: ∞ − ∞ is no number
    } else if (v != -infinity) {
      sum_ += std::exp(v - top_);
    }
  }

  /// −∞ before the first number, or if all were; +∞ if any was.
  double value() const { return sum_ == 0 ? top_ : top_ + std::log(sum_ / count_); }

 private:
  double top_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
  double count_ = 0;
};

}  // namespace vade
