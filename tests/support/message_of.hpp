// vade tests: the words of an exception.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <vade/core/errors.hpp>

namespace tests {

/// What `message_of` returns where nothing was thrown.
inline constexpr std::string_view nothing_thrown = "nothing of the wanted type was thrown";

/// What the `Failure` that `call()` throws says; exceptions of other types pass.
template <class Failure = vade::Error>
std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return std::string(nothing_thrown);
}

}  // namespace tests
