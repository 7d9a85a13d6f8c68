// vade: tests of data/npy.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/npy.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include <zlib.h>

#include "../support/folder.hpp"

namespace npy_tests {

namespace fs = std::filesystem;
using tests::Folder;
using vade::Dataset;
using vade::Index;
using vade::Labels;

template <std::size_t N>
std::string bytes(const char (&text)[N]) {
  return std::string(text, N - 1);
}

std::string dictionary(const std::string& type, const std::string& shape, const std::string& order = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

/// A file of version 1.0.
std::string file_of(const std::string& header, const std::string& data) {
  return bytes("\x93NUMPY\x01\x00") + static_cast<char>(header.size() & 0xff) + static_cast<char>(header.size() >> 8) +
         header + data;
}

/// numpy.save(np.array([[1, 2, 3], [4, 5, 6]], '<f4')), numpy 1.24.
const std::string by_numpy =
    bytes("\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }") + std::string(58, ' ') +
    bytes("\n\x00\x00\x80?\x00\x00\x00@\x00\x00@@\x00\x00\x80@\x00\x00\xa0@\x00\x00\xc0@");

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct InFile {
  Folder folder;
  fs::path path = folder.path / "array.npy";

  const fs::path& operator()(const std::string& content) const {
    vade::write_file_atomically(path, content);
    return path;
  }

  /// What reading rows or labels says: "" or the message after the path.
  std::string complaint(const std::string& content, bool labels = false, vade::NpyLimits limits = {}) const {
    try {
      labels ? void(vade::read_npy_labels((*this)(content), limits)) : void(vade::read_npy((*this)(content), limits));
    } catch (const vade::FileError& error) {
      const std::string what = error.what();
      CHECK(what.starts_with(path.string() + ": "));
      return what.substr(path.string().size() + 2);
    }
    return "";
  }
};

TEST_CASE("A file of numpy is read, and ours is the same to the byte") {
  const InFile file;
  const Dataset data = vade::read_npy(file(by_numpy));
  vade::Matrix<float> wanted(2, 3);
  wanted << 1, 2, 3, 4, 5, 6;
  CHECK(data.fingerprint() == Dataset::from_matrix(wanted).fingerprint());
  CHECK(!data.image());
  vade::write_npy(file.path, wanted);
  CHECK(content_of(file.path) == by_numpy);
  vade::write_npy(file.path, wanted.cast<double>().eval());
  CHECK(vade::read_npy(file.path).matrix<double>() == wanted.cast<double>());
}

TEST_CASE("A gzip of a file is read, and one that is cut short is not") {
  const InFile file;
  const gzFile packed = ::gzopen(file.path.c_str(), "wb");
  REQUIRE(::gzwrite(packed, by_numpy.data(), static_cast<unsigned>(by_numpy.size())) == static_cast<int>(by_numpy.size()));
  REQUIRE(::gzclose(packed) == Z_OK);
  CHECK(vade::read_npy(file.path).matrix<float>()(1, 2) == 6);
  const std::string whole = content_of(file.path);
  CHECK(file.complaint(whole.substr(0, whole.size() - 4)).find("truncated") != std::string::npos);
}

TEST_CASE("Either byte order, either order of the entries, and every version mean the same array") {
  const InFile file;
  vade::Matrix<double> wanted(2, 3);
  wanted << 1, 2, 3, 4, 5, -6;
  const std::string big = file_of(dictionary(">i2", "(2, 3)", "True"), bytes("\x00\x01\x00\x04\x00\x02\x00\x05\x00\x03\xff\xfa"));
  CHECK(vade::read_npy(file(big)).matrix<double>() == wanted);
  const std::string little = dictionary("<i2", "(2L, 3L)"), data = bytes("\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\xfa\xff");
  CHECK(vade::read_npy(file(file_of(little, data))).matrix<double>() == wanted);
  const std::string length = std::string(1, static_cast<char>(little.size())) + bytes("\x00\x00\x00");
  CHECK(vade::read_npy(file(bytes("\x93NUMPY\x02\x00") + length + little + data)).matrix<double>() == wanted);
  CHECK(vade::read_npy(file(bytes("\x93NUMPY\x03\x00") + length + little + data)).matrix<double>() == wanted);
  CHECK(vade::read_npy(file(file_of("{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<i2\"}\n", data))).matrix<double>() == wanted);
}

TEST_CASE("A length whose low byte is above 127 is no negative number") {
  const InFile file;
  std::string header = dictionary("|u1", "(1, 2)");
  header.insert(header.size() - 1, 182 - header.size(), ' ');
  CHECK(vade::read_npy(file(file_of(header, "ab"))).rows() == 1);
}

TEST_CASE("Bytes stay bytes, and the last two of three dimensions are an image") {
  const InFile file;
  const Dataset data = vade::read_npy(file(file_of(dictionary("|u1", "(2, 2, 3)"), bytes("\x00\x01\x02\x03\x04\xff" "abcdef"))));
  CHECK(data.is_bytes());
  CHECK(data.image() == vade::ImageShape{2, 3});
  CHECK(data.matrix<double>()(0, 5) == 1.0);
  CHECK(data.matrix<float>()(0, 3) == 3 * vade::byte_scale<float>);
  // Three dimensions with the first one fastest.
  const Dataset turned = vade::read_npy(file(file_of(dictionary("|u1", "(2, 2, 3)", "True"), "0a2c1b3d4e5f")));
  const Dataset wanted = Dataset::from_bytes({'0', '1', '4', '2', '3', '5', 'a', 'b', 'e', 'c', 'd', 'f'}, 2, 6, vade::ImageShape{2, 3});
  CHECK(turned.fingerprint() == wanted.fingerprint());
  const Dataset flat = vade::read_npy(file(file_of(dictionary("|u1", "(2, 1, 3, 1)"), "abcdef")));
  CHECK((flat.rows() == 2 && flat.columns() == 3 && !flat.image()));
  CHECK(vade::read_npy(file(file_of(dictionary("|b1", "(3,)"), bytes("\x01\x00\x01")))).matrix<double>().sum() == 2);
}

TEST_CASE("Labels are integers from 0, and come back") {
  const InFile file;
  const Labels labels{3, 0, 2147483647};
  vade::write_npy(file.path, labels);
  CHECK(vade::read_npy_labels(file.path) == labels);
  CHECK(content_of(file.path).size() % 64 == 12);
  CHECK(vade::read_npy_labels(file(file_of(dictionary("|u1", "(2,)"), bytes("\xff\x01")))) == Labels{255, 1});
  CHECK(file.complaint(file_of(dictionary("|i1", "(2,)"), bytes("\x01\xff")), true) ==
        "label 1 is -1, wanted one from 0 to 2147483647");
  CHECK(file.complaint(file_of(dictionary("<u4", "(1,)"), bytes("\x00\x00\x00\x80")), true) ==
        "label 0 is 2147483648, wanted one from 0 to 2147483647");
  CHECK(file.complaint(by_numpy, true) == "reals of rank 2, wanted integers of rank 1");
}

TEST_CASE("What is no such file says where, wanted and got") {
  const InFile file;
  const std::string good = dictionary("|u1", "(2, 2)");
  const auto header = [&](const std::string& text) { return file.complaint(file_of(text, "abcd")); };
  CHECK(header(good) == "");
  CHECK(file.complaint("").starts_with("the file ends inside the magic number of an NPY file, wanted 8 bytes more"));
  CHECK(file.complaint("PK\x03\x04" "aaaaaaaa") == "not an NPY file: it does not start with \\x93NUMPY");
  CHECK(file.complaint(bytes("\x93NUMPY\x04\x00\x00\x00")) == "version 4.0, wanted 1.0, 2.0 or 3.0");
  CHECK(file.complaint(bytes("\x93NUMPY\x02\x00\xff\xff\xff\xff")) == "a header of 4294967295 bytes, wanted at most 65536");
  CHECK(file.complaint(file_of(good, "abc")).ends_with("the sizes promise 4 bytes of data, but the file can hold 3"));
  CHECK(file.complaint(file_of(good, "abcde")).ends_with("the sizes promise 4 bytes of data, but the file can hold 5"));
  CHECK(header("{}\n") == "character 3 of the header: got no more keys, wanted descr, fortran_order and shape");
  CHECK(header("{'descr': '|u1', 'descr': '|u1'}\n") ==
        "character 26 of the header: got the key 'descr', wanted descr, fortran_order and shape, once each");
  CHECK(header("{'descr': [('a', '<f4')], }\n").ends_with("got '[', wanted a quoted word (types of several fields are not read)"));
  CHECK(header(dictionary("|u1", "(4)")).ends_with("got a number in parentheses, wanted a comma after it"));
  for (const char* shape : {"(-1, 4)", "(abc,)", "(3x,)", "(2, 2", "[2, 2]", "(99999999999999999999,)"})
    CHECK_MESSAGE(header(dictionary("|u1", shape)).starts_with("character "), shape);
  CHECK(header(dictionary("|u1", "(2, 2)", "Maybe")).ends_with("got 'M', wanted True or False"));
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)} + 1\n").ends_with("got more after the dictionary"));
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}") == "the header does not end with its line");
  for (const char* type : {"|O", "<f2", "<c8", "<U3", "|V4", "<M8", "<f16", "f4", "|i4", "*u1", ""})
    CHECK_MESSAGE(header(dictionary(type, "(2, 2)")).starts_with("entries of type '"), type);
  CHECK(header(dictionary("|u1", "()")).ends_with("but the file can hold 4"));
  CHECK(file.complaint(file_of(dictionary("|u1", "()"), "a")) == "the array has no rows of values");
  CHECK(file.complaint(file_of(dictionary("|u1", "(3, 0)"), "")) == "the array has no rows of values");
  CHECK(file.complaint(file_of(dictionary("|b1", "(2,)"), bytes("\x01\x02"))) == "a boolean that is neither 0 nor 1");
}

