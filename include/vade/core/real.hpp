// vade: the scalar types.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

namespace vade {

/// The scalar types that the library is built for.
template <class T>
concept Real = std::same_as<T, float> || std::same_as<T, double>;

}  // namespace vade
