// vade: mixture components with correlated dimensions.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Cholesky>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/special.hpp>
#include <vade/mixture/detail/sample_tile.hpp>
#include <vade/mixture/detail/weighted_sums.hpp>

namespace vade {

/// Covariance policy of `GaussianMixture`: each component has a symmetric positive definite matrix of its own. See
/// `DiagonalCovariance` for what a policy offers. Time and memory grow with K J².
struct FullCovariance {
  /// Σ_k, K matrices `[J x J]`.
  template <Real T>
  using Spread = std::vector<Matrix<T>>;

  /// Free numbers in the covariances.
  static double parameters(Index clusters, Index latent) {
    return 0.5 * static_cast<double>(clusters) * static_cast<double>(latent) * static_cast<double>(latent + 1);
  }

  /// Numbers that the covariances hold.
  static double entries(Index clusters, Index latent) {
    return static_cast<double>(clusters) * static_cast<double>(latent) * static_cast<double>(latent);
  }

  /// A matrix that loses its definiteness when it is rounded to a narrower type, as that of two equal columns does, gets
  /// a diagonal that is larger by as many roundings as that can take.
  template <Real To, Real From>
  static Spread<To> cast(const Spread<From>& spread) {
    Spread<To> result;
    for (const Matrix<From>& covariance : spread) {
      Matrix<To>& rounded = result.emplace_back(covariance.template cast<To>());
      if constexpr (sizeof(To) < sizeof(From))
        if (Eigen::LLT<Matrix<double>>(rounded.template cast<double>()).info() != Eigen::Success)
          rounded.diagonal() *= 1 + 2 * static_cast<To>(rounded.rows()) * std::numeric_limits<To>::epsilon();
    }
    return result;
  }

  /// @throws ShapeError, ValueError if a matrix is not finite, symmetric and positive definite
  static void check(std::string_view who, const Spread<double>& covariances, Index clusters, Index latent) {
    check_same_count(who, "covariances", static_cast<Index>(covariances.size()), clusters);
    for (std::size_t k = 0; k < covariances.size(); ++k) {
      const Matrix<double>& covariance = covariances[k];
      const std::string what = detail::message("the covariance of component ", k);
      check_shape(who, what, covariance, latent, latent);
      check_finite(who, what, covariance);  // before the factorisation, which takes NaN for success
      if (covariance.diagonal().minCoeff() > 0) check_symmetric(who, what, covariance);
      if (covariance.diagonal().minCoeff() <= 0 || Eigen::LLT<Matrix<double>>(covariance).info() != Eigen::Success)
        throw ValueError(
            detail::message(who, ": ", what, " is singular, wanted a positive definite matrix (raise variance_floor)"));
    }
  }

  /// Entries are compared with the standard deviations of their columns: each may have a unit of its own.
  /// @throws ValueError
  static void check_symmetric(std::string_view who, std::string_view what, const Matrix<double>& covariance) {
    const RowVector<double> deviations = covariance.diagonal().cwiseSqrt().transpose();
    for (Index i = 0; i < covariance.rows(); ++i)
      for (Index j = 0; j < i; ++j)
        if (const double asymmetry = std::abs(covariance(i, j) - covariance(j, i));
            asymmetry > 1e-5 * deviations(i) * deviations(j))
          throw ValueError(detail::message(who, ": ", what, " has entries (", i, ", ", j, ") and (", j, ", ", i,
                                           ") that differ by ", asymmetry, ", wanted a symmetric matrix"));
  }

  /// Every component with the variances `[1 x J]` of the whole data, and no correlations.
  static Spread<double> isotropic(const RowVector<double>& variance, Index clusters) {
    return Spread<double>(static_cast<std::size_t>(clusters), Matrix<double>(variance.asDiagonal()));
  }

  /// Gives component k the covariance of the only component of `from`.
  static void replace(Spread<double>& spread, const Spread<double>& from, Index k) {
    spread[static_cast<std::size_t>(k)] = from.front();
  }

