// vade: files by the calls of POSIX.
// SPDX-License-Identifier: MIT
#pragma once

#ifndef _WIN32

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vade/io/detail/file_status.hpp>

/// What `io/file_system.hpp` says that each call does. The twin for Windows is `io/detail/windows_files.hpp`.
namespace vade::detail::system {

/// Opening a pipe would wait for somebody who writes, so it is opened without waiting; reading waits as usual.
inline int open(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file >= 0) ::fcntl(file, F_SETFL, ::fcntl(file, F_GETFL) & ~O_NONBLOCK);
  return file;
}

inline int create(const std::filesystem::path& path, unsigned permissions) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(permissions));
}

inline int open_directory(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

inline FileStatus from_stat(const struct stat& status) {
  return {.kind = S_ISREG(status.st_mode)    ? FileKind::regular
                  : S_ISDIR(status.st_mode)  ? FileKind::directory
                  : S_ISFIFO(status.st_mode) ? FileKind::pipe
                                             : FileKind::other,
          .size = static_cast<std::uint64_t>(status.st_size),
          .permissions = static_cast<unsigned>(status.st_mode) & 07777u};
}

inline int look_up(const std::filesystem::path& path, FileStatus& found) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) < 0) return -1;
  found = from_stat(status);
  return 0;
}

inline int look_up_open(int file, FileStatus& found) {
  struct stat status = {};
  if (::fstat(file, &status) < 0) return -1;
  found = from_stat(status);
  return 0;
}

inline std::ptrdiff_t read(int file, void* bytes, std::size_t size) { return ::read(file, bytes, size); }
inline std::ptrdiff_t write(int file, const void* bytes, std::size_t size) { return ::write(file, bytes, size); }

inline int set_permissions(int file, unsigned permissions) { return ::fchmod(file, static_cast<mode_t>(permissions)); }

/// Some network and user-space file systems have no sync of directories; they answer EINVAL.
inline int sync(int file) { return ::fsync(file); }
inline int sync_directory(int file) { return ::fsync(file) < 0 && errno != EINVAL ? -1 : 0; }

inline int lock(int file) { return ::flock(file, LOCK_EX | LOCK_NB); }
inline int close(int file) { return ::close(file); }

inline int rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return std::rename(from.c_str(), to.c_str());
}
inline int unlink(const std::filesystem::path& path) { return ::unlink(path.c_str()); }

inline std::uint64_t process_id() { return static_cast<std::uint64_t>(::getpid()); }

}  // namespace vade::detail::system

#endif
