// What the synthetic example can be told.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

namespace synthetic {

struct Options {
  std::filesystem::path out = "out/synthetic";
  std::string experiment = "all";
  std::string posterior = "both";
  bool quick = false;
  int latent = 2;
  std::uint64_t seed = 0;
  std::optional<int> seeds;   // 5, quick: 2
  std::optional<int> epochs;  // those of the document, quick: fewer
  std::optional<int> jobs;    // as many as there are processors
  bool quiet = false;

  int job_count() const { return jobs.value_or(std::max(1, static_cast<int>(std::thread::hardware_concurrency()))); }
  int seed_count() const { return seeds.value_or(quick ? 2 : 5); }
};

}  // namespace synthetic
