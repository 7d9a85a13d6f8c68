// Ctrl-C, SIGTERM and SIGHUP, the same in every program here: the first asks the work to end and to keep what it has;
// another one, half a second later or more, ends the program at once.
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>

#include <unistd.h>

namespace detail {

inline std::atomic<int> caught{0};              // the signal that asked the work to end
inline std::atomic<std::int64_t> caught_at{0};  // ms
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);
inline const char* notice = "";  // set before the first signal can come

inline std::int64_t milliseconds() {
  std::timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{1000} * now.tv_sec + now.tv_nsec / 1000000;
}

// One request often comes as two signals at once: from a terminal that closes and its shell, from timeout(1) and its
// group.
extern "C" inline void on_signal(int number) {
  const int error = errno;
  const std::int64_t now = milliseconds();
  std::int64_t none = 0;
  if (caught_at.compare_exchange_strong(none, now)) {
    caught = number;
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, notice, std::strlen(notice));  // it may be lost
  } else if (now - caught_at >= 500) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
  errno = error;
}

}  // namespace detail

/// From here on these signals ask. Those that were ignored when the program began, as nohup does with SIGHUP, stay
/// ignored. `notice` is what the first one prints on stderr.
inline void catch_signals(const char* notice = "") {
  detail::notice = notice;
  for (const int number : std::array{SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before = {};
    if (sigaction(number, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
      std::signal(number, detail::on_signal);
  }
}

/// Whether a signal asked the work to end.
inline bool interrupted() { return detail::caught != 0; }

/// What a program returns that did its work, or was asked to end and kept what it had: 0, 130, 143 or 129, as a shell
/// says it.
inline int exit_code() {
  const int number = detail::caught;
  return number == 0 ? 0 : 128 + number;
}
