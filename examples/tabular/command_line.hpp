// The command line of the tabular example.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "../option_values.hpp"
#include "../parse_command_line.hpp"
#include "options.hpp"

namespace tabular {

inline constexpr const char* csv_group = "CSV files";

/// One character, or \t for a tabulator.
inline CLI::Validator one_character() {
  return {[](std::string& text) -> std::string {
            if (text == "\\t") text = "\t";
            return text.size() == 1 ? "" : "got '" + text + "', wanted one character, or \\t for a tabulator";
          },
          "CHARACTER"};
}

/// The options of `vade::CsvOptions`, one to one.
inline void add_csv_options(CLI::App& app, vade::CsvOptions& csv) {
  const auto add = [&](const std::string& name, const std::string& words, auto&& take) {
    return app.add_option_function<std::string>(name, take, words)->group(csv_group)->type_name("");
  };
  add("--header",
      "yes or no: whether the first line names the columns; else it does where none of its cells is a number",
      [&csv](const std::string& text) { csv.header = text == "yes"; })
      ->check(CLI::IsMember({"yes", "no"}));
  add("--labels,--label-column",
      "column of classes that score the result and do nothing else: its name, or its number from 0; -1 is the last",
      [&csv](const std::string& text) { csv.label_column = vade::CsvColumn::parse(text); });
  app.add_option_function<std::vector<std::string>>(
         "--leave-out",
         [&csv](const std::vector<std::string>& columns) {
           for (const std::string& column : columns) csv.leave_out.push_back(vade::CsvColumn::parse(column));
         },
         "column that is not read, by name or number; again for each further one")
      ->group(csv_group)
      ->type_name("")
      ->allow_extra_args(false);
  app.add_flag("--keep-index", csv.keep_index, "read a column that looks like an index, which counts rows, as data")
      ->group(csv_group);
  add("--separator", "between cells; \\t for tabulators, ' ' for runs of blanks [,]", [&csv](const std::string& text) {
    csv.separator = text[0];
  })->transform(one_character());
  add("--decimal", "what stands before the fraction of a number, . or , [.]", [&csv](const std::string& text) {
    csv.decimal = text[0];
  })->check(CLI::IsMember({".", ","}));
  add("--comment", "lines that begin with this character are skipped", [&csv](const std::string& text) {
    csv.comment = text[0];
  })->transform(one_character());
}

/// Reads the command line; the rest as `parse_command_line`.
inline std::optional<int> read_options(int argc, char** argv, Options& options) {
  CLI::App app{"Clusters rows of numbers: a CSV or NPY file in, a cluster for each row, figures and a model file out.",
               "tabular"};
  app.add_option("--data", options.data,
                 "CSV file, with or without a line of names, or NPY file [N x D]; plain or gzip")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--clusters", options.clusters, "how many")->required()->transform(whole_number(2, 10000));
  add_csv_options(app, options.csv);
  app.add_option("--scale", options.scale, "bring each column to unit variance, all together, or leave them")
      ->check(CLI::IsMember({"columns", "whole", "none"}))
      ->capture_default_str();
  app.add_option("--neighbours", options.neighbours, "of each row, which should share its cluster")
      ->transform(whole_number(1, 1000000))
      ->capture_default_str();
  app.add_option("--effort", options.effort, "training steps, as a multiple of what is usual")
      ->check(real_number(0.001, 1000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of everything that is random")->transform(any_seed())->capture_default_str();
  app.add_option("--threads", options.threads, "results do not depend on it")->transform(whole_number(1, 1024));
  app.add_option("--out", options.out, "folder for the results")->check(some_path())->capture_default_str();
  app.add_flag("--quiet", options.quiet, "print nothing but errors");
  return parse_command_line(app, argc, argv, [&] {
    const std::string name = options.data.filename().string();
    if (!name.ends_with(".npy") && !name.ends_with(".npy.gz")) return;
    for (const CLI::Option* const option : app.get_options())
      if (option->get_group() == csv_group && option->count() > 0)
        throw CLI::ValidationError(option->get_name(),
                                   "it goes with a CSV file; an NPY file has numbers and nothing else");
  });
}

}  // namespace tabular
