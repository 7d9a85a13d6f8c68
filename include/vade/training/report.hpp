// vade: what training tells, while it runs and afterwards.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/matrix.hpp>

namespace vade {

/// A number with a name: a loss term, a health indicator.
struct NamedValue {
  std::string name;
  double value = 0;
};

/// Where a running epoch is.
struct Progress {
  std::string_view stage{};       ///< "autoencoder", "vade", ...
  int epoch = 0;                  ///< 1 ... epochs
  int epochs = 0;
  Index step = 0;                 ///< 1 ... steps
  Index steps = 0;                ///< of the epoch
  double loss = 0;                ///< of the last batch
  double rows_per_second = 0;     ///< since the epoch began
  double seconds_left = 0;        ///< of this stage, at this speed
};

/// One finished epoch.
struct EpochRecord {
  std::string stage{};
  int epoch = 0;
  int epochs = 0;
  double loss = 0;                  ///< mean over the rows, nats
  std::vector<NamedValue> terms{};    ///< named parts of the bound, means over the rows, nats; then health indicators
  std::vector<std::string> alarms{};  ///< what looks wrong, in words
  double learning_rate = 0;         ///< at the last step
  double gradient_norm = 0;         ///< mean over the steps, before clipping
  double seconds = 0;
  double rows_per_second = 0;

  /// The term of that name, or NaN.
  double term(std::string_view name) const {
    for (const NamedValue& t : terms)
      if (t.name == name) return t.value;
    return std::numeric_limits<double>::quiet_NaN();
  }
};

/// Why training ended. A non-finite loss is not among them: it throws.
enum class StopReason {
  finished,   ///< all epochs were done
  cancelled,  ///< the stop token was triggered; the step that ran was finished
};

/// "finished" or "cancelled".
inline std::string_view to_string(StopReason reason) {
  return reason == StopReason::finished ? "finished" : "cancelled";
}

/// What `fit` returns.
struct FitReport {
  StopReason stop = StopReason::finished;
  std::vector<EpochRecord> history{};  ///< of all stages, in order
  double seconds = 0;

  /// Adds what a later stage reports.
  void append(FitReport later) {
    stop = later.stop;
    for (EpochRecord& record : later.history) history.push_back(std::move(record));
    seconds += later.seconds;
  }
};

/// Whom training tells. Empty functions are not called; they run in the training thread, between steps, and may throw
/// to end the training.
struct Observer {
  std::function<void(const Progress&)> on_step{};
  std::function<void(const EpochRecord&)> on_epoch{};
};

}  // namespace vade
