// vade: counter-based random streams.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

/// A draw depends on (seed, purpose, epoch, row) and on nothing else: there is no generator to share, to lock or to
/// save, and a resumed run draws what an uninterrupted one would have drawn. The integer draws are equal on all
/// machines; normals go through the machine's log, cos and sin.
namespace vade {

/// Philox4x32-10: ten rounds of the block cipher of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3"
/// (SC 2011). The same counter and key give the same four words, everywhere.
inline std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// What a draw is for. Numbers are part of the reproducibility promise: append, never renumber.
enum class Purpose : std::uint32_t {
  initialisation = 1,  ///< weights of a layer; `row` is the layer
  shuffle = 2,         ///< order of the rows in an epoch
  posterior = 3,       ///< ε of z = μ + σ ε
  generation = 4,      ///< draws from the prior
  augmentation = 5,    ///< random views
  mixture = 6,         ///< k-means++ and restarts
  subsample = 7,       ///< rows chosen for a metric or a figure
  likelihood = 8,      ///< importance sampling
  synthetic = 9,       ///< data sets that are drawn
  corruption = 10,     ///< noise and masks on inputs
  user = 1000,         ///< first number that is free for users
};

/// The stream of draws for one (seed, purpose, epoch, row). Cheap to make: two words of key, four of counter.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t epoch = 0, std::uint32_t row = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, row, epoch, static_cast<std::uint32_t>(purpose)} {}

  /// 32 uniform bits.
  std::uint32_t bits() {
    if (used_ == 4) {
      block_ = philox4x32(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return block_[used_++];
  }

  /// Uniform in the open interval (0, 1): never 0 and never 1, so that logarithms are finite.
  template <Real T>
  T uniform() {
    if constexpr (std::same_as<T, float>) {
      return (static_cast<float>(bits() >> 9) + 0.5f) * 0x1p-23f;
    } else {
      const std::uint64_t high = bits() >> 6;  // 26 bits of each word
      const std::uint64_t low = bits() >> 6;
      return (static_cast<double>((high << 26) | low) + 0.5) * 0x1p-52;
    }
  }

  /// Uniform in [low, high), for low < high: a draw that rounding would put on `high` becomes its neighbour.
  template <Real T>
  T uniform(T low, T high) {
    return std::min(low + (high - low) * uniform<T>(), std::nextafter(high, low));
  }

  /// Standard normal by the Box-Muller transform, in pairs; computed in double whatever T is.
  template <Real T>
  T normal() {
    if (has_spare_) {
      has_spare_ = false;
      return static_cast<T>(spare_);
    }
    const double u = (static_cast<double>(bits()) + 0.5) * 0x1p-32;
    const double angle = 6.283185307179586476925 * ((static_cast<double>(bits()) + 0.5) * 0x1p-32);
    const double radius = std::sqrt(-2.0 * std::log(u));
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return static_cast<T>(radius * std::cos(angle));
  }

  /// Uniform integer in [0, bound), without bias (Lemire, "Fast random integer generation in an interval", 2019).
  /// `bound` is at least 1.
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = std::uint64_t{bits()} * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t threshold = (0u - bound) % bound;
      while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{bits()} * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = 4;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// Fisher-Yates shuffle of `values`. O(n). @throws ValueError for 2³² values and more
template <class Value>
void shuffle(std::vector<Value>& values, RandomStream& stream) {
  check_between<std::uint64_t>("shuffle", "number of values", values.size(), 0, 0xFFFFFFFFu);
  for (std::size_t i = values.size(); i > 1; --i)
    std::swap(values[i - 1], values[stream.below(static_cast<std::uint32_t>(i))]);
}

/// The numbers 0 ... count − 1 in random order. O(count). @throws ValueError for a count outside [0, 2³²)
inline std::vector<Index> random_permutation(Index count, RandomStream& stream) {
  check_between<std::int64_t>("random_permutation", "count", count, 0, 0xFFFFFFFF);
  std::vector<Index> order(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) order[static_cast<std::size_t>(i)] = i;
  shuffle(order, stream);
  return order;
}

/// Fills `matrix` `[rows x columns]` with standard normals; row i has the stream (seed, purpose, epoch, first_row + i),
/// so that a batch draws the same numbers wherever it is cut.
template <class M>
void fill_normal(M& matrix, std::uint64_t seed, Purpose purpose, std::uint32_t epoch = 0, std::uint32_t first_row = 0) {
  for (Index i = 0; i < matrix.rows(); ++i) {
    RandomStream stream(seed, purpose, epoch, first_row + static_cast<std::uint32_t>(i));
    for (Index j = 0; j < matrix.cols(); ++j) matrix(i, j) = stream.normal<typename M::Scalar>();
  }
}

}  // namespace vade
