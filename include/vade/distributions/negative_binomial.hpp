// vade: the negative binomial distribution, counts that vary more than Poisson's.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include <vade/distributions/poisson.hpp>

/// x ~ NB(m, r) for counts x = 0, 1, 2, ...: a Poisson whose rate is drawn from a gamma distribution of mean m and shape r.
/// The mean is m and the variance m + m² / r, so that r → ∞ gives Poisson(m). Parameters are a = log m and ρ = log r, both
/// unconstrained. Derived, with the numbers P.n used here, in docs/derivations/counts.md.
namespace vade {

namespace detail {

/// One cell of the negative binomial, in double.
struct NegativeBinomialCell {
  double x, a, r;

  /// P.6 and P.8.
  double log_prob() const {
    if (x == 0) return -r * std::log1p(std::exp(a) / r);
    const double s = a - std::log(x), share = x / (r + x);
    const double peak = -(log_two_pi<double> + std::log(x) + std::log1p(x / r)) / 2 + stirling_remainder(r + x) -
                        stirling_remainder(r) - stirling_remainder(x);
    return peak - (r + x) * (std::log1p(share * std::expm1(s)) - share * s);
  }
  /// P.9: by a.
  double slope_of_log_mean() const { return (x - std::exp(a)) / (1 + std::exp(a) / r); }
  /// P.9: by ρ.
  double slope_of_log_dispersion() const {
    const double m = std::exp(a);
    const double gammas = x == 0 ? 0.0 : digamma(r + x) - digamma(r);
    return r * (gammas - std::log1p(m / r) + (m - x) / (r + m));
  }
};

}  // namespace detail

/// P.6 and P.8: log p(x_ij) of each cell, x and `log_mean` a `[B x D]`, result `[B x D]`, nats; `log_dispersion` ρ is
/// `[B x D]`, `[1 x D]`, one number for each column, or `[1 x 1]`. Computed in double, in a form in which no large terms
/// cancel. ā and ρ̄ gain ȳ times the slopes of P.9; x gets no gradient, must be finite and at least 0. O(B D).
/// @throws ShapeError
template <Real T>
Var<T> negative_binomial_cell_log_prob(Var<T> x, Var<T> log_mean, Var<T> log_dispersion) {
  const Index rows = log_mean.rows(), columns = log_mean.cols();
  check_shape("negative_binomial_log_prob", "x", x, rows, columns);
  check_shape("negative_binomial_log_prob", "log_dispersion", log_dispersion, log_dispersion.rows() == 1 ? 1 : rows,
              log_dispersion.cols() == 1 ? 1 : columns);
  const Var<T> y = log_mean.tape().record({log_mean, log_dispersion}, rows, columns);
  const auto rho = detail::broadcast(log_dispersion.value().data(), log_dispersion.rows(), log_dispersion.cols());
  const auto cell = [x, log_mean, rho](Index i, Index j) {
    return detail::NegativeBinomialCell{static_cast<double>(x.value()(i, j)),
                                        static_cast<double>(log_mean.value()(i, j)),
                                        std::exp(static_cast<double>(rho(i, j)))};
  };
  MatrixView<T> out = y.mutable_value();
  detail::for_row_tiles(rows, columns, [&](Index first, Index count) {
    for (Index i = first; i < first + count; ++i)
      for (Index j = 0; j < columns; ++j) out(i, j) = static_cast<T>(cell(i, j).log_prob());
  });
  y.on_backward([log_mean, log_dispersion, y, cell] {
    const auto bar = y.adjoint();
    detail::accumulate_broadcast(log_mean, y.rows(), y.cols(), [&](Index i, Index j) {
      return bar(i, j) * static_cast<T>(cell(i, j).slope_of_log_mean());
    });
    detail::accumulate_broadcast(log_dispersion, y.rows(), y.cols(), [&](Index i, Index j) {
      return bar(i, j) * static_cast<T>(cell(i, j).slope_of_log_dispersion());
    });
  });
  return y;
}

/// P.6: log p(x) = Σ_j log p(x_j) for each row, `[B x 1]`. @throws ShapeError
template <Real T>
Var<T> negative_binomial_log_prob(Var<T> x, Var<T> log_mean, Var<T> log_dispersion) {
  return row_sums(negative_binomial_cell_log_prob(x, log_mean, log_dispersion));
}

/// O.1: the same over the cells that were observed (see `observed_row_sums`). An absent x_ij must be finite and at least 0.
/// @throws ShapeError
template <Real T>
Var<T> negative_binomial_log_prob(Var<T> x, Var<T> log_mean, Var<T> log_dispersion, Var<T> observed) {
  return observed_row_sums(negative_binomial_cell_log_prob(x, log_mean, log_dispersion), observed);
}

/// One draw from the gamma distribution of shape `shape` and mean `shape`, P.11: O(1) expected (Marsaglia and Tsang, "A
/// simple method for generating gamma variables", ACM Transactions on Mathematical Software 26, 2000).
/// @throws ValueError unless the shape is positive and finite
inline double gamma_sample(double shape, RandomStream& stream) {
  check_positive("gamma_sample", "shape", shape);
  // A shape below 1 is one above 1 times a power of a uniform draw.
  if (shape < 1) return gamma_sample(shape + 1, stream) * std::pow(1 - stream.uniform<double>(), 1 / shape);
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double z = stream.normal<double>(), t = 1 + c * z;
    if (t <= 0) continue;
    const double v = t * t * t, u = 1 - stream.uniform<double>();
    if (std::log(u) < z * z / 2 + d * (1 - v + std::log(v))) return d * v;
  }
}

/// One count from NB(`mean`, `dispersion`), P.11: a Poisson of a gamma rate. @throws ValueError unless 0 <= mean <= 1e12
/// and the dispersion r is positive
inline double negative_binomial_sample(double mean, double dispersion, RandomStream& stream) {
  check_between("negative_binomial_sample", "mean", mean, 0.0, 1e12);
  return poisson_sample(mean * (gamma_sample(dispersion, stream) / dispersion), stream);
}

}  // namespace vade
