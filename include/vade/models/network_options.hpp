// vade: how large a model is and what it assumes of data.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/models/row_source.hpp>

namespace vade {

/// Widths of a model: D → hidden → J, and mirrored back.
struct NetworkOptions {
  Index inputs = 784;
  std::vector<Index> hidden = {512, 512, 2048};
  Index latent = 10;
  Likelihood likelihood = Likelihood::bernoulli;
  double observation_variance = 1;          ///< s² of a Gaussian likelihood
  bool learn_observation_variance = false;  ///< one s² for each input, the mean squared residual; the first step has `observation_variance`
  std::uint64_t seed = 0;                   ///< of weights, order, noise and views

  /// No width may be larger: the size of each parameter is then a number that an `Index` of 64 bits can hold. Whether there
  /// is memory for all of them is checked where a network is made.
  static constexpr Index widest = (Index{1} << 30) - 1;
  /// J² is an `Index`, too.
  static constexpr Index most_latent = sizeof(Index) > 4 ? widest : Index{1} << 15;
  /// As many as have random draws of their own.
  static constexpr Index most_layers = 999;

  /// @throws ValueError naming the field
  void check() const {
    check_between<Index>("NetworkOptions", "inputs", inputs, 1, widest);
    check_between<Index>("NetworkOptions", "latent", latent, 1, most_latent);
    check_between<Index>("NetworkOptions", "number of hidden layers", static_cast<Index>(hidden.size()), 1, most_layers);
    for (const Index width : hidden) check_between<Index>("NetworkOptions", "hidden width", width, 1, widest);
    check_positive("NetworkOptions", "observation_variance", observation_variance);
    if (learn_observation_variance && likelihood != Likelihood::gaussian)
      throw ValueError("NetworkOptions: learn_observation_variance is true with a Bernoulli likelihood, "
                       "wanted a Gaussian one");
    if (learn_observation_variance)  // outside the bound of `Observation` nothing would be learned
      check_between("NetworkOptions", "observation_variance, to be learned", observation_variance, 1e-30, 1e30);
  }
  void for_each_option(auto&& visit) const {
    visit("inputs", inputs), visit("hidden", hidden), visit("latent", latent), visit("likelihood", likelihood);
    visit("observation_variance", observation_variance);
    visit("learn_observation_variance", learn_observation_variance), visit("seed", seed);
  }
};

}  // namespace vade
