#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include <vade/io/atomic_file.hpp>
#include <vade/io/png.hpp>
#include <vade/metrics/calinski_harabasz.hpp>
#include <vade/metrics/clustering.hpp>
#include <vade/metrics/silhouette.hpp>
#include <vade/report/curves.hpp>
#include <vade/report/image_grid.hpp>
#include <vade/report/projection.hpp>
#include <vade/report/scatter.hpp>

namespace mnist {

namespace {

constexpr vade::Index silhouette_rows = 10000;

}  // namespace

Json scores(const Clustering& c, vade::Index clusters) {
  std::vector<vade::Index> sizes(static_cast<std::size_t>(clusters), 0);
  for (const vade::Label label : c.clusters) ++sizes[static_cast<std::size_t>(label)];
  const auto used = std::count_if(sizes.begin(), sizes.end(), [](vade::Index n) { return n > 0; });
  Json json;
  json["samples"] = c.data.images.rows();
  if (!c.data.labels.empty()) {
    json["accuracy"] = vade::clustering_accuracy(c.data.labels, c.clusters);
    json["nmi"] = vade::normalized_mutual_information(c.data.labels, c.clusters);
    json["ari"] = vade::adjusted_rand_index(c.data.labels, c.clusters);
    json["homogeneity"] = vade::homogeneity(c.data.labels, c.clusters);
    json["completeness"] = vade::completeness(c.data.labels, c.clusters);
    json["v_measure"] = vade::v_measure(c.data.labels, c.clusters);
  }
  if (used > 1) {
    const vade::MatrixRef<float> codes = c.codes;
    json["silhouette"] =
        vade::silhouette_sample<float>(codes, c.clusters, std::min(silhouette_rows, c.codes.rows()), 1);
    json["calinski_harabasz"] = vade::calinski_harabasz<float>(codes, c.clusters);
  } else {
    json["silhouette"] = nullptr;
    json["calinski_harabasz"] = nullptr;
  }
  json["elbo"] = c.elbo;
  json["reconstruction"] = c.reconstruction;
  json["kl"] = c.kl;
  json["cluster_sizes"] = sizes;
  return json;
}

void write_history(const std::filesystem::path& path, const std::vector<vade::EpochRecord>& history) {
  std::vector<std::string> names;
  for (const auto& record : history)
    for (const auto& term : record.terms)
      if (std::find(names.begin(), names.end(), term.name) == names.end()) names.push_back(term.name);
  std::ostringstream csv;
  csv.precision(9);
  csv << "stage,epoch,epochs,loss,learning_rate,gradient_norm,seconds,rows_per_second";
  for (const std::string& name : names) csv << ',' << name;
  csv << ",alarms\n";
  for (const auto& r : history) {
    csv << r.stage << ',' << r.epoch << ',' << r.epochs << ',' << r.loss << ',' << r.learning_rate << ','
        << r.gradient_norm << ',' << r.seconds << ',' << r.rows_per_second;
    for (const std::string& name : names) {
      csv << ',';
      if (const double value = r.term(name); std::isfinite(value)) csv << value;
    }
    csv << ',';
    for (std::size_t i = 0; i < r.alarms.size(); ++i) csv << (i > 0 ? "; " : "") << r.alarms[i];
    csv << '\n';
  }
  vade::write_file_atomically(path, csv.str());
}

void write_latent(const std::filesystem::path& path, const Clustering& c) {
  const auto projection = vade::report::principal_components(c.codes, std::min<vade::Index>(2, c.codes.cols()));
  vade::Matrix<float> points = vade::Matrix<float>::Zero(c.codes.rows(), 2);
  points.leftCols(projection.components.rows()) = vade::report::project(projection, c.codes);
  vade::write_png(path, vade::report::scatter(points, c.clusters,
                                              {.title = "Codes, first two principal components",
                                               .x_label = "first component",
                                               .y_label = "second component",
                                               .legend_title = "cluster",
                                               .max_points = 20000}));
}

void write_samples(const std::filesystem::path& path, const vade::Matrix<float>& images, vade::ImageShape shape,
                   vade::Index columns, const std::vector<std::string>& row_labels) {
  const std::string title = row_labels.empty() ? "Drawn from the model" : "Drawn from the model, one cluster a row";
  vade::write_png(path, vade::report::image_grid(images, shape.height, shape.width,
                                                 {.title = title, .columns = columns, .row_labels = row_labels}));
}

void write_reconstructions(const std::filesystem::path& path, const vade::Matrix<float>& originals,
                                  const vade::Matrix<float>& reconstructions, vade::ImageShape shape) {
  vade::write_png(path, vade::report::reconstruction_pairs(originals, reconstructions, shape.height, shape.width,
                                                           {.title = "Test images above their reconstructions",
                                                            .columns = 15}));
}

void write_curves(const std::filesystem::path& path, const std::vector<vade::EpochRecord>& history) {
  std::vector<vade::report::Panel> panels;
  std::map<std::string, std::map<std::string, vade::report::Series>> indicators;
  int epoch = 0;
  for (const auto& record : history) {
    ++epoch;
    if (panels.empty() || panels.back().title != record.stage + ": loss, nats") {
      panels.push_back({.title = record.stage + ": loss, nats"});
      panels.back().series.push_back({.name = "loss", .x = {}, .y = {}});
    }
    panels.back().series.front().x.push_back(epoch);
    panels.back().series.front().y.push_back(record.loss);
    for (const char* name : {"confidence", "agreement", "label_churn"}) {
      auto& series = indicators["cluster health, shares of the rows"][name];
      series.name = name;
      series.x.push_back(epoch);
      series.y.push_back(record.term(name));
    }
  }
  for (auto& [title, lines] : indicators) {
    vade::report::Panel panel{.title = title};
    for (auto& [name, line] : lines)
      if (std::any_of(line.y.begin(), line.y.end(), [](double y) { return std::isfinite(y); }))
        panel.series.push_back(std::move(line));
    if (!panel.series.empty()) panels.push_back(std::move(panel));
  }
  if (panels.empty()) panels.push_back({.title = "no epoch was trained", .series = {{.name = "loss", .x = {}, .y = {}}}});
  vade::write_png(path, vade::report::curves(panels, {.title = "Training", .x_label = "epoch"}));
}

}  // namespace mnist
