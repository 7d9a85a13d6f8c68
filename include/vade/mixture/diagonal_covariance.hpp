// vade: mixture components with independent dimensions.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/special.hpp>
#include <vade/mixture/detail/sample_tile.hpp>
#include <vade/mixture/detail/weighted_sums.hpp>

namespace vade {

/// Covariance policy of `GaussianMixture`: each component has one variance per dimension.
///
/// What a policy offers, all in double, with the tile's rows relative to an origin:
///   - `Spread<T>`, the covariances of all components, `check`, `cast`, `parameters(K, J)`, `entries(K, J)`, `isotropic`, `replace`,
///     `variances`, `widen`;
///   - `Density`, made from means and spread: squared Mahalanobis distances of a tile, log-normalisers, and draws;
///   - `Moments`, sums over rows weighted by responsibilities, about the mean that a component has, and the means and
///     spread that follow from them.
struct DiagonalCovariance {
  /// σ² `[K x J]`.
  template <Real T>
  using Spread = Matrix<T>;

  /// Free numbers in the covariances.
  static double parameters(Index clusters, Index latent) {
    return static_cast<double>(clusters) * static_cast<double>(latent);
  }

  /// Numbers that the covariances hold.
  static double entries(Index clusters, Index latent) { return parameters(clusters, latent); }

  template <Real To, Real From>
  static Spread<To> cast(const Spread<From>& spread) {
    return spread.template cast<To>();
  }

  /// @throws ShapeError, ValueError if variances are not positive and finite
  static void check(std::string_view who, const Spread<double>& variances, Index clusters, Index latent) {
    check_shape(who, "variances", variances, clusters, latent);
    check_finite(who, "variances", variances);
    for (Index k = 0; k < clusters; ++k)
      for (Index j = 0; j < latent; ++j)
        if (!(variances(k, j) > 0))
          throw ValueError(detail::message(who, ": component ", k, " has variance ", variances(k, j), " in dimension ",
                                           j, ", wanted a positive one (raise variance_floor)"));
  }

  /// Every component with the variances `[1 x J]` of the whole data.
  static Spread<double> isotropic(const RowVector<double>& variance, Index clusters) {
    return variance.replicate(clusters, 1);
  }

  /// Gives component k the covariance of the only component of `from`.
  static void replace(Spread<double>& spread, const Spread<double>& from, Index k) { spread.row(k) = from.row(0); }

  /// The variances of component k, `[1 x J]`.
  static RowVector<double> variances(const Spread<double>& spread, Index k) { return spread.row(k); }

  /// Adds `floor` `[1 x J]` to the variances of every component.
  static void widen(Spread<double>& spread, const RowVector<double>& floor) { spread.rowwise() += floor; }

  /// Densities of all components: log N(x; μ_k, σ²_k) = log_normaliser_k − ½ Σ_j ((x_j − μ_kj) / σ_kj)².
  class Density {
   public:
    /// Variances have passed `check`. `origin` `[1 x J]` is what tiles are relative to.
    Density(const Matrix<double>& means, const Spread<double>& variances, const RowVector<double>& origin)
        : scale_(variances.cwiseSqrt().cwiseInverse()),
          shift_((means.rowwise() - origin).cwiseProduct(scale_)),
          log_normaliser_(-0.5 * (variances.array().log().rowwise().sum().matrix().transpose().array() +
                                  static_cast<double>(means.cols()) * log_two_pi<double>)) {}

    /// `[1 x K]`
    const RowVector<double>& log_normaliser() const { return log_normaliser_; }

    /// Squared Mahalanobis distance of each row of the tile to each component: column k of `out`. O(rows K J).
    void squares(const detail::SampleTile<double>& tile, detail::TileBuffer<double>& out) const {
      for (Index row = 0; row < tile.padded(); row += detail::row_block<double>) {
        constexpr auto step = static_cast<Index>(detail::block_points);
        Index k = 0;
        for (; k + step <= scale_.rows(); k += step) block<detail::block_points>(tile, row, k, out);
        for (; k + 2 <= scale_.rows(); k += 2) block<2>(tile, row, k, out);
        if (k < scale_.rows()) block<1>(tile, row, k, out);
      }
    }

    /// σ_k ∘ noise, into `noise` `[1 x J]`: the deviation of a draw from the mean of component k.
    void colour(Index k, RowVector<double>& noise) const { noise.array() /= scale_.row(k).array(); }

   private:
    template <std::size_t Count>
    void block(const detail::SampleTile<double>& tile, Index row, Index k, detail::TileBuffer<double>& out) const {
      detail::Lanes<double> sums[Count][detail::block_registers] = {};
      const Index first = k * scale_.cols();
      detail::add_squares<Count, true, double>(tile.column(0) + row, tile.stride(), tile.features(),
                                               shift_.data() + first, scale_.data() + first, sums);
      for (std::size_t c = 0; c < Count; ++c)
        for (int v = 0; v < detail::block_registers; ++v)
          detail::store_lanes<double>(out.column(k + static_cast<Index>(c)) + row + v * detail::lane_count<double>,
                                      sums[c][v]);
    }

    Matrix<double> scale_;  // 1 / σ [K x J]
    Matrix<double> shift_;  // (μ − origin) / σ [K x J]
    RowVector<double> log_normaliser_;
  };

  /// N_k, Σ r (x − m_k) and Σ r (x − m_k)² of each component, about the means m_k that the M step starts from: near its
  /// rows wherever these lie, so that little is taken from the squares to make variances of them.
  class Moments {
   public:
    Moments() = default;
    Moments(Index clusters, Index latent) : sums_(Matrix<double>::Zero(clusters, 1 + 2 * latent)) {}

    /// Numbers held per component.
    static Index size(Index latent) { return 1 + 2 * latent; }

    /// Adds the rows of `tile`, weighted by `responsibilities` (column k; 0 in padded rows). `about` `[K x J]` are the
    /// m_k, relative to the origin as the tile is, and the same in every call. O(rows K J).
    void add(const detail::SampleTile<double>& tile, const detail::TileBuffer<double>& responsibilities,
             const Matrix<double>& about) {
      detail::add_weighted_sums(tile, responsibilities, about, sums_);
    }

    void operator+=(const Moments& other) { sums_ += other.sums_; }

    /// N_k
    double mass(Index k) const { return sums_(k, 0); }

    /// Maximum-likelihood mean (relative to the origin) and variances of component k, plus `floor` `[1 x J]`; N_k > 0.
    /// Row k of `means` is m_k before, and the mean after. Returns `has_digits` of the variances.
    bool estimate(Index k, const RowVector<double>& floor, Matrix<double>& means, Spread<double>& variances) const {
      const Index latent = means.cols();
      const RowVector<double> step = sums_.row(k).segment(1, latent) / mass(k);
      means.row(k) += step;
      variances.row(k) = (sums_.row(k).segment(1 + latent, latent) / mass(k) - step.cwiseAbs2()).cwiseMax(0.0);
      variances.row(k) += floor;
      return detail::has_digits(step, variances.row(k));
    }

   private:
    Matrix<double> sums_;  // [K x (1 + 2J)]: N_k, Σ r (x − m), Σ r (x − m)²
  };
};

}  // namespace vade
