// vade: vector registers as values, in plain C++.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace vade::detail {

/// `count` numbers of type T, with the arithmetic of the vector extension of GCC and Clang, lane by lane and rounded
/// alike. Takes its place for compilers that have no such extension (MSVC), and in the test that compares both.
template <class T, std::size_t count>
class PlainLanes {
 public:
  /// What comparing gives: −1, all bits set, where it holds, else 0.
  using Mask = PlainLanes<std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>, count>;

  PlainLanes() = default;
  /// `value` in every lane. The extension turns a number into lanes where an operator needs them; so does this.
  PlainLanes(T value) {
    for (T& lane : lanes_) lane = value;
  }

  template <std::integral I>
  T& operator[](I i) {
    return lanes_[static_cast<std::size_t>(i)];
  }
  template <std::integral I>
  const T& operator[](I i) const {
    return lanes_[static_cast<std::size_t>(i)];
  }

  friend PlainLanes operator+(const PlainLanes& a, const PlainLanes& b) {
    return of([&](std::size_t i) { return a[i] + b[i]; });
  }
  friend PlainLanes operator-(const PlainLanes& a, const PlainLanes& b) {
    return of([&](std::size_t i) { return a[i] - b[i]; });
  }
  friend PlainLanes operator*(const PlainLanes& a, const PlainLanes& b) {
    return of([&](std::size_t i) { return a[i] * b[i]; });
  }
  friend PlainLanes operator/(const PlainLanes& a, const PlainLanes& b) {
    return of([&](std::size_t i) { return a[i] / b[i]; });
  }
  friend PlainLanes operator<<(const PlainLanes& a, int bits) requires std::integral<T> {
    return of([&](std::size_t i) { return a[i] << bits; });
  }
  PlainLanes& operator+=(const PlainLanes& other) { return *this = *this + other; }

  friend Mask operator<(const PlainLanes& a, const PlainLanes& b) {
    Mask mask;
    for (std::size_t i = 0; i < count; ++i) mask[i] = a[i] < b[i] ? -1 : 0;
    return mask;
  }
  friend Mask operator>(const PlainLanes& a, const PlainLanes& b) { return b < a; }

 private:
  template <class Lane>
  static PlainLanes of(const Lane& lane) {
    PlainLanes result;
    for (std::size_t i = 0; i < count; ++i) result.lanes_[i] = lane(i);
    return result;
  }

  T lanes_[count] = {};
};

/// `a` in the lanes that `mask` has, else `b`.
template <class T, std::size_t count>
PlainLanes<T, count> select(const typename PlainLanes<T, count>::Mask& mask, const PlainLanes<T, count>& a,
                            const PlainLanes<T, count>& b) {
  PlainLanes<T, count> result;
  for (std::size_t i = 0; i < count; ++i) result[i] = mask[i] != 0 ? a[i] : b[i];
  return result;
}

}  // namespace vade::detail
