// vade: log p(x) under a fitted model, by importance sampling.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include <vade/elbo/multi_sample.hpp>
#include <vade/models/detail/inference.hpp>

namespace vade::detail {

/// log (1/L) Σ_l p(x|z_l) p(z_l) / q(z_l|x) for each row `[N]`, z_l ~ q(z|x); `log_prior(z)` is log p(z) `[B x 1]`. One
/// draw of a batch at a time, so memory does not grow with L. @throws ValueError naming a row whose result is not finite. O(L N parameters of the decoder).
template <Real T, class AnyNetwork, class LogPrior>
std::vector<double> importance_weighted_log_likelihood(std::string_view who, const AnyNetwork& network, const RowSource<T>& x, int samples,
                                                       std::uint64_t seed, const LogPrior& log_prior) {
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(x.count()));
  Tape<T> tape;
  tape.record_gradients(false);
  for_each_batch(x, inference_rows, [&](Var<T> rows, Index first) {
    const auto posterior = network.encoder(rows);
    std::vector<LogMeanExp> means(static_cast<std::size_t>(rows.rows()));
    for (int l = 0; l < samples; ++l) {
      tape.clear();
      const auto q = posterior.copy_to(tape);
      const Var<T> z = q.sample(likelihood_noise(q.mean, seed, first, static_cast<std::uint32_t>(l)));
      const Var<T> log_weights =
          network.observation.log_prob(network.decoder(z), tape.constant(rows.value())) + log_prior(z) -
          q.log_prob(z);
      for (Index i = 0; i < rows.rows(); ++i)
        means[static_cast<std::size_t>(i)].add(static_cast<double>(log_weights.value()(i, 0)));
    }
    for (const LogMeanExp& mean : means) {
      if (!std::isfinite(mean.value())) refuse_answer(who, static_cast<Index>(result.size()), mean.value());
      result.push_back(mean.value());
    }
  });
  return result;
}

}  // namespace vade::detail
