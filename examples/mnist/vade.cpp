// Presets vade, vade-fashion, reference-vade and paper-vade.
#include <vade/models/vade.hpp>

#include <variant>

#include "jobs.hpp"
#include "run.hpp"

namespace mnist {

namespace {

struct Preset {
  vade::VadeOptions model;
  vade::VadeFitOptions fit;
};

/// How far digits may be turned and shifted and stay the same digit. Chosen with an eye on the labels of MNIST.
constexpr vade::AffineAugmentation digit_views{.rotation_degrees = 20, .shear = 0.3, .scale = 0.2, .shift = 3};

/// Garments are photographed upright and centred. Chosen with an eye on the labels of Fashion-MNIST.
constexpr vade::AffineAugmentation garment_views{.rotation_degrees = 3, .shear = 0.05, .scale = 0.05, .shift = 1};

/// Our default: a classifier found by information maximisation starts the clusters, a consistency term keeps them.
Preset default_preset(vade::Index inputs, const vade::AffineAugmentation& views) {
  Preset preset{.model = {.network = default_network(inputs, 0)}, .fit = {}};
  vade::InformationStart start;
  start.classifier.augmentation = views;
  start.classifier.view_strength = vade::Schedule::warm_up(0.5, 1, 18);
  start.classifier.fit.epochs = 30;
  preset.fit.start = start;
  preset.fit.fit = {.epochs = 15, .batch = 250, .learning_rate = vade::Schedule::cosine(1e-3, 0.02)};
  preset.fit.objective.freeze_epochs = 10;
  preset.fit.objective.consistency = {.weight = vade::Schedule::linear(300), .balance = 0.4, .augmentation = views};
  return preset;
}

/// The same network and length by the published way: autoencoder, mixture, joint training.
Preset plain_preset(vade::Index inputs) {
  Preset preset = default_preset(inputs, digit_views);
  preset.fit.start = vade::AutoencoderStart{.fit = {.epochs = 30, .batch = 250}};
  preset.fit.objective = {};
  return preset;
}

/// The network and the training of the two project reports.
Preset reference_preset(vade::Index inputs) {
  using vade::Schedule;
  const vade::AutoencoderStart start{.fit = {.epochs = 20, .batch = 128, .learning_rate = Schedule::constant(1e-3)}};
  return {.model = {.network = reference_network(inputs, 0)},
          .fit = {.start = start, .fit = {.epochs = 100, .batch = 128, .learning_rate = Schedule::constant(1e-4)}}};
}

/// The network and the training of the paper: Jiang et al. 2017, section 4.
Preset paper_preset(vade::Index inputs) {
  const vade::AutoencoderStart start{.fit = {.epochs = 50, .batch = 100}};
  const vade::Schedule rate = vade::Schedule::step_decay(2e-3, 0.9, 10, 2e-4);
  return {.model = {.network = {.inputs = inputs, .hidden = {500, 500, 2000}}},
          .fit = {.start = start, .fit = {.epochs = 300, .batch = 100, .learning_rate = rate}}};
}

Preset preset_of(vade::Index inputs, const Options& options) {
  Preset preset = options.preset == "reference-vade" ? reference_preset(inputs)
                  : options.preset == "paper-vade"   ? paper_preset(inputs)
                  : options.preset == "vade-fashion" ? default_preset(inputs, garment_views)
                  : options.recipe == "plain"        ? plain_preset(inputs)
                                                     : default_preset(inputs, digit_views);
  preset.model.network.seed = options.seed;
  apply(preset.fit.fit, options, false);
  if (options.epochs == 0) preset.fit.start = vade::RandomStart{};
  std::visit(
      [&](auto& start) {
        if constexpr (requires { start.fit; }) apply(start.fit, options, true);
        if constexpr (requires { start.classifier; }) apply(start.classifier.fit, options, true);
      },
      preset.fit.start);
  return preset;
}

struct VadeJob {
  Preset preset;
  vade::Vade<float> model;
  vade::VadeFitOptions& fit = preset.fit;

  VadeJob(vade::Index inputs, const Options& options) : preset(preset_of(inputs, options)), model(preset.model) {}

  void prepare(const vade::Dataset&) const {}
  vade::Index clusters() const { return model.options().clusters; }
  vade::Labels clusters_of(const vade::Matrix<float>&, const vade::Dataset& images) const {
    return model.predict(images);
  }
  /// One cluster after the other, `a_row` images each.
  vade::Matrix<float> samples(vade::Index a_row, std::uint64_t seed) const {
    vade::Matrix<float> images(clusters() * a_row, model.options().network.inputs);
    for (vade::Index c = 0; c < clusters(); ++c)
      images.middleRows(c * a_row, a_row) = model.generate(a_row, c, seed + static_cast<std::uint64_t>(c));
    return images;
  }
  std::vector<std::string> row_labels() const {
    std::vector<std::string> labels;
    for (vade::Index c = 0; c < clusters(); ++c) labels.push_back(std::to_string(c));
    return labels;
  }
};

}  // namespace

int run_vade(const Options& options) { return run<VadeJob>(options); }

}  // namespace mnist