  /// The variances of component k, `[1 x J]`.
  static RowVector<double> variances(const Spread<double>& spread, Index k) {
    return spread[static_cast<std::size_t>(k)].diagonal().transpose();
  }

  /// Adds `floor` `[1 x J]` to the variances of every component.
  static void widen(Spread<double>& spread, const RowVector<double>& floor) {
    for (Matrix<double>& covariance : spread) covariance.diagonal() += floor.transpose();
  }

  /// Densities of all components: with Σ_k = L Lᵀ, log N(x; μ_k, Σ_k) = log_normaliser_k − ½ |L⁻¹ (x − μ_k)|².
  class Density {
   public:
    /// Covariances have passed `check`. `origin` `[1 x J]` is what tiles are relative to.
    Density(const Matrix<double>& means, const Spread<double>& covariances, const RowVector<double>& origin)
        : log_normaliser_(means.rows()) {
      const Index latent = means.cols();
      for (Index k = 0; k < means.rows(); ++k) {
        const Eigen::LLT<Matrix<double>> factor(covariances[static_cast<std::size_t>(k)]);
        factors_.push_back(factor.matrixL());
        whiteners_.push_back(factor.matrixL().solve(Matrix<double>::Identity(latent, latent)));
        shifts_.push_back(whiteners_.back() * (means.row(k) - origin).transpose());
        log_normaliser_(k) =
            -0.5 * static_cast<double>(latent) * log_two_pi<double> - factors_.back().diagonal().array().log().sum();
      }
    }

    /// `[1 x K]`
    const RowVector<double>& log_normaliser() const { return log_normaliser_; }

    /// Squared Mahalanobis distance of each row of the tile to each component: column k of `out`. O(rows K J²).
    void squares(const detail::SampleTile<double>& tile, detail::TileBuffer<double>& out) const {
      for (Index k = 0; k < log_normaliser_.size(); ++k)
        for (Index row = 0; row < tile.padded(); row += detail::row_block<double>)
          block(tile, row, static_cast<std::size_t>(k), out.column(k) + row);
    }

    /// L noise, in place of `noise` `[1 x J]`: the deviation of a draw from the mean of component k.
    void colour(Index k, RowVector<double>& noise) const {
      noise = (noise * factors_[static_cast<std::size_t>(k)].transpose()).eval();
    }

   private:
    void block(const detail::SampleTile<double>& tile, Index row, std::size_t k, double* out) const {
      constexpr int registers = detail::block_registers;
      const Matrix<double>& whitener = whiteners_[k];
      detail::Lanes<double> squares[registers] = {};
      for (Index j = 0; j < whitener.rows(); ++j) {
        detail::Lanes<double> whitened[registers];
        for (int v = 0; v < registers; ++v) whitened[v] = detail::all_lanes(-shifts_[k](j));
        for (Index l = 0; l <= j; ++l)
          for (int v = 0; v < registers; ++v)
            whitened[v] += detail::load_lanes(tile.column(l) + row + v * detail::lane_count<double>) * whitener(j, l);
        for (int v = 0; v < registers; ++v) squares[v] += whitened[v] * whitened[v];
      }
      for (int v = 0; v < registers; ++v) detail::store_lanes<double>(out + v * detail::lane_count<double>, squares[v]);
    }

    std::vector<Matrix<double>> factors_;    // L_k, lower triangular
    std::vector<Matrix<double>> whiteners_;  // L_k⁻¹, lower triangular
    std::vector<Eigen::VectorXd> shifts_;    // L_k⁻¹ (μ_k − origin)
    RowVector<double> log_normaliser_;
  };

  /// N_k, Σ r (x − m_k) and the lower triangle of Σ r (x − m_k)(x − m_k)ᵀ of each component, about the means m_k that
  /// the M step starts from.
  class Moments {
   public:
    Moments() = default;
    Moments(Index clusters, Index latent)
        : sums_(Matrix<double>::Zero(clusters, 1 + latent)),
          products_(static_cast<std::size_t>(clusters), Matrix<double>::Zero(latent, latent)) {}

