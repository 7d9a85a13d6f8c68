// vade: tests of core/detail/strtod.hpp against std::from_chars, which it stands in for.
// SPDX-License-Identifier: MIT
#include <vade/core/detail/strtod.hpp>

#include <bit>
#include <clocale>
#include <cstdint>
#include <string>
#include <vector>

#include <vade/core/exact_text.hpp>

#include <doctest/doctest.h>

namespace strtod_tests {

/// Texts of the grammar, at its edges, and just outside of it.
std::vector<std::string> texts() {
  std::vector<std::string> all = {
      "",
      "-",
      "+1",
      " 1",
      "1 ",
      "1.",
      ".5",
      "-.5",
      ".",
      "-.",
      ".e1",
      "1e",
      "1e+",
      "1e-",
      "1e+x",
      "1e5",
      "1E-5",
      "1e+05",
      "0x10",
      "1,5",
      "1.5.5",
      "1..5",
      "--1",
      "-0",
      "-0.0e9",
      "0e999999999999",
      "00012.500",
      "1e400",
      "-1e400",
      "1e-400",
      "0.0000e-999",
      "1e-320",
      "4.9e-324",
      "2.4703282292062327e-324",
      "2.4703282292062328e-324",
      "1.7976931348623157e308",
      "1.7976931348623158e308",
      "1.7976931348623159e308",
      "9007199254740993",
      "9007199254740992.999999999999999999",
      "9007199254740993.00000000000000000000000000000000000000000000000000000000000000000000001",
      "0.1000000000000000055511151231257827021181583404541015625",
      "2.2250738585072011e-308",
      "1e23",
      "8.5e22x",
      "inf",
      "-INF",
      "Infinity",
      "infinit",
      "in",
      "nan",
      "-NaN",
      "nan(12_a)",
      "nan(",
      "nan(1-)",
      "nano",
      "1e99999999999999999999",
      "1e-99999999999999999999",
      "e5",
      "1d5",
      "1f",
      "1_000"};
  all.push_back("0." + std::string(400, '0') + "1e400");
  all.push_back(std::string(800, '9'));
  all.push_back("1" + std::string(300, '0') + "e-300");
  std::uint64_t bits = 1;
  for (int i = 0; i < 2000; ++i) {  // any double comes back from its shortest text
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    all.push_back(vade::exact_text(std::bit_cast<double>(bits)));
  }
  return all;
}

#if defined(__cpp_lib_to_chars)
TEST_CASE("The stand-in for std::from_chars agrees with it in value, end and error") {
  for (const std::string& text : texts()) {
    CAPTURE(text);
    const char* const end = text.data() + text.size();
    double wanted = 7, got = 7;
    const auto standard = std::from_chars(text.data(), end, wanted);
    const auto own = vade::detail::from_chars_by_strtod(text.data(), end, got);
    CHECK(own.ec == standard.ec);
    CHECK(own.ptr - text.data() == standard.ptr - text.data());
    if (wanted == wanted)
      CHECK(std::bit_cast<std::uint64_t>(got) == std::bit_cast<std::uint64_t>(wanted));
    else
      CHECK(got != got);
  }
}
#endif

TEST_CASE("The stand-in reads a point as a point in a locale that has commas, and stops at its comma") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  bool found = false;  // where the machine has no such locale, this tests no more than the others do
  for (const char* const name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"})
    found = found || std::setlocale(LC_ALL, name) != nullptr;
  const std::string text = "2.5,5";
  double value = 0;
  const auto result = vade::detail::from_chars_by_strtod(text.data(), text.data() + text.size(), value);
  std::setlocale(LC_ALL, before.c_str());
  CAPTURE(found);
  CHECK(value == 2.5);
  CHECK(result.ptr == text.data() + 3);
}

}  // namespace strtod_tests
