// vade fuzzing: whatever a checkpoint says, a fit goes on from it to a model, or it is refused.
// SPDX-License-Identifier: MIT
#include <vade/io/checkpoint.hpp>

#include <string>

#include <doctest/doctest.h>

#include <vade/models/fit_vade.hpp>

#include "replay.hpp"
#include "sealed.hpp"
#include "target.hpp"

namespace fuzz_checkpoint {

using vade::Index;
using vade::Matrix;

constexpr int epochs = 3;

vade::Dataset data() {
  Matrix<float> x(12, 3);
  for (Index i = 0; i < 12; ++i)
    for (Index j = 0; j < 3; ++j) x(i, j) = static_cast<float>((i + 2 * j) % 4) / 4;
  return vade::Dataset::from_matrix(x);
}

/// Fits that remember different things from one epoch to the next.
std::vector<vade::VadeFitOptions> fits() {
  vade::PartitionStart partition;
  for (int i = 0; i < 12; ++i) partition.labels.push_back(static_cast<vade::Label>(i % 2));
  vade::VadeFitOptions averaged{.start = partition, .fit = {.epochs = epochs, .batch = 5, .average_decay = 0.9}};
  averaged.objective.freeze_epochs = 2;
  vade::VadeFitOptions by_em{.start = partition, .fit = {.epochs = epochs, .batch = 5}};
  by_em.objective.mixture = vade::MixtureUpdate::em;
  by_em.objective.consistency = {.weight = vade::Schedule::constant(1), .target = vade::ConsistencyTarget::average, .view_strength = 0};
  vade::InformationStart classifier;
  classifier.classifier.hidden = {4};
  classifier.classifier.augmentation = vade::NoiseCorruption{};
  classifier.classifier.fit = {.epochs = 2, .batch = 6};
  classifier.halving = {.candidates = 2, .rung = 1};
  vade::VadeFitOptions informed{.start = classifier, .fit = {.epochs = 1, .batch = 6}};
  informed.objective.freeze_epochs = 1;
  return {averaged, by_em, informed};
}

vade::Vade<float> model() {
  return vade::Vade<float>({.network = {.inputs = 3, .hidden = {4}, .latent = 2, .seed = 1}, .clusters = 2});
}

void use(std::span<const std::byte> bytes) {
  static const std::vector<vade::VadeFitOptions> all = fits();
  static const vade::Dataset rows = data();
  std::string refused;
  for (const vade::VadeFitOptions& options : all) {
    const fuzz::TemporaryFile on_disk(bytes);
    vade::Checkpoint checkpoint(on_disk.path(), 1e9);
    vade::Vade<float> fitted = model();
    try {
      const vade::FitReport report = fitted.fit(rows, options, {}, {}, &checkpoint);
      fuzz::require(report.history.back().epoch == options.fit.epochs, "the last epoch is the one that was asked for");
      fuzz::require(fitted.predict_proba(rows).array().isFinite().all(), "a fitted model answers with numbers");
      return;
    } catch (const vade::ValueError& error) {  // of other options: it may be of the next fit
      refused = error.what();
    }
  }
  throw vade::ValueError(refused);
}

std::vector<fuzz::Bytes> seeds() {
  struct Cut {};
  const vade::Dataset rows = data();
  std::vector<fuzz::Bytes> all;
  for (const vade::VadeFitOptions& options : fits())
    for (int attempts = 0, finished = 0; attempts < 2 && finished == 0; ++attempts) {
      const fuzz::TemporaryFile file({});
      std::filesystem::remove(file.path());
      vade::Checkpoint checkpoint(file.path(), 0);
      vade::Observer observer;
      observer.on_epoch = [&, seen = 0](const vade::EpochRecord&) mutable {
        if (++seen == 2 * attempts + 1) throw Cut();
      };
      try {
        model().fit(rows, options, observer, {}, &checkpoint);
        finished = 1;
      } catch (const Cut&) {
      }
      all.push_back(fuzz::read_bytes(file.path()));
    }
  return all;
}

const fuzz::Registered entered({"checkpoint", use, seeds, fuzz::mutate_sealed});

}  // namespace fuzz_checkpoint

TEST_CASE("Whatever a checkpoint says, a fit goes on from it to a model, or it is refused") { fuzz::check_replay("checkpoint"); }
