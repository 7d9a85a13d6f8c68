// vade: tests of mixture/detail/plain_lanes.hpp.
// SPDX-License-Identifier: MIT
#include <vade/mixture/detail/plain_lanes.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <doctest/doctest.h>

#include <vade/mixture/detail/lanes.hpp>

namespace plain_lanes_tests {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// What kernels do with lanes, as one function of the type of lanes: the bits of each result, in order.
template <class V, class Mask>
auto everything(const std::array<double, 4>& x, const std::array<double, 4>& y) {
  constexpr std::size_t count = sizeof(V) / sizeof(double);
  V a = {}, b = {};
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = x[i % 4];
    b[i] = y[i % 4];
  }
  V gained = a;
  gained += b * 0.5;
  const Mask less = a<b, greater = a> b, shifted = std::bit_cast<Mask>(a) << 3;
  const V chosen = vade::detail::select(less, a, b);
  const V results[] = {a + b,
                       a - b,
                       a * b,
                       a / b,
                       1.0 / b,
                       a * 3.0 - 1.0,
                       gained,
                       chosen,
                       std::bit_cast<V>(less),
                       std::bit_cast<V>(greater),
                       std::bit_cast<V>(shifted)};
  std::array<std::uint64_t, count * std::size(results)> bits = {};
  for (std::size_t r = 0; r < std::size(results); ++r)
    for (std::size_t i = 0; i < count; ++i)
      // The standard says nothing of the bits of a result that is not a number.
      bits[r * count + i] = std::bit_cast<std::uint64_t>(r < 8 && std::isnan(results[r][i]) ? 0.0 : results[r][i]);
  return bits;
}

TEST_CASE("Plain lanes compute bit for bit what the vector extension computes, edges included") {
  using vade::detail::Lanes;
  using Plain = vade::detail::PlainLanes<double, vade::detail::lane_bytes / sizeof(double)>;
  static_assert(std::is_trivially_copyable_v<Plain> && sizeof(Plain) == sizeof(Lanes<double>));
  const std::array<double, 7> edges = {
      0.0, -0.0, 1.0 / 3, -1e308, 5e-324, infinity, std::numeric_limits<double>::quiet_NaN()};
  for (const double x : edges)
    for (const double y : edges) {
      const std::array<double, 4> a = {x, y, 2.5, x}, b = {y, x, y, -0.1};
      CHECK(everything<Plain, Plain::Mask>(a, b) == everything<Lanes<double>, Lanes<std::int64_t>>(a, b));
    }
}

TEST_CASE("Lanes of one type compare to integers of its size") {
  using vade::detail::PlainLanes;
  static_assert(std::is_same_v<PlainLanes<float, 4>::Mask, PlainLanes<std::int32_t, 4>>);
  static_assert(std::is_same_v<PlainLanes<double, 2>::Mask, PlainLanes<std::int64_t, 2>>);
  PlainLanes<float, 4> lanes = 2;
  lanes[1] = 3;
  const auto mask = lanes > 2.5f;
  CHECK(mask[0] == 0);
  CHECK(mask[1] == -1);
  CHECK(vade::detail::select(mask, lanes, PlainLanes<float, 4>{})[1] == 3);
  CHECK(vade::detail::select(mask, lanes, PlainLanes<float, 4>{})[2] == 0);
}

}  // namespace plain_lanes_tests
