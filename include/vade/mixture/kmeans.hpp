// vade: k-means clustering.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/memory.hpp>
#include <vade/core/small_units.hpp>
#include <vade/mixture/detail/column_moments.hpp>
#include <vade/mixture/detail/kmeans_rows.hpp>
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

namespace detail {

/// What k-means needs to know of its rows before it begins.
template <class Rows>
struct KMeansData {
  const Rows& rows;
  double variance;  ///< mean of the columns' variances, which the tolerance is a share of
};

inline void check_kmeans_options(const KMeansOptions& options) {
  check_at_least("kmeans", "restarts", options.restarts, 1);
  check_at_least("kmeans", "max_iterations", options.max_iterations, 1);
  check_at_least("kmeans", "tolerance", options.tolerance, 0.0);
}

/// Lloyd's algorithm from `start`. @throws ValueError where squared distances overflow
template <class Rows>
KMeansResult<typename Rows::Scalar> lloyd_from(const KMeansData<Rows>& data, const Matrix<typename Rows::Scalar>& start,
                                               const KMeansOptions& options) {
  // Sums of the clusters' rows in double, for each of at most 8 parts where they are large, and the centres.
  check_memory("kmeans", message(start.rows(), " centres in ", start.cols(), " dimensions"),
               10 * 8.0 * static_cast<double>(start.rows()) * static_cast<double>(start.cols()));
  Lloyd<Rows> lloyd(data.rows, start);
  KMeansResult<typename Rows::Scalar> result;
  bool labels_settled = false;
  while (!result.converged && result.iterations < options.max_iterations) {
    ++result.iterations;
    labels_settled = lloyd.assign_rows() == 0;
    result.converged = labels_settled || lloyd.move_centres() <= options.tolerance * data.variance;
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

/// The best of several greedy k-means++ starts. @throws ValueError for fewer than K distinct rows
template <class Rows>
KMeansResult<typename Rows::Scalar> lloyd_from_seeds(const KMeansData<Rows>& data, const KMeansOptions& options) {
  KMeansSeeding<Rows> seeding(data.rows, options.clusters);
  KMeansResult<typename Rows::Scalar> best;
  best.inertia = std::numeric_limits<double>::infinity();
  for (int restart = 0; restart < options.restarts; ++restart) {
    auto result = lloyd_from(data, seeding.draw(options.seed, static_cast<std::uint32_t>(restart)), options);
    if (result.inertia < best.inertia) best = std::move(result);
  }
  return best;
}

/// Calls `run(rows, variance)` with x, or with x in a unit in which squares of its differences keep their digits, and
/// the mean of the columns' variances; returns its result in the unit of x. `largest()` is the largest magnitude of the
/// data.
/// @throws ValueError where x has values that are not finite
template <Real T, class Largest, class Run>
KMeansResult<T> in_squarable_unit(const MatrixRef<T>& x, const Largest& largest, const Run& run) {
  const ColumnMoments moments = column_moments<T>("kmeans", x);
  // E[x²] is at most the square of the largest magnitude, which is looked for only where it may be small.
  const bool maybe_small = (moments.mean.cwiseAbs2() + moments.variance).maxCoeff() < 1e-20;
  const T factor = maybe_small ? small_unit_factor<T>(largest()) : T{1};
  if (factor == 1) return run(x, factor, moments.variance.mean());
  const Matrix<T> scaled = x * factor;
  const MatrixRef<T> rows = scaled;
  KMeansResult<T> result = run(rows, factor, column_moments<T>("kmeans", rows).variance.mean());
  result.centres /= factor;
  result.inertia = result.inertia / static_cast<double>(factor) / static_cast<double>(factor);
  return result;
}

}  // namespace detail

/// Lloyd's algorithm from given centres `start` `[K x J]`; `options.clusters`, `restarts` and `seed` are not used.
/// A cluster that becomes empty moves to the row that is farthest from its own centre. O(N K J) per iteration.
/// Source: Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28 (1982).
/// @throws ShapeError if widths differ; ValueError on bad options, values that are not finite, squares that overflow,
/// or N < K
template <Real T>
KMeansResult<T> kmeans_from(const MatrixRef<T>& x, const Matrix<T>& start, const KMeansOptions& options = {}) {
  detail::check_rows_for_clusters("kmeans", x, start.rows());
  check_width("kmeans", "start", start, x.cols());
  check_finite("kmeans", "start", start);
  detail::check_kmeans_options(options);
  const auto largest = [&] { return std::max(x.cwiseAbs().maxCoeff(), start.cwiseAbs().maxCoeff()); };
  return detail::in_squarable_unit<T>(x, largest, [&](const MatrixRef<T>& rows, T factor, double variance) {
    const detail::PlainRows<T> plain(rows);
    return detail::lloyd_from(detail::KMeansData<detail::PlainRows<T>>{plain, variance}, Matrix<T>(start * factor),
                              options);
  });
}

/// k-means clustering of the rows of x `[N x J]`: greedy k-means++ seeding, then `kmeans_from`. Distances are Euclidean
/// in the units of x, so that a column with a larger spread counts for more: divide columns by their standard
/// deviations where they have different units. The unit that all columns share does not matter: x → a x + b gives the
/// same labels. O(N K J (iterations + log K)) per restart.
/// @throws ShapeError if x has no column; ValueError on bad options, values that are not finite, squares that overflow,
/// N < K, or fewer than K distinct rows
template <Real T>
KMeansResult<T> kmeans(const MatrixRef<T>& x, const KMeansOptions& options) {
  check_between("kmeans", "clusters", options.clusters, Index{1}, Index{std::numeric_limits<Label>::max()});
  detail::check_rows_for_clusters("kmeans", x, options.clusters);
  detail::check_kmeans_options(options);
  check_finite("kmeans", "x", x);
  const auto largest = [&] { return x.cwiseAbs().maxCoeff(); };
  return detail::in_squarable_unit<T>(x, largest, [&](const MatrixRef<T>& rows, T, double variance) {
    const detail::PlainRows<T> plain(rows);
    return detail::lloyd_from_seeds(detail::KMeansData<detail::PlainRows<T>>{plain, variance}, options);
  });
}

/// The same for any row-major matrix of float or double, without naming T.
template <class M>
requires Real<typename M::Scalar>
auto kmeans(const M& x, const KMeansOptions& options) {
  return kmeans<typename M::Scalar>(MatrixRef<typename M::Scalar>(x), options);
}

/// Nearest centre of each row of x `[N x J]`, centres `[K x J]`; among equals the lowest. A row's label does not depend
/// on the other rows. O(N K J).
/// @throws ShapeError if widths differ; ValueError on values that are not finite, or naming the first row whose squared
/// distances overflow
template <Real T>
Labels assign_labels(const MatrixRef<T>& x, const Matrix<T>& centres) {
  check_at_least("assign_labels", "rows of centres", centres.rows(), Index{1});
  check_shape("assign_labels", "x", x, x.rows(), centres.cols());
  check_finite("assign_labels", "x", x);
  check_finite("assign_labels", "centres", centres);
  const detail::PlainRows<T> plain(x);
  detail::Lloyd<detail::PlainRows<T>> lloyd(plain, centres);
  lloyd.assign_rows();
  // Of magnitudes below 1e-10 no squared distance is above J 4e-20. Squares of smaller ones may have lost their digits.
  if (x.size() > 0 && lloyd.inertia() <= static_cast<double>(x.size()) * 4e-20) {
    const T factor = small_unit_factor<T>(std::max(x.cwiseAbs().maxCoeff(), centres.cwiseAbs().maxCoeff()));
    if (factor != 1) return assign_labels<T>(MatrixRef<T>(Matrix<T>(x * factor)), Matrix<T>(centres * factor));
  }
  if (!std::isfinite(lloyd.inertia()))
    for (std::size_t i = 0; i < lloyd.distances().size(); ++i)
      if (!std::isfinite(lloyd.distances()[i]))
        throw ValueError(detail::message("assign_labels: squared distances of row ", i,
                                         " overflow, wanted smaller values in x and centres"));
  return lloyd.take_labels();
}

}  // namespace vade
