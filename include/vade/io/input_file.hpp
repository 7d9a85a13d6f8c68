// vade: a file that is read front to back.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/io/file_system.hpp>

namespace vade {

/// An open file, of which the bytes are read in order. Two ends that look like the end of the content are none, and are
/// refused: the end of a file that has another size than when it was opened, since another program cuts or writes it;
/// and the end of a pipe that no program writes to.
class InputFile {
 public:
  /// Opens `path` and looks up what it is. @throws FileError
  explicit InputFile(std::filesystem::path path)
      : path_(std::move(path)), file_(retry_interrupted([&] { return file_system.open(path_); })) {
    if (file_.number() < 0) throw_errno(path_, "cannot open", errno);
    if (file_system.look_up_open(file_.number(), status_) < 0) throw_errno(path_, "cannot look up", errno);
  }

  const std::filesystem::path& path() const { return path_; }
  /// Bytes read so far.
  std::uint64_t offset() const { return offset_; }
  /// Bytes in the whole file when it was opened; nothing of a pipe or a device, which do not say.
  std::optional<std::uint64_t> size() const {
    return status_.kind == FileKind::regular ? std::optional(status_.size) : std::nullopt;
  }

  /// The next bytes, as many as the system gives at once: at most `out.size()`, and none at the end. `out` is not
  /// empty.
  /// @throws FileError
  std::size_t read(std::span<std::byte> out) {
    const std::ptrdiff_t count =
        retry_interrupted([&] { return file_system.read(file_.number(), out.data(), out.size()); });
    if (count < 0) throw_errno(path_, detail::message("cannot read at byte ", offset_), errno);
    offset_ += static_cast<std::uint64_t>(count);
    if (const auto size = this->size(); size && (offset_ > *size || (count == 0 && offset_ < *size)))
      throw FileError(detail::message(
          path_.string(), ": changed while it was read: it had ", *size, " bytes when it was opened, and ",
          offset_ > *size ? "now has more" : "now ends after ", offset_ > *size ? "" : std::to_string(offset_)));
    if (count == 0 && offset_ == 0 && status_.kind == FileKind::pipe)
      throw FileError(path_.string() + ": a pipe that no program writes to");
    return static_cast<std::size_t>(count);
  }

  /// Appends to `content` until it has `size` bytes, or the file ends: then it has fewer. The memory is at most twice that of
  /// what was read, and 16 MiB, whatever `size` claims. O(bytes). @throws FileError
  void read_until(std::size_t size, std::vector<std::byte>& content) {
    constexpr std::size_t step = std::size_t{1} << 24;
    while (content.size() < size) {
      const std::size_t before = content.size(), room = std::min(size - before, std::max(step, before));
      content.resize(before + room);
      std::size_t count = 0;
      for (std::size_t got = 1; got > 0 && count < room; count += got) got = read(std::span(content).subspan(before + count));
      if (count == room) continue;
      content.resize(before + count);
      return;
    }
  }

 private:
  std::filesystem::path path_;
  OpenFile file_;
  FileStatus status_;
  std::uint64_t offset_ = 0;
};

}  // namespace vade
