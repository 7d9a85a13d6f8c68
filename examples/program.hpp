// What `main` of every program here does around its work.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <new>

#include <fcntl.h>
#include <unistd.h>

namespace detail {

/// A file that is opened while descriptor 1 is closed would become it, and get what is printed. A descriptor of the
/// wrong direction takes its place: printing then fails, and is reported.
inline void occupy_closed_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
      return;
}

}  // namespace detail

/// Calls `body`, which returns an exit code, and returns that. What it throws is one line on stderr, and 1; so is text
/// that cannot be printed, on a full disk for one. A pipe that nobody reads any more ends no program before its work is
/// saved.
inline int run_program(const char* name, const std::function<int()>& body) {
  detail::occupy_closed_descriptors();
  std::signal(SIGPIPE, SIG_IGN);
  int code = 1;
  try {
    code = body();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: out of memory\n", name);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
  }
  errno = 0;
  const bool failed_before = std::ferror(stdout) != 0;
  if (std::fflush(stdout) == 0 && !failed_before) return code;
  std::fprintf(stderr, "%s: cannot write to standard output%s%s\n", name, errno != 0 ? ": " : "",
               errno != 0 ? std::strerror(errno) : "");
  return code != 0 ? code : 1;
}
