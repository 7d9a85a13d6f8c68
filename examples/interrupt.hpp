// Ctrl-C, the same in every program here: the first asks the work to end and to keep what it has, the second ends the
// program at once.
#pragma once

#include <csignal>

inline constexpr int interrupted_exit_code = 130;  // as a shell reports a program that Ctrl-C ended

namespace detail {

inline volatile std::sig_atomic_t interrupted = 0;

extern "C" inline void on_interrupt(int) {
  interrupted = 1;
  std::signal(SIGINT, SIG_DFL);
}

}  // namespace detail

inline void catch_interrupt() { std::signal(SIGINT, detail::on_interrupt); }

inline bool interrupted() { return detail::interrupted != 0; }
