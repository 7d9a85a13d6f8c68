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

/// Each has `check(rows, clusters)`, which throws ValueError or ShapeError before any work is done.

/// No pretraining: networks as drawn, centres at codes of random rows, unit variances.
struct RandomStart {
  void check(Index, Index) const {}
  void for_each_option(auto&&) const {}
};

/// The published way: an autoencoder, then a Gaussian mixture on its codes (Jiang et al. 2017, section 3.4).
struct AutoencoderStart {
  FitOptions fit = {.epochs = 20};
  int mixture_restarts = 10;

  void check(Index, Index) const {
    fit.check();
    check_at_least("AutoencoderStart", "mixture_restarts", mixture_restarts, 1);
  }
  void for_each_option(auto&& visit) const { visit("fit", fit), visit("mixture_restarts", mixture_restarts); }
};

/// The same with a VAE, whose codes are already noisy and near the origin.
struct VaeStart {
  FitOptions fit = {.epochs = 20};
  Schedule kl_weight = Schedule::constant(1);
  int mixture_restarts = 10;

  void check(Index, Index) const {
    fit.check();
    check_warm_up("VaeStart", kl_weight, fit.epochs);
    check_at_least("VaeStart", "mixture_restarts", mixture_restarts, 1);
  }
  void for_each_option(auto&& visit) const {
    visit("fit", fit), visit("kl_weight", kl_weight), visit("mixture_restarts", mixture_restarts);
  }
};

/// An information-maximising classifier, the best of several, finds the partition. Its probabilities are γ in the freeze
/// epochs; its hidden layers become the encoder's, from the first on and as far as their widths are the same; the centres
/// start `separation` from the origin on orthogonal axes (which needs J >= K; else on both signs of them, then on random
/// directions).
struct InformationStart {
  InformationMaximisationOptions classifier = {};  ///< `clusters` are those of the model, whatever it says
  HalvingOptions halving = {};
  double separation = 4.24;   ///< two centres are then 6 standard deviations apart

  void check(Index, Index clusters) const {
    InformationMaximisationOptions of_model = classifier;
    of_model.clusters = clusters;
    of_model.check();
    halving.check();
    check_positive("InformationStart", "separation", separation);
  }
  void for_each_option(auto&& visit) const {
    visit("classifier", classifier), visit("halving", halving), visit("separation", separation);
  }
};

/// A partition that was found elsewhere: by k-means or a mixture on the rows themselves, where those do well, or by hand.
/// It is γ in the freeze epochs, and begins as `InformationStart` does, with the encoder's layers as drawn.
struct PartitionStart {
  Labels labels;             ///< of each row, in [0, K)
  double separation = 4.24;  ///< as in `InformationStart`

  void check(Index rows, Index clusters) const {
    check_positive("PartitionStart", "separation", separation);
    check_same_count("PartitionStart", "labels", static_cast<Index>(labels.size()), rows);
    for (const Label label : labels) check_between<Index>("PartitionStart", "label", label, 0, clusters - 1);
  }
  void for_each_option(auto&& visit) const { visit("labels", labels), visit("separation", separation); }
};

using WarmStart = std::variant<RandomStart, AutoencoderStart, VaeStart, InformationStart, PartitionStart>;

/// Whether a start gives γ of all rows for the freeze epochs.
inline bool gives_partition(const WarmStart& start) {
  return std::holds_alternative<InformationStart>(start) || std::holds_alternative<PartitionStart>(start);
}

/// Everything about a fit of `Vade`.
struct VadeFitOptions {
  WarmStart start = AutoencoderStart{};
  FitOptions fit = {.epochs = 20};
  VadeObjectiveOptions objective = {};

  /// For a model of `clusters` clusters and that many rows. @throws ValueError naming the field; ShapeError
  void check(Index rows, Index clusters) const {
    std::visit([&](const auto& kind) { kind.check(rows, clusters); }, start);
    fit.check();
    objective.check(fit.epochs);
    if (fit.average_decay > 0 && objective.mixture == MixtureUpdate::em)
      throw ValueError("VadeFitOptions: average_decay is above 0 with mixture = em, which fits the mixture to codes of the "
                       "weights as they are, not of their average");
  }
  void for_each_option(auto&& visit) const { visit("start", start), visit("fit", fit), visit("objective", objective); }
};

}  // namespace vade
