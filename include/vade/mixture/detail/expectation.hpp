// vade: passes over the data under a mixture's current parameters.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/responsibilities.hpp>
#include <vade/mixture/detail/sample_tile.hpp>
#include <vade/mixture/detail/tile_plan.hpp>

namespace vade::detail {

/// Working memory of one thread: rows, their responsibilities (column k) and log-probabilities.
struct MixtureTile {
  MixtureTile(Index capacity, Index latent, Index clusters)
      : x(capacity, latent), gamma(capacity, clusters), log_prob(capacity, 1) {}
  SampleTile<double> x;
  TileBuffer<double> gamma;
  TileBuffer<double> log_prob;
};

/// Numbers of working memory per row of a `MixtureTile`.
inline Index mixture_width(Index latent, Index clusters) { return latent + clusters + 1; }

/// Outcome of one pass of E and M step.
template <class Covariance>
struct ExpectationPass {
  typename Covariance::Moments moments;
  double log_likelihood = 0;  ///< mean over rows
  Index worst_row = 0;        ///< the row with the lowest log-probability, among equals the first
};

/// The E step for fixed parameters, and what is summed under it.
template <class Covariance>
class Expectation {
 public:
  /// weights `[1 x K]`, means `[K x J]`; tiles are loaded relative to `origin` `[1 x J]`, means are not.
  Expectation(const RowVector<double>& weights, const Matrix<double>& means,
              const typename Covariance::template Spread<double>& covariances, const RowVector<double>& origin)
      : origin_(origin), density_(means, covariances, origin) {
    // The share of a component without weight is exactly 0, since another one has a finite exponent.
    constexpr double log_of_none = -std::numeric_limits<double>::infinity();
    offset_ = (weights.array() > 0).select(weights.array().log(), log_of_none).matrix() + density_.log_normaliser();
  }

  const typename Covariance::Density& density() const { return density_; }

  /// Calls `body(tile, chunk, first, count)` on the pool for each tile of x, with responsibilities of its rows.
  template <class X, class Body>
  void for_each_tile(const X& x, Body&& body) const {
    walk(plan(x, 1), x, origin_, body);
  }

  /// Mean log-probability of the rows of x. Calls `look(log_prob, first, count)` for each tile, on the pool.
  template <class X, class Look>
  double mean_log_likelihood(const X& x, const Look& look) const {
    const TilePlan tiles = plan(x, 1);
    std::vector<double> parts(static_cast<std::size_t>(tiles.chunks), 0.0);
    walk(tiles, x, origin_, [&](MixtureTile& tile, Index chunk, Index first, Index count) {
      look(tile.log_prob.data(), first, count);
      parts[static_cast<std::size_t>(chunk)] += sum(tile.log_prob.data(), count);
    });
    return sum(parts.data(), static_cast<Index>(parts.size())) / static_cast<double>(x.rows());
  }

  /// E and M sums in one pass; rows are taken relative to `data_origin`, which the components' means, and the points
  /// `about` `[K x J]` that moments are about, are relative to.
  template <class X>
  ExpectationPass<Covariance> moments(const X& x, const RowVector<double>& data_origin,
                                      const Matrix<double>& about) const {
    const Index clusters = offset_.size();
    const TilePlan tiles = plan(x, clusters * Covariance::Moments::size(x.cols()));
    struct Part {
      typename Covariance::Moments moments;
      double log_likelihood = 0;
      double worst = std::numeric_limits<double>::infinity();
      Index worst_row = 0;
    };
    std::vector<Part> parts(static_cast<std::size_t>(tiles.chunks));
    for (Part& part : parts) part.moments = typename Covariance::Moments(clusters, x.cols());
    walk(tiles, x, data_origin, [&](MixtureTile& tile, Index chunk, Index first, Index count) {
      Part& part = parts[static_cast<std::size_t>(chunk)];
      const double* log_prob = tile.log_prob.data();
      const double* worst = std::min_element(log_prob, log_prob + count);
      if (*worst < part.worst) {
        part.worst = *worst;
        part.worst_row = first + (worst - log_prob);
      }
      part.log_likelihood += sum(log_prob, count);
      for (Index k = 0; k < clusters; ++k)
        std::fill(tile.gamma.column(k) + count, tile.gamma.column(k) + tile.x.padded(), 0.0);
      part.moments.add(tile.x, tile.gamma, about);
    });
    ExpectationPass<Covariance> pass{typename Covariance::Moments(clusters, x.cols())};
    double worst = std::numeric_limits<double>::infinity();
    for (const Part& part : parts) {
      pass.moments += part.moments;
      pass.log_likelihood += part.log_likelihood;
      if (part.worst < worst) {
        worst = part.worst;
        pass.worst_row = part.worst_row;
      }
    }
    pass.log_likelihood /= static_cast<double>(x.rows());
    return pass;
  }

 private:
  template <class X>
  TilePlan plan(const X& x, Index sums) const {
    return {x.rows(), mixture_width(x.cols(), offset_.size()), sums};
  }

  static double sum(const double* values, Index count) {
    double total = 0;
    for (Index i = 0; i < count; ++i) total += values[i];
    return total;
  }

  template <class X, class Body>
  void walk(const TilePlan& tiles, const X& x, const RowVector<double>& origin, Body&& body) const {
    tiles.for_each_chunk([&](Index chunk, Index begin, Index end) {
      MixtureTile tile(std::min(tiles.tile_rows, end - begin), x.cols(), offset_.size());
      tiles.for_each_tile(begin, end, [&](Index first, Index count) {
        tile.x.load(x, first, count, origin.data());
        density_.squares(tile.x, tile.gamma);
        responsibilities_in_place(tile.gamma, tile.x.padded(), offset_, tile.log_prob.data());
        body(tile, chunk, first, count);
      });
    });
  }

  RowVector<double> origin_;
  typename Covariance::Density density_;
  RowVector<double> offset_;  // log π_k + log-normaliser_k [1 x K]
};

/// Moments of x about `about` `[K x J]`, both relative to `origin`, where each row belongs to its label with certainty.
template <class Covariance, class X>
typename Covariance::Moments hard_moments(const X& x, const RowVector<double>& origin, const Labels& labels,
                                          const Matrix<double>& about) {
  const Index clusters = about.rows();
  const TilePlan tiles(x.rows(), mixture_width(x.cols(), clusters), clusters * Covariance::Moments::size(x.cols()));
  std::vector<typename Covariance::Moments> parts(static_cast<std::size_t>(tiles.chunks));
  tiles.for_each_chunk([&](Index chunk, Index begin, Index end) {
    typename Covariance::Moments part(clusters, x.cols());
    MixtureTile tile(tiles.tile_rows, x.cols(), clusters);
    tiles.for_each_tile(begin, end, [&](Index first, Index count) {
      tile.x.load(x, first, count, origin.data());
      for (Index k = 0; k < clusters; ++k)
        for (Index i = 0; i < tile.x.padded(); ++i)
          tile.gamma.column(k)[i] =
              i < count && labels[static_cast<std::size_t>(first + i)] == static_cast<Label>(k) ? 1.0 : 0.0;
      part.add(tile.x, tile.gamma, about);
    });
    parts[static_cast<std::size_t>(chunk)] = std::move(part);
  });
  typename Covariance::Moments moments(clusters, x.cols());
  for (const auto& part : parts) moments += part;
  return moments;
}

}  // namespace vade::detail
