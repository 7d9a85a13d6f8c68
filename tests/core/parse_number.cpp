// vade: tests of core/parse_number.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/parse_number.hpp>

#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

namespace parse_number_tests {

TEST_CASE("parse_number is std::from_chars: of doubles and integers, with the value kept where there is none") {
  double real = 7;
  CHECK(vade::parse_number("0.1x", real).ec == std::errc{});
  CHECK(real == 0.1);
  CHECK(vade::parse_number("1e999", real).ec == std::errc::result_out_of_range);
  CHECK(vade::parse_number("+1", real).ec == std::errc::invalid_argument);
  CHECK(real == 0.1);
  int whole = 7;
  CHECK(vade::parse_number("-12.5", whole).ec == std::errc{});
  CHECK(whole == -12);
  CHECK(vade::parse_number("99999999999", whole).ec == std::errc::result_out_of_range);
  std::uint64_t large = 0;
  CHECK(vade::parse_number("18446744073709551615", large).ec == std::errc{});
  CHECK(large == std::numeric_limits<std::uint64_t>::max());
  CHECK(vade::parse_number("-1", large).ec == std::errc::invalid_argument);
}

TEST_CASE("is_number takes a whole text or nothing") {
  double real = 0;
  CHECK(vade::is_number("-2.5e1", real));
  CHECK(real == -25);
  for (const char* const text : {"", "1 ", "1x", " 1", "1e999"}) CHECK(!vade::is_number(text, real));
  int whole = 0;
  CHECK(vade::is_number("12", whole));
  CHECK(whole == 12);
  CHECK(!vade::is_number("12.0", whole));
}

}  // namespace parse_number_tests
