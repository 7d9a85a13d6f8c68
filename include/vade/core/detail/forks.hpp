// vade: how a process finds out that it is the child of a fork.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

/// A child of `fork` has a copy of all memory and one thread. Locks that other threads held stay locked for ever, and
/// handles of threads name nobody. An object that has such things remembers `forks()` of its making: where the number
/// has changed, the object is of another process.
namespace vade::detail {

inline std::atomic<unsigned> fork_count{0};

#if defined(__unix__) || defined(__APPLE__)
/// Made before `main`, in one thread: a registration at first use could be cut in two by a fork of another thread.
inline const bool forks_are_counted =
    ::pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); }) == 0;
#else
inline constexpr bool forks_are_counted = false;
#endif

/// The number of forks between the first process of this program and the present one. O(1), a few instructions.
inline unsigned forks() { return forks_are_counted ? fork_count.load(std::memory_order_relaxed) : 0; }

}  // namespace vade::detail
