// vade tests: what becomes of a child of fork.
// SPDX-License-Identifier: MIT
#pragma once

#if defined(__unix__) || defined(__APPLE__)
#define VADE_TEST_FORK

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <sys/wait.h>
#include <unistd.h>

#include "sanitizers.hpp"

// Sanitizers have locks of their own, which a fork beside running threads leaves taken: a child that allocates then hangs
// once in some twenty runs. That of threads cannot follow what a child starts, either.
#if !defined(VADE_TEST_SANITIZER)
#define VADE_TEST_FORK_BESIDE_THREADS
#endif

namespace tests {

/// Whether this process was made by `status_of_child`.
inline bool is_child = false;

/// The exit status of a child of `fork` that calls `body()`, which returns a status, and then ends by `std::exit`, so
/// that destructors of static objects run. 100 where `body` throws, 128 + number where a signal ends the child, such as
/// 142 for one that hangs.
template <class Body>
int status_of_child(const Body& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    is_child = true;
    ::alarm(30);
    int status = 100;
    try {
      status = body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in a child: %s\n", error.what());
    }
    std::exit(status);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace tests

#endif
