#include "run.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <vade/core/default_pool.hpp>
#include <vade/data/csv.hpp>
#include <vade/data/npy.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/metrics/clustering.hpp>
#include <vade/models/vade.hpp>

#include "../progress_line.hpp"
#include "../write_clusters.hpp"
#include "partitions.hpp"

namespace tabular {

namespace {

using Json = nlohmann::ordered_json;

/// Numbers, and classes where --labels names their column.
vade::CsvTable read(const Options& options) {
  const std::string name = options.data.filename().string();
  if (!name.ends_with(".npy") && !name.ends_with(".npy.gz"))
    return vade::read_csv(options.data, {.separator = options.separator,
                                         .label_column = options.labels,
                                         .header = options.header ? std::optional(*options.header == "yes") : std::nullopt});
  if (options.labels) throw vade::ValueError("--labels: all columns of an NPY file are numbers; it goes with a CSV file");
  if (options.header) throw vade::ValueError("--header: an NPY file has no line of names; it goes with a CSV file");
  return {.data = {vade::read_npy(options.data), {}}, .columns = {}, .classes = {}};
}

/// What the model sees of a column is (value − mean) · factor.
struct Scale {
  vade::RowVector<double> mean, factor;
};

/// Columns without spread have a factor of 0.
Scale scale_of(const vade::Dataset& data, const std::string& scale) {
  vade::Matrix<double> x = data.matrix<double>();
  if (scale == "none") return {vade::RowVector<double>::Zero(x.cols()), vade::RowVector<double>::Ones(x.cols())};
  const vade::RowVector<double> mean = x.colwise().mean();
  x.rowwise() -= mean;
  vade::RowVector<double> variances = x.colwise().squaredNorm() / static_cast<double>(x.rows());
  if (scale == "whole") variances.setConstant(variances.mean());
  return {mean, (variances.array() > 0).select(variances.array().rsqrt(), 0.0)};
}

vade::Dataset scaled(const vade::Dataset& data, const Scale& scale) {
  vade::Matrix<double> x = data.matrix<double>();
  x.rowwise() -= scale.mean;
  x.array().rowwise() *= scale.factor.array();
  return vade::Dataset::from_matrix(x.cast<float>());
}

/// scale.csv: what a new row must go through before the model, and what comes out of it back; one line for each input,
/// with the name of its column, or its number from 0.
void write_scale(const std::filesystem::path& path, const Scale& scale, const std::vector<std::string>& names) {
  std::string text = "column,mean,factor\n";
  for (vade::Index j = 0; j < scale.mean.size(); ++j) {
    std::string name = names.empty() ? std::to_string(j) : names[static_cast<std::size_t>(j)];
    if (name.find_first_of("\",\r\n") != std::string::npos) {
      for (std::size_t at = 0; (at = name.find('"', at)) != std::string::npos; at += 2) name.insert(at, 1, '"');
      name = '"' + name + '"';
    }
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, ",%.17g,%.17g\n", scale.mean(j), scale.factor(j));
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

vade::FitReport train(vade::Vade<float>& model, const vade::Dataset& data, const Partition& from, const Options& options,
                      ProgressLine& progress) {
  const int epochs = epochs_for(1500 * options.effort, 100, data);
  vade::VadeFitOptions fit{.start = vade::PartitionStart{.labels = from.labels},
                           .fit = {.epochs = epochs, .batch = 100, .learning_rate = vade::Schedule::cosine(1e-3, 0.02)}};
  fit.objective.freeze_epochs = 2 * epochs / 3;
  fit.objective.consistency = {.weight = vade::Schedule::linear(static_cast<double>(data.columns())),
                               .balance = 0,
                               .view_strength = 0};
  return model.fit(data, fit, progress.observer(), progress.token());
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
  const Scale scale = scale_of(table.data.images, options.scale);
  const vade::Dataset data = scaled(table.data.images, scale);
  const vade::Labels& truth = table.data.labels;
  std::filesystem::create_directories(options.out);

  const auto nearest =
      std::make_shared<const vade::Neighbours>(vade::nearest_neighbours<float>(data.matrix<float>(), options.neighbours));
  ProgressLine progress(options.quiet);
  std::vector<Partition> partitions = find_partitions(data, nearest, options, progress);
  const Partition chosen = *std::ranges::max_element(partitions, {}, &Partition::information);
  vade::Vade<float> model = model_for(data, options);
  const vade::FitReport report = train(model, data, chosen, options, progress);
  const RowClusters clusters(model.predict_proba(data));
  partitions.push_back({"vade", clusters.labels, 0});
  partitions.back().information = neighbour_information(partitions.back().labels, nearest->rows);

  Json json{{"rows", data.rows()}, {"columns", data.columns()}, {"clusters", options.clusters}, {"seed", options.seed}};
  json["elbo"] = model.elbo(data).bound();
  json["stopped"] = to_string(report.stop);
  json["chosen"] = chosen.name;
  for (const Partition& partition : partitions) json["partitions"][partition.name] = scores(truth, partition);
  vade::write_file_atomically(options.out / "metrics.json", json.dump(2) + "\n");
  write_clusters(options.out / "clusters.csv", clusters);
  write_scale(options.out / "scale.csv", scale, table.columns);
  vade::write_npy(options.out / "codes.npy", model.transform(data));
  model.save(options.out / "model.safetensors");
  const int code = interrupted() ? interrupted_exit_code : 0;
  if (options.quiet) return code;
  for (const Partition& partition : partitions) {
    std::printf("%-10s neighbours agree: %.4f nats", partition.name.c_str(), partition.information);
    if (!truth.empty()) std::printf("  accuracy %.4f", vade::clustering_accuracy(truth, partition.labels));
    std::printf("%s\n", partition.name == chosen.name ? "  <- VaDE starts here" : "");
  }
  std::printf("%lld rows; results in %s\n", static_cast<long long>(data.rows()), options.out.string().c_str());
  return code;
}

}  // namespace tabular
