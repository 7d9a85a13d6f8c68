// vade: tests of data/csv_options.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/csv_options.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "../support/message_of.hpp"

using vade::CsvColumn;

TEST_CASE("A column is given by any integer, or by a name") {
  CHECK(CsvColumn(3).number() == 3);
  CHECK(CsvColumn(std::uint8_t{200}).number() == 200);
  CHECK(CsvColumn(-1).name() == nullptr);
  CHECK(*CsvColumn("kind").name() == "kind");
  CHECK(*CsvColumn(std::string("3")).name() == "3");
  CHECK(tests::message_of([] { CsvColumn(~std::uint64_t{0}); }) ==
        "CsvColumn: no column has the number 18446744073709551615");
  const vade::CsvOptions options{.label_column = std::optional<int>(4)};
  CHECK(options.label_column == CsvColumn(4));
}

TEST_CASE("Typed words are a number where all of them is one, and a name otherwise") {
  CHECK(CsvColumn::parse("-2") == CsvColumn(-2));
  CHECK(CsvColumn::parse("kind") == CsvColumn("kind"));
  for (const char* const name : {"2 cm", "", "-", "1.5", "99999999999999999999"})
    CHECK(CsvColumn::parse(name) == CsvColumn(name));
}

TEST_CASE("A message shows a name in quotes, escaped, and a number without") {
  CHECK(CsvColumn(-1).text() == "-1");
  CHECK(CsvColumn("a\nb").text() == "'a\\nb'");
}
