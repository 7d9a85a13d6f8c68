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
}

TEST_CASE("Valid UTF-8 stays readable, and what is no UTF-8 is escaped byte by byte") {
  for (const char* const words : {"Größe", "温度", "π ≈ 3", "\xf0\x9f\x98\x80", "\xdf\xbf", "\xe0\xa0\x80",
                                  "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80", "\xed\x9f\xbf", "\xc2\xa0"})
    CHECK(printable(words) == words);
  CHECK(printable("Gr\xf6\xdf"
                  "e") == "Gr\\xf6\\xdfe");  // Latin-1
  CHECK(printable("\xc3") == "\\xc3");       // an end inside a character
  CHECK(printable("\xe6\xb8"
                  "x") == "\\xe6\\xb8x");                          // cut by another
  CHECK(printable("\xc0\x8a\xc1\xbf") == "\\xc0\\x8a\\xc1\\xbf");  // overlong: a line feed in two bytes
  CHECK(printable("\xe0\x80\x8a") == "\\xe0\\x80\\x8a");           // in three
  CHECK(printable("\xf0\x80\x80\x8a") == "\\xf0\\x80\\x80\\x8a");  // in four
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
  CHECK(printable("\xf4\x90\x80\x80\xf5\xff") == "\\xf4\\x90\\x80\\x80\\xf5\\xff");  // above U+10FFFF
}

TEST_CASE("Characters of several bytes that act on a terminal or on the order of a text are escaped") {
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\xc2\\x9b31m");             // C1: starts a control sequence in some terminals
  CHECK(printable("\xc2\x85") == "\\xc2\\x85");           // next line
  CHECK(printable("\xe2\x80\xa8") == "\\xe2\\x80\\xa8");  // line separator
  CHECK(printable("a\xe2\x80\xae"
                  "b") == "a\\xe2\\x80\\xaeb");           // right-to-left override
  CHECK(printable("\xe2\x81\xa6") == "\\xe2\\x81\\xa6");  // isolate
  CHECK(printable("\xef\xbb\xbf"
                  "a") ==
        "\\xef\\xbb\\xbf"
        "a");  // byte order mark
}

TEST_CASE("A long text is cut at the limit, which counts escapes, and its length is told") {
  const std::string cell(1 << 20, 'x');
  const std::string shown = printable(cell);
  CHECK(shown == std::string(80, 'x') + "... (1048576 bytes)");
  CHECK(printable(std::string_view("\0\0\0", 3), 9) == "\\x00\\x00... (3 bytes)");
}

TEST_CASE("A text is never cut inside a character") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "\xe6\xb8\xa9";
  CHECK(printable(text) == text.substr(0, 78) + "... (120 bytes)");
  CHECK(printable(text, 3) == text.substr(0, 3) + "... (120 bytes)");
  CHECK(printable(text, 2) == "... (120 bytes)");
}
