// vade: what a reader says where memory does not suffice.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <new>
#include <stdexcept>

#include <vade/core/errors.hpp>

namespace vade::detail {

/// `read()`, which reads `path`. @throws FileError where memory does not suffice, so that a program which catches
/// `vade::Error` catches this as well
template <class Read>
auto within_memory(const std::filesystem::path& path, const Read& read) {
  try {
    return read();
  } catch (const std::bad_alloc&) {
    throw FileError(path.string() + ": there is not enough memory for its content");
  } catch (const std::length_error&) {  // of a vector that would be larger than any can be
    throw FileError(path.string() + ": its content is larger than the memory of any process");
  }
}

}  // namespace vade::detail
