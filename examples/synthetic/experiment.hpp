// One model on one density: what is asked, and what comes of it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <vade/core/stop_token.hpp>
#include <vade/data/synthetic.hpp>
#include <vade/metrics/energy_distance.hpp>
#include <vade/training/report.hpp>

namespace synthetic {

struct Task {
  vade::SyntheticInfo density;
  vade::Index rows = 0;       // to train
  vade::Index test_rows = 0;  // to test, and to generate
  int epochs = 0;
  vade::Index latent = 2;
  std::uint64_t seed = 0;
};

struct Outcome {
  double bound = 0;  // mean over the test rows, nats
  double reconstruction = 0;
  double kl = 0;
  vade::EnergyTest energy;  // generated rows against as many test rows
  double seconds = 0;
  bool finished = false;
  double truth = 0;  // mean log p(x) of the test rows under the density itself
  std::vector<vade::EpochRecord> history;
  vade::Matrix<float> generated;      // [test_rows x 2], with the noise of the likelihood
  vade::Matrix<float> reconstructed;  // E[x|z] of the test rows
  vade::Matrix<float> codes_before;   // posterior means of the test rows, as the networks are drawn
  vade::Matrix<float> codes_after;    // and trained
};

/// Variance s² of the Gaussian likelihood: that of the noise which the density adds. The mixture adds none; there it is
/// the same 0.2, below the smallest variance 1/3 of its parts. Document 004 does not say what it takes. With s² given,
/// a decoder that finds the curve is all that a perfect model needs; a learned s² may hide a bad decoder in wide noise.
inline double observation_variance(const vade::SyntheticInfo& density) {
  return density.noise_variance > 0 ? density.noise_variance : 0.2;
}

/// Each in a source file of its own, so that they compile side by side. @throws vade::Error
Outcome run_diagonal(const Task& task, const vade::Observer& observer, vade::StopToken stop);
Outcome run_full(const Task& task, const vade::Observer& observer, vade::StopToken stop);

}  // namespace synthetic
