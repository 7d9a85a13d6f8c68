// vade: the one training loop.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/autodiff/tape.hpp>
#include <vade/core/random.hpp>
#include <vade/core/stop_token.hpp>
#include <vade/data/dataset.hpp>
#include <vade/io/checkpoint.hpp>
#include <vade/optim/adam.hpp>
#include <vade/optim/clipping.hpp>
#include <vade/optim/schedule.hpp>
#include <vade/optim/weight_average.hpp>
#include <vade/training/detail/option_texts.hpp>
#include <vade/training/detail/parameter_guard.hpp>
#include <vade/training/detail/record_text.hpp>
#include <vade/training/fit_options.hpp>
#include <vade/training/report.hpp>

/// One step: gather rows, record the objective, sweep back, check that loss and gradients are finite, update. A step
/// depends on (seed, stage, epoch, rows) only, so that the same call gives the same bytes for any number of threads.
namespace vade {

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
///
/// Where there is more to it than its parameters, it also has `for_each_state(visit)` (see `Checkpoint`), and hands it
/// on to the layers that have one, such as `BatchNormDense` or a `Sequential`. No compiler can tell that it is missing:
/// a fit that goes on from a checkpoint would then begin with new statistics. An objective that counts its steps shows that
/// by `for_each_counter(visit)`, which calls `visit(name, count)`, so that a state of other steps is refused.
///
/// It may also have `own_parameters()`, the parameters that it sets itself, without the optimizer; and `probe(x)`, a number
/// `[1 x 1]` that is not finite where the parameters cannot answer about rows x `[B x D]`, and that changes nothing.
template <class O, class T>
concept Objective = Real<T> && requires(O& objective, const Batch<T>& batch, EpochRecord& record) {
  requires std::same_as<decltype(O::term_names), const std::array<std::string_view, O::term_names.size()>>;
  { objective.record(batch) } -> std::same_as<Losses<T, O::term_names.size()>>;  // a name for each term
  { objective.groups() } -> std::same_as<std::vector<ParameterGroup<T>>>;
  objective.end_epoch(record);                                      // adds indicators and alarms
};

namespace detail {

/// What a fit asks its checkpoint before it changes anything: whether it was begun by this kind of model, on these data and
/// with these options, and its steps from the first on. @throws ValueError naming the first that differs, and both values
template <Real T>
void begin_fit(Checkpoint* checkpoint, const std::string& kind, const Dataset& data, const auto& model, const auto& fit) {
  if (!checkpoint) return;
  const auto check = [checkpoint](const std::string& key, const std::string& text) { checkpoint->check_began_with(key, text); };
  check("model", kind + (std::same_as<T, float> ? " in float" : " in double"));
  for_each_option_text("model", model, check);
  check("data", data.fingerprint());
  for_each_option_text("fit", fit, check);
  checkpoint->rewind();
}

/// The record of the epoch that a checkpoint has next, if it has one. @throws FileError
inline std::optional<EpochRecord> next_record(const Checkpoint& checkpoint) {
  if (checkpoint.left().empty()) return std::nullopt;
  return record_from_text(checkpoint.left().front(), checkpoint.path().string());
}

/// How many epochs of a stage a checkpoint has next, whatever is between them. @throws FileError
inline std::int64_t epochs_left(const Checkpoint& checkpoint, const std::string& stage) {
  return std::ranges::count_if(checkpoint.left(), [&](const std::string& line) {
    return record_from_text(line, checkpoint.path().string()).stage == stage;
  });
}

/// Whether a training under this name can be told from others by the lines of a checkpoint, and has the epochs that led to
/// the state that is there. @throws ValueError
inline void check_stage(const Checkpoint& checkpoint, const std::string& stage) {
  if (stage.find_first_of("/\t\n") != std::string::npos)
    throw ValueError(message("Training: the stage is \"", stage, "\", wanted a name without slash, tabulator or end of line"));
  if (checkpoint.holds(stage) && epochs_left(checkpoint, stage) == 0)
    throw ValueError(checkpoint.path().string() + ": the epochs of " + stage +
                     " were taken already; to go on after them, rewind the checkpoint");
}

/// Takes the epochs of all stages before `stage` as done, and reports them. @throws FileError
inline FitReport take_stages_before(const std::string& stage, Checkpoint& checkpoint) {
  FitReport report;
  while (std::optional<EpochRecord> record = next_record(checkpoint)) {
    if (record->stage == stage) break;
    checkpoint.take();
    report.seconds += record->seconds;
    report.history.push_back(std::move(*record));
  }
  return report;
}

}  // namespace detail

/// A training that can pause between epochs: what it did so far, and the state of its optimizer. Going on after a pause
/// gives the bytes of going through in one call. Objective, tape, data and parameters must outlive it and stay where they
/// are; the tape may be shared by trainings that take turns.
///
/// With a checkpoint, each finished epoch is saved there under the name of the stage, and epochs that it has already are
/// taken as done: they are in the reports, and no observer hears of them.
template <Real T, Objective<T> O>
class Training {
 public:
  /// @throws ValueError for bad options, a name that no checkpoint can keep, and a checkpoint of other data, options or another
  /// seed, or whose epochs of this stage were taken already; ShapeError for data without rows; FileError
  Training(O& objective, Tape<T>& tape, const Dataset& data, const FitOptions& options, Stage stage, std::uint64_t seed,
           Checkpoint* checkpoint = nullptr)
      : objective_(&objective),
        tape_(&tape),
        data_(&data),
        options_((options.check(), options)),
        stage_(std::move(stage)),
        seed_(seed),
        groups_(objective.groups()),
        adam_(groups_, options.adam),
        average_(options.average_decay > 0 ? all_of(groups_) : std::vector<Parameter<T>*>(), options.average_decay),
        guard_(guarded(groups_, objective)),
        checkpoint_(checkpoint) {
    if (data.empty())
      throw ShapeError(detail::message("Training: the data of ", stage_.name, " are ", shape_text(0, data.columns()),
                                       ", wanted at least one row"));
    check_rates();
    if (!checkpoint_) return;
    detail::check_stage(*checkpoint_, stage_.name);
    const auto check = [this](const std::string& key, const std::string& text) { checkpoint_->check_agrees(key, text); };
    check("data", data.fingerprint());
    check(stage_.name + ".seed", std::to_string(seed));
    detail::for_each_option_text(stage_.name, options, check);
    if (checkpoint_->holds(stage_.name)) restore();
  }

