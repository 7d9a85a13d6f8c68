// vade: bytes of a file, plain or gzip, told by its content.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <zlib.h>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/io/input_file.hpp>

namespace vade::detail {

/// Reads a file front to back in constant memory. `gzread` would pass damaged and truncated streams as good; here
/// the end of a gzip file is reached only after zlib has checked length and CRC of every member, and nothing but
/// further members may follow.
class ByteStream {
 public:
  /// @throws FileError if the file cannot be opened or read
  explicit ByteStream(const std::filesystem::path& path) : file_(path) {
    while (input_.size() < 2 && refill()) {
    }
    is_gzip_ = starts_member();
    if (is_gzip_ && ::inflateInit2(&stream_, 15 + 16) != Z_OK)
      throw FileError(file_.path().string() + ": zlib has no memory");
  }
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  ~ByteStream() {
    if (is_gzip_) ::inflateEnd(&stream_);
  }

  bool is_gzip() const { return is_gzip_; }

  /// Bytes given out so far.
  std::uint64_t offset() const { return offset_; }

  /// The most bytes that the whole file can give out: its size or, compressed, 1032 times that, which deflate cannot
  /// pass. Unknown for a pipe.
  std::optional<std::uint64_t> most_bytes() const {
    constexpr std::uint64_t best_ratio = 1032;
    const std::optional<std::uint64_t> size = file_.size();
    if (!size || !is_gzip_) return size;
    if (*size > std::numeric_limits<std::uint64_t>::max() / best_ratio) return std::nullopt;
    return *size * best_ratio;
  }

  /// Fills `out` and returns its size, or less at the end of the content. @throws FileError
  std::size_t read(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      const std::size_t count = is_gzip_ ? inflate_some(out.subspan(done)) : copy_some(out.subspan(done));
      if (count == 0) break;
      done += count;
    }
    offset_ += done;
    return done;
  }

 private:
  /// Where the next unread byte lies in the file itself.
  std::uint64_t file_offset() const { return file_.offset() - input_.size(); }

  bool starts_member() const {
    return input_.size() >= 2 && input_[0] == std::byte{0x1f} && input_[1] == std::byte{0x8b};
  }

  /// Appends to what is left of the input. False at the end of the file.
  bool refill() {
    std::copy(input_.begin(), input_.end(), buffer_.begin());
    const std::size_t left = input_.size();
    const std::size_t count = file_.read(std::span(buffer_).subspan(left));
    input_ = std::span(buffer_.data(), left + count);
    return count > 0;
  }

  std::size_t copy_some(std::span<std::byte> out) {
    if (input_.empty() && !refill()) return 0;
    const std::size_t count = std::min(out.size(), input_.size());
    std::copy_n(input_.begin(), count, out.begin());
    input_ = input_.subspan(count);
    return count;
  }

  std::size_t inflate_some(std::span<std::byte> out) {
    const auto room = static_cast<uInt>(std::min<std::size_t>(out.size(), std::size_t{1} << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = room;
    while (!finished_ && stream_.avail_out == room) {
      if (input_.empty() && !refill())
        throw FileError(message(file_.path().string(), ": the gzip stream is truncated at byte ", file_.offset()));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input_.data()));
      stream_.avail_in = static_cast<uInt>(input_.size());
      const int answer = ::inflate(&stream_, Z_NO_FLUSH);
      input_ = input_.subspan(input_.size() - stream_.avail_in);
      if (answer == Z_STREAM_END)
        next_member();
      else if (answer != Z_OK && answer != Z_BUF_ERROR)
        throw FileError(message(file_.path().string(), ": the gzip stream is damaged at byte ", file_offset(), ": ",
                                stream_.msg != nullptr ? stream_.msg : "zlib gives no reason"));
    }
    return room - stream_.avail_out;
  }

  void next_member() {
    while (input_.size() < 2 && refill()) {
    }
    finished_ = input_.empty();
    if (finished_) return;
    if (!starts_member())
      throw FileError(message(file_.path().string(), ": other bytes follow the gzip stream at byte ", file_offset()));
    ::inflateReset(&stream_);
  }

  InputFile file_;
  std::array<std::byte, 1 << 16> buffer_;
  std::span<std::byte> input_;  ///< the part of the buffer that is not used yet
  std::uint64_t offset_ = 0;
  z_stream stream_ = {};
  bool is_gzip_ = false;
  bool finished_ = false;
};

/// The rest of the file, exactly `wanted` bytes, in memory that grows with what is really there: a size that cannot be
/// checked is believed only bit by bit. Calls `fail(offset, parts...)`, which throws, if the file has less or more.
template <class Fail>
std::vector<std::byte> read_rest(ByteStream& stream, std::uint64_t wanted, const Fail& fail) {
  const std::uint64_t start = stream.offset();
  const auto most = stream.most_bytes();
  if (most && (stream.is_gzip() ? *most < start + wanted : *most != start + wanted))
    fail(start, "the sizes promise ", wanted, " bytes of data, but the file can hold ",
         stream.is_gzip() ? "at most " : "", *most < start ? 0 : *most - start);
  std::vector<std::byte> bytes;
  std::uint64_t step = std::uint64_t{1} << 24;
  while (bytes.size() < wanted) {
    const std::size_t before = bytes.size();
    bytes.resize(static_cast<std::size_t>(std::min(wanted, before + step)));
    if (stream.read(std::span(bytes).subspan(before)) < bytes.size() - before)
      fail(stream.offset(), "the file ends after ", stream.offset() - start, " bytes of data, wanted ", wanted);
    step = bytes.size();
  }
  std::byte more[1];
  if (stream.read(more) != 0) fail(start + wanted, "more data than the ", wanted, " bytes that the sizes promise");
  return bytes;
}

}  // namespace vade::detail
