// vade tests: how often each tile of a call ran.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <vade/core/thread_pool.hpp>

namespace tests {

inline std::vector<int> runs_of_tiles(vade::ThreadPool& pool, vade::Index tiles) {
  std::vector<int> runs(static_cast<std::size_t>(tiles));
  pool.run(tiles, [&](vade::Index tile) { ++runs[static_cast<std::size_t>(tile)]; });
  return runs;
}

inline std::vector<int> ones(vade::Index count) { return std::vector<int>(static_cast<std::size_t>(count), 1); }

}  // namespace tests
