#include <vade/core/byte_order.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <doctest/doctest.h>

namespace byte_order_tests {

namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

constexpr std::endian other = std::endian::native == std::endian::little ? std::endian::big : std::endian::little;

}  // namespace

TEST_CASE("Elements are reversed one by one, and twice is as before") {
  std::vector<std::byte> content = bytes({1, 2, 3, 4, 5, 6, 7, 8});
  vade::swap_byte_order(content, 4, other);
  CHECK(content == bytes({4, 3, 2, 1, 8, 7, 6, 5}));
  vade::swap_byte_order(content, 4, other);
  CHECK(content == bytes({1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_CASE("The order of this machine and single bytes stay as they are") {
  std::vector<std::byte> content = bytes({1, 2, 3, 4});
  vade::swap_byte_order(content, 2, std::endian::native);
  vade::swap_byte_order(content, 1, other);
  CHECK(content == bytes({1, 2, 3, 4}));
}

TEST_CASE("A number written in little endian is read on any machine") {
  std::vector<std::byte> content = bytes({0x78, 0x56, 0x34, 0x12});
  vade::swap_byte_order(content, 4, std::endian::little);
  std::array<std::byte, 4> number;
  std::copy(content.begin(), content.end(), number.begin());
  CHECK(std::bit_cast<std::uint32_t>(number) == 0x12345678u);
}

TEST_CASE("A part of an element at the end stays as it is") {
  std::vector<std::byte> content = bytes({1, 2, 3, 4, 5});
  vade::swap_byte_order(content, 2, other);
  CHECK(content == bytes({2, 1, 4, 3, 5}));
}

}  // namespace byte_order_tests
