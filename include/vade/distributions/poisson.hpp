// vade: the Poisson distribution of counts.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include <vade/autodiff/arithmetic.hpp>
#include <vade/autodiff/reductions.hpp>
#include <vade/core/gamma.hpp>
#include <vade/core/random.hpp>

/// x ~ Poisson(λ) for counts x = 0, 1, 2, ..., given by `log_rate` log λ, which is unconstrained. Mean and variance are λ.
/// Derived, with the numbers P.n used here, in docs/derivations/counts.md.
namespace vade {

namespace detail {

/// log p(x; λ = x), P.2: the highest value of log p(x) over λ. 0 for x = 0. O(1).
inline double poisson_peak(double x) {
  return x > 0 ? -(log_two_pi<double> + std::log(x)) / 2 - stirling_remainder(x) : 0.0;
}

}  // namespace detail

/// P.1 and P.3: log p(x_ij) of each cell, x and `log_rate` `[B x D]`, result `[B x D]`, nats:
///     −x (eˢ − 1 − s) + log p(x; λ = x) with s = log λ − log x;   −λ for x = 0.
/// No digits cancel, where x log λ − λ − log x! loses those of its large terms. With a = log λ, ā += ȳ (x − λ), P.4; x
/// gets no gradient. x must be finite and at least 0; between whole numbers the same formula holds. `log_rate` may be a row,
/// a column or a number. O(B D). @throws ShapeError
template <Real T>
Var<T> poisson_cell_log_prob(Var<T> x, Var<T> log_rate) {
  return detail::binary(
      "poisson_log_prob", x, log_rate,
      [](T count, T a) {
        if (count == T{0}) return -std::exp(a);
        const double n = static_cast<double>(count), s = static_cast<double>(a) - std::log(n);
        return static_cast<T>(detail::poisson_peak(n) - n * (std::expm1(s) - s));
      },
      [](T, T) { return T{0}; }, [](T count, T a) { return count - std::exp(a); });
}

/// P.1: log p(x) = Σ_j log p(x_j) for each row, `[B x 1]`. @throws ShapeError
template <Real T>
Var<T> poisson_log_prob(Var<T> x, Var<T> log_rate) {
  return row_sums(poisson_cell_log_prob(x, log_rate));
}

/// O.1: the same over the cells that were observed (see `observed_row_sums`). An absent x_ij must be finite and at least 0.
/// @throws ShapeError
template <Real T>
Var<T> poisson_log_prob(Var<T> x, Var<T> log_rate, Var<T> observed) {
  return observed_row_sums(poisson_cell_log_prob(x, log_rate), observed);
}

/// One count from Poisson(`rate`), P.5. Below 30 by the products of uniform draws, O(rate); above by rejection from a
/// bell-shaped density, O(1) expected (Hörmann, "The transformed rejection method for generating Poisson random
/// variables", Insurance: Mathematics and Economics 12, 1993). @throws ValueError unless 0 <= rate <= 1e15
inline double poisson_sample(double rate, RandomStream& stream) {
  check_between("poisson_sample", "rate", rate, 0.0, 1e15);
  if (rate < 30) {
    const double limit = std::exp(-rate);
    double product = stream.uniform<double>(), count = 0;
    for (; product > limit; ++count) product *= stream.uniform<double>();
    return count;
  }
  const double b = 0.931 + 2.53 * std::sqrt(rate);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double v_r = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = stream.uniform<double>() - 0.5, v = stream.uniform<double>();
    const double left = 0.5 - std::abs(u);
    const double count = std::floor((2 * a / left + b) * u + rate + 0.43);
    if (left >= 0.07 && v <= v_r) return count;
    if (count < 0 || (left < 0.013 && v > left)) continue;
    if (std::log(v * inverse_alpha / (a / (left * left) + b)) <= count * std::log(rate) - rate - log_gamma(count + 1))
      return count;
  }
}

}  // namespace vade
