// Small data with known clusters, for tests of training.
#pragma once

#include <algorithm>

#include <vade/core/random.hpp>
#include <vade/data/dataset.hpp>

namespace toy {

/// `rows` noisy copies of `clusters` binary patterns of `columns` pixels, as values in [0, 1]; row i is of cluster
/// i mod clusters. Patterns are blocks that do not overlap.
inline vade::LabelledDataset patterns(vade::Index rows, vade::Index columns, vade::Index clusters,
                                      std::uint64_t seed = 1) {
  vade::Matrix<float> x(rows, columns);
  vade::Labels labels;
  const vade::Index block = columns / clusters;
  for (vade::Index i = 0; i < rows; ++i) {
    vade::RandomStream stream(seed, vade::Purpose::synthetic, 0, static_cast<std::uint32_t>(i));
    const vade::Index c = i % clusters;
    labels.push_back(static_cast<vade::Label>(c));
    for (vade::Index j = 0; j < columns; ++j) {
      const bool on = j / block == c;
      x(i, j) = std::clamp((on ? 0.85f : 0.1f) + 0.08f * stream.normal<float>(), 0.0f, 1.0f);
    }
  }
  return {vade::Dataset::from_matrix(std::move(x)), labels};
}

}  // namespace toy
