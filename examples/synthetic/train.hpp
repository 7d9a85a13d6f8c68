// Trains one VAE on one density.
#pragma once

#include <algorithm>
#include <cmath>

#include <vade/models/fit_vae.hpp>

#include "experiment.hpp"

namespace synthetic {

inline constexpr vade::Index energy_rows = 2000;  // of each sample: the test takes the square of their number
inline constexpr vade::Index permutations = 199;

/// Encoder and decoder [128, 128], batches of 32, Adam at 1e-3: as the document has it.
template <class Posterior>
Outcome train(const Task& task, const vade::Observer& observer, vade::StopToken stop) {
  const double variance = observation_variance(task.density);
  const vade::Dataset data = vade::synthetic_data(task.density.which, task.rows, task.seed).images;
  const vade::Dataset test = vade::synthetic_data(task.density.which, task.test_rows, task.seed, 1).images;
  vade::Vae<float, Posterior> model({.inputs = 2,
                                     .hidden = {128, 128},
                                     .latent = task.latent,
                                     .likelihood = vade::Likelihood::gaussian,
                                     .observation_variance = variance,
                                     .seed = task.seed});
  vade::VaeFitOptions fit{.fit = {.epochs = 0, .batch = 32, .learning_rate = vade::Schedule::constant(1e-3)}};
  Outcome outcome;
  model.fit(data, fit);  // no epoch: the networks as they are drawn
  outcome.codes_before = model.transform(test);
  fit.fit.epochs = task.epochs;
  vade::FitReport report = model.fit(data, fit, observer, stop);
  outcome.finished = report.stop == vade::StopReason::finished;
  outcome.seconds = report.seconds;
  outcome.history = std::move(report.history);
  outcome.codes_after = model.transform(test);
  outcome.reconstructed = model.reconstruct(test);
  const vade::VaeBound bound = model.elbo(test, task.seed);
  outcome.bound = bound.bound();
  outcome.reconstruction = bound.reconstruction;
  outcome.kl = bound.kl();

  outcome.generated = model.generate(task.test_rows, task.seed);
  vade::Matrix<float> noise(task.test_rows, 2);
  vade::fill_normal(noise, task.seed, vade::Purpose::generation, 1);
  outcome.generated += static_cast<float>(std::sqrt(variance)) * noise;
  const vade::Index compared = std::min(energy_rows, task.test_rows);
  outcome.energy = vade::energy_test(outcome.generated.topRows(compared).cast<double>(),
                                     test.slice(0, compared).matrix<double>(), permutations, task.seed);
  return outcome;
}

}  // namespace synthetic