  int epochs_done() const { return epoch_; }
  const Stage& stage() const { return stage_; }

  /// Goes on until `until` epochs are done in all, at most those of the options, or `stop` was requested: then it returns
  /// after the step in progress, and cannot go on. The record of an epoch that was not finished has no indicators and no
  /// alarms. The report is of this part.
  /// @throws TrainingError at the first loss or gradient that is not finite, before the update, and for parameters that are
  /// not finite or cannot answer at the end of an epoch, before a checkpoint has them: its message says which parameters the
  /// model is left with, those before the step where they are sound, else those of the last epoch that ended well;
  /// ShapeError for a loss or a term that is not [1 x 1], before the parameters are touched; FileError where the checkpoint cannot be written, or is of
  /// another fit; whatever an observer throws
  FitReport run(int until, const Observer& observer = {}, StopToken stop = {}) {
    FitReport report;
    const auto start = Clock::now();
    double seconds_before = 0;
    while (epoch_ < std::min(until, options_.epochs) && report.stop == StopReason::finished) {
      if (std::optional<EpochRecord> done = take_epoch()) {
        seconds_before += done->seconds;
        report.history.push_back(std::move(*done));
        continue;
      }
      if (stop.stop_requested()) {
        report.stop = StopReason::cancelled;
        break;
      }
      const int before = epoch_;
      report.history.push_back(run_epoch(observer, stop, report.stop));
      if (checkpoint_ && epoch_ > before) save_to_checkpoint(report.history.back());
      if (observer.on_epoch) observer.on_epoch(report.history.back());
    }
    if (checkpoint_ && (epoch_ == options_.epochs || report.stop == StopReason::cancelled)) checkpoint_->write();
    report.seconds = seconds_before + seconds_since(start);
    return report;
  }

  /// All that the next epoch depends on.
  void for_each_state(auto&& visit) {
    for (const auto& group : groups_)
      for (Parameter<T>* p : group.parameters) visit(p->name(), p->value());
    adam_.for_each_state(visit);
    if (options_.average_decay > 0) average_.for_each_state(visit);
    if constexpr (requires { objective_->for_each_state(visit); }) objective_->for_each_state(visit);
  }

  /// With the first epoch that is saved from here on, the checkpoint forgets the stages before: nothing goes back to them.
  void leave_others_behind() { leaves_others_ = true; }

