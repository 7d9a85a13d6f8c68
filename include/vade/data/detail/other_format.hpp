// vade: what a file is that the reader at hand does not read.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>

#include <vade/data/detail/inflate.hpp>
#include <vade/io/known_format.hpp>

namespace vade::detail {

/// "; it is a zip archive, ...", or nothing: for a message about a file whose first bytes, `start`, have been read.
inline std::string other_format(ByteStream& stream, std::span<const std::byte> start) {
  std::array<std::byte, known_format_bytes> bytes = {};
  const std::size_t given = std::min(start.size(), bytes.size());
  std::copy_n(start.begin(), given, bytes.begin());
  const std::size_t more = stream.read(std::span(bytes).subspan(given));
  return known_format_text(std::span<const std::byte>(bytes.data(), given + more));
}

}  // namespace vade::detail
