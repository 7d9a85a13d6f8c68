// vade: whole files, written all or nothing and read with a limit.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/io/detail/leftovers.hpp>
#include <vade/io/file_system.hpp>
#include <vade/io/input_file.hpp>

/// Every file of this library is written here. Laws, each tested by name, with any system call failing:
///   1. the old file is whole until the new one is, and readers see one or the other;
///   2. a failed write leaves no other file behind and says which call failed, on what, and why; what a killed process leaves,
///      a file ".vade-*.tmp", the next write in that folder removes, on Linux, if the process was of the same host, boot and
///      container (io/detail/leftovers.hpp);
///   3. after a return, the new content survives a loss of power, as far as the disk keeps its word;
///   4. a symbolic link stays a link, and permissions stay what they were (0666 less the umask for a new file).
/// The owner of a replaced file becomes the writer, and hard links to the old one keep the old content.
namespace vade {

namespace detail {

/// The file behind a chain of symbolic links, whether it exists or not.
inline std::filesystem::path resolve_links(const std::filesystem::path& path) {
  std::filesystem::path target = path;
  std::error_code error;
  for (int depth = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(target, error)); ++depth) {
    if (depth == 40) throw_errno(path, "cannot follow symbolic links", ELOOP);
    const std::filesystem::path next = std::filesystem::read_symlink(target, error);
    if (error) throw_errno(target, "cannot read symbolic link", error.value());
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  return target;
}

/// The file that a writer replaces or makes. @throws FileError for a path that names no file
inline std::filesystem::path target_of(const std::filesystem::path& path) {
  std::filesystem::path target = resolve_links(path);
  if (!target.has_filename()) throw FileError(path.string() + ": cannot write: the path names no file");
  return target;
}

inline std::filesystem::path directory_of(const std::filesystem::path& target) {
  return target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
}

/// Makes a temporary file in `directory`, after those that nobody writes any more are gone: its path and its number.
/// @throws FileError that names `path`
inline std::pair<std::filesystem::path, int> create_beside(const std::filesystem::path& directory,
                                                           const std::filesystem::path& path, unsigned permissions) {
  const ProcessIdentity self = this_process();
  remove_leftovers(directory, self);
  std::filesystem::path temporary;
  const auto create = [&] {
    temporary = directory / temporary_name(self);
    return file_system.create(temporary, permissions);
  };
  int created = retry_interrupted(create);
  for (int attempt = 1; created < 0 && errno == EEXIST && attempt < 100; ++attempt) created = create();
  if (created < 0) throw_errno(path, "cannot create a file beside it", errno);
  return {std::move(temporary), created};
}

inline void write_all(int file, std::span<const std::byte> content, const std::filesystem::path& path) {
  constexpr std::size_t most = std::size_t{1} << 30;  // Linux writes at most 2 GiB a call
  while (!content.empty()) {
    const std::ptrdiff_t written = retry_interrupted(
        [&] { return file_system.write(file, content.data(), content.size() < most ? content.size() : most); });
    if (written <= 0) throw_errno(path, "cannot write", written < 0 ? errno : EIO);
    content = content.subspan(static_cast<std::size_t>(written));
  }
}

}  // namespace detail

/// Replaces the file at `path`, or makes it, so that laws 1 to 4 hold. O(bytes), and waits for the disk.
/// @throws FileError if the directory is missing or cannot be written, `path` is no regular file, or a call fails
inline void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content) {
  namespace fs = std::filesystem;
  const fs::path target = detail::target_of(path);
  const fs::path directory = detail::directory_of(target);

  FileStatus old;
  const bool replaces = file_system.look_up(target, old) == 0;
  if (!replaces && errno != ENOENT) throw_errno(path, "cannot look up", errno);
  // Renaming over a device or a pipe would destroy it.
  if (replaces && old.kind != FileKind::regular) throw FileError(path.string() + ": cannot write: not a regular file");

  // Opened first: where a directory cannot be synced, nothing is touched.
  OpenFile folder(retry_interrupted([&] { return file_system.open_directory(directory); }));
  if (folder.number() < 0) throw_errno(path, "cannot open its directory", errno);

  const auto [temporary, created] = detail::create_beside(directory, path, replaces ? old.permissions & 0777u : 0666u);
  OpenFile file(created);
  try {
    detail::write_all(file.number(), content, path);
    if (replaces && file_system.set_permissions(file.number(), old.permissions) < 0)
      throw_errno(path, "cannot keep its permissions", errno);
    // A failed sync is final: the kernel may have dropped the pages and would report success the next time.
    if (retry_interrupted([&] { return file_system.sync(file.number()); }) < 0) throw_errno(path, "cannot sync", errno);
    // Interrupted, it is closed all the same, and the bytes are on disk already.
    if (file.close() < 0 && errno != EINTR) throw_errno(path, "cannot close", errno);
    if (file_system.rename(temporary, target) < 0) throw_errno(path, "cannot rename", errno);
  } catch (...) {
    file_system.unlink(temporary);
    throw;
  }
  if (retry_interrupted([&] { return file_system.sync_directory(folder.number()); }) < 0)
    throw_errno(path, "is written, but its directory cannot be synced", errno);
}

/// A file can be made at `path`, where there is none: makes a temporary file beside it, and removes it. For whoever will write
/// much later. @throws FileError
inline void check_writable(const std::filesystem::path& path) {
  const auto [temporary, created] = detail::create_beside(detail::directory_of(detail::target_of(path)), path, 0666u);
  OpenFile file(created);
  file.close();
  file_system.unlink(temporary);
}

/// `write_file_atomically` of text. @throws FileError
inline void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  write_file_atomically(path, std::as_bytes(std::span(content.data(), content.size())));
}

/// The whole file. Memory grows with what is read, never with what a size claims. O(bytes).
/// @throws FileError if it cannot be read, holds more than `limit` bytes, or there is not enough memory for it
inline std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const auto too_large = [&](const auto& size) {
    throw FileError(detail::message(path.string(), ": holds ", size, " bytes, wanted at most ", limit));
  };
  try {
    InputFile file(path);
    if (file.size().value_or(0) > limit) too_large(*file.size());
    std::vector<std::byte> content;
    const std::uint64_t most = std::min<std::uint64_t>(limit, std::numeric_limits<std::size_t>::max() - 1) + 1;
    file.read_until(static_cast<std::size_t>(most), content);
    if (content.size() > limit) too_large(detail::message("more than ", limit));
    return content;
  } catch (const std::bad_alloc&) {
    throw FileError(path.string() + ": there is not enough memory to read it");
  }
}

}  // namespace vade
