// vade: where VaDE's training begins.
// SPDX-License-Identifier: MIT
#pragma once

#include <variant>

#include <vade/mixture/gaussian_mixture.hpp>
#include <vade/models/information_maximisation.hpp>
#include <vade/models/vade_objective.hpp>
#include <vade/training/train.hpp>

/// The basin that VaDE ends in is decided by the partition it starts from; the bound alone does not lead to another.
namespace vade {

/// No pretraining: networks as drawn, centres at codes of random rows, unit variances.
struct RandomStart {};

/// The published way: an autoencoder, then a Gaussian mixture on its codes (Jiang et al. 2017, section 3.4).
struct AutoencoderStart {
  FitOptions fit = {.epochs = 20};
  int mixture_restarts = 10;
};

/// The same with a VAE, whose codes are already noisy and near the origin.
struct VaeStart {
  FitOptions fit = {.epochs = 20};
  Schedule kl_weight = Schedule::constant(1);
  int mixture_restarts = 10;
};

/// An information-maximising classifier, the best of several, finds the partition; its hidden layers become the
/// encoder's first layers, its probabilities are γ in the freeze epochs, and the centres start `separation` from the
/// origin on orthogonal axes (which needs J >= K; else on both signs of them, then on random directions).
struct InformationStart {
  InformationMaximisationOptions classifier = {};
  HalvingOptions halving = {};
  double separation = 4.24;   ///< two centres are then 6 standard deviations apart
};

/// A partition that was found elsewhere: by k-means or a mixture on the rows themselves, where those do well, or by hand.
/// It is γ in the freeze epochs, and begins as `InformationStart` does, with the encoder's layers as drawn.
struct PartitionStart {
  Labels labels;             ///< of each row, in [0, K)
  double separation = 4.24;  ///< as in `InformationStart`

  /// @throws ShapeError, ValueError
  void check(Index rows, Index clusters) const {
    check_same_count("PartitionStart", "labels", static_cast<Index>(labels.size()), rows);
    for (const Label label : labels) check_between<Index>("PartitionStart", "label", label, 0, clusters - 1);
  }
};

using WarmStart = std::variant<RandomStart, AutoencoderStart, VaeStart, InformationStart, PartitionStart>;

/// Everything about a fit of `Vade`.
struct VadeFitOptions {
  WarmStart start = AutoencoderStart{};
  FitOptions fit = {.epochs = 20};
  VadeObjectiveOptions objective = {};

  /// @throws ValueError naming the field
  void check() const {
    fit.check();
    objective.check(fit.epochs);
  }
};

}  // namespace vade
