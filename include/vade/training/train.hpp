// vade: the one training loop.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <vade/autodiff/tape.hpp>
#include <vade/core/random.hpp>
#include <vade/data/dataset.hpp>
#include <vade/optim/adam.hpp>
#include <vade/optim/clipping.hpp>
#include <vade/optim/schedule.hpp>
#include <vade/optim/weight_average.hpp>
#include <vade/training/report.hpp>

/// One step: gather rows, record the objective, sweep back, check that loss and gradients are finite, update. A step
/// depends on (seed, stage, epoch, rows) only, so that the same call gives the same bytes for any number of threads.
namespace vade {

/// How to go through the data.
struct FitOptions {
  int epochs = 20;
  Index batch = 256;  ///< most rows in a step; the steps of an epoch have equal sizes, to within one row
  Schedule learning_rate = Schedule::cosine(1e-3, 0.05);
  AdamOptions adam = {};
  double clip_norm = 0;       ///< limit on the global norm of the gradients; 0 is none
  double average_decay = 0;   ///< of the moving average of the weights that is kept at the end; 0 keeps the last

  /// @throws ValueError naming the field
  void check() const {
    check_at_least("FitOptions", "epochs", epochs, 0);
    check_at_least<Index>("FitOptions", "batch", batch, 1);
    check_at_least("FitOptions", "clip_norm", clip_norm, 0.0);
    check_between("FitOptions", "average_decay", average_decay, 0.0, 0.999999);
    adam.check();
  }
};

/// A stage of a fit: its name in records, and its number, which keeps its random draws apart from other stages'.
struct Stage {
  std::string name;
  std::uint32_t number = 0;
};

/// What an objective gets to see.
template <Real T>
struct Batch {
  Var<T> x;                     ///< `[B x D]`, clean rows
  const Dataset& data;          ///< where they come from, for views of them
  std::span<const Index> rows;  ///< their numbers in `data`
  double epoch;                 ///< passes done, as a real number
  int epochs;
  std::uint64_t seed;
  std::uint32_t draw;           ///< different for each epoch of each stage: the `epoch` of random streams
};

/// What an objective gives back: the number to minimise, and N named parts, means over rows, for the record.
template <Real T, std::size_t N>
struct Losses {
  Var<T> loss;
  std::array<Var<T>, N> terms;
};

/// An objective records a loss for a batch, says which parameters it trains, and may look on between epochs.
template <class O, class T>
concept Objective = Real<T> && requires(O& objective, const Batch<T>& batch, EpochRecord& record) {
  O::term_names;                                                    // std::array of N names
  objective.record(batch).loss;                                     // Losses<T, N>
  { objective.groups() } -> std::same_as<std::vector<ParameterGroup<T>>>;
  objective.end_epoch(record);                                      // adds indicators and alarms
};

namespace detail {

/// The message for a step that cannot be taken: the first term or gradient that is not finite.
template <Real T, class O>
std::string non_finite_message(const Stage& stage, int epoch, Index batch, const auto& losses,
                               const std::vector<ParameterGroup<T>>& groups) {
  const std::string where = message(stage.name, ": epoch ", epoch, ", batch ", batch, ": ");
  for (std::size_t k = 0; k < losses.terms.size(); ++k)
    if (!std::isfinite(losses.terms[k].scalar()))
      return message(where, O::term_names[k], " is ", losses.terms[k].scalar(), "; the parameters are those before this step");
  for (const auto& group : groups)
    for (const Parameter<T>* p : group.parameters)
      if (p->has_fresh_gradient() && !p->gradient().allFinite())
        return message(where, "the gradient of ", p->name(), " is not finite; the parameters are those before this step");
  return message(where, "the loss is ", losses.loss.scalar(), "; the parameters are those before this step");
}

}  // namespace detail

/// Minimises `objective` over `data` with Adam. Returns when all epochs are done or `stop` was requested, after the
/// step in progress. The tape may be shared by stages, to keep its memory.
/// @throws ValueError for bad options; TrainingError at the first loss or gradient that is not finite, before the
/// parameters are touched; whatever an observer throws.
template <Real T, Objective<T> O>
FitReport train(O& objective, Tape<T>& tape, const Dataset& data, const FitOptions& options, const Stage& stage,
                std::uint64_t seed, const Observer& observer = {}, std::stop_token stop = {}) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  options.check();
  const auto groups = objective.groups();
  Adam<T> adam(groups, options.adam);
  std::vector<Parameter<T>*> averaged;
  if (options.average_decay > 0)
    for (const auto& group : groups) averaged.insert(averaged.end(), group.parameters.begin(), group.parameters.end());
  WeightAverage<T> average(averaged, options.average_decay);

