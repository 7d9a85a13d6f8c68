// vade: draws from the mixture prior.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include <vade/core/random.hpp>
#include <vade/models/mixture_parameters.hpp>

namespace vade::detail {

/// z `[count x J]` from the mixture, or from one of its clusters; each row has streams of its own. With `confidence` t > 0
/// a draw whose cluster is less certain than that, p(c|z) < t (R.5), is drawn again: rows follow p(z, c | p(c|z) ≥ t).
/// O(count K J) for each round of draws. @throws ValueError where a row is still not certain after 1,000 draws
template <Real T>
Matrix<T> draw_codes(const MixtureParameters<T>& mixture, Index count, std::optional<Index> cluster, double confidence,
                     std::uint64_t seed) {
  constexpr std::uint32_t most = 1000;
  const RowVector<T> pi = mixture.weights();
  const Matrix<T> deviations = mixture.variances().array().sqrt().matrix();
  Matrix<T> z(count, deviations.cols());
  std::vector<Index> cluster_of(static_cast<std::size_t>(count)), wanted(cluster_of.size());
  std::iota(wanted.begin(), wanted.end(), Index{0});
  Tape<T> tape;
  for (std::uint32_t round = 0; round < most; ++round) {
    for (const Index i : wanted) {
      RandomStream stream(seed, Purpose::generation, round, static_cast<std::uint32_t>(i));
      const T u = stream.uniform<T>();
      Index c = cluster.value_or(0);
      if (!cluster)
        for (T below = pi(0); u > below && c + 1 < pi.cols(); below += pi(c)) ++c;
      for (Index j = 0; j < z.cols(); ++j)
        z(i, j) = mixture.means.value()(c, j) + deviations(c, j) * stream.normal<T>();
      cluster_of[static_cast<std::size_t>(i)] = c;
    }
    if (confidence <= 0) return z;
    tape.clear();
    const MixturePrior<T> prior = mixture.on(tape);
    const Matrix<T> p =
        mixture_responsibilities(tape.constant(z), prior.weight_logits, prior.means, prior.log_variances).value();
    std::erase_if(wanted, [&](Index i) {
      return static_cast<double>(p(i, cluster_of[static_cast<std::size_t>(i)])) >= confidence;
    });
    if (wanted.empty()) return z;
  }
  throw ValueError(message("Vade::generate: of 1,000 draws none has p(c|z) of ", confidence, " or more in cluster ",
                           cluster_of[static_cast<std::size_t>(wanted.front())], ": it lies among the others"));
}

}  // namespace vade::detail