TEST_CASE("Sizes that wrap, limits, and entries that are no data are refused") {
  const InFile file;
  CHECK(file.complaint(file_of(dictionary("<f8", "(4294967296, 4294967296)"), "")).starts_with("the shape makes more than"));
  CHECK(file.complaint(file_of(dictionary("<f8", "(0, 18446744073709551615)"), "")).starts_with("the shape makes more than"));
  CHECK(file.complaint(file_of(dictionary("|u1", "(5,)"), "abcde"), false, {.bytes = 4}) ==
        "the shape makes more than the allowed 4 bytes");
  CHECK(file.complaint(file_of(dictionary("<f4", "(1, 2)"), bytes("\x00\x00\x80?\x00\x00\xc0\x7f"))).find("nan") != std::string::npos);
  CHECK(file.complaint(file_of(dictionary("<i8", "(1,)"), bytes("\x01\x00\x00\x00\x00\x00\x40\x00"))) ==
        "entry 0 is 18014398509481985, beyond ±2⁵³");
  CHECK_THROWS_AS(vade::read_npy(file.folder.path / "none.npy"), vade::FileError);
}

TEST_CASE("Integers are read up to 2^53 in size and not beyond") {
  const InFile file;
  const auto entry = [](const char* type, std::uint64_t value) {
    std::string data;
    for (int i = 0; i < 8; ++i) data += static_cast<char>(value >> 8 * i & 0xff);
    return file_of(dictionary(type, "(1,)"), data);
  };
  constexpr std::uint64_t edge = std::uint64_t{1} << 53;
  for (const char* type : {"<i8", "<u8"}) {
    CHECK(vade::read_npy(file(entry(type, edge))).matrix<double>()(0, 0) == 0x1p53);
    CHECK(file.complaint(entry(type, edge + 1)) == "entry 0 is 9007199254740993, beyond ±2⁵³");
  }
  CHECK(vade::read_npy(file(entry("<i8", -edge))).matrix<double>()(0, 0) == -0x1p53);
  CHECK(file.complaint(entry("<i8", -edge - 1)) == "entry 0 is -9007199254740993, beyond ±2⁵³");
  CHECK(file.complaint(entry("<u8", ~std::uint64_t{0})) == "entry 0 is 18446744073709551615, beyond ±2⁵³");
}

TEST_CASE("After the dictionary of a header come spaces and one newline alone") {
  const InFile file;
  const std::string entries = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}";
  const auto header = [&](const std::string& after) { return file.complaint(file_of(entries + after, "abcd")); };
  CHECK(header("\n") == "");
  CHECK(header("   \n") == "");
  for (const std::string& after :
       {bytes("\x00hidden\n"), bytes("\x00\n"), bytes("\n\n"), bytes("\n \n"), bytes("\t\n"), bytes("#\n")})
    CHECK(header(after).ends_with("got more after the dictionary"));
  CHECK(file.complaint(file_of(bytes("{\x00'descr': '|u1'}\n"), "abcd"))
            .starts_with("character 2 of the header: got a control character"));
}

}  // namespace npy_tests