  /// Puts the averaged weights in place, where an average was asked for: the end, after which nothing goes on.
  void finish() {
    if (options_.average_decay > 0 && !std::exchange(has_ended_, true)) average_.swap();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Index probe_rows = 16;

  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  static std::vector<Parameter<T>*> all_of(const std::vector<ParameterGroup<T>>& groups) {
    std::vector<Parameter<T>*> parameters;
    for (const auto& group : groups) parameters.insert(parameters.end(), group.parameters.begin(), group.parameters.end());
    return parameters;
  }

  /// Takes the state from the checkpoint. Every epoch has the same number of steps, and all that counts steps has counted those
  /// of the epochs in the log: else state and log are not of one fit. @throws FileError
  void restore() {
    checkpoint_->restore(stage_.name, *this);
    const std::string where = checkpoint_->path().string() + ": the state of " + stage_.name;
    const std::int64_t epochs = detail::epochs_left(*checkpoint_, stage_.name), steps = epochs * steps_of_epoch();
    const auto check = [&](const std::string& what, double got) {
      if (got != static_cast<double>(steps))
        throw FileError(detail::message(where, " has ", got, " steps of ", what, ", but its log has ", epochs, " epochs of ",
                                        steps_of_epoch()));
    };
    if (epochs > options_.epochs)
      throw FileError(detail::message(where, " has ", epochs, " epochs in its log, wanted at most ", options_.epochs));
    check("the optimizer", static_cast<double>(adam_.steps()));
    if (options_.average_decay > 0) check("the average", static_cast<double>(average_.updates()));
    if constexpr (requires { objective_->for_each_counter(check); }) objective_->for_each_counter(check);
  }

  /// ⌈N / batch⌉.
  Index steps_of_epoch() const { return 1 + (data_->rows() - 1) / options_.batch; }

  static std::vector<Parameter<T>*> guarded(const std::vector<ParameterGroup<T>>& groups, O& objective) {
    std::vector<Parameter<T>*> parameters = all_of(groups);
    if constexpr (requires { objective.own_parameters(); })
      for (Parameter<T>* p : objective.own_parameters()) parameters.push_back(p);
    return parameters;
  }

  /// Steps within the range of T, and draws that no other stage has. @throws ValueError
  void check_rates() const {
    check_between<std::uint32_t>(stage_.name, "the number of the stage", stage_.number, 0, 4095);
    for (const auto& group : groups_)
      check_between(stage_.name, "learning_rate, at its peak, in the type of the parameters",
                    options_.learning_rate.peak() * group.rate / (1 - options_.adam.beta1), 0.0,
                    static_cast<double>(std::numeric_limits<T>::max()));
  }

  /// @throws TrainingError where there is a `fault`, after the parameters of the last good epoch are back
  void refuse(int epoch, const std::string& fault) {
    if (fault.empty()) return;
    throw TrainingError(detail::message(stage_.name, ": at the end of epoch ", epoch, " ", fault, "; the parameters are ",
                                        guard_.restore(), "; a lower learning rate may help"));
  }

  /// The next epoch, where the checkpoint has it as done.
  std::optional<EpochRecord> take_epoch() {
    if (!checkpoint_) return std::nullopt;
    std::optional<EpochRecord> record = detail::next_record(*checkpoint_);
    const bool next = record && record->stage == stage_.name && record->epoch == epoch_ + 1 && record->epochs == options_.epochs;
    if (record ? !next : epoch_ > 0 && !checkpoint_->holds(stage_.name))
      throw FileError(checkpoint_->path().string() + ": does not go on with epoch " + std::to_string(epoch_ + 1) + " of " +
                      stage_.name + ": it is of another fit");
    if (!record) return std::nullopt;
    checkpoint_->take();
    ++epoch_;
    return record;
  }

  void save_to_checkpoint(const EpochRecord& record) {
    if (leaves_others_) checkpoint_->keep_only(stage_.name);
    checkpoint_->save(stage_.name, *this, detail::record_text(record));
  }

  EpochRecord run_epoch(const Observer& observer, const StopToken& stop, StopReason& reason) {
    const auto start = Clock::now();
    const std::uint32_t draw = (stage_.number << 20) + static_cast<std::uint32_t>(epoch_);
    RandomStream shuffling(seed_, Purpose::shuffle, draw);
    const std::vector<Index> order = random_permutation(data_->rows(), shuffling);
    const Index steps = steps_of_epoch();
    const std::span<const Index> probed(order.data(), static_cast<std::size_t>(std::min<Index>(probe_rows, data_->rows())));
    if (!guard_.has_kept()) guard_.keep(epoch_);
    EpochRecord record{.stage = stage_.name, .epoch = epoch_ + 1, .epochs = options_.epochs};
    std::array<double, O::term_names.size()> sums{};
    Index seen = 0, steps_taken = 0;
    while (steps_taken < steps && reason == StopReason::finished) {
      const Index first = steps_taken * data_->rows() / steps;
      const Index count = (steps_taken + 1) * data_->rows() / steps - first;
      const std::span<const Index> rows(order.data() + first, static_cast<std::size_t>(count));
      const double now = epoch_ + static_cast<double>(steps_taken) / static_cast<double>(steps);
      ++steps_taken;
      seen += count;
      const double loss = run_step(rows, probed, now, draw, steps_taken, record, sums);
      if (observer.on_step) {
        const double speed = static_cast<double>(seen) / std::max(seconds_since(start), 1e-9);
        const double left = static_cast<double>(data_->rows()) * (options_.epochs - now) - static_cast<double>(count);
        observer.on_step(Progress{.stage = stage_.name, .epoch = record.epoch, .epochs = record.epochs,
                                  .step = steps_taken, .steps = steps, .loss = loss, .rows_per_second = speed,
                                  .seconds_left = left / speed});
      }
      if (stop.stop_requested()) reason = StopReason::cancelled;
    }
    const auto rows_seen = static_cast<double>(seen);
    record.loss /= rows_seen;
    record.gradient_norm /= static_cast<double>(steps_taken);
    for (std::size_t k = 0; k < sums.size(); ++k)
      record.terms.push_back({std::string(O::term_names[k]), sums[k] / rows_seen});
    refuse(record.epoch, detail::parameter_fault(guard_, *objective_, *tape_, *data_, probed));
    if (steps_taken == steps) {
      objective_->end_epoch(record);
      refuse(record.epoch, guard_.fault());  // of what it sets itself
      guard_.keep(++epoch_);
    }
    record.seconds = seconds_since(start);
    record.rows_per_second = rows_seen / record.seconds;
    return record;
  }

  /// One step; adds loss, terms and gradient norm to the sums of the epoch. Returns the loss.
  double run_step(std::span<const Index> rows, std::span<const Index> probed, double now, std::uint32_t draw, Index step, EpochRecord& record,
                  std::array<double, O::term_names.size()>& sums) {
    const auto count = static_cast<Index>(rows.size());
    tape_->clear();
    const Var<T> x = tape_->constant(count, data_->columns());
    data_->template gather<T>(rows, x.mutable_value());
    const auto losses = objective_->record(Batch<T>{.x = x, .data = *data_, .rows = rows, .epoch = now,
                                                    .epochs = options_.epochs, .seed = seed_, .draw = draw});
    check_shape(stage_.name, "the loss", losses.loss, 1, 1);
    for (std::size_t k = 0; k < sums.size(); ++k) check_shape(stage_.name, O::term_names[k], losses.terms[k], 1, 1);
    const auto loss = static_cast<double>(losses.loss.scalar());
    if (std::isfinite(loss)) tape_->backward(losses.loss);
    const double norm = std::isfinite(loss) ? adam_.gradient_norm() : loss;
    if (!std::isfinite(norm)) {
      const std::string what = detail::non_finite_message<T, O>(stage_.name, record.epoch, step, losses, groups_);
      const bool sound = detail::parameter_fault(guard_, *objective_, *tape_, *data_, probed).empty();
      throw TrainingError(what + "; the parameters are " + (sound ? "those before this step" : guard_.restore()));
    }
    record.learning_rate = options_.learning_rate.at(now, options_.epochs);
    adam_.step(record.learning_rate, clipping_scale(norm, options_.clip_norm));
    if (options_.average_decay > 0) average_.update();
    record.loss += static_cast<double>(count) * loss;
    record.gradient_norm += norm;
    for (std::size_t k = 0; k < sums.size(); ++k)
      sums[k] += static_cast<double>(count) * static_cast<double>(losses.terms[k].scalar());
    return loss;
  }

  O* objective_;
  Tape<T>* tape_;
  const Dataset* data_;
  FitOptions options_;
  Stage stage_;
  std::uint64_t seed_;
  std::vector<ParameterGroup<T>> groups_;
  Adam<T> adam_;
  WeightAverage<T> average_;
  detail::ParameterGuard<T> guard_;
  Checkpoint* checkpoint_;
  bool leaves_others_ = false;
  bool has_ended_ = false;
  int epoch_ = 0;
};

/// Minimises `objective` over `data` with Adam, in one go: `Training::run` to the end. @throws as there
template <Real T, Objective<T> O>
FitReport train(O& objective, Tape<T>& tape, const Dataset& data, const FitOptions& options, const Stage& stage,
                std::uint64_t seed, const Observer& observer = {}, StopToken stop = {},
                Checkpoint* checkpoint = nullptr) {
  Training<T, O> training(objective, tape, data, options, stage, seed, checkpoint);
  training.leave_others_behind();
  FitReport report = training.run(options.epochs, observer, std::move(stop));
  training.finish();
  return report;
}

}  // namespace vade
