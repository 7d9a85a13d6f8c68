// vade: a fast 64-bit hash of rows. Not for security: it tells data sets apart in reports and checkpoints.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace vade::detail {

/// One bijective step: multiply and fold, as in the finaliser of SplitMix64.
inline std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 29);
}

/// Little-endian word of up to eight bytes, the same on every machine.
inline std::uint64_t little_endian_word(const std::uint8_t* bytes, std::size_t count) {
  if constexpr (std::endian::native == std::endian::little) {
    if (count == 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes, 8);
      return word;
    }
  }
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
  return word;
}

/// Hash of one row of bytes, eight at a time. O(D).
inline std::uint64_t hash_row(std::span<const std::uint8_t> row) {
  std::uint64_t hash = row.size();
  for (std::size_t i = 0; i < row.size(); i += 8)
    hash = mix_hash(hash, little_endian_word(row.data() + i, row.size() - i < 8 ? row.size() - i : 8));
  return hash;
}

/// Hash of the bit patterns of one row of numbers. O(D).
inline std::uint64_t hash_row(std::span<const float> row) {
  std::uint64_t hash = row.size();
  for (const float value : row) hash = mix_hash(hash, std::bit_cast<std::uint32_t>(value));
  return hash;
}

/// The same for double. O(D).
inline std::uint64_t hash_row(std::span<const double> row) {
  std::uint64_t hash = row.size();
  for (const double value : row) hash = mix_hash(hash, std::bit_cast<std::uint64_t>(value));
  return hash;
}

}  // namespace vade::detail
