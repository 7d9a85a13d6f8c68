// --compare-views: how wide random views may be, by what different draws agree on.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <vade/core/random.hpp>
#include <vade/data/mnist.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/metrics/clustering.hpp>
#include <vade/models/view_stability.hpp>

#include "../progress_line.hpp"
#include "jobs.hpp"
#include "run.hpp"
#include "views.hpp"

namespace mnist {

namespace {

constexpr vade::Index most_rows = 20000;
constexpr int draws = 4;

/// Some of the rows, chosen by seed.
vade::LabelledDataset sample_of(const vade::LabelledDataset& data, std::uint64_t seed) {
  vade::RandomStream stream(seed, vade::Purpose::user);
  std::vector<vade::Index> rows = vade::random_permutation(data.images.rows(), stream);
  rows.resize(static_cast<std::size_t>(std::min(most_rows, data.images.rows())));
  vade::Labels labels;
  if (!data.labels.empty())
    for (const vade::Index row : rows) labels.push_back(data.labels[static_cast<std::size_t>(row)]);
  return {data.images.select(rows), std::move(labels)};
}

}  // namespace

int run_compare_views(const Options& options) {
  if (options.threads) vade::set_threads(*options.threads);
  const vade::LabelledDataset data = sample_of(vade::all(load_images(options)), options.seed);
  make_results_folder(options.out);
  ProgressLine progress(options.quiet);
  vade::InformationMaximisationOptions classifier{.clusters = options.clusters, .augmentation = views_of(options)};
  classifier.fit.epochs = options.epochs.value_or(8);
  if (options.batch) classifier.fit.batch = *options.batch;
  const auto found = vade::view_stability<float>(data.images, classifier, options.compared_views, draws, options.seed,
                                                 progress.observer(), progress.token());
  Json json = Json::array();
  if (!options.quiet)
    std::printf("strength  stability  loss%s\n", data.labels.empty() ? "" : "     accuracy of each draw");
  for (const vade::ViewStability& at : found) {
    json.push_back({{"strength", at.strength}, {"stability", at.stability}, {"loss", at.loss}});
    if (!options.quiet) std::printf("%8.2f  %9.4f  %7.4f", at.strength, at.stability, at.loss);
    for (const vade::Labels& partition : at.partitions) {
      if (data.labels.empty()) continue;
      json.back()["accuracy"].push_back(vade::clustering_accuracy(data.labels, partition));
      if (!options.quiet) std::printf("  %.3f", json.back()["accuracy"].back().get<double>());
    }
    if (!options.quiet) std::printf("\n");
  }
  vade::write_file_atomically(options.out / "views.json", json.dump(2) + "\n");
  if (!found.empty() && !options.quiet)
    std::printf("draws agree most at strength %g; labels were not used for that\n",
                std::ranges::max_element(found, {}, &vade::ViewStability::stability)->strength);
  return exit_code();
}

}  // namespace mnist
