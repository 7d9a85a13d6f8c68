// vade: tests of data/npy.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/npy.hpp>

#include <cmath>
#include <fstream>
#include <iterator>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <zlib.h>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"

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
  REQUIRE(::gzwrite(packed, by_numpy.data(), static_cast<unsigned>(by_numpy.size())) ==
          static_cast<int>(by_numpy.size()));
  REQUIRE(::gzclose(packed) == Z_OK);
  CHECK(vade::read_npy(file.path).matrix<float>()(1, 2) == 6);
  const std::string whole = content_of(file.path);
  CHECK(file.complaint(whole.substr(0, whole.size() - 4)).find("truncated") != std::string::npos);
}

TEST_CASE("Either byte order, either order of the entries, and every version mean the same array") {
  const InFile file;
  vade::Matrix<double> wanted(2, 3);
  wanted << 1, 2, 3, 4, 5, -6;
  const std::string big =
      file_of(dictionary(">i2", "(2, 3)", "True"), bytes("\x00\x01\x00\x04\x00\x02\x00\x05\x00\x03\xff\xfa"));
  CHECK(vade::read_npy(file(big)).matrix<double>() == wanted);
  const std::string little = dictionary("<i2", "(2L, 3L)"),
                    data = bytes("\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\xfa\xff");
  CHECK(vade::read_npy(file(file_of(little, data))).matrix<double>() == wanted);
  const std::string length = std::string(1, static_cast<char>(little.size())) + bytes("\x00\x00\x00");
  CHECK(vade::read_npy(file(bytes("\x93NUMPY\x02\x00") + length + little + data)).matrix<double>() == wanted);
  CHECK(vade::read_npy(file(bytes("\x93NUMPY\x03\x00") + length + little + data)).matrix<double>() == wanted);
  CHECK(vade::read_npy(file(file_of("{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<i2\"}\n", data)))
            .matrix<double>() == wanted);
}

TEST_CASE("A length whose low byte is above 127 is no negative number") {
  const InFile file;
  std::string header = dictionary("|u1", "(1, 2)");
  header.insert(header.size() - 1, 182 - header.size(), ' ');
  CHECK(vade::read_npy(file(file_of(header, "ab"))).rows() == 1);
}

TEST_CASE("Bytes stay bytes, and the last two of three dimensions are an image") {
  const InFile file;
  const Dataset data = vade::read_npy(file(file_of(dictionary("|u1", "(2, 2, 3)"), bytes("\x00\x01\x02\x03\x04\xff"
                                                                                         "abcdef"))));
  CHECK(data.is_bytes());
  CHECK(data.image() == vade::ImageShape{2, 3});
  CHECK(data.matrix<double>()(0, 5) == 1.0);
  CHECK(data.matrix<float>()(0, 3) == 3 * vade::byte_scale<float>);
  // Three dimensions with the first one fastest.
  const Dataset turned = vade::read_npy(file(file_of(dictionary("|u1", "(2, 2, 3)", "True"), "0a2c1b3d4e5f")));
  const Dataset wanted =
      Dataset::from_bytes({'0', '1', '4', '2', '3', '5', 'a', 'b', 'e', 'c', 'd', 'f'}, 2, 6, vade::ImageShape{2, 3});
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
        "label 1 is -1, wanted a whole number from 0 to 2147483647");
  CHECK(file.complaint(file_of(dictionary("<u4", "(1,)"), bytes("\x00\x00\x00\x80")), true) ==
        "label 0 is 2147483648, wanted a whole number from 0 to 2147483647");
  CHECK(file.complaint(by_numpy, true) == "the array is [2 x 3], wanted labels, [N] or [N x 1]");
}

