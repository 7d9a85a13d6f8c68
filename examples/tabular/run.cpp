#include "run.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <vade/core/default_pool.hpp>
#include <vade/core/printable.hpp>
#include <vade/data/column_scale.hpp>
#include <vade/data/csv.hpp>
#include <vade/data/npy.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/metrics/clustering.hpp>
#include <vade/models/fit_vade.hpp>

#include "../distinct_rows.hpp"
#include "../progress_line.hpp"
#include "../results_folder.hpp"
#include "../write_clusters.hpp"
#include "partitions.hpp"

namespace tabular {

namespace {

using Json = nlohmann::ordered_json;

/// What the library says about its options, in the words of the command line.
std::string at_the_command_line(std::string words) {
  constexpr std::pair<std::string_view, std::string_view> translations[] = {
      {"set header = true or header = false", "set --header yes or --header no"},
      {"(or set header)", "(or set --header yes or no)"},
      {"but header says", "but --header says"},
      {"set leave_out = {", "set --leave-out "},
      {"}, or keep_index = true", ", or --keep-index"},
      {"set separator = ", "set --separator "},
      {" and decimal = ", " and --decimal "},
      {"set decimal = ", "set --decimal "},
      {"set comment = ", "set --comment "},
      {" is both label_column and in leave_out", " is both in --labels and in --leave-out"},
      {"CsvOptions: label_column", "--labels"},
      {"CsvOptions: leave_out", "--leave-out"},
      {"CsvOptions: ", ""}};
  for (const auto& [library, program] : translations)
    if (const std::size_t at = words.find(library); at != std::string::npos) words.replace(at, library.size(), program);
  return words;
}

/// Numbers, and classes where --labels names their column. @throws vade::Error
vade::CsvTable read(const Options& options) {
  const std::string name = options.data.filename().string();
  if (name.ends_with(".npy") || name.ends_with(".npy.gz"))
    return {.data = {vade::read_npy(options.data), {}}, .columns = {}, .classes = {}};
  try {
    return vade::read_csv(options.data, options.csv);
  } catch (const vade::Error& error) {
    throw vade::FileError(at_the_command_line(error.what()));
  }
}

vade::Scaling scaling_of(const std::string& scale) {
  return scale == "columns" ? vade::Scaling::each_column
         : scale == "whole" ? vade::Scaling::all_columns
                            : vade::Scaling::none;
}

/// The name of column j of the numbers, or its number from 0.
std::string name_of(const vade::CsvTable& table, vade::Index j) {
  return table.columns.empty() ? std::to_string(j) : table.columns[static_cast<std::size_t>(j)];
}

/// scale.csv: what a new row must go through before the model, and what comes out of it back: (value − mean) · factor.
/// One line for each input, with the name of its column as it is in the table: a program for spreadsheets may take one
/// that begins with = for a formula.
void write_scale(const std::filesystem::path& path, const vade::ColumnScale& scale, const vade::CsvTable& table) {
  std::string text = "column,mean,factor\n";
  for (std::size_t k = 0; k < scale.columns().size(); ++k) {
    std::string name = name_of(table, scale.columns()[k]);
    if (name.find_first_of("\",\r\n") != std::string::npos) {
      for (std::size_t at = 0; (at = name.find('"', at)) != std::string::npos; at += 2) name.insert(at, 1, '"');
      name = '"' + name + '"';
    }
    char numbers[64];
    const auto input = static_cast<vade::Index>(k);
    std::snprintf(numbers, sizeof numbers, ",%.17g,%.17g\n", scale.mean()(input), scale.factor()(input));
    text += name + numbers;
  }
  vade::write_file_atomically(path, text);
}

vade::Vade<float> model_for(const vade::Dataset& data, const Options& options) {
  return vade::Vade<float>({.network = {.inputs = data.columns(),
                                        .hidden = {128, 128},
                                        .latent = std::clamp(options.clusters, 2, 16),
                                        .likelihood = vade::Likelihood::gaussian,
                                        .learn_observation_variance = true,
                                        .seed = options.seed},
                            .clusters = options.clusters});
}

vade::FitReport train(vade::Vade<float>& model, const vade::Dataset& data, const Partition& from,
                      const Options& options, ProgressLine& progress) {
  const int epochs = epochs_for(1500 * options.effort, 100, data);
  vade::VadeFitOptions fit{
      .start = vade::PartitionStart{.labels = from.labels},
      .fit = {.epochs = epochs, .batch = 100, .learning_rate = vade::Schedule::cosine(1e-3, 0.02)}};
  fit.objective.freeze_epochs = 2 * epochs / 3;
  fit.objective.consistency = {
      .weight = vade::Schedule::linear(static_cast<double>(data.columns())), .balance = 0, .view_strength = 0};
  return model.fit(data, fit, progress.observer(), progress.token());
}

/// Rows that are the same are one point: of fewer points than clusters nothing can be found. @throws vade::ValueError
void check_enough(const vade::Dataset& data, const Options& options) {
  const vade::Index distinct = distinct_rows(data, options.clusters);
  if (distinct < options.clusters)
    throw vade::ValueError(options.data.string() + ": " + std::to_string(distinct) +
                           " rows that differ, wanted at least " + std::to_string(options.clusters) +
                           ", one for each cluster (--clusters)");
  if (options.neighbours >= data.rows())
    throw vade::ValueError("--neighbours is " + std::to_string(options.neighbours) + ", and there are " +
                           std::to_string(data.rows()) + " rows; wanted fewer neighbours than rows");
}

/// What labels say of a partition, where there are any.
Json scores(const vade::Labels& truth, const Partition& partition) {
  Json json{{"neighbour_information", partition.information}};
  if (truth.empty()) return json;
  json["accuracy"] = vade::clustering_accuracy(truth, partition.labels);
  json["nmi"] = vade::normalized_mutual_information(truth, partition.labels);
  json["ari"] = vade::adjusted_rand_index(truth, partition.labels);
  return json;
}

}  // namespace

int run(const Options& options) {
  if (options.threads) vade::set_threads(*options.threads);
  const vade::CsvTable table = read(options);
  const vade::Dataset& rows = table.data.images;
  const vade::ColumnScale scale(rows, scaling_of(options.scale), table.columns);
  const vade::Dataset data = scale.apply(rows);
  scale.check_spread(data);
  check_enough(data, options);
  const vade::Labels& truth = table.data.labels;
  make_results_folder(options.out);
  Json constant = Json::array();
  for (const vade::Index j : scale.constant()) {
    constant.push_back(name_of(table, j));
    if (!options.quiet)
      std::fprintf(stderr, "column %s is constant, and left out\n", vade::printable(name_of(table, j)).c_str());
  }
  ProgressLine progress(options.quiet);

  const auto nearest = std::make_shared<const vade::Neighbours>(
      vade::nearest_neighbours<float>(data.matrix<float>(), options.neighbours));
  std::vector<Partition> partitions = find_partitions(data, nearest, options, progress);
  const Partition chosen = *std::ranges::max_element(partitions, {}, &Partition::information);
  vade::Vade<float> model = model_for(data, options);
  const vade::FitReport report = train(model, data, chosen, options, progress);
  const RowClusters clusters(model.predict_proba(data));
  partitions.push_back({"vade", clusters.labels, 0});
  partitions.back().information = neighbour_information(partitions.back().labels, nearest->rows);

  // The model first: what else there is can be had from it.
  model.save(options.out / "model.safetensors");
  write_scale(options.out / "scale.csv", scale, table);
  write_clusters(options.out / "clusters.csv", clusters);
  Json json{{"rows", data.rows()},
            {"columns", data.columns()},
            {"constant_columns", constant},
            {"clusters", options.clusters},
            {"seed", options.seed}};
  json["elbo"] = model.elbo(data).bound();
  json["stopped"] = to_string(report.stop);
  json["chosen"] = chosen.name;
  for (const Partition& partition : partitions) json["partitions"][partition.name] = scores(truth, partition);
  vade::write_file_atomically(options.out / "metrics.json", json.dump(2) + "\n");
  vade::write_npy(options.out / "codes.npy", model.transform(data));
  if (options.quiet) return exit_code();
  for (const Partition& partition : partitions) {
    std::printf("%-10s neighbours agree: %.4f nats", partition.name.c_str(), partition.information);
    if (!truth.empty()) std::printf("  accuracy %.4f", vade::clustering_accuracy(truth, partition.labels));
    std::printf("%s\n", partition.name == chosen.name ? "  <- VaDE starts here" : "");
  }
  std::printf("%lld rows; results in %s\n", static_cast<long long>(data.rows()), options.out.string().c_str());
  return exit_code();
}

}  // namespace tabular
