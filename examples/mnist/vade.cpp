// Presets vade, vade-fashion, reference-vade and paper-vade.
#include <vade/core/stop_token.hpp>
#include <vade/models/fit_best.hpp>
#include <vade/models/image_clustering.hpp>
#include <vade/models/fit_vade.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <variant>

#include "jobs.hpp"
#include "run.hpp"
#include "views.hpp"

namespace mnist {

namespace {

struct Preset {
  vade::VadeOptions model;
  vade::VadeFitOptions fit;
};

/// Our default: the library's settings for images.
Preset default_preset(const vade::Dataset& data, const Options& options) {
  const vade::VadeOptions model{.network = default_network(data.columns(), 0)};
  Preset preset{model,
                vade::image_clustering(data.rows(), model.network, views_of(options), options.batch.value_or(250))};
  if (options.epochs) preset.fit.objective.freeze_epochs = vade::frozen_share(*options.epochs);
  return preset;
}

/// Clusters that are pressed to be even to the end.
void hold_balance(Preset& preset) {
  std::get<vade::InformationStart>(preset.fit.start).classifier.balance = vade::Schedule::constant(4);
  preset.fit.objective.consistency.balance = 0.4;
}

/// For garments: of the classifier's draws fewer find a good partition than with digits, so there are twice as many;
/// views are wide sooner, since the loss then tells more about a draw; and the balance is held (a falling one has not
/// been tried there).
Preset fashion_preset(const vade::Dataset& data, const Options& options) {
  Preset preset = default_preset(data, options);
  auto& start = std::get<vade::InformationStart>(preset.fit.start);
  start.classifier.view_strength = vade::Schedule::warm_up(0.5, 1, start.classifier.fit.epochs / 3.0);
  start.halving.candidates = 8;
  hold_balance(preset);
  return preset;
}

/// --recipe: the preset as it is, by the published way (autoencoder, mixture, joint training), or with one part
/// changed.
void change(Preset& preset, const std::string& recipe) {
  const vade::AutoencoderStart published{.fit = {.epochs = 30, .batch = 250}};
  auto& objective = preset.fit.objective;
  if (recipe == "plain") {
    preset.fit.start = published;
    objective = {};
  } else if (recipe == "no-warm-start") {
    preset.fit.start = published;  // the consistency term then holds views to γ as it is
  } else if (recipe == "no-consistency") {
    objective.consistency.weight = vade::Schedule::constant(0);
  } else if (recipe == "no-balance") {
    // The classifier keeps the mutual information itself: with no reward for several classes it would find one.
    std::get<vade::InformationStart>(preset.fit.start).classifier.balance = vade::Schedule::constant(1);
    objective.consistency.balance = 0;
  } else if (recipe == "held-balance") {
    hold_balance(preset);
  } else if (recipe == "sampled") {
    objective.responsibilities = vade::ResponsibilityKind::sampled;
  } else if (recipe == "em") {
    objective.mixture = vade::MixtureUpdate::em;
  }
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

Preset preset_of(const vade::Dataset& data, const Options& options) {
  Preset preset = options.preset == "reference-vade" ? reference_preset(data.columns())
                  : options.preset == "paper-vade"   ? paper_preset(data.columns())
                  : options.preset == "vade-fashion" ? fashion_preset(data, options)
                                                     : default_preset(data, options);
  auto& consistency = preset.fit.objective.consistency;
  if (options.consistency_views) consistency.view_strength = *options.consistency_views;
  if (options.consistency_weight) consistency.weight = vade::Schedule::linear(*options.consistency_weight);
  if (options.consistency_target)
    consistency.target = *options.consistency_target == "own"       ? vade::ConsistencyTarget::own
                         : *options.consistency_target == "average" ? vade::ConsistencyTarget::average
                                                                    : vade::ConsistencyTarget::start;
  change(preset, options.recipe);
  preset.model.network.seed = options.seed;
  preset.model.clusters = options.clusters;
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
  Options options;
  Preset preset;
  vade::Vade<float> model;

  VadeJob(const vade::Dataset& data, const Options& o) : options(o), preset(preset_of(data, o)), model(preset.model) {}

  /// One fit, or several of which one is kept; `json` gets what they were judged by.
  vade::FitReport train(const vade::Dataset& data, const vade::Observer& observer, const vade::StopToken& stop,
                        vade::Checkpoint* checkpoint, Json& json) {
    if (options.restarts == 1) return model.fit(data, preset.fit, observer, stop, checkpoint);
    vade::BestFit best = vade::fit_best(
        model, data, preset.fit, {.restarts = options.restarts, .augmentation = views_of(options)}, observer, stop);
    for (const vade::Restart& restart : best.restarts)
      json["restarts"].push_back({{"seed", restart.seed},
                                  {"elbo", restart.bound},
                                  {"view_information", restart.health.view_information},
                                  {"agreement", restart.health.agreement},
                                  {"alarms", restart.health.alarms},
                                  {"error", restart.error},
                                  {"seconds", restart.seconds}});
    json["reason"] = best.reason;
    if (!options.quiet) std::fprintf(stderr, "%s\n", best.reason.c_str());
    return std::move(best.report);
  }

  void prepare(const vade::Dataset&) const {}
  vade::Index clusters() const { return model.options().clusters; }
  RowClusters clusters_of(const vade::Matrix<float>&, const vade::Dataset& images) const {
    return RowClusters(model.predict_proba(images));
  }
  /// One cluster after the other, `a_row` images each, of draws with at least this p(c|z).
  vade::Matrix<float> samples(vade::Index a_row, std::uint64_t seed, double confidence = 0) const {
    vade::Matrix<float> images(clusters() * a_row, model.options().network.inputs);
    for (vade::Index c = 0; c < clusters(); ++c)
      images.middleRows(c * a_row, a_row) = model.generate(a_row, c, seed + static_cast<std::uint64_t>(c), confidence);
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
