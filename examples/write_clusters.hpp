// clusters.csv: one line for each row of the data, in its order.
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <vade/core/matrix.hpp>
#include <vade/io/atomic_file.hpp>

/// A cluster for each row, and how certain that is: the largest of its responsibilities, where a model has them.
struct RowClusters {
  vade::Labels labels;
  std::vector<float> probabilities = {};

  RowClusters() = default;
  explicit RowClusters(vade::Labels clusters) : labels(std::move(clusters)) {}
  /// By the responsibilities `[N x K]`.
  explicit RowClusters(const vade::Matrix<float>& gamma) : labels(vade::top_columns(gamma)) {
    for (vade::Index i = 0; i < gamma.rows(); ++i) probabilities.push_back(gamma.row(i).maxCoeff());
  }
};

inline void write_clusters(const std::filesystem::path& path, const RowClusters& clusters) {
  const bool certain = !clusters.probabilities.empty();
  std::string text = certain ? "cluster,probability\n" : "cluster\n";
  for (std::size_t i = 0; i < clusters.labels.size(); ++i) {
    char line[64];
    const int length = certain ? std::snprintf(line, sizeof line, "%d,%.6g\n", clusters.labels[i],
                                               static_cast<double>(clusters.probabilities[i]))
                               : std::snprintf(line, sizeof line, "%d\n", clusters.labels[i]);
    text.append(line, static_cast<std::size_t>(length));
  }
  vade::write_file_atomically(path, text);
}
