// What the presets of the MNIST example are.
#pragma once

#include <algorithm>
#include <string>
#include <variant>

#include <vade/vade.hpp>

#include "options.hpp"

namespace mnist {

/// A VAE, to be clustered by a mixture on its codes afterwards.
struct VaePreset {
  vade::NetworkOptions network;
  vade::VaeFitOptions fit;
};

struct VadePreset {
  vade::VadeOptions model;
  vade::VadeFitOptions fit;
};

using Preset = std::variant<VaePreset, VadePreset>;

/// Our default: a classifier found by information maximisation starts the clusters, a consistency term keeps them.
inline VadePreset default_preset(vade::Index inputs) {
  // How far digits may be turned and shifted and stay the same digit. Chosen with an eye on the labels of MNIST.
  const vade::AffineAugmentation views{.rotation_degrees = 20, .shear = 0.3, .scale = 0.2, .shift = 3};
  VadePreset preset{.model = {.network = {.inputs = inputs, .hidden = {512, 512}}}, .fit = {}};
  vade::InformationStart start;
  start.classifier.augmentation = views;
  start.classifier.fit.epochs = 40;
  preset.fit.start = start;
  preset.fit.fit = {.epochs = 15, .batch = 250, .learning_rate = vade::Schedule::cosine(1e-3, 0.02)};
  preset.fit.objective.freeze_epochs = 2;
  preset.fit.objective.consistency = {.weight = 20, .balance = 0.4, .cool_down = 2, .augmentation = views};
  return preset;
}

/// The same network and length by the published way: autoencoder, mixture, joint training.
inline VadePreset plain_preset(vade::Index inputs) {
  VadePreset preset = default_preset(inputs);
  preset.fit.start = vade::AutoencoderStart{.fit = {.epochs = 30, .batch = 250}};
  preset.fit.objective = {};
  return preset;
}

/// The network of the two project reports, 784-512-512-2048-10 mirrored, batch 128.
inline vade::NetworkOptions reference_network(vade::Index inputs) {
  return {.inputs = inputs, .hidden = {512, 512, 2048}};
}

inline Preset preset_of(const Options& options, vade::Index inputs) {
  using vade::Schedule;
  if (options.preset == "reference-vae")
    return VaePreset{.network = reference_network(inputs),
                     .fit = {.fit = {.epochs = 100, .batch = 128, .learning_rate = Schedule::constant(1e-3)}}};
  if (options.preset == "reference-vade") {
    const vade::AutoencoderStart start{
        .fit = {.epochs = 20, .batch = 128, .learning_rate = Schedule::constant(1e-3)}};
    return VadePreset{
        .model = {.network = reference_network(inputs)},
        .fit = {.start = start, .fit = {.epochs = 100, .batch = 128, .learning_rate = Schedule::constant(1e-4)}}};
  }
  if (options.preset == "paper-vade") {
    const vade::AutoencoderStart start{.fit = {.epochs = 50, .batch = 100}};
    return VadePreset{.model = {.network = {.inputs = inputs, .hidden = {500, 500, 2000}}},
                      .fit = {.start = start,
                              .fit = {.epochs = 300,
                                      .batch = 100,
                                      .learning_rate = Schedule::step_decay(2e-3, 0.9, 10, 2e-4)}}};
  }
  return options.recipe == "plain" ? plain_preset(inputs) : default_preset(inputs);
}

namespace detail {

inline void change(vade::FitOptions& fit, const Options& options, bool pretraining) {
  if (options.epochs) fit.epochs = pretraining ? std::min(fit.epochs, *options.epochs) : *options.epochs;
  if (options.batch) fit.batch = *options.batch;
}

}  // namespace detail

/// Applies --seed, --epochs and --batch.
inline void apply(VaePreset& preset, const Options& options) {
  preset.network.seed = options.seed;
  detail::change(preset.fit.fit, options, false);
}

inline void apply(VadePreset& preset, const Options& options) {
  preset.model.network.seed = options.seed;
  detail::change(preset.fit.fit, options, false);
  auto& consistency = preset.fit.objective.consistency;
  consistency.cool_down = std::min(consistency.cool_down, preset.fit.fit.epochs / 3);
  if (options.epochs == 0) {
    preset.fit.start = vade::RandomStart{};
    return;
  }
  std::visit(
      [&](auto& start) {
        if constexpr (requires { start.fit; }) detail::change(start.fit, options, true);
        if constexpr (requires { start.classifier; }) detail::change(start.classifier.fit, options, true);
      },
      preset.fit.start);
}

}  // namespace mnist
