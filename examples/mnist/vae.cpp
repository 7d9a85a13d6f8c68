// Presets vae and reference-vae: a VAE, clustered by k-means on its codes.
#include <vade/core/stop_token.hpp>
#include <vade/mixture/kmeans.hpp>
#include <vade/models/image_clustering.hpp>
#include <vade/models/fit_vae.hpp>

#include "jobs.hpp"
#include "run.hpp"

namespace mnist {

namespace {

/// That of the joint training of preset vade, for comparison, or that of the project reports.
vade::FitOptions training(vade::Index rows, const Options& options) {
  if (options.preset == "vae")
    return vade::image_clustering(rows, {}, vade::digit_views, options.batch.value_or(250)).fit;
  return {.epochs = 100, .batch = 128, .learning_rate = vade::Schedule::constant(1e-3)};
}

struct VaeJob {
  Options options;
  vade::Vae<float> model;
  vade::VaeFitOptions fit;
  vade::Matrix<float> centres = {};

  VaeJob(const vade::Dataset& data, const Options& o)
      : options(o),
        model(options.preset == "vae" ? default_network(data.columns(), options.seed)
                                      : reference_network(data.columns(), options.seed)),
        fit{.fit = training(data.rows(), options)} {
    apply(fit.fit, options, false);
  }

  vade::FitReport train(const vade::Dataset& data, const vade::Observer& observer, const vade::StopToken& stop,
                        vade::Checkpoint* checkpoint, Json&) {
    return model.fit(data, fit, observer, stop, checkpoint);
  }
  /// The centres come from the codes of the rows that the VAE was fitted to, and no others.
  void prepare(const vade::Dataset& fitted_to) {
    centres =
        vade::kmeans(model.transform(fitted_to), {.clusters = clusters(), .restarts = 10, .seed = model.options().seed})
            .centres;
  }
  vade::Index clusters() const { return options.clusters; }
  RowClusters clusters_of(const vade::Matrix<float>& codes, const vade::Dataset&) const {
    return RowClusters(vade::assign_labels<float>(codes, centres));
  }
  vade::Matrix<float> samples(vade::Index a_row, std::uint64_t seed, double /*confidence*/ = 0) const {
    return model.generate(clusters() * a_row, seed);
  }
  static std::vector<std::string> row_labels() { return {}; }
};

}  // namespace

int run_vae(const Options& options) { return run<VaeJob>(options); }

}  // namespace mnist