    /// Numbers held per component.
    static Index size(Index latent) { return 1 + latent + latent * latent; }

    /// Adds the rows of `tile`, weighted by `responsibilities` (column k; 0 in padded rows). `about` `[K x J]` are the
    /// m_k, relative to the origin as the tile is, and the same in every call. O(rows K J²).
    void add(const detail::SampleTile<double>& tile, const detail::TileBuffer<double>& responsibilities,
             const Matrix<double>& about) {
      detail::TileBuffer<double> weighted(tile.padded(), 1), centred(tile.padded(), tile.features());
      for (Index k = 0; k < sums_.rows(); ++k) {
        const double* r = responsibilities.column(k);
        sums_(k, 0) += sum(tile.padded(), r);
        for (Index j = 0; j < tile.features(); ++j) {
          const double* x = tile.column(j);
          const double centre = about(k, j);
          double* difference = centred.column(j);
          for (Index i = 0; i < tile.padded(); ++i) {
            difference[i] = x[i] - centre;
            weighted.data()[i] = r[i] * difference[i];
          }
          sums_(k, 1 + j) += sum(tile.padded(), weighted.data());
          double* products = &products_[static_cast<std::size_t>(k)](j, 0);
          Index l = 0;
          for (; l + 4 <= j + 1; l += 4) add_products<4>(tile.padded(), centred, weighted.data(), l, products);
          for (; l <= j; ++l) add_products<1>(tile.padded(), centred, weighted.data(), l, products);
        }
      }
    }

    void operator+=(const Moments& other) {
      sums_ += other.sums_;
      for (std::size_t k = 0; k < products_.size(); ++k) products_[k] += other.products_[k];
    }

    /// N_k
    double mass(Index k) const { return sums_(k, 0); }

    /// Maximum-likelihood mean (relative to the origin) and covariance of component k, plus `floor` `[1 x J]` on the
    /// diagonal; N_k > 0. Row k of `means` is m_k before, and the mean after. Returns `has_digits` of the variances.
    bool estimate(Index k, const RowVector<double>& floor, Matrix<double>& means, Spread<double>& covariances) const {
      const RowVector<double> step = sums_.row(k).tail(means.cols()) / mass(k);
      means.row(k) += step;
      Matrix<double>& covariance = covariances[static_cast<std::size_t>(k)];
      const Matrix<double> lower = products_[static_cast<std::size_t>(k)] / mass(k) - step.transpose() * step;
      covariance = lower.selfadjointView<Eigen::Lower>();
      covariance.diagonal() = covariance.diagonal().cwiseMax(0.0);
      covariance.diagonal() += floor.transpose();
      return detail::has_digits(step, covariance.diagonal().transpose());
    }

   private:
    static double sum(Index count, const double* values) {
      detail::Lanes<double> total = {};
      for (Index i = 0; i < count; i += detail::lane_count<double>) total += detail::load_lanes(values + i);
      return detail::sum_lanes<double>(total);
    }

    /// Adds Σ_i weighted_i centred_il for `Count` features from l on.
    template <std::size_t Count>
    static void add_products(Index rows, const detail::TileBuffer<double>& centred, const double* weighted, Index l,
                             double* products) {
      detail::Lanes<double> totals[Count] = {};
      for (Index i = 0; i < rows; i += detail::lane_count<double>) {
        const detail::Lanes<double> weight = detail::load_lanes(weighted + i);
        for (std::size_t c = 0; c < Count; ++c)
          totals[c] += weight * detail::load_lanes(centred.column(l + static_cast<Index>(c)) + i);
      }
      for (std::size_t c = 0; c < Count; ++c)
        products[l + static_cast<Index>(c)] += detail::sum_lanes<double>(totals[c]);
    }

    Matrix<double> sums_;                   // [K x (1 + J)]: N_k, Σ r (x − m)
    std::vector<Matrix<double>> products_;  // lower triangles [J x J]
  };
};

}  // namespace vade