TEST_CASE("What is no such file says where, wanted and got") {
  const InFile file;
  const std::string good = dictionary("|u1", "(2, 2)");
  const auto header = [&](const std::string& text) { return file.complaint(file_of(text, "abcd")); };
  CHECK(header(good) == "");
  CHECK(file.complaint("").starts_with("the file ends inside the magic number of an NPY file, wanted 8 bytes more"));
  CHECK(file.complaint("aaaaaaaa") == "not an NPY file: it does not start with \\x93NUMPY");
  CHECK(file.complaint("PK\x03\x04"
                       "aaaaaaaa") ==
        "not an NPY file: it does not start with \\x93NUMPY; it is a zip archive, such as numpy.savez, PyTorch and "
        "Excel write: "
        "unpack it, or save each array by numpy.save");
  CHECK(file.complaint(bytes("\x80\x04\x95\x10\0\0\0\0"))
            .ends_with("; it is a pickle of Python: save its arrays by numpy.save"));
  CHECK(file.complaint(bytes("\0\0\x08\x03\0\0\0\x01\0\0\0\x01"))
            .ends_with("; it is an IDX file, the format of MNIST: load_idx reads it"));
  CHECK(file.complaint(bytes("\x93NUMPY\x04\x00\x00\x00")) == "version 4.0, wanted 1.0, 2.0 or 3.0");
  CHECK(file.complaint(bytes("\x93NUMPY\x02\x00\xff\xff\xff\xff")) ==
        "a header of 4294967295 bytes, wanted at most 65536");
  CHECK(file.complaint(file_of(good, "abc")).ends_with("the sizes promise 4 bytes of data, but the file can hold 3"));
  CHECK(file.complaint(file_of(good, "abcde")).ends_with("the sizes promise 4 bytes of data, but the file can hold 5"));
  CHECK(header("{}\n") == "character 3 of the header: got no more keys, wanted descr, fortran_order and shape");
  CHECK(header("{'descr': '|u1', 'descr': '|u1'}\n") ==
        "character 26 of the header: got the key 'descr', wanted descr, fortran_order and shape, once each");
  CHECK(header("{'descr': [('a', '<f4')], }\n")
            .ends_with("got '[', wanted a quoted word (types of several fields are not read)"));
  CHECK(header(dictionary("|u1", "(4)")).ends_with("got a number in parentheses, wanted a comma after it"));
  for (const char* shape : {"(-1, 4)", "(abc,)", "(3x,)", "(2, 2", "[2, 2]", "(99999999999999999999,)"})
    CHECK_MESSAGE(header(dictionary("|u1", shape)).starts_with("character "), shape);
  CHECK(header(dictionary("|u1", "(2, 2)", "Maybe")).ends_with("got 'M', wanted True or False"));
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)} + 1\n")
            .ends_with("got more after the dictionary"));
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}") == "the header does not end with its line");
  for (const char* type : {"|O", "<c8", "<U3", "|V4", "<M8", "<f16", "f4", "|i4", "*u1", ""})
    CHECK_MESSAGE(header(dictionary(type, "(2, 2)")).starts_with("entries of type '"), type);
  CHECK(header(dictionary("|u1", "()")).ends_with("but the file can hold 4"));
  CHECK(file.complaint(file_of(dictionary("|u1", "()"), "a")) == "the array has no rows of values");
  CHECK(file.complaint(file_of(dictionary("|u1", "(3, 0)"), "")) == "the array has no rows of values");
  CHECK(file.complaint(file_of(dictionary("|b1", "(2,)"), bytes("\x01\x02"))) == "a boolean that is neither 0 nor 1");
}

TEST_CASE("Sizes that wrap, limits, and entries that are no data are refused") {
  const InFile file;
  CHECK(file.complaint(file_of(dictionary("<f8", "(4294967296, 4294967296)"), ""))
            .starts_with("the shape makes more than"));
  CHECK(file.complaint(file_of(dictionary("<f8", "(0, 18446744073709551615)"), ""))
            .starts_with("the shape makes more than"));
  CHECK(file.complaint(file_of(dictionary("|u1", "(5,)"), "abcde"), false, {.bytes = 4}) ==
        "the shape makes more than the allowed 4 bytes");
  CHECK(file.complaint(file_of(dictionary("<f4", "(1, 2)"), bytes("\x00\x00\x80?\x00\x00\xc0\x7f"))).find("nan") !=
        std::string::npos);
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
            .starts_with("character 2 of the header: got '\\x00'"));
}

