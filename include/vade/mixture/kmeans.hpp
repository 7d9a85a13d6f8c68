// vade: k-means clustering.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/column_moments.hpp>
#include <vade/mixture/detail/kmeans_seeding.hpp>
#include <vade/mixture/detail/lloyd.hpp>

/// Distances are sums of squared differences in T, without the cancellation of x² − 2xc + c²; sums over rows are in
/// double, by tile and in tile order. Hence the same bytes for any number of threads, and no trouble with data far
/// from 0. Beside the result, memory is one distance and one label per row, and a tile per thread.
namespace vade {

/// Settings of `kmeans`.
struct KMeansOptions {
  Index clusters = 10;       ///< K, at least 1
  int restarts = 1;          ///< independent starts, the one with the lowest inertia is returned; at least 1
  int max_iterations = 300;  ///< at least 1
  /// Converged when the centres' squared movement, summed, is at most this times the mean of the columns' variances
  /// (as in scikit-learn); at least 0. It also ends when no label changes.
  double tolerance = 1e-4;
  std::uint64_t seed = 0;
};

/// Outcome of `kmeans`: labels and inertia belong to these centres.
template <Real T>
struct KMeansResult {
  Matrix<T> centres;   ///< `[K x J]`
  Labels labels;       ///< nearest centre of each row `[N]`
  double inertia = 0;  ///< sum over rows of the squared distance to the nearest centre
  int iterations = 0;  ///< of the restart that is returned
  bool converged = false;
  int reseeded = 0;  ///< empty clusters that were moved to a badly fitted row, in the restart that is returned
};

/// Lloyd's algorithm from given centres `start` `[K x J]`; `options.clusters`, `restarts` and `seed` are not used.
/// A cluster that becomes empty moves to the row that is farthest from its own centre. O(N K J) per iteration.
/// Source: Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28 (1982).
/// @throws ShapeError if widths differ; ValueError on bad options, values that are not finite or N < K
template <Real T>
KMeansResult<T> kmeans_from(const MatrixRef<T>& x, const Matrix<T>& start, const KMeansOptions& options = {}) {
  detail::check_rows_for_clusters("kmeans", x, start.rows());
  check_width("kmeans", "start", start, x.cols());
  check_finite("kmeans", "start", start);
  check_at_least("kmeans", "max_iterations", options.max_iterations, 1);
  check_at_least("kmeans", "tolerance", options.tolerance, 0.0);
  const double variance = detail::column_moments<T>("kmeans", x).variance.mean();
  detail::Lloyd<T> lloyd(x, start);
  KMeansResult<T> result;
  bool labels_settled = false;
  while (!result.converged && result.iterations < options.max_iterations) {
    ++result.iterations;
    labels_settled = lloyd.assign_rows() == 0;
    result.converged = labels_settled || lloyd.move_centres() <= options.tolerance * variance;
  }
  if (!labels_settled) lloyd.assign_rows();
  if (!std::isfinite(lloyd.inertia()))
    throw ValueError("kmeans: squared distances overflow, wanted smaller values in x");
  result.inertia = lloyd.inertia();
  result.reseeded = lloyd.reseeded();
  result.centres = lloyd.centres();
  result.labels = lloyd.take_labels();
  return result;
}

/// k-means clustering of the rows of x `[N x J]`: greedy k-means++ seeding, then `kmeans_from`.
/// O(N K J (iterations + log K)) per restart.
/// @throws ShapeError if x has no column; ValueError on bad options, values that are not finite, N < K, or fewer than K
/// distinct rows (rows whose squared distance underflows count as equal)
template <Real T>
KMeansResult<T> kmeans(const MatrixRef<T>& x, const KMeansOptions& options) {
  check_between("kmeans", "clusters", options.clusters, Index{1}, Index{std::numeric_limits<Label>::max()});
  detail::check_rows_for_clusters("kmeans", x, options.clusters);
  check_at_least("kmeans", "restarts", options.restarts, 1);
  check_finite("kmeans", "x", x);
  detail::KMeansSeeding<T> seeding(x, options.clusters);
  KMeansResult<T> best;
  best.inertia = std::numeric_limits<double>::infinity();
  for (int restart = 0; restart < options.restarts; ++restart) {
    const Matrix<T> start = seeding.draw(options.seed, static_cast<std::uint32_t>(restart));
    KMeansResult<T> result = kmeans_from<T>(x, start, options);
    if (result.inertia < best.inertia) best = std::move(result);
  }
  return best;
}

/// The same for any row-major matrix of float or double, without naming T.
template <class M>
requires Real<typename M::Scalar>
auto kmeans(const M& x, const KMeansOptions& options) {
  return kmeans<typename M::Scalar>(MatrixRef<typename M::Scalar>(x), options);
}

/// Nearest centre of each row of x `[N x J]`, centres `[K x J]`; among equals the lowest. A row's label does not depend
/// on the other rows. O(N K J).
/// @throws ShapeError if widths differ; ValueError on values that are not finite, or squared distances that overflow
template <Real T>
Labels assign_labels(const MatrixRef<T>& x, const Matrix<T>& centres) {
  check_at_least("assign_labels", "rows of centres", centres.rows(), Index{1});
  check_shape("assign_labels", "x", x, x.rows(), centres.cols());
  check_finite("assign_labels", "x", x);
  check_finite("assign_labels", "centres", centres);
  detail::Lloyd<T> lloyd(x, centres);
  lloyd.assign_rows();
  if (!std::isfinite(lloyd.inertia()))
    throw ValueError("assign_labels: squared distances overflow, wanted smaller values in x and centres");
  return lloyd.take_labels();
}

}  // namespace vade
