// vade: the silhouette of a clustering.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/memory.hpp>
#include <vade/core/random.hpp>
#include <vade/core/small_units.hpp>
#include <vade/metrics/detail/distance_sums.hpp>
#include <vade/metrics/detail/label_groups.hpp>

/// s(i) = (b − a) / max(a, b): a is the mean distance of row i to the other rows of its cluster, b the least mean
/// distance to the rows of another cluster; 0 for a row that is alone in its cluster. Euclidean distances, in [−1, 1].
/// x → a x + b changes no silhouette, however small a is; columns that have different units must be scaled first.
/// Source: Rousseeuw, "Silhouettes", Journal of Computational and Applied Mathematics 20 (1987).
namespace vade {

/// Silhouette of each row of x `[N x J]` under `labels` `[N]`. Distances are squared differences in T, their sums are
/// in double. O(N² J) time on all threads, O(N + tile) memory.
/// @throws ShapeError if counts differ; ValueError on a negative label, NaN or infinity, or unless the number of
/// different labels lies in [2, N − 1], or where squared distances overflow T
template <Real T>
std::vector<double> silhouette_samples(const MatrixRef<T>& x, const Labels& labels) {
  check_same_count("silhouette", "labels against rows of x", static_cast<Index>(labels.size()), x.rows());
  if (x.cols() < 1) throw ShapeError("silhouette: x is " + shape_text(x) + ", wanted at least one column");
  check_finite("silhouette", "x", x);
  if (const T factor = small_unit_factor(x); factor != 1) return silhouette_samples<T>(Matrix<T>(x * factor), labels);
  const detail::LabelGroups groups("silhouette", "labels", labels);
  const Index clusters = groups.count();
  check_between("silhouette", "different labels", clusters, Index{2}, std::max<Index>(x.rows() - 1, 1));

  const detail::RowsByCluster rows(groups);
  std::vector<double> values(labels.size());
  constexpr Index tile_rows = 256;
  check_memory("silhouette", detail::message("distances of ", tile_rows, " rows a thread to ", clusters, " clusters"),
               8.0 * static_cast<double>(default_pool().threads()) * static_cast<double>(tile_rows) *
                   static_cast<double>(clusters));
  parallel_ranges(x.rows(), tile_rows, [&](Index begin, Index end) {
    const Matrix<double> sums = detail::distance_sums<T>(x, rows, begin, end);
    for (Index i = begin; i < end; ++i) {
      const Index own = rows.cluster[static_cast<std::size_t>(i)];
      double within = 0;
      double beside = std::numeric_limits<double>::infinity();
      for (Index k = 0; k < clusters; ++k) {
        const auto size = static_cast<double>(rows.size(k));
        if (k == own)
          within = size > 1 ? sums(k, i - begin) / (size - 1) : 0.0;
        else
          beside = std::min(beside, sums(k, i - begin) / size);
      }
      const double scale = std::max(within, beside);
      values[static_cast<std::size_t>(i)] = rows.size(own) > 1 && scale > 0 ? (beside - within) / scale : 0.0;
    }
  });
  if (std::ranges::any_of(values, [](double value) { return std::isnan(value); }))
    throw ValueError("silhouette: squared distances overflow, wanted smaller values in x");
  return values;
}

/// Mean of `silhouette_samples`, added in row order: the whole, exact score.
template <Real T>
double silhouette(const MatrixRef<T>& x, const Labels& labels) {
  const std::vector<double> values = silhouette_samples<T>(x, labels);
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The exact silhouette of `rows` rows drawn without replacement, as if they were all there is: an estimate of the
/// whole score in O(rows² J), and what scikit-learn's `sample_size` computes (on rows of its own choice). All rows are
/// taken, with no draw, if there are no more than `rows`. The same seed draws the same rows.
/// @throws as `silhouette`, on the drawn rows; ValueError if `rows` < 3
template <Real T>
double silhouette_sample(const MatrixRef<T>& x, const Labels& labels, Index rows, std::uint64_t seed) {
  check_same_count("silhouette_sample", "labels against rows of x", static_cast<Index>(labels.size()), x.rows());
  check_at_least("silhouette_sample", "rows", rows, Index{3});
  if (rows >= x.rows()) return silhouette<T>(x, labels);
  RandomStream stream(seed, Purpose::subsample);
  std::vector<Index> order = random_permutation(x.rows(), stream);
  order.resize(static_cast<std::size_t>(rows));
  std::sort(order.begin(), order.end());
  Matrix<T> drawn(rows, x.cols());
  Labels drawn_labels;
  for (const Index i : order) {
    drawn.row(static_cast<Index>(drawn_labels.size())) = x.row(i);
    drawn_labels.push_back(labels[static_cast<std::size_t>(i)]);
  }
  return silhouette<T>(drawn, drawn_labels);
}

/// The same for any row-major matrix of float or double, without naming T.
template <class M>
requires Real<typename M::Scalar>
double silhouette(const M& x, const Labels& labels) {
  return silhouette<typename M::Scalar>(MatrixRef<typename M::Scalar>(x), labels);
}
template <class M>
requires Real<typename M::Scalar>
double silhouette_sample(const M& x, const Labels& labels, Index rows, std::uint64_t seed) {
  return silhouette_sample<typename M::Scalar>(MatrixRef<typename M::Scalar>(x), labels, rows, seed);
}

}  // namespace vade
