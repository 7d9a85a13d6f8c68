// vade: five densities in the plane, drawn.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include <vade/core/checks.hpp>
#include <vade/core/lazy_constant.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/memory.hpp>
#include <vade/core/random.hpp>
#include <vade/core/special.hpp>
#include <vade/data/dataset.hpp>

/// The synthetic experiments of D. Guo, K.-D. Liao and C. Zhou, "Variational Autoencoder" (document 004 among the
/// references of this project), with the numbers S.n of docs/derivations/synthetic.md, which also names two slips.
namespace vade {

/// Which density.
enum class Synthetic { isotropic, rotated, figure_eight, three_blobs, mixture };

/// What is known about a density: its name on a command line, and the variance of its additive noise, or 0.
struct SyntheticInfo {
  Synthetic which;
  std::string_view name;
  double noise_variance;  ///< σ_ε²
};

inline constexpr std::array<SyntheticInfo, 5> synthetic_densities{{
    {Synthetic::isotropic, "isotropic", 0.2},
    {Synthetic::rotated, "rotated", 0.2},
    {Synthetic::figure_eight, "figure8", 0.02},
    {Synthetic::three_blobs, "blobs", 0.2},
    {Synthetic::mixture, "mixture", 0},
}};

/// A point of the plane.
struct PlanePoint {
  double x = 0;
  double y = 0;
};

/// The rotation by `angle`, counter-clockwise.
inline PlanePoint rotate(PlanePoint p, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {c * p.x - s * p.y, s * p.x + c * p.y};
}

/// S.1: diag(3, 1/3) z.
inline PlanePoint stretched(PlanePoint z) { return {3 * z.x, z.y / 3}; }

/// S.3: the point of the lemniscate at u = (0.6 + 1.8 Φ(z)) π:
///     (½ √2 cos u, √2 cos u sin u) / (1 + sin² u).
inline PlanePoint figure_eight_point(double z) {
  const double u = (0.6 + 1.8 * normal_cdf(z)) * 3.14159265358979323846, c = std::cos(u), s = std::sin(u);
  const double root = 1.41421356237309504880, below = 1 + s * s;
  return {0.5 * root * c / below, root * c * s / below};
}

/// S.4: the angle t(u(z)) = 2 tanh(10 u − 20 ⌊u/2⌋ − 10) + 4 ⌊u/2⌋ + 2 with u = 2π / (1 + e^{−½ π z}): nearly always
/// one of 0, 4, 8 and 12.
inline double blob_angle(double z) {
  const double u = 2 * 3.14159265358979323846 / (1 + std::exp(-0.5 * 3.14159265358979323846 * z));
  const double step = std::floor(u / 2);
  return 2 * std::tanh(10 * u - 20 * step - 10) + 4 * step + 2;
}

/// S.5: part k = 0, 1, 2 of the mixture at the draw y of N(0, diag(3, 1/3)): R(0), R(2π/3), R(π/3), and three centres.
inline PlanePoint mixture_point(Label k, PlanePoint y) {
  const double third = 3.14159265358979323846 / 3, side = 3 * 1.73205080756887729353;
  const PlanePoint turned = rotate(y, k == 0 ? 0 : k == 1 ? 2 * third : third);
  const PlanePoint centre = k == 0 ? PlanePoint{0, side} : PlanePoint{k == 1 ? -side : side, -side / 2};
  return {turned.x + centre.x, turned.y + centre.y};
}

namespace detail {

/// The curve of S.3 or S.4 at places z of a trapezoidal rule over [−8, 8], and the logarithm of each place's share.
struct LatentCurve {
  Eigen::ArrayXd x, y, log_share;
  double noise;

  /// The integrands are as good as smooth, the rule with 6400 steps nearly exact where they are not too narrow.
  explicit LatentCurve(Synthetic which, Index steps = 6400)
      : x(steps + 1), y(steps + 1), log_share(steps + 1),
        noise(synthetic_densities[static_cast<std::size_t>(which)].noise_variance) {
    const double step = 16 / static_cast<double>(steps);
    for (Index k = 0; k <= steps; ++k) {
      const double z = step * static_cast<double>(k) - 8, angle = which == Synthetic::three_blobs ? blob_angle(z) : 0;
      const PlanePoint p =
          which == Synthetic::three_blobs ? PlanePoint{std::cos(angle), std::sin(angle)} : figure_eight_point(z);
      x(k) = p.x;
      y(k) = p.y;
      log_share(k) = std::log(step) - 0.5 * z * z - 1.5 * log_two_pi<double> - std::log(noise);
    }
  }

