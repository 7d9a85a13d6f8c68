// What a program shows while it trains one model, and how signals reach the training.
#pragma once

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include <unistd.h>

#include <vade/core/stop_token.hpp>
#include <vade/training/report.hpp>

#include "signals.hpp"

namespace detail {

inline std::string duration(double seconds) {
  char text[32];
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole < 100)
    std::snprintf(text, sizeof text, "%ld s", whole);
  else
    std::snprintf(text, sizeof text, "%ld min %02ld s", whole / 60, whole % 60);
  return text;
}

}  // namespace detail

/// On a terminal, a line that is rewritten; below it, and elsewhere, a line for each epoch, but one a second at most
/// besides those with an alarm and the last of a stage; nothing if quiet.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : quiet_(quiet), terminal_(!quiet && isatty(STDERR_FILENO) != 0) {
    catch_signals(quiet       ? ""
                  : terminal_ ? "\nending, and saving what there is; again to end at once\n"
                              : "ending, and saving what there is\n");
  }

  /// Of a stop that a signal asks for, also where it came before the work that takes this token.
  vade::StopToken token() {
    if (interrupted()) source_.request_stop();
    return source_.get_token();
  }

  vade::Observer observer() {
    return {.on_step = [this](const vade::Progress& progress) { step(progress); },
            .on_epoch = [this](const vade::EpochRecord& record) { epoch(record); }};
  }

 private:
  void step(const vade::Progress& p) {
    if (interrupted()) source_.request_stop();
    if (!terminal_ || (p.step % 10 != 0 && p.step != p.steps)) return;
    std::fprintf(stderr, "\r\033[K%.*s %d/%d  %3d %%  loss %.4g  %.0f rows/s  %s left",
                 static_cast<int>(p.stage.size()), p.stage.data(), p.epoch, p.epochs,
                 static_cast<int>(100 * p.step / p.steps), p.loss, p.rows_per_second,
                 detail::duration(p.seconds_left).c_str());
    std::fflush(stderr);
  }

  void epoch(const vade::EpochRecord& r) {
    const auto now = std::chrono::steady_clock::now();
    if (quiet_ ||
        (last_line_ && now - *last_line_ < std::chrono::seconds(1) && r.epoch != r.epochs && r.alarms.empty()))
      return;
    last_line_ = now;
    std::string line = r.stage + " " + std::to_string(r.epoch) + "/" + std::to_string(r.epochs);
    char number[64];
    std::snprintf(number, sizeof number, "  loss %.4f", r.loss);
    line += number;
    for (const vade::NamedValue& term : r.terms) {
      std::snprintf(number, sizeof number, "  %s %.4g", term.name.c_str(), term.value);
      line += number;
    }
    std::snprintf(number, sizeof number, "  %.0f rows/s", r.rows_per_second);
    line += number;
    line += "  " + detail::duration(r.seconds * (r.epochs - r.epoch)) + " left";
    for (const std::string& alarm : r.alarms) line += "  ! " + alarm;
    std::fprintf(stderr, "%s%s\n", terminal_ ? "\r\033[K" : "", line.c_str());
  }

  bool quiet_;
  bool terminal_;
  std::optional<std::chrono::steady_clock::time_point> last_line_;
  vade::StopSource source_;
};
