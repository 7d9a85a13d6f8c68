// The command line of the synthetic example.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <vade/data/synthetic.hpp>

#include "../option_values.hpp"
#include "../parse_command_line.hpp"
#include "options.hpp"

namespace synthetic {

/// Reads the command line; the rest as `parse_command_line`.
inline std::optional<int> read_options(int argc, char** argv, Options& options) {
  CLI::App app{"Trains VAEs on five densities in the plane; pictures, and how far generated data are from real.",
               "synthetic"};
  std::vector<std::string> experiments{"all"};
  for (const auto& density : vade::synthetic_densities) experiments.emplace_back(density.name);
  app.add_option("--experiment", options.experiment, "which density")
      ->check(CLI::IsMember(experiments))
      ->capture_default_str();
  app.add_option("--posterior", options.posterior, "covariance of q(z|x)")
      ->check(CLI::IsMember({"diagonal", "full", "both"}))
      ->capture_default_str();
  app.add_flag("--quick", options.quick, "a fifth of the data, fewer epochs, two seeds: a quick look");
  app.add_option("--latent", options.latent, "dimensions of the code")
      ->transform(whole_number(1, 64))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "the first of the seeds, of data and models")
      ->transform(any_seed())
      ->capture_default_str();
  app.add_option("--seeds", options.seeds, "how many, 1 to 10; default 5, or 2 if quick")
      ->transform(whole_number(1, 10));
  app.add_option("--epochs", options.epochs, "instead of those of each experiment")
      ->transform(whole_number(0, 1000000));
  app.add_option("--out", options.out, "folder for the results")->check(some_path())->capture_default_str();
  app.add_option("--jobs", options.jobs,
                 "models trained side by side, one for each processor if not given; results "
                 "do not depend on it")
      ->transform(whole_number(1, 1024));
  app.add_flag("--quiet", options.quiet, "print nothing but errors");
  return parse_command_line(app, argc, argv);
}

}  // namespace synthetic
