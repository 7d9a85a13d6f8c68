// The table of the synthetic example.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "experiment.hpp"

namespace synthetic {

/// One row of the table: a density and a posterior, over seeds.
struct Entry {
  vade::SyntheticInfo density;
  std::string posterior;
  vade::Index latent = 0;
  vade::Index rows = 0;
  int epochs = 0;
  std::vector<double> truth;  // mean log p(x) of the test rows under the density itself, for each seed
  std::vector<Outcome> outcomes;
};

/// A mean over seeds, and half of its 95 % interval by Student's t; NaN for one seed.
struct Interval {
  double mean = 0;
  double half = 0;
};

/// @throws vade::ValueError for no value, or more than ten
Interval interval(const std::vector<double>& values);

/// Everything, keys in the order of the table.
nlohmann::ordered_json to_json(const std::vector<Entry>& entries);

/// Markdown: a line for each entry, then one for each density that has both posteriors, with their paired differences.
std::string to_markdown(const std::vector<Entry>& entries);

}  // namespace synthetic
