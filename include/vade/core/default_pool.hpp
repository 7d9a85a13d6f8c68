// vade: the one thread pool of a process.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <vade/core/detail/processors.hpp>
#include <vade/core/parse_number.hpp>
#include <vade/core/printable.hpp>
#include <vade/core/thread_pool.hpp>

namespace vade {

namespace detail {

/// The number of threads of a process that has not called `set_threads`: the environment's `VADE_THREADS`, or, where
/// that is not set or empty, the processors that the process may use. @throws ValueError for any other text
inline int default_threads() {
  const char* const text = std::getenv("VADE_THREADS");
  if (!text || *text == '\0') return std::min(usable_processors(), 1024);
  int threads = 0;
  if (!is_number(std::string_view(text), threads) || threads < 1 || threads > 1024)
    throw ValueError(message("VADE_THREADS is \"", printable(text), "\", wanted a whole number in [1, 1024]"));
  return threads;
}

/// Initialised before any code runs: there is no first use that another thread's fork could interrupt.
inline constinit ThreadPool pool_of_process{default_threads};

}  // namespace detail

/// The pool that the whole library uses. Before `set_threads`, its number of threads is `VADE_THREADS` of the
/// environment or the number of processors that this process may use, and threads start when a call first has work for
/// them.
inline ThreadPool& default_pool() { return detail::pool_of_process; }

/// The number of threads that a call with enough work uses. @throws ValueError if `VADE_THREADS` is no number in [1,
/// 1024]
inline int threads() { return default_pool().threads(); }

/// Sets the number of threads of the whole library and starts them. Results do not depend on it.
/// @throws ValueError outside [1, 1024]; StateError inside a tile; ResourceError if the system refuses some of them:
/// the library then works with those that it got
inline void set_threads(int threads) { default_pool().resize(threads); }

/// Calls `body(begin, end)` for consecutive ranges of [0, count), `grain` long but for the last, on the default pool.
/// @throws ValueError for a grain below 1
template <class Body>
void parallel_ranges(Index count, Index grain, Body&& body) {
  if (grain < 1) throw ValueError(detail::message("parallel_ranges: grain is ", grain, ", wanted at least 1"));
  const Index tiles = count / grain + (count % grain > 0 ? 1 : 0);
  default_pool().run(tiles, [&](Index tile) {
    const Index begin = tile * grain;
    body(begin, begin + std::min(grain, count - begin));
  });
}

}  // namespace vade
