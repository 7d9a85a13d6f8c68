// The command line of the tabular example.
#pragma once

#include <optional>

#include <CLI/CLI.hpp>

#include "../parse_command_line.hpp"
#include "options.hpp"

namespace tabular {

/// Reads the command line; the rest as `parse_command_line`.
inline std::optional<int> read_options(int argc, char** argv, Options& options) {
  CLI::App app{"Clusters rows of numbers: a CSV or NPY file in, a cluster for each row, figures and a model file out.", "tabular"};
  app.add_option("--data", options.data, "CSV file, with or without a line of names, or NPY file [N x D]; plain or gzip")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--clusters", options.clusters, "how many")->required()->check(CLI::Range(2, 10000));
  app.add_option("--header", options.header, "yes or no: whether the first line names the columns; else it does where none of its "
                                             "cells is a number")
      ->check(CLI::IsMember({"yes", "no"}));
  app.add_option("--labels", options.labels, "column of classes that score the result and do nothing else; from 0, or -1: the last");
  app.add_option("--separator", options.separator, "between cells")->capture_default_str();
  app.add_option("--scale", options.scale, "bring each column to unit variance, all together, or leave them")
      ->check(CLI::IsMember({"columns", "whole", "none"}))
      ->capture_default_str();
  app.add_option("--neighbours", options.neighbours, "of each row, which should share its cluster")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--effort", options.effort, "training steps, as a multiple of what is usual")
      ->check(CLI::Range(0.001, 1000.0))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of everything that is random")->capture_default_str();
  app.add_option("--threads", options.threads, "results do not depend on it")->check(CLI::Range(1, 1024));
  app.add_option("--out", options.out, "folder for the results")->capture_default_str();
  app.add_flag("--quiet", options.quiet, "print nothing but errors");
  return parse_command_line(app, argc, argv);
}

}  // namespace tabular
