#include "partitions.hpp"

#include <algorithm>
#include <utility>

#include <vade/metrics/clustering.hpp>
#include <vade/mixture/gaussian_mixture.hpp>
#include <vade/models/information_maximisation.hpp>

namespace tabular {

namespace {

vade::Labels by_classifier(const vade::Dataset& data, const std::shared_ptr<const vade::Neighbours>& nearest,
                           const Options& options, ProgressLine& progress) {
  using vade::Schedule;
  const int epochs = epochs_for(2800 * options.effort, 250, data);
  const vade::InformationMaximisationOptions classifier{
      .hidden = {256, 256},
      .clusters = options.clusters,
      .augmentation = vade::NeighbourAugmentation{.neighbours = options.neighbours, .known = nearest},
      .view_strength = Schedule::constant(1),
      .fit = {.epochs = epochs, .batch = 250, .learning_rate = Schedule::drop(2e-3, 0.1, 0.3)}};
  const vade::HalvingOptions contest{.candidates = 8, .rung = std::max(1, epochs / 7)};
  vade::FitReport report;
  const auto best = vade::InformationMaximisingClassifier<float>::fit_best(
      data, classifier, contest, options.seed, {"classifier", 20}, report, progress.observer(), progress.token());
  return vade::top_columns(best.predict_proba(data));
}

}  // namespace

int epochs_for(double steps, vade::Index batch, const vade::Dataset& data) {
  return static_cast<int>(
      std::clamp(steps * static_cast<double>(batch) / static_cast<double>(data.rows()), 3.0, 2000.0));
}

double neighbour_information(const vade::Labels& labels, const vade::IndexMatrix& neighbours) {
  vade::Labels rows, beside;
  for (vade::Index i = 0; i < neighbours.rows(); ++i)
    for (vade::Index k = 0; k < neighbours.cols(); ++k) {
      rows.push_back(labels[static_cast<std::size_t>(i)]);
      beside.push_back(labels[static_cast<std::size_t>(neighbours(i, k))]);
    }
  return vade::mutual_information(vade::contingency_table(rows, beside));
}

std::vector<Partition> find_partitions(const vade::Dataset& data,
                                       const std::shared_ptr<const vade::Neighbours>& nearest, const Options& options,
                                       ProgressLine& progress) {
  const vade::Matrix<float> x = data.matrix<float>();
  std::vector<Partition> found;
  const auto add = [&](std::string name, vade::Labels labels) {
    const double information = neighbour_information(labels, nearest->rows);
    found.push_back({std::move(name), std::move(labels), information});
  };
  add("k-means", vade::kmeans<float>(x, {.clusters = options.clusters, .restarts = 10, .seed = options.seed}).labels);
  if (interrupted()) return found;
  vade::GaussianMixture<float> mixture;
  mixture.fit(x, {.clusters = options.clusters, .restarts = 10, .variance_floor = 1e-3, .seed = options.seed});
  add("mixture", mixture.predict(x));
  if (interrupted()) return found;
  add("classifier", by_classifier(data, nearest, options, progress));
  return found;
}

}  // namespace tabular
