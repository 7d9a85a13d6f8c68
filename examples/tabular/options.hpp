// What the tabular example can be told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <vade/data/csv_options.hpp>

namespace tabular {

struct Options {
  std::filesystem::path data;
  std::filesystem::path out = "out/tabular";
  vade::CsvOptions csv;
  int clusters = 0;
  std::string scale = "columns";
  int neighbours = 10;
  double effort = 1;  ///< share of the training steps
  std::uint64_t seed = 0;
  std::optional<int> threads;
  bool quiet = false;
};

}  // namespace tabular
