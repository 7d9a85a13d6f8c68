// vade: is there memory for what was asked for?
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <string_view>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>

namespace vade {

/// Asks the system for `bytes` in one piece and gives them back, so that a size which cannot be had is an error that
/// names it, before any of the work is done, and no `std::bad_alloc` in the middle. `what` names the sizes, as in
/// "covariances of 3 components in 20000 dimensions". Less than 64 MiB is not asked for. The answer holds for this
/// moment only; where the system promises more memory than it has, it may be a promise.
/// @throws ResourceError
inline void check_memory(std::string_view who, std::string_view what, double bytes) {
  constexpr double little = 67108864.0;      // 64 MiB
  constexpr double most = 70368744177664.0;  // 64 TiB, more than any machine of today has
  if (bytes < little) return;
  if (bytes < most && bytes < static_cast<double>(std::numeric_limits<std::ptrdiff_t>::max())) {
    void* volatile trial =
        std::malloc(static_cast<std::size_t>(bytes));  // volatile: compilers may leave out a pair of calls
    const bool there = trial != nullptr;
    std::free(trial);
    if (there) return;
  }
  throw ResourceError(detail::message(who, ": ", what, " take ", bytes, " bytes (", bytes / 1073741824.0,
                                      " GiB), which the system does not give; wanted smaller sizes"));
}

}  // namespace vade
