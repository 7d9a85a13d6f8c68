// vade: how wide may random views be? An answer without labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <vade/core/stop_token.hpp>
#include <vade/metrics/clustering.hpp>
#include <vade/models/information_maximisation.hpp>

/// Views say what may change while a class stays the same. Where they say too little, a classifier is free to divide the
/// rows as its first weights suggest; where they say too much, they throw classes together. Either way another draw of the
/// weights divides the rows differently. Where views suit the data, all draws find the same partition: its stability is
/// what chooses (Lange, Roth, Braun and Buhmann, "Stability-based validation of clustering solutions", Neural Computation 16,
/// 2004). docs/results.md shows how far this can be trusted.
namespace vade {

/// What classifiers found whose views had one strength.
struct ViewStability {
  double strength = 0;   ///< share of the views' half-widths
  double stability = 0;  ///< normalised mutual information of the partitions of two draws, mean over all pairs: 1 is the same
  double loss = 0;       ///< mean over the draws
  std::vector<Labels> partitions;  ///< one for each draw
};

/// Trains `draws` classifiers at each of the `strengths`, in turn, with `options` but their `view_strength`; draw k has
/// the seed `seed` + k. Ten thousand rows and a few epochs tell strengths apart; wide views need longer than narrow ones.
/// After a stop request what is complete is returned. O(strengths · draws) fits.
/// @throws ValueError for fewer than two draws or a negative strength; as `InformationMaximisingClassifier::fit`
template <Real T>
std::vector<ViewStability> view_stability(const Dataset& data, InformationMaximisationOptions options,
                                          const std::vector<double>& strengths, int draws, std::uint64_t seed,
                                          const Observer& observer = {}, const StopToken& stop = {}) {
  check_at_least("view_stability", "draws", draws, 2);
  for (const double strength : strengths) {
    check_at_least("view_stability", "strength", strength, 0.0);
    Views<T>::check(data, options.augmentation, strength);
  }
  std::vector<ViewStability> found;
  for (const double strength : strengths) {
    options.view_strength = Schedule::constant(strength);
    ViewStability at{.strength = strength, .partitions = {}};
    for (int k = 0; k < draws; ++k) {
      InformationMaximisingClassifier<T> classifier(data.columns(), options, seed + static_cast<std::uint64_t>(k));
      const Stage stage{detail::message("strength ", strength, ", draw ", k + 1), 2};
      if (classifier.fit(data, stage, observer, stop).stop != StopReason::finished) return found;
      at.loss += classifier.loss() / draws;
      at.partitions.push_back(top_columns(classifier.predict_proba(data)));
      for (int other = 0; other < k; ++other)
        at.stability += normalized_mutual_information(at.partitions[static_cast<std::size_t>(other)], at.partitions.back());
    }
    at.stability /= 0.5 * draws * (draws - 1);
    found.push_back(std::move(at));
  }
  return found;
}

}  // namespace vade
