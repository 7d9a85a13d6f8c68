// vade: tests of io/known_format.hpp.
// SPDX-License-Identifier: MIT
#include <vade/io/known_format.hpp>

#include <string>

#include <doctest/doctest.h>

namespace known_format_tests {

template <std::size_t N>
std::string bytes(const char (&text)[N]) {
  return std::string(text, N - 1);
}

std::string name(const std::string& content) {
  const vade::KnownFormat* const known = vade::known_format(content);
  return known == nullptr ? "" : std::string(known->name);
}

TEST_CASE("Formats that other tools write are known by their first bytes") {
  CHECK(name(bytes("PK\x03\x04\x14\0")).starts_with("a zip archive, such as numpy.savez"));
  CHECK(name(bytes("\xfd"
                   "7zXZ\0\0")) == "compressed by xz");
  CHECK(name(bytes("\x28\xb5\x2f\xfd")) == "compressed by zstd");
  CHECK(name(bytes("BZh91AY&SY\x94")) == "compressed by bzip2");
  CHECK(name(bytes("\x1f\x8b\x08")) == "a gzip file");
  CHECK(name(bytes("\x89HDF\r\n\x1a\n")).starts_with("an HDF5 file"));
  CHECK(name(bytes("\x80\x04\x95")) == "a pickle of Python");
  CHECK(name(bytes("\x80\x02}q")) == "a pickle of Python");
  CHECK(name(bytes("PAR1\x15\x04")) == "a Parquet file");
  CHECK(name(bytes("\x89PNG\r\n\x1a\n\0")) == "a PNG image");
  CHECK(name(bytes("\xff\xd8\xff\xe0")) == "a JPEG image");
  CHECK(name(bytes("RIFF\x10\0\0\0WEBPVP8 ")) == "a WebP image");
  CHECK(name(bytes("MATLAB 5.0 MAT-file, Platform")) == "a MATLAB file");
  CHECK(name(std::string(257, '\0') + bytes("ustar\0"
                                            "00")) == "a tar archive");
  CHECK(name("<!DOCTYPE html>") == "a web page");
  CHECK(name("version https://git-lfs.github.com/spec/v1\n").starts_with("a pointer of Git LFS"));
}

TEST_CASE("Formats of this library are known in the reader of another") {
  CHECK(name(bytes("\x93NUMPY\x01\0")).starts_with("an NPY file"));
  CHECK(name(bytes("\0\0\x08\x03\0\0\xea\x60")).starts_with("an IDX file"));
  CHECK(name(bytes("\x40\0\0\0\0\0\0\0{\"__metadata__\":")).starts_with("a safetensors file"));
}

TEST_CASE("Text in UTF-16 and UTF-32 is known with a byte order mark of either order, and UTF-16 without one as well") {
  CHECK(name(bytes("\xff\xfe"
                   "1\0,\0")) == "text in UTF-16");
  CHECK(name(bytes("\xfe\xff\0"
                   "1\0,")) == "text in UTF-16");
  CHECK(name(bytes("\xff\xfe\0\0"
                   "1\0\0\0")) == "text in UTF-32");
  CHECK(name(bytes("\0\0\xfe\xff\0\0\0"
                   "1")) == "text in UTF-32");
  CHECK(name(bytes("1\0,\0"
                   "2\0\n\0")) == "text in UTF-16 without a byte order mark");
  CHECK(name(bytes("\0"
                   "1\0,\0"
                   "2\0\n")) == "text in UTF-16 without a byte order mark");
}

TEST_CASE("Tables of numbers, too few bytes and other bytes are no known format") {
  for (const std::string& content :
       {std::string(), std::string("P"), std::string("PAR1,PAR2\n1,2\n"), std::string("BMI,age\n"),
        std::string("BZh,x\n"), std::string("MATLAB ,R\n"), std::string("II,MM\n"), std::string("1,2\n"),
        std::string("\xEF\xBB\xBF"
                    "1,2\n"),
        bytes("3\0,4\n5,6\n"), std::string(300, 'x'), bytes("\0\0"), bytes("\0\0\x08\x09"), bytes("\x80\x02")})
    CHECK_MESSAGE(name(content) == "", content);
}

TEST_CASE("A message says what the file is and what to do") {
  CHECK(vade::known_format_text("<html>") == "; it is a web page: the download failed, or needs another address");
  CHECK(vade::known_format_text("1,2\n") == "");
}

}  // namespace known_format_tests
