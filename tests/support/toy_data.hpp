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

/// Images of 8 x 8: a bright bar, flat or upright, at a random place. A shifted bar is the same kind of bar.
inline vade::LabelledDataset bars(vade::Index rows) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(rows) * 64, 0);
  vade::Labels labels;
  for (vade::Index i = 0; i < rows; ++i) {
    vade::RandomStream stream(9, vade::Purpose::synthetic, 0, static_cast<std::uint32_t>(i));
    const vade::Label kind = static_cast<vade::Label>(i % 2);
    labels.push_back(kind);
    const std::size_t at = 2 + stream.below(4);
    for (std::size_t k = 0; k < 8; ++k)
      bytes[static_cast<std::size_t>(i) * 64 + (kind == 0 ? at * 8 + k : k * 8 + at)] =
          static_cast<std::uint8_t>(180 + stream.below(76));
  }
  return {vade::Dataset::from_bytes(std::move(bytes), rows, 64, vade::ImageShape{8, 8}), labels};
}

}  // namespace toy
