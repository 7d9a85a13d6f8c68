// vade: numbers of 16 bits, as numpy's float16.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace vade::detail {

/// An IEEE 754 number of 16 bits: a sign, 5 bits of exponent, 10 bits of fraction. Every value is a float, exactly: of
/// the exponents e = 1 ... 30 it is (1024 + f) 2^(e − 25); e = 0 are the denormal ones, f 2^−24; e = 31 infinity and
/// NaN.
struct Half {
  std::uint16_t bits = 0;

  operator float() const {
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    float value = 0;
    if (exponent == 31)
      value = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    else if (exponent == 0)
      value = std::ldexp(static_cast<float>(fraction), -24);
    else
      value = std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
    return bits >> 15 != 0 ? -value : value;
  }
};
static_assert(sizeof(Half) == 2);

}  // namespace vade::detail
