#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

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
  for (const vade::Label label : c.clusters.labels) ++sizes[static_cast<std::size_t>(label)];
  const auto used = std::count_if(sizes.begin(), sizes.end(), [](vade::Index n) { return n > 0; });
  Json json;
  json["samples"] = c.data.images.rows();
  if (!c.data.labels.empty()) {
    const vade::ContingencyTable table = vade::contingency_table(c.data.labels, c.clusters.labels);
    json["accuracy"] = vade::clustering_accuracy(table);
    json["nmi"] = vade::normalized_mutual_information(table);
    json["ari"] = vade::adjusted_rand_index(table);
    json["homogeneity"] = vade::homogeneity(table);
    json["completeness"] = vade::completeness(table);
    json["v_measure"] = vade::v_measure(table);
  }
  if (used > 1) {
    const vade::MatrixRef<float> codes = c.codes;
    json["silhouette"] =
        vade::silhouette_sample<float>(codes, c.clusters.labels, std::min(silhouette_rows, c.codes.rows()), 1);
    json["calinski_harabasz"] = vade::calinski_harabasz<float>(codes, c.clusters.labels);
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
  vade::write_png(path, vade::report::scatter(points, c.clusters.labels,
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
  vade::write_png(
      path, vade::report::reconstruction_pairs(originals, reconstructions, shape.height, shape.width,
                                               {.title = "Test images above their reconstructions", .columns = 15}));
}

namespace {

/// "classifier 3" is one of several that were trained side by side: they share a panel, "classifier".
std::string family(const std::string& stage) { return stage.substr(0, stage.find_last_not_of("0123456789 ") + 1); }

/// What a stage is watched by: −ELBO where the record has its terms, so that a consistency term that ends does not look
/// like a jump; of a classifier the two parts of its loss, since the loss itself weighs them by a balance that falls;
/// else the loss.
std::vector<std::pair<std::string, double>> watched(const vade::EpochRecord& record) {
  const double marginal = record.term("marginal_entropy");
  if (!std::isnan(marginal))
    return {{"divergence of views, nats", record.term("consistency")},
            {"information of clusters, nats", marginal - record.term("conditional_entropy")}};
  if (std::isnan(record.term("reconstruction"))) return {{"loss, nats", record.loss}};
  double bound = 0;
  for (const char* name : {"reconstruction", "latent_prior", "cluster_prior", "latent_entropy", "cluster_entropy"})
    if (const double term = record.term(name); !std::isnan(term)) bound += term;
  return {{"negative bound, nats", -bound}};
}

void add_point(vade::report::Panel& panel, const std::string& name, double x, double y) {
  auto line = std::ranges::find(panel.series, name, &vade::report::Series::name);
  if (line == panel.series.end()) line = panel.series.insert(line, {.name = name, .x = {}, .y = {}});
  line->x.push_back(x);
  line->y.push_back(y);
}

}  // namespace

void write_curves(const std::filesystem::path& path, const std::vector<vade::EpochRecord>& history) {
  std::vector<vade::report::Panel> panels;
  for (const auto& record : history) {
    for (const auto& [quantity, value] : watched(record)) {
      const std::string title = family(record.stage) + ": " + quantity;
      auto panel = std::ranges::find(panels, title, &vade::report::Panel::title);
      if (panel == panels.end()) panel = panels.insert(panel, {.title = title});
      add_point(*panel, record.stage, record.epoch, value);
    }
  }
  vade::report::Panel health{.title =
                                 history.empty() ? "" : history.back().stage + ": cluster health, shares of the rows"};
  for (const auto& record : history)
    for (const char* name : {"agreement", "confidence", "label_churn"})
      if (const double share = record.term(name); record.stage == history.back().stage && !std::isnan(share))
        add_point(health, name, record.epoch, share);
  if (!health.series.empty()) panels.push_back(std::move(health));
  if (panels.empty())
    panels.push_back({.title = "no epoch was trained", .series = {{.name = "loss", .x = {}, .y = {}}}});
  vade::write_png(path, vade::report::curves(panels, {.title = "Training", .x_label = "epoch of the stage"}));
}

}  // namespace mnist