  FitReport report;
  const auto start = Clock::now();
  const Index steps = (data.rows() + options.batch - 1) / options.batch;
  for (int epoch = 0; epoch < options.epochs && report.stop == StopReason::finished; ++epoch) {
    const auto epoch_start = Clock::now();
    const std::uint32_t draw = (stage.number << 20) + static_cast<std::uint32_t>(epoch);
    RandomStream shuffling(seed, Purpose::shuffle, draw);
    const std::vector<Index> order = random_permutation(data.rows(), shuffling);
    EpochRecord record{.stage = stage.name, .epoch = epoch + 1, .epochs = options.epochs};
    std::array<double, O::term_names.size()> sums{};
    Index seen = 0, steps_taken = 0;
    for (Index step = 0; step < steps && report.stop == StopReason::finished; ++step) {
      const Index first = step * data.rows() / steps;
      const Index count = (step + 1) * data.rows() / steps - first;
      const std::span<const Index> rows(order.data() + first, static_cast<std::size_t>(count));
      const double now = epoch + static_cast<double>(step) / static_cast<double>(steps);

      tape.clear();
      const Var<T> x = tape.constant(count, data.columns());
      data.gather<T>(rows, x.mutable_value());
      const auto losses = objective.record(
          Batch<T>{.x = x, .data = data, .rows = rows, .epoch = now, .epochs = options.epochs, .seed = seed, .draw = draw});
      const auto loss = static_cast<double>(losses.loss.scalar());
      if (std::isfinite(loss)) tape.backward(losses.loss);
      const double norm = std::isfinite(loss) ? adam.gradient_norm() : loss;
      if (!std::isfinite(norm))
        throw TrainingError(detail::non_finite_message<T, O>(stage, epoch + 1, step + 1, losses, groups));
      record.learning_rate = options.learning_rate.at(now, options.epochs);
      adam.step(record.learning_rate, clipping_scale(norm, options.clip_norm));
      if (options.average_decay > 0) average.update();

      seen += count;
      ++steps_taken;
      record.loss += static_cast<double>(count) * loss;
      record.gradient_norm += norm;
      for (std::size_t k = 0; k < sums.size(); ++k)
        sums[k] += static_cast<double>(count) * static_cast<double>(losses.terms[k].scalar());
      if (stop.stop_requested()) report.stop = StopReason::cancelled;
      if (observer.on_step) {
        const double elapsed = seconds_since(epoch_start);
        const double speed = static_cast<double>(seen) / std::max(elapsed, 1e-9);
        const double left = static_cast<double>(data.rows()) * (options.epochs - now) - static_cast<double>(count);
        observer.on_step(Progress{.stage = stage.name, .epoch = epoch + 1, .epochs = options.epochs, .step = step + 1,
                                  .steps = steps, .loss = loss, .rows_per_second = speed, .seconds_left = left / speed});
      }
    }
    const auto rows_seen = static_cast<double>(seen);
    record.loss /= rows_seen;
    record.gradient_norm /= static_cast<double>(steps_taken);
    for (std::size_t k = 0; k < sums.size(); ++k)
      record.terms.push_back({std::string(O::term_names[k]), sums[k] / rows_seen});
    objective.end_epoch(record);
    record.seconds = seconds_since(epoch_start);
    record.rows_per_second = rows_seen / record.seconds;
    if (observer.on_epoch) observer.on_epoch(record);
    report.history.push_back(std::move(record));
  }
  if (options.average_decay > 0) average.swap();
  report.seconds = seconds_since(start);
  return report;
}

}  // namespace vade
