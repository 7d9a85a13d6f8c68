// vade: how to go through the data.
// SPDX-License-Identifier: MIT
#pragma once

#include <vade/core/checks.hpp>
#include <vade/optim/adam.hpp>
#include <vade/optim/schedule.hpp>

namespace vade {

/// How often, in what batches, and by what steps a model goes through its data.
struct FitOptions {
  int epochs = 20;         ///< at most `most_epochs`
  Index batch = 256;  ///< most rows in a step; the steps of an epoch have equal sizes, to within one row
  Schedule learning_rate = Schedule::cosine(1e-3, 0.05);
  AdamOptions adam = {};
  double clip_norm = 0;       ///< limit on the global norm of the gradients; 0 is none
  double average_decay = 0;   ///< of the moving average of the weights that is kept at the end; 0 keeps the last

  /// The random draws of a stage are numbered by its epochs, and there are numbers for as many.
  static constexpr int most_epochs = 1 << 20;

  /// @throws ValueError naming the field
  void check() const {
    check_between("FitOptions", "epochs", epochs, 0, most_epochs);
    check_at_least<Index>("FitOptions", "batch", batch, 1);
    check_at_least("FitOptions", "clip_norm", clip_norm, 0.0);
    check_between("FitOptions", "average_decay", average_decay, 0.0, 0.999999);
    adam.check();
  }

  void for_each_option(auto&& visit) const {
    visit("epochs", epochs), visit("batch", batch), visit("learning_rate", learning_rate), visit("adam", adam);
    visit("clip_norm", clip_norm), visit("average_decay", average_decay);
  }
};

}  // namespace vade
