// vade tests: values to test against, found without the code under test.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <vade/core/matrix.hpp>
#include <vade/core/random.hpp>

namespace reference {

using vade::Index;
using vade::Matrix;
using vade::Purpose;
using vade::RandomStream;

inline constexpr double pi = 3.14159265358979323846;

/// Seeded normal entries times `scale`, `[rows x columns]`.
inline Matrix<double> normal_matrix(Index rows, Index columns, std::uint64_t seed, double scale = 1) {
  Matrix<double> m(rows, columns);
  vade::fill_normal(m, seed, Purpose::user);
  return scale * m;
}

/// A number in long double; said aloud, since a silent promotion is a warning.
inline long double wide(double value) { return static_cast<long double>(value); }

/// log N(z; mean, e^log_variance), in long double.
inline long double log_normal(double z, double mean, double log_variance) {
  const long double two_pi = 6.283185307179586476925286766559L, distance = wide(z) - wide(mean);
  return -0.5L * (std::log(two_pi) + wide(log_variance) + distance * distance * std::exp(-wide(log_variance)));
}

/// The Gauss-Hermite rule of n nodes for the standard normal: Σ w_k f(z_k) = E[f(Z)], exact for polynomials of degree
/// below 2n. Nodes are the roots of the orthonormal Hermite polynomials, √(k+1) h_{k+1} = z h_k − √k h_{k−1}, bracketed
/// by the roots of the polynomial before and bisected; weights are 1 / Σ_{k<n} h_k².
class GaussHermite {
 public:
  explicit GaussHermite(int n) {
    std::vector<double> roots;
    for (int degree = 1; degree <= n; ++degree) {
      std::vector<double> brackets{-2 * std::sqrt(degree + 1.0)};
      brackets.insert(brackets.end(), roots.begin(), roots.end());
      brackets.push_back(-brackets.front());
      roots.clear();
      for (std::size_t k = 0; k + 1 < brackets.size(); ++k) {
        double low = brackets[k], high = brackets[k + 1];
        const bool rising = last(degree, high) > 0;
        for (int i = 0; i < 64; ++i) {
          const double middle = 0.5 * (low + high);
          ((last(degree, middle) > 0) == rising ? high : low) = middle;
        }
        roots.push_back(0.5 * (low + high));
      }
    }
    nodes_ = roots;
    for (const double z : nodes_) {
      double total = 0;
      for (int k = 0; k < n; ++k) total += last(k, z) * last(k, z);
      weights_.push_back(1 / total);
    }
  }

  /// E[f(Z)] for Z ~ N(mean, e^log_variance).
  template <class F>
  double expectation(double mean, double log_variance, const F& f) const {
    const double deviation = std::exp(0.5 * log_variance);
    double total = 0;
    for (std::size_t k = 0; k < nodes_.size(); ++k) total += weights_[k] * f(mean + deviation * nodes_[k]);
    return total;
  }

 private:
  static double last(int degree, double z) {
    double before = 0, now = 1;
    for (int k = 0; k < degree; ++k) {
      const double next = (z * now - std::sqrt(static_cast<double>(k)) * before) / std::sqrt(k + 1.0);
      before = now;
      now = next;
    }
    return now;
  }

  std::vector<double> nodes_;
  std::vector<double> weights_;
};

/// ∫ f over [low, high] by the trapezoidal rule; for smooth f that vanish at both ends its error falls faster than any
/// power of the step.
template <class F>
double integral(double low, double high, int steps, const F& f) {
  const double h = (high - low) / steps;
  double total = 0.5 * (f(low) + f(high));
  for (int i = 1; i < steps; ++i) total += f(low + i * h);
  return total * h;
}

/// A Monte Carlo mean and its standard error.
struct Estimate {
  double mean;
  double standard_error;
  /// |mean − truth| in standard errors. For a right formula and a fresh seed it exceeds 5 with probability 6e-7 (normal
  /// tails); seeds are fixed here, so a test that passes goes on passing.
  double distance(double truth) const { return std::abs(mean - truth) / standard_error; }
};

/// Mean of `draw(stream)` over `count` draws, each from its own stream.
template <class Draw>
Estimate monte_carlo(std::uint32_t count, std::uint64_t seed, const Draw& draw) {
  double mean = 0, squares = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    RandomStream stream(seed, Purpose::user, 0, i);
    const double value = draw(stream);
    const double step = value - mean;
    mean += step / (i + 1.0);
    squares += step * (value - mean);
  }
  return {mean, std::sqrt(squares / (count - 1.0) / count)};
}

}  // namespace reference