TEST_CASE("Every number of 16 bits is read as the float that it is") {
  std::string data;
  for (int i = 0; i < 65536; ++i) data.append({static_cast<char>(i & 0xff), static_cast<char>(i >> 8)});
  const InFile file;
  const vade::NpyArray array = vade::read_npy_array(file(file_of(dictionary("<f2", "(65536,)"), data)));
  REQUIRE((array.kind == 'f' && array.width == 2));
  std::vector<float> values;
  vade::detail::for_each_entry(array, [&](std::size_t, auto value) { values.push_back(static_cast<float>(value)); });
  CHECK(values[0x0000] == 0.0f);
  CHECK(std::signbit(values[0x8000]));
  CHECK(values[0x0001] == 0x1p-24f);  // the smallest
  CHECK(values[0x03ff] == 0x1p-14f - 0x1p-24f);
  CHECK(values[0x0400] == 0x1p-14f);
  CHECK(values[0x3555] == 0.333251953125f);  // as numpy shows it
  CHECK(values[0x3c00] == 1.0f);
  CHECK(values[0xc000] == -2.0f);
  CHECK(values[0x7bff] == 65504.0f);
  CHECK((values[0x7c00] == HUGE_VALF && values[0xfc00] == -HUGE_VALF && std::isnan(values[0x7c01]) &&
         std::isnan(values[0xffff])));
  bool ascends = true;
  for (std::size_t i = 1; i <= 0x7c00; ++i)
    ascends = ascends && values[i] > values[i - 1] && values[i + 0x8000] == -values[i];
  CHECK(ascends);
}

TEST_CASE("Rows of 16-bit reals are floats, in either byte order, and those that are not finite are refused") {
  const InFile file;
  vade::Matrix<float> wanted(1, 3);
  wanted << 1, -2, 0x1p-24f;
  for (const std::string& content : {file_of(dictionary("<f2", "(1, 3)"), bytes("\x00\x3c\x00\xc0\x01\x00")),
                                     file_of(dictionary(">f2", "(1, 3)"), bytes("\x3c\x00\xc0\x00\x00\x01"))})
    CHECK(vade::read_npy(file(content)).fingerprint() == Dataset::from_matrix(wanted).fingerprint());
  CHECK(file.complaint(file_of(dictionary("<f2", "(1, 2)"), bytes("\x00\x3c\x00\x7c"))) ==
        "Dataset::from_matrix: the data has inf at row 0, column 1, wanted finite values");
  CHECK(file.complaint(file_of(dictionary("<f2", "(1, 2)"), bytes("\x00\x3c\x01\x7c"))).find("has nan at") !=
        std::string::npos);
}

TEST_CASE("Images with one channel keep their shape, and images in colour are named as such") {
  const InFile file;
  const auto image = [&](const std::string& shape, std::size_t count) {
    return vade::read_npy(file(file_of(dictionary("|u1", shape), std::string(count, 'x')))).image();
  };
  CHECK(image("(2, 3, 5, 1)", 30) == vade::ImageShape{3, 5});
  CHECK(image("(2, 1, 3, 5)", 30) == vade::ImageShape{3, 5});
  CHECK(image("(2, 1, 3, 1)", 6) == std::nullopt);  // 3 x 1 or 1 x 3
  CHECK(image("(2, 3, 3, 3)", 54) == std::nullopt);
  CHECK(image("(2, 7, 8, 8)", 896) == std::nullopt);
  CHECK(
      file.complaint(file_of(dictionary("|u1", "(2, 8, 9, 3)"), std::string(432, 'x'))) ==
      "the array [2 x 8 x 9 x 3] holds images in colour, wanted grey images, [N x H x W], or rows, [N x D]; in numpy, "
      "x.mean(axis=3) and x.reshape(len(x), -1) make these");
  CHECK(file.complaint(file_of(dictionary("|u1", "(1, 4, 8, 8)"), std::string(256, 'x'))).find("x.mean(axis=1)") !=
        std::string::npos);
}

