// vade: several fits, of which the best is kept, by criteria that need no labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/stop_token.hpp>
#include <vade/models/cluster_health.hpp>
#include <vade/models/fit_vade.hpp>

namespace vade {

/// What is done again, and what it is judged by.
struct RestartOptions {
  int restarts = 3;                ///< fits in all
  Augmentation augmentation = {};  ///< the views of `cluster_health`

  /// @throws ValueError naming the field
  void check() const { check_at_least("RestartOptions", "restarts", restarts, 1); }
};

/// One of the fits.
struct Restart {
  std::uint64_t seed = 0;
  double bound = 0;  ///< of all rows, in nats
  ClusterHealth health;
  double seconds = 0;
  std::string error;  ///< the TrainingError that ended it; it is then not kept, and has no bound and no health
};

/// All of them, the one that was kept, and why.
struct BestFit {
  std::vector<Restart> restarts;  ///< in the order in which they were made
  std::size_t chosen = 0;
  std::string reason;
  FitReport report;  ///< of all fits, one after the other: its seconds are those of all
};

namespace detail {

/// "fit 2 of 3 is kept: no alarm, 2.21 nats; the others: no alarm, 2.13 nats; 1 alarm, 2.20 nats".
inline std::string restart_reason(const std::vector<Restart>& restarts, std::size_t chosen) {
  const auto describe = [](const Restart& restart) {
    if (!restart.error.empty()) return restart.error;
    const std::size_t alarms = restart.health.alarms.size();
    return (alarms == 0 ? std::string("no") : std::to_string(alarms)) + (alarms > 1 ? " alarms, " : " alarm, ") +
           message(restart.health.view_information, " nats");
  };
  std::string reason = message("fit ", chosen + 1, " of ", restarts.size(), " is kept: ", describe(restarts[chosen]));
  std::string_view before = "; the others: ";
  for (std::size_t k = 0; k < restarts.size(); ++k)
    if (k != chosen) reason.append(std::exchange(before, "; ")).append(describe(restarts[k]));
  return reason;
}

}  // namespace detail

/// Fits `model` several times, with seeds drawn from its own, and leaves the best in it: the one with fewest alarms, of
/// those the one with the highest `view_information`. The bound is told and does not decide: it differs little between
/// partitions, and not in favour of the right one (docs/results.md). A stop request ends the fit in progress; it is
/// judged as it is, if there is no other. A fit that a TrainingError ends is passed over, but thrown if all are.
/// @throws as `Vade::fit` and `cluster_health`; ValueError
template <Real T, class Posterior>
BestFit fit_best(Vade<T, Posterior>& model, const Dataset& data, const VadeFitOptions& options,
                 const RestartOptions& restarts, const Observer& observer = {}, const StopToken& stop = {}) {
  restarts.check();
  Views<T>::check(data, restarts.augmentation);
  BestFit best;
  std::optional<Vade<T, Posterior>> kept;
  const auto better = [](const ClusterHealth& a, const ClusterHealth& b) {
    return a.alarms.size() != b.alarms.size() ? a.alarms.size() < b.alarms.size()
                                              : a.view_information > b.view_information;
  };
  for (int k = 0; k < restarts.restarts && best.report.stop == StopReason::finished; ++k) {
    VadeOptions drawn = model.options();
    drawn.network.seed += static_cast<std::uint64_t>(k) << 40;
    Vade<T, Posterior> candidate(drawn);
    const auto start = std::chrono::steady_clock::now();
    const auto seconds_passed = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    FitReport report;
    double bound = 0;
    ClusterHealth health;
    try {
      report = candidate.fit(data, options, observer, stop);
      try {
        bound = candidate.elbo(data).bound();
        health = cluster_health(candidate, data, restarts.augmentation, model.options().network.seed);
      } catch (const ValueError& error) {  // a model that has no answers is no better than one without an end
        throw TrainingError(error.what());
      }
    } catch (const TrainingError& error) {
      if (k + 1 == restarts.restarts && !kept) throw;
      best.restarts.push_back(
          {.seed = drawn.network.seed, .bound = 0, .health = {}, .seconds = seconds_passed(), .error = error.what()});
      best.report.seconds += best.restarts.back().seconds;
      continue;
    }
    const double seconds = report.seconds;
    const bool whole = report.stop == StopReason::finished;
    best.report.append(std::move(report));
    if (!whole && kept) break;
    best.restarts.push_back(
        {.seed = drawn.network.seed, .bound = bound, .health = std::move(health), .seconds = seconds, .error = {}});
    if (kept && !better(best.restarts.back().health, best.restarts[best.chosen].health)) continue;
    best.chosen = best.restarts.size() - 1;
    kept = std::move(candidate);
  }
  model = std::move(*kept);
  best.reason = detail::restart_reason(best.restarts, best.chosen);
  return best;
}

}  // namespace vade
