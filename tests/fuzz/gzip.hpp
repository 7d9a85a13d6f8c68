// vade fuzzing: a file and the gzip of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

#include <vade/core/errors.hpp>

#include "target.hpp"

namespace fuzz {

/// One gzip member with these bytes.
inline Bytes gzip_of(std::span<const std::byte> plain) {
  z_stream stream = {};
  if (::deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("cannot compress");
  Bytes out(::deflateBound(&stream, static_cast<uLong>(plain.size())) + 32);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int answer = ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (answer != Z_STREAM_END) throw std::runtime_error("cannot compress");
  return out;
}

inline bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

/// A file with these bytes and, if they are no gzip already, the gzip of it. The two get one answer.
class PlainAndGzip {
 public:
  explicit PlainAndGzip(std::span<const std::byte> bytes) : plain_(bytes) {
    if (!is_gzip(bytes)) zipped_.emplace(gzip_of(bytes));
  }

  /// What `read(path)` gives, or nothing where it throws a `vade::Error`; other exceptions pass.
  template <class Read>
  auto answer(const Read& read) const {
    auto plain = answer(plain_, read);
    if (zipped_) require(answer(*zipped_, read) == plain, "a file and the gzip of it get one answer");
    return plain;
  }

 private:
  template <class Read>
  static auto answer(const TemporaryFile& file, const Read& read) -> std::optional<decltype(read(std::string()))> {
    try {
      return read(file.path().string());
    } catch (const vade::Error&) {
      return std::nullopt;
    }
  }

  TemporaryFile plain_;
  std::optional<TemporaryFile> zipped_;
};

}  // namespace fuzz
