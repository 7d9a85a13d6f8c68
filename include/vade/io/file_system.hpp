// vade: the system calls that files go through, of POSIX or Windows, replaceable by tests.
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/io/detail/file_status.hpp>
#ifdef _WIN32
#include <vade/io/detail/windows_files.hpp>
#else
#include <vade/io/detail/posix_files.hpp>
#endif

namespace vade {

/// The one seam between this library and the files of a system. Each call answers below 0 where it failed, and then
/// `errno` says why, on Windows as well. A test replaces pointers to fail the Nth call and see what survives. Calls of
/// the system and not of stdio, since stdio hides which call failed and when bytes reach the system.
///
/// Windows gives less: permissions and the sync of a directory do nothing there, and a file that another program has
/// open cannot be replaced (EACCES).
struct FileSystem {
  using Path = std::filesystem::path;

  /// Opens a file to read, and gives its number.
  int (*open)(const Path&) = detail::system::open;
  /// Makes a new file to write, with permissions, and gives its number; EEXIST where there is one.
  int (*create)(const Path&, unsigned) = detail::system::create;
  /// Opens a directory, of which the number can be given to `sync_directory` and `close` only.
  int (*open_directory)(const Path&) = detail::system::open_directory;
  /// What stands behind a name, or ENOENT.
  int (*look_up)(const Path&, FileStatus&) = detail::system::look_up;
  int (*look_up_open)(int, FileStatus&) = detail::system::look_up_open;
  /// How many bytes were read, 0 at the end.
  std::ptrdiff_t (*read)(int, void*, std::size_t) = detail::system::read;
  /// How many bytes were written, maybe not all.
  std::ptrdiff_t (*write)(int, const void*, std::size_t) = detail::system::write;
  int (*set_permissions)(int, unsigned) = detail::system::set_permissions;
  /// Returns when the bytes are on the disk.
  int (*sync)(int) = detail::system::sync;
  /// Returns when the names are on the disk.
  int (*sync_directory)(int) = detail::system::sync_directory;
  /// Locks an open file until it is closed, also by the end of the process; fails where another opening has the lock.
  int (*lock)(int) = detail::system::lock;
  int (*close)(int) = detail::system::close;
  /// Gives the first path the name of the second, and replaces what had it, at one stroke.
  int (*rename)(const Path&, const Path&) = detail::system::rename;
  int (*unlink)(const Path&) = detail::system::unlink;
};

/// The calls of this thread.
inline thread_local FileSystem file_system;

/// Calls until the answer is not "interrupted by a signal".
template <class Call>
auto retry_interrupted(Call&& call) {
  auto answer = call();
  while (answer < 0 && errno == EINTR) answer = call();
  return answer;
}

/// @throws FileError with the path, what could not be done, and what `error`, a value of `errno`, means
[[noreturn]] inline void throw_errno(const std::filesystem::path& path, std::string_view action, int error) {
  throw FileError(detail::message(path.string(), ": ", action, ": ", std::generic_category().message(error)));
}

/// The number of an open file, or one below 0. Closes it when an error passes by; `close` reports what closing said.
class OpenFile {
 public:
  explicit OpenFile(int number) : number_(number) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (number_ >= 0) file_system.close(number_);
  }
  int number() const { return number_; }

  /// Never called twice: after any answer, even an error, the number may already belong to another thread.
  int close() { return file_system.close(std::exchange(number_, -1)); }

 private:
  int number_;
};

}  // namespace vade
