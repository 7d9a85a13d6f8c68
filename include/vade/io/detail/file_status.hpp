// vade: what a system says of a file.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace vade {

/// What stands behind a name, after symbolic links.
enum class FileKind {
  regular,
  directory,
  pipe,
  other  ///< a socket or a device; as of a pipe, the size says nothing
};

/// What the system says of a file: its kind, its size in bytes, and the twelve bits of its permissions.
struct FileStatus {
  FileKind kind = FileKind::other;
  std::uint64_t size = 0;
  unsigned permissions = 0;
};

}  // namespace vade