TEST_CASE("Labels may be a column, and reals that are whole") {
  const InFile file;
  CHECK(vade::read_npy_labels(file(file_of(dictionary("|u1", "(2, 1)"), bytes("\x07\x01")))) == Labels{7, 1});
  CHECK(vade::read_npy_labels(file(file_of(dictionary("<f4", "(2,)"), bytes("\0\0\x80\x3f\0\0\0\x80")))) ==
        Labels{1, 0});
  CHECK(file.complaint(file_of(dictionary("<f4", "(1,)"), bytes("\0\0\xc0\x3f")), true) ==
        "label 0 is 1.5, wanted a whole number from 0 to 2147483647");
  for (const std::string& data :
       {bytes("\0\0\xc0\x7f"), bytes("\0\0\x80\x7f"), bytes("\0\0\x80\xbf"), bytes("\0\0\0\x4f")})
    CHECK(
        file.complaint(file_of(dictionary("<f4", "(1,)"), data), true).starts_with("label 0 is "));  // NaN, ∞, −1, 2^31
  CHECK(file.complaint(file_of(dictionary("|u1", "(1, 2)"), "ab"), true)
            .starts_with("the array is [1 x 2], wanted labels"));
}

TEST_CASE(
    "Entries are put into another order in time that grows with their number, however many dimensions there are") {
  const auto ones = [](int count) {
    std::string shape = "(1048576";
    for (int i = 1; i < count; ++i) shape += ",1";
    return shape + ")";
  };
  const InFile file;
  const Dataset data = vade::read_npy(file(file_of(dictionary("|u1", ones(64), "True"), std::string(1 << 20, 'x'))));
  CHECK((data.rows() == 1 << 20 && data.columns() == 1));
  for (const int count : {65, 20001})
    CHECK(file.complaint(file_of(dictionary("|u1", ones(count), "True"), std::string(1 << 20, 'x')))
              .ends_with("got more than 64 dimensions"));
  // Against plain loops: a size of 1 first, between and last.
  const vade::NpyArray array =
      vade::read_npy_array(file(file_of(dictionary("|u1", "(1, 2, 1, 3, 2, 1)", "True"), "0123456789ab")));
  std::string wanted;
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 2; ++k) wanted += "0123456789ab"[i + 2 * j + 6 * k];
  std::string got;
  for (const std::byte byte : array.bytes) got += static_cast<char>(byte);
  CHECK(got == wanted);
}

TEST_CASE("Messages quote at most 80 bytes of a header, and nothing that controls a terminal") {
  const InFile file;
  const std::string huge(40000, 'x');
  const std::string what = file.complaint(file_of("{'" + huge + "': 1}\n", ""));
  CHECK(what.size() < 250);
  CHECK(what.find("... (40000 bytes)") != std::string::npos);
  CHECK(file.complaint(file_of(dictionary(huge, "(1,)"), "")).size() < 250);
  CHECK(file.complaint(file_of(dictionary("<\x1b"
                                          "4",
                                          "(1,)"),
                               ""))
            .starts_with("entries of type '<\\x1b4', wanted"));
  CHECK(file.complaint(file_of(dictionary(bytes("<\0f4"), "(1,)"), ""))
            .starts_with("entries of type '<\\x00f4', wanted"));
  CHECK(file.complaint(file_of(dictionary("|u1", "(02,)"), "ab")).ends_with("got a number that starts with 0"));
}

TEST_CASE("Limits near the largest number are no overflow, and memory that is not there is a FileError") {
  const InFile file;
  vade::NpyLimits all{.bytes = ~std::uint64_t{0}};
  CHECK(file.complaint(file_of(dictionary("|u1", "(18446744073709551615,)"), "ab"), false, all)
            .starts_with("the shape makes more than"));
  CHECK(file.complaint(file_of(dictionary("|u1", "(9223372036854775807,)"), "ab"), false, all)
            .ends_with("the sizes promise 9223372036854775807 bytes of data, but the file can hold 2"));
  CHECK(file.complaint(file_of(dictionary("|u1", "(2,)"), "ab"), false, all) == "");
  CHECK(tests::message_of<vade::FileError>([] {
          vade::detail::within_memory("file", []() -> int { throw std::bad_alloc(); });
        }) == "file: there is not enough memory for its content");
}

}  // namespace npy_tests
