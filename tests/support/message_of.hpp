// vade tests: the words of an exception.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <vade/core/errors.hpp>

namespace tests {

/// What the `Failure` that `call()` throws says; exceptions of other types pass.
template <class Failure = vade::Error>
std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "nothing of the wanted type was thrown";
}

}  // namespace tests
