#include <vade/core/printable.hpp>

#include <string>

#include <doctest/doctest.h>

using vade::printable;

TEST_CASE("A short text of printable characters is shown as it is") {
  CHECK(printable("") == "");
  CHECK(printable("3.5;4 'x' ~") == "3.5;4 'x' ~");
}

TEST_CASE("Bytes that could end a message or control a terminal are escaped") {
  CHECK(printable(std::string_view("3\0,4", 4)) == "3\\x00,4");
  CHECK(printable("\x1b[31mred\x7f") == "\\x1b[31mred\\x7f");
  CHECK(printable("a\tb\r\n") == "a\\tb\\r\\n");
  CHECK(printable("\xc3\xa9") == "\\xc3\\xa9");
}

TEST_CASE("A long text is cut at the limit, which counts escapes, and its length is told") {
  const std::string cell(1 << 20, 'x');
  const std::string shown = printable(cell);
  CHECK(shown == std::string(80, 'x') + "... (1048576 bytes)");
  CHECK(printable(std::string_view("\0\0\0", 3), 9) == "\\x00\\x00... (3 bytes)");
}