  /// A log-sum-exp. Of terms, all are looked at, and those are added that 6400 times are no rounding of the largest.
  double log_density(PlanePoint p) const {
    const auto exponents = log_share - ((x - p.x).square() + (y - p.y).square()) * (0.5 / noise);
    const double top = exponents.maxCoeff();
    if (std::isinf(top)) return top;
    double sum = 0;
    for (Index k = 0; k < x.size(); ++k)
      if (const double below = exponents(k) - top; below > -46) sum += std::exp(below);
    return top + std::log(sum);
  }
};

}  // namespace detail

/// S.8: log p(x) of a density, in nats. Closed form for Gaussians; for S.3 and S.4 the integral over z by quadrature, to
/// 1e-10 within 3 of the origin, where the data are, and to 1e-8 of its size at 20. The best that any model's mean
/// log-likelihood can be.
inline double synthetic_log_density(Synthetic which, PlanePoint x) {
  constexpr double two_pi = 6.28318530717958647693;
  const double noise = synthetic_densities[static_cast<std::size_t>(which)].noise_variance;
  const auto log_normal = [](PlanePoint d, double first, double second) {  // with two variances
    return -0.5 * (d.x * d.x / first + d.y * d.y / second + std::log(first) + std::log(second)) - log_two_pi<double>;
  };
  switch (which) {
    case Synthetic::isotropic:
      return log_normal(x, 9 + noise, 1.0 / 9 + noise);
    case Synthetic::rotated:
      return log_normal(rotate(x, -two_pi / 6), 9 + noise, 1.0 / 9 + noise);
    case Synthetic::mixture: {
      Eigen::Array3d parts;
      for (Label k = 0; k < 3; ++k) {
        const PlanePoint centre = mixture_point(k, {0, 0});
        const double angle = k == 0 ? 0 : k == 1 ? two_pi / 3 : two_pi / 6;
        parts(k) = log_normal(rotate({x.x - centre.x, x.y - centre.y}, -angle), 3, 1.0 / 3);
      }
      const double top = parts.maxCoeff();
      return std::isinf(top) ? top : top + std::log((parts - top).exp().mean());
    }
    case Synthetic::figure_eight: {
      static constinit LazyConstant<detail::LatentCurve> curve;
      return curve.get([] { return detail::LatentCurve(Synthetic::figure_eight); }).log_density(x);
    }
    case Synthetic::three_blobs:
      break;
  }
  static constinit LazyConstant<detail::LatentCurve> curve;
  return curve.get([] { return detail::LatentCurve(Synthetic::three_blobs); }).log_density(x);
}

/// `rows` independent draws `[rows x 2]`, float. Row i depends on (seed, part, i) alone: parts are independent samples,
/// say 0 to train and 1 to test. Labels say where a row is from: the component of the mixture, the blob, or the sixth
/// of the latent z in which it lies (of z₁ for the Gaussians). O(rows). @throws ValueError unless 1 <= rows <= 2³², the numbers
/// of rows that have draws of their own; ResourceError
inline LabelledDataset synthetic_data(Synthetic which, Index rows, std::uint64_t seed, std::uint32_t part = 0) {
  check_between<std::int64_t>("synthetic_data", "rows", rows, 1, std::int64_t{1} << 32);
  check_memory("synthetic_data", detail::message(rows, " rows"),
               static_cast<double>(rows) * (2 * sizeof(float) + sizeof(Label)));
  Matrix<float> x(rows, 2);
  Labels labels(static_cast<std::size_t>(rows));
  const double deviation = std::sqrt(synthetic_densities[static_cast<std::size_t>(which)].noise_variance);
  const auto sixth = [](double z) { return static_cast<Label>(std::min(5.0, std::floor(6 * normal_cdf(z)))); };
  for (Index i = 0; i < rows; ++i) {
    RandomStream stream(seed, Purpose::synthetic, part, static_cast<std::uint32_t>(i));
    const PlanePoint z{stream.normal<double>(), stream.normal<double>()};
    const PlanePoint noise{deviation * stream.normal<double>(), deviation * stream.normal<double>()};
    PlanePoint p;
    Label label = sixth(z.x);
    switch (which) {
      case Synthetic::isotropic:
        p = stretched(z);
        break;
      case Synthetic::rotated:  // S.2
        p = rotate(stretched(z), 3.14159265358979323846 / 3);
        break;
      case Synthetic::figure_eight:
        p = figure_eight_point(z.x);
        break;
      case Synthetic::three_blobs: {
        const double angle = blob_angle(z.x);
        p = {std::cos(angle), std::sin(angle)};
        label = static_cast<Label>(std::lround(angle / 4));
        break;
      }
      case Synthetic::mixture:
        label = static_cast<Label>(stream.below(3));
        p = mixture_point(label, {std::sqrt(3.0) * z.x, z.y / std::sqrt(3.0)});
        break;
    }
    x(i, 0) = static_cast<float>(p.x + noise.x);
    x(i, 1) = static_cast<float>(p.y + noise.y);
    labels[static_cast<std::size_t>(i)] = label;
  }
  return {Dataset::from_matrix(std::move(x)), std::move(labels)};
}

}  // namespace vade
