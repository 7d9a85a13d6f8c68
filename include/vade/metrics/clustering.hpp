// vade: scores of a clustering against known classes.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/memory.hpp>
#include <vade/metrics/detail/label_groups.hpp>
#include <vade/mixture/assignment.hpp>

/// All scores take `truth` `[N]` and `predicted` `[N]`, labels of any values from 0 up, with gaps if need be, and all
/// stay the same when classes or clusters are renamed. Logarithms are natural. Every score of this file has two forms:
/// from the labels, and from their contingency table, which several scores can share.
///
/// Edge cases are those of scikit-learn: no rows at all are an error here; one class makes every clustering
/// homogeneous, and one cluster makes it complete (1, since the entropy that would be divided by is 0).
/// All throw `ShapeError` if the counts differ or are 0, and `ValueError` on a negative label.
namespace vade {

/// How many rows of each class fell into each cluster.
struct ContingencyTable {
  Eigen::Matrix<std::int64_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> counts;  ///< `[classes x clusters]`
  Labels classes;          ///< label of each row of `counts`, ascending; classes without a row of data do not appear
  Labels clusters;         ///< label of each column of `counts`, likewise
  std::int64_t total = 0;  ///< N
};

namespace detail {

/// −Σ (n_i / N) log(n_i / N) in nats, over positive counts.
template <class Counts>
double count_entropy(const Counts& counts, std::int64_t total) {
  double sum = 0;
  for (Index i = 0; i < counts.size(); ++i)
    if (counts(i) > 0) {
      const double share = static_cast<double>(counts(i)) / static_cast<double>(total);
      sum -= share * std::log(share);
    }
  return sum;
}

inline double pairs(std::int64_t count) { return 0.5 * static_cast<double>(count) * static_cast<double>(count - 1); }

}  // namespace detail

/// Counts the pairs of labels. O(N + classes · clusters), dense memory.
/// @throws ShapeError, ValueError; ValueError also where the table would have over 10⁸ cells
inline ContingencyTable contingency_table(const Labels& truth, const Labels& predicted) {
  check_same_count("contingency_table", "rows of predicted against truth", static_cast<Index>(predicted.size()),
                   static_cast<Index>(truth.size()));
  if (truth.empty()) throw ShapeError("contingency_table: got no labels, wanted at least one");
  detail::LabelGroups classes("contingency_table", "truth", truth), clusters("contingency_table", "predicted", predicted);
  const double cells = static_cast<double>(classes.count()) * static_cast<double>(clusters.count());
  check_between("contingency_table", "classes times clusters", cells, 1.0, 1e8);
  check_memory("contingency_table", "counts of " + shape_text(classes.count(), clusters.count()), 8 * cells);
  ContingencyTable table;
  table.total = static_cast<std::int64_t>(truth.size());
  table.counts.setZero(classes.count(), clusters.count());
  for (std::size_t i = 0; i < truth.size(); ++i) ++table.counts(classes.of_row[i], clusters.of_row[i]);
  table.classes = std::move(classes.values);
  table.clusters = std::move(clusters.values);
  return table;
}

/// For each cluster label from 0 to the largest in the table, the class that it stands for under the one-to-one
/// assignment with most rows in agreement; −1 for a cluster that got no class (more clusters than classes) or no row.
/// O(classes · clusters · min(classes, clusters)). Source: Kuhn, Naval Research Logistics 2 (1955); see `assign`.
/// @throws ValueError for a cluster label of 2²⁴ or more: the map would have as many entries
inline Labels best_assignment(const ContingencyTable& table) {
  check_between("best_assignment", "the largest cluster label", table.clusters.back(), Label{0}, Label{(1 << 24) - 1});
  const Assignment best = assign((-table.counts.cast<double>()).eval());
  Labels map(static_cast<std::size_t>(table.clusters.back()) + 1, -1);
  for (std::size_t k = 0; k < table.clusters.size(); ++k)
    if (best.row_of_column[k] >= 0)
      map[static_cast<std::size_t>(table.clusters[k])] = table.classes[static_cast<std::size_t>(best.row_of_column[k])];
  return map;
}
inline Labels best_assignment(const Labels& truth, const Labels& predicted) {
  return best_assignment(contingency_table(truth, predicted));
}

/// Share of rows whose cluster stands for their class under `best_assignment`: the accuracy of the VaDE paper
/// (Jiang et al., IJCAI 2017, eq. 19), in (0, 1]. Rows of clusters without a class count as wrong.
inline double clustering_accuracy(const ContingencyTable& table) {
  return -assign((-table.counts.cast<double>()).eval()).cost / static_cast<double>(table.total);
}
inline double clustering_accuracy(const Labels& truth, const Labels& predicted) {
  return clustering_accuracy(contingency_table(truth, predicted));
}

/// Share of rows that belong to the most frequent class of their cluster. Grows with the number of clusters: N
/// clusters of one row have purity 1.
inline double purity(const ContingencyTable& table) {
  return static_cast<double>(table.counts.colwise().maxCoeff().sum()) / static_cast<double>(table.total);
}
inline double purity(const Labels& truth, const Labels& predicted) {
  return purity(contingency_table(truth, predicted));
}

/// Mutual information of class and cluster in nats: Σ_ij p_ij log(p_ij / (p_i p_j)), never below 0.
inline double mutual_information(const ContingencyTable& table) {
  const auto by_class = table.counts.rowwise().sum().eval();
  const auto by_cluster = table.counts.colwise().sum().eval();
  const auto total = static_cast<double>(table.total);
  double sum = 0;
  for (Index i = 0; i < table.counts.rows(); ++i)
    for (Index j = 0; j < table.counts.cols(); ++j)
      if (const auto count = static_cast<double>(table.counts(i, j)); count > 0)
        sum += count / total *
               std::log(count / static_cast<double>(by_class(i)) * (total / static_cast<double>(by_cluster(j))));
  return std::max(sum, 0.0);
}
inline double mutual_information(const Labels& truth, const Labels& predicted) {
  return mutual_information(contingency_table(truth, predicted));
}

/// I(class; cluster) / ½ (H(class) + H(cluster)), in [0, 1] (scikit-learn's default, the arithmetic mean). One class
/// in one cluster gives 1; otherwise one class or one cluster gives 0.
inline double normalized_mutual_information(const ContingencyTable& table) {
  if (table.classes.size() == 1 && table.clusters.size() == 1) return 1.0;
  if (table.classes.size() == 1 || table.clusters.size() == 1) return 0.0;
  const double mean = 0.5 * (detail::count_entropy(table.counts.rowwise().sum().eval(), table.total) +
                             detail::count_entropy(table.counts.colwise().sum().eval(), table.total));
  return std::min(mutual_information(table) / mean, 1.0);
}
inline double normalized_mutual_information(const Labels& truth, const Labels& predicted) {
  return normalized_mutual_information(contingency_table(truth, predicted));
}

/// Agreement of pairs of rows, corrected for chance: 1 for equal partitions, 0 in expectation for random ones, at
/// least −½. Two trivial equal partitions (all rows together, or each alone) give 1.
/// Source: Hubert and Arabie, "Comparing partitions", Journal of Classification 2 (1985).
inline double adjusted_rand_index(const ContingencyTable& table) {
  double together = 0, in_class = 0, in_cluster = 0;
  for (Index i = 0; i < table.counts.size(); ++i) together += detail::pairs(table.counts.data()[i]);
  const auto by_class = table.counts.rowwise().sum().eval();
  const auto by_cluster = table.counts.colwise().sum().eval();
  for (Index i = 0; i < by_class.size(); ++i) in_class += detail::pairs(by_class(i));
  for (Index j = 0; j < by_cluster.size(); ++j) in_cluster += detail::pairs(by_cluster(j));
  if (together == in_class && together == in_cluster) return 1.0;
  const double expected = in_class * (in_cluster / detail::pairs(table.total));
  return (together - expected) / (0.5 * (in_class + in_cluster) - expected);
}
inline double adjusted_rand_index(const Labels& truth, const Labels& predicted) {
  return adjusted_rand_index(contingency_table(truth, predicted));
}

/// 1 − H(class | cluster) / H(class): 1 when each cluster holds rows of one class only.
/// Source: Rosenberg and Hirschberg, "V-Measure", EMNLP 2007.
inline double homogeneity(const ContingencyTable& table) {
  const double entropy = detail::count_entropy(table.counts.rowwise().sum().eval(), table.total);
  return entropy > 0 ? std::min(mutual_information(table) / entropy, 1.0) : 1.0;
}
inline double homogeneity(const Labels& truth, const Labels& predicted) {
  return homogeneity(contingency_table(truth, predicted));
}

/// 1 − H(cluster | class) / H(cluster): 1 when all rows of a class are in one cluster.
inline double completeness(const ContingencyTable& table) {
  const double entropy = detail::count_entropy(table.counts.colwise().sum().eval(), table.total);
  return entropy > 0 ? std::min(mutual_information(table) / entropy, 1.0) : 1.0;
}
inline double completeness(const Labels& truth, const Labels& predicted) {
  return completeness(contingency_table(truth, predicted));
}

/// Harmonic mean of homogeneity and completeness; 0 when both are 0. Equal to `normalized_mutual_information` but for
/// the edge cases.
inline double v_measure(const ContingencyTable& table) {
  const double h = homogeneity(table);
  const double c = completeness(table);
  return h + c > 0 ? 2 * h * c / (h + c) : 0.0;
}
inline double v_measure(const Labels& truth, const Labels& predicted) {
  return v_measure(contingency_table(truth, predicted));
}

}  // namespace vade
