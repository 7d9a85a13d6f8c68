// vade: files by the C runtime of Windows.
// SPDX-License-Identifier: MIT
#pragma once

#ifdef _WIN32

#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <share.h>
#include <sys/locking.h>
#include <sys/stat.h>

#include <vade/io/detail/file_status.hpp>

/// What `io/file_system.hpp` says that each call does. The C runtime has all that is needed, so <windows.h> with its
/// macros reaches no program by way of this library. The twin for other systems is `io/detail/posix_files.hpp`.
namespace vade::detail::system {

/// Stands for an open directory, which the C runtime cannot open: NTFS keeps names in a journal, and `sync_directory`
/// and `close` of this number do nothing.
inline constexpr int directory_number = INT_MAX;

inline int open_by(const std::filesystem::path& path, int flags, int permissions) {
  int file = -1;
  const int error =
      static_cast<int>(::_wsopen_s(&file, path.c_str(), flags | _O_BINARY | _O_NOINHERIT, _SH_DENYNO, permissions));
  if (error == 0) return file;
  errno = error;
  return -1;
}

inline int open(const std::filesystem::path& path) { return open_by(path, _O_RDONLY, 0); }

/// Of the permissions, Windows has none but "read-only", which would keep the file from being replaced.
inline int create(const std::filesystem::path& path, unsigned /*permissions*/) {
  return open_by(path, _O_WRONLY | _O_CREAT | _O_EXCL, _S_IREAD | _S_IWRITE);
}

inline FileStatus from_stat(const struct _stat64& status) {
  const int kind = status.st_mode & _S_IFMT;
  return {.kind = kind == _S_IFREG   ? FileKind::regular
                  : kind == _S_IFDIR ? FileKind::directory
                  : kind == _S_IFIFO ? FileKind::pipe
                                     : FileKind::other,
          .size = static_cast<std::uint64_t>(status.st_size),
          .permissions = static_cast<unsigned>(status.st_mode) & 0777u};
}

inline int look_up(const std::filesystem::path& path, FileStatus& found) {
  struct _stat64 status = {};
  if (::_wstat64(path.c_str(), &status) < 0) return -1;
  found = from_stat(status);
  return 0;
}

inline int look_up_open(int file, FileStatus& found) {
  struct _stat64 status = {};
  if (::_fstat64(file, &status) < 0) return -1;
  found = from_stat(status);
  return 0;
}

inline int open_directory(const std::filesystem::path& path) {
  FileStatus status;
  if (look_up(path, status) < 0) return -1;
  if (status.kind == FileKind::directory) return directory_number;
  errno = ENOTDIR;
  return -1;
}

/// One call of the runtime takes at most INT_MAX bytes.
inline unsigned count_of(std::size_t size) {
  constexpr std::size_t most = INT_MAX;
  return static_cast<unsigned>(size < most ? size : most);
}
inline std::ptrdiff_t read(int file, void* bytes, std::size_t size) { return ::_read(file, bytes, count_of(size)); }
inline std::ptrdiff_t write(int file, const void* bytes, std::size_t size) {
  return ::_write(file, bytes, count_of(size));
}

inline int set_permissions(int /*file*/, unsigned /*permissions*/) { return 0; }
inline int sync(int file) { return ::_commit(file); }
inline int sync_directory(int /*file*/) { return 0; }
inline int lock(int file) { return ::_locking(file, _LK_NBLCK, 1); }
inline int close(int file) { return file == directory_number ? 0 : ::_close(file); }

/// `_wrename` refuses where there is a file of the name; the standard library replaces it, as POSIX does.
inline int rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (!error) return 0;
  const std::error_condition meaning = error.default_error_condition();
  errno = meaning.category() == std::generic_category() ? meaning.value() : EACCES;
  return -1;
}
inline int unlink(const std::filesystem::path& path) { return ::_wunlink(path.c_str()); }

inline std::uint64_t process_id() { return static_cast<std::uint64_t>(::_getpid()); }

}  // namespace vade::detail::system

#endif
