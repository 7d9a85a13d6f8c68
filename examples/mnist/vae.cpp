// Preset reference-vae: a VAE, clustered by k-means on its codes.
#include <vade/mixture/kmeans.hpp>
#include <vade/models/vae.hpp>

#include "jobs.hpp"
#include "run.hpp"

namespace mnist {

namespace {

struct VaeJob {
  vade::Vae<float> model;
  vade::VaeFitOptions fit{.fit = {.epochs = 100, .batch = 128, .learning_rate = vade::Schedule::constant(1e-3)}};
  vade::Matrix<float> centres = {};

  VaeJob(vade::Index inputs, const Options& options) : model(reference_network(inputs, options.seed)) {
    apply(fit.fit, options, false);
  }

  /// The centres come from the codes of the rows that the VAE was fitted to, and no others.
  void prepare(const vade::Dataset& fitted_to) {
    centres = vade::kmeans(model.transform(fitted_to),
                           {.clusters = clusters(), .restarts = 10, .seed = model.options().seed})
                  .centres;
  }
  static vade::Index clusters() { return 10; }
  vade::Labels clusters_of(const vade::Matrix<float>& codes, const vade::Dataset&) const {
    return vade::assign_labels<float>(codes, centres);
  }
  vade::Matrix<float> samples(std::uint64_t seed) const { return model.generate(10 * samples_a_row, seed); }
  static std::vector<std::string> row_labels() { return {}; }
};

}  // namespace

int run_vae(const Options& options) { return run<VaeJob>(options); }

}  // namespace mnist
