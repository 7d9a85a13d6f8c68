// Images in, clusters out: trains a VaDE (or a VAE) on MNIST or data in its form, and writes figures, pictures and the
// model. `bash examples/mnist.sh` finds everything that this needs; `mnist --help` lists the options.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <vade/vade.hpp>

#include "mnist/options.hpp"
#include "mnist/presets.hpp"
#include "mnist/progress.hpp"
#include "mnist/results.hpp"

namespace {

using namespace mnist;

constexpr int interrupted_exit_code = 130;  // as a shell reports a program that Ctrl-C ended
constexpr vade::Index samples_a_row = 20;

/// One cluster a row for VaDE; a plain grid for the VAE, which has no clusters to draw from.
vade::Matrix<float> samples_of(const vade::Vade<float>& model, std::uint64_t seed) {
  const vade::Index clusters = model.options().clusters;
  vade::Matrix<float> images(clusters * samples_a_row, model.options().network.inputs);
  for (vade::Index c = 0; c < clusters; ++c)
    images.middleRows(c * samples_a_row, samples_a_row) =
        model.generate(samples_a_row, c, seed + static_cast<std::uint64_t>(c));
  return images;
}

vade::Matrix<float> samples_of(const vade::Vae<float>& model, std::uint64_t seed) {
  return model.generate(10 * samples_a_row, seed);
}

/// Clusters of rows: VaDE's own; for a VAE, those of a mixture on the codes of the rows that it was fitted to.
struct Clusterer {
  vade::Index clusters = 10;
  vade::GaussianMixture<float> mixture = {};

  void prepare(const vade::Vade<float>& model, const vade::Dataset&) { clusters = model.options().clusters; }
  void prepare(const vade::Vae<float>& model, const vade::Dataset& fitted_to) {
    mixture.fit(model.transform(fitted_to),
                {.clusters = clusters, .restarts = 5, .max_iterations = 200, .seed = model.options().seed});
  }

  Clustering operator()(const auto& model, const vade::LabelledDataset& data) const {
    Clustering result{.data = data, .clusters = {}, .codes = model.transform(data.images)};
    if constexpr (requires { model.predict(data.images); })
      result.clusters = model.predict(data.images);
    else
      result.clusters = mixture.predict(result.codes);
    const auto bound = model.elbo(data.images);
    result.elbo = bound.bound();
    result.reconstruction = bound.reconstruction;
    result.kl = bound.kl();
    return result;
  }
};

vade::Vae<float> make(const VaePreset& preset) { return vade::Vae<float>(preset.network); }
vade::Vade<float> make(const VadePreset& preset) { return vade::Vade<float>(preset.model); }

int run(const Options& options) {
  if (options.threads) vade::set_threads(*options.threads);
  const vade::Mnist data = vade::load_mnist(options.data);
  const vade::LabelledDataset everything = vade::all(data);
  const vade::Dataset& fitted_to = options.train_only ? data.train.images : everything.images;
  const vade::ImageShape shape = everything.images.image().value();
  std::filesystem::create_directories(options.out);
  ProgressLine progress(options.quiet);

  Preset chosen = preset_of(options, everything.images.columns());
  return std::visit(
      [&](auto& preset) {
        apply(preset, options);
        auto model = make(preset);
        vade::FitReport report;
        if (options.load.empty())
          report = model.fit(fitted_to, preset.fit, progress.observer(), progress.token());
        else
          model = std::remove_reference_t<decltype(model)>::load(options.load);
        model.save(options.out / "model.safetensors");

        Clusterer cluster;
        cluster.prepare(model, fitted_to);
        const Clustering all_rows = cluster(model, everything);
        Json json;
        json["preset"] = options.preset;
        json["recipe"] = options.recipe;
        json["seed"] = options.seed;
        json["data"] = everything.images.fingerprint();
        json["fitted_to"] = options.load.empty() ? fitted_to.rows() : 0;
        json["stopped"] = options.load.empty() ? std::string(to_string(report.stop)) : "loaded";
        json["parameters"] = model.parameter_count();
        json["epochs"] = report.history.size();
        json["seconds"] = report.seconds;
        json["seconds_per_epoch"] =
            report.history.empty() ? 0.0 : report.seconds / static_cast<double>(report.history.size());
        json.update(scores(all_rows, cluster.clusters));
        json["train"] = scores(cluster(model, data.train), cluster.clusters);
        json["test"] = scores(cluster(model, data.test), cluster.clusters);
        vade::write_file_atomically(options.out / "metrics.json", json.dump(2) + "\n");

        write_history(options.out / "history.csv", report.history);
        write_curves(options.out / "curves.png", report.history);
        write_latent(options.out / "latent.png", all_rows);
        const bool by_cluster = options.preset != "reference-vae";
        std::vector<std::string> rows;
        for (vade::Index c = 0; by_cluster && c < cluster.clusters; ++c) rows.push_back(std::to_string(c));
        write_grid(options.out / "samples.png", samples_of(model, options.seed), shape,
                   {.title = by_cluster ? "Drawn from the model, one cluster a row" : "Drawn from the model",
                    .columns = samples_a_row,
                    .row_labels = rows});
        const vade::Dataset first = data.test.images.slice(0, std::min<vade::Index>(45, data.test.images.rows()));
        write_reconstructions(options.out / "reconstructions.png", first.matrix<float>(), model.reconstruct(first),
                              shape);
        if (!options.quiet) {
          if (json.contains("accuracy"))
            std::printf("accuracy %.4f, NMI %.4f, ARI %.4f, ", json["accuracy"].get<double>(),
                        json["nmi"].get<double>(), json["ari"].get<double>());
          std::printf("ELBO %.2f nats, %.0f s; results in %s\n", all_rows.elbo, report.seconds,
                      options.out.string().c_str());
        }
        return ProgressLine::interrupted() ? interrupted_exit_code : 0;
      },
      chosen);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto code = read_options(argc, argv, options)) return *code;
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mnist: %s\n", error.what());
    return 1;
  }
}
