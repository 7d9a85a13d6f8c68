// What the tabular example can be told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace tabular {

struct Options {
  std::filesystem::path data;
  std::filesystem::path out = "out/tabular";
  char separator = ',';
  std::optional<std::string> header;  ///< "yes" or "no": whether the first line of a CSV file names its columns
  std::optional<int> labels;  ///< the column that has them
  int clusters = 0;
  std::string scale = "columns";
  int neighbours = 10;
  double effort = 1;  ///< share of the training steps
  std::uint64_t seed = 0;
  std::optional<int> threads;
  bool quiet = false;
};

}  // namespace tabular
