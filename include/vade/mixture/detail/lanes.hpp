// vade: vector registers as values.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/plain_lanes.hpp>

/// Other compilers compute the same lanes one by one; so do all with VADE_PLAIN_LANES, which is for tests.
#if !defined(__GNUC__) && !defined(__clang__) && !defined(VADE_PLAIN_LANES)
#define VADE_PLAIN_LANES
#endif

/// The vector extension that GCC and Clang share: arithmetic and comparison lane by lane, and `select`.
/// Kernels are written in it where the library's speed hangs on a loop that Eigen's expressions do not cover; machines
/// with narrower registers, or none, compute the same lanes in more instructions.
namespace vade::detail {

/// Bytes of the machine's vector registers, as Eigen sees them (16 where it sees none).
inline constexpr std::size_t lane_bytes = std::max<std::size_t>(EIGEN_MAX_STATIC_ALIGN_BYTES, 16);

#ifdef VADE_PLAIN_LANES

template <class T>
using Lanes = PlainLanes<T, lane_bytes / sizeof(T)>;

template <class T>
Lanes<T> load_lanes(const T* from) {
  Lanes<T> lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <class T>
void store_lanes(T* to, const Lanes<T>& lanes) {
  std::memcpy(to, &lanes, sizeof lanes);
}

#else

/// As many T as fill a register.
template <class T>
struct LanesOf {
  using type [[gnu::vector_size(lane_bytes)]] = T;
  using unaligned [[gnu::vector_size(lane_bytes), gnu::aligned(alignof(T)), gnu::may_alias]] = T;
};
template <class T>
using Lanes = typename LanesOf<T>::type;

template <class T>
inline Lanes<T> load_lanes(const T* from) {
  return *reinterpret_cast<const typename LanesOf<T>::unaligned*>(from);
}

template <class T>
inline void store_lanes(T* to, const Lanes<T>& lanes) {
  *reinterpret_cast<typename LanesOf<T>::unaligned*>(to) = lanes;
}

/// `a` in the lanes that `mask` has, else `b`.
template <class Mask, class V>
inline V select(const Mask& mask, const V& a, const V& b) {
  return mask ? a : b;
}

#endif

/// Signed integers of the size of T: what comparing lanes of T gives.
template <Real T>
using LaneInteger = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// T per register.
template <Real T>
inline constexpr Index lane_count = static_cast<Index>(lane_bytes / sizeof(T));

/// `value` in every lane.
template <Real T>
inline Lanes<T> all_lanes(T value) {
  return Lanes<T>{} + value;
}

/// Sum of the lanes, in lane order.
template <Real T>
inline T sum_lanes(const Lanes<T>& lanes) {
  T sum = lanes[0];
  for (Index i = 1; i < lane_count<T>; ++i) sum += lanes[i];
  return sum;
}

/// eˣ for −700 <= x <= 700, to two units in the last place: x = n log 2 + r, a Taylor polynomial of degree 13 in r
/// (|r| <= ½ log 2, so the first term left out is below 5e-18), and n added to the exponent's bits.
inline Lanes<double> exp_lanes(const Lanes<double>& x) {
  constexpr double round_shift = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  const Lanes<double> shifted = x * 1.4426950408889634074 + round_shift;
  const Lanes<double> n = shifted - round_shift;
  const Lanes<double> r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;  // log 2 in two parts
  constexpr double inverse_factorial[] = {
      1.0,        1.0,         1.0 / 2,      1.0 / 6,       1.0 / 24,       1.0 / 120,       1.0 / 720,
      1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  Lanes<double> sum = all_lanes(inverse_factorial[13]);
  for (int i = 12; i >= 0; --i) sum = sum * r + inverse_factorial[i];
  const auto exponent = std::bit_cast<Lanes<std::int64_t>>(shifted) << 52;
  return std::bit_cast<Lanes<double>>(std::bit_cast<Lanes<std::int64_t>>(sum) + exponent);
}

}  // namespace vade::detail
