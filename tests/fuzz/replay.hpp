// vade fuzzing: targets as ordinary tests.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <doctest/doctest.h>

#include "target.hpp"

namespace fuzz {

/// Replays a target: its seeds, which must be accepted; every prefix of the shortest seed; and the files that were found.
inline void check_replay(const std::string& name) {
  const Target& target = fuzz::target(name);
  const std::vector<Bytes> seeds = target.seeds();
  REQUIRE_FALSE(seeds.empty());
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    CAPTURE(i);
    CHECK_NOTHROW(target.use(seeds[i]));
  }
  const Bytes& shortest = *std::ranges::min_element(seeds, {}, &Bytes::size);
  const std::size_t step = 1 + shortest.size() / 200;
  for (std::size_t size = 0; size < shortest.size(); size += step) {
    CAPTURE(size);
    CHECK_NOTHROW(accepts(target, std::span(shortest).first(size)));
  }
  for (const auto& path : found_files(target)) {
    CAPTURE(path.string());
    CHECK_NOTHROW(accepts(target, read_bytes(path)));
  }
}

}  // namespace fuzz
