// vade: the scalar types.
// SPDX-License-Identifier: MIT
#pragma once

#if (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0) || defined(__ASSOCIATIVE_MATH__) || defined(_M_FP_FAST)
#error "vade: compile without -ffast-math, -Ofast, -ffinite-math-only, -fassociative-math (/fp:fast): they hide NaN"
#endif

#include <concepts>

namespace vade {

/// The scalar types that the library is built for: numbers of IEEE 754, of which NaN and infinity are two, and whose sums
/// are rounded in the order in which they are written. Options of the compiler that assume otherwise are refused above.
template <class T>
concept Real = std::same_as<T, float> || std::same_as<T, double>;

}  // namespace vade
