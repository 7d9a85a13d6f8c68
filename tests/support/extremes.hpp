// vade tests: numbers that a caller should not have, by their names.
// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

namespace tests {

template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();

template <class T>
inline constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

}  // namespace tests
