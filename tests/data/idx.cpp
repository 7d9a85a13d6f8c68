// vade: tests of data/idx.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/idx.hpp>

#include <unistd.h>

#include <cstring>
#include <string>

#include <doctest/doctest.h>

#include <zlib.h>

#include "../support/folder.hpp"
#include "support.hpp"

namespace {

namespace fs = std::filesystem;
using tests::array_of;
using tests::Folder;
using vade::IdxArray;
using vade::IdxType;

/// One gzip member.
std::string gzip(const std::string& plain, int level = 6) {
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(plain.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

template <std::size_t N>
std::string bytes(const char (&text)[N]) {
  return std::string(text, N - 1);
}

/// What reading `content` says: "" or the message after the path.
std::string complaint(const Folder& folder, const std::string& content, vade::IdxLimits limits = {}) {
  const fs::path path = folder.path / "file";
  vade::write_file_atomically(path, content);
  try {
    vade::read_idx(path, limits);
  } catch (const vade::FileError& error) {
    const std::string what = error.what();
    CHECK(what.starts_with(path.string() + ": "));
    return what.substr(path.string().size() + 2);
  }
  return "";
}

const std::string small = bytes(
    "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
    "abcdef");

}  // namespace

TEST_CASE("A file of known bytes is read element by element, big-endian") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  vade::write_file_atomically(path, bytes("\0\0\x0B\x01\0\0\0\x02\x01\x02\xff\xfe"));
  const IdxArray shorts = vade::read_idx(path);
  CHECK(shorts.type == IdxType::i16);
  CHECK(shorts.shape == std::vector<std::size_t>{2});
  CHECK(shorts.as<std::int16_t>() == std::vector<std::int16_t>{258, -2});
  vade::write_file_atomically(path, bytes("\0\0\x0D\x01\0\0\0\x01\x3f\xc0\0\0"));
  CHECK(vade::read_idx(path).as<float>() == std::vector<float>{1.5f});
}

TEST_CASE("Every element type and every rank from 1 to 8 comes back, plain and gzip") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  for (std::size_t rank = 1; rank <= 8; ++rank) {
    std::vector<std::size_t> shape(rank, 1);
    shape[rank - 1] = 2;
    shape[0] = rank == 1 ? 4 : 2;
    const IdxArray arrays[] = {array_of<std::uint8_t>(IdxType::u8, {0, 1, 127, 255}, shape),
                               array_of<std::int8_t>(IdxType::i8, {-128, -1, 0, 127}, shape),
                               array_of<std::int16_t>(IdxType::i16, {-32768, -2, 258, 32767}, shape),
                               array_of<std::int32_t>(IdxType::i32, {-2147483647, -3, 66051, 5}, shape),
                               array_of<float>(IdxType::f32, {-1.5f, 0.1f, 3e38f, 1e-40f}, shape),
                               array_of<double>(IdxType::f64, {-1.5, 0.1, 1e308, 5e-324}, shape)};
    for (const IdxArray& array : arrays) {
      vade::write_idx(path, array);
      const std::vector<std::byte> plain = vade::read_file(path, 1000);
      for (const bool zipped : {false, true}) {
        if (zipped) {
          const auto* first = reinterpret_cast<const char*>(plain.data());
          vade::write_file_atomically(path, gzip(std::string(first, plain.size())));
        }
        const IdxArray again = vade::read_idx(path);
        CHECK(again.type == array.type);
        CHECK(again.shape == array.shape);
        CHECK(again.bytes == array.bytes);
        CHECK(again.count() == 4);
      }
    }
  }
}

TEST_CASE("Elements become other numbers only where nothing is lost but digits") {
  const IdxArray wide = array_of<std::int32_t>(IdxType::i32, {3, -1, 300}, {3});
  CHECK(wide.as<double>() == std::vector<double>{3, -1, 300});
  CHECK(wide.as<std::int16_t>() == std::vector<std::int16_t>{3, -1, 300});
  CHECK_THROWS_WITH_AS(wide.as<std::uint8_t>(), "IdxArray: element 1 is -1, wanted at least 0 and at most 255",
                       vade::ValueError);
  CHECK_THROWS_AS(wide.as<std::int8_t>(), vade::ValueError);
  const IdxArray real = array_of<double>(IdxType::f64, {0.1}, {1});
  CHECK(real.as<float>() == std::vector<float>{0.1f});
  CHECK_THROWS_AS(real.as<int>(), vade::ValueError);
}

TEST_CASE("Malformed headers are named by byte, wanted and got") {
  const Folder folder;
  CHECK(complaint(folder, small).empty());
  CHECK(complaint(folder, "") == "byte 0: the file ends inside the magic number of an IDX file, wanted 4 bytes more");
  CHECK(complaint(folder, "PK\3\4 and so on") ==
        "byte 0: not an IDX file: it starts with 80, 75, wanted 0, 0; it is a zip archive, such as numpy.savez, "
        "PyTorch and "
        "Excel write: unpack it, or save each array by numpy.save");
  CHECK(complaint(folder, bytes("\0\0\x0A\1\0\0\0\0")) == "byte 2: element type 10, wanted 8, 9, 11, 12, 13 or 14");
  for (const char type : {'\x00', '\x07', '\x0F', '\xff'})
    CHECK(complaint(folder, bytes("\0\0") + type + bytes("\1\0\0\0\0")).starts_with("byte 2: element type"));
  CHECK(complaint(folder, bytes("\0\0\x08\0")) == "byte 3: 0 dimensions, wanted 1 to 8");
  CHECK(complaint(folder, bytes("\0\0\x08\x09") + std::string(36, '\0')) == "byte 3: 9 dimensions, wanted 1 to 8");
  CHECK(complaint(folder, small.substr(0, 10)) == "byte 10: the file ends inside the sizes, wanted 2 bytes more");
  CHECK(complaint(folder, small + "g") == "byte 12: the sizes promise 6 bytes of data, but the file can hold 7");
  CHECK(complaint(folder, small.substr(0, 17)) ==
        "byte 12: the sizes promise 6 bytes of data, but the file can hold 5");
  CHECK(complaint(folder, gzip("PK\3\4"))
            .starts_with(
                "decompressed byte 0: not an IDX file: it starts with 80, 75, wanted 0, 0; it is a zip archive"));
  CHECK(complaint(folder, bytes("\x93NUMPY\x01\0v\0{'descr'"))
            .ends_with("; it is an NPY file, an array of numpy: read_npy reads it"));
  CHECK(complaint(folder, "1,2,3\n") == "byte 0: not an IDX file: it starts with 49, 44, wanted 0, 0");
  CHECK(complaint(folder, bytes("\0\0\x08\x01\xff\xff\xff\xff"), {.bytes = ~std::uint64_t{0}})
            .ends_with("the sizes promise 4294967295 bytes of data, but the file can hold 0"));
  CHECK(complaint(folder, bytes("\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x01"), {.bytes = ~std::uint64_t{0}})
            .starts_with("byte 8: size 4294967295 of dimension 1 makes more than the allowed 9223372036854775807"));
}

TEST_CASE("Absurd sizes are refused before memory is taken") {
  const Folder folder;
  const std::string most(4, '\xff');
  CHECK(complaint(folder, bytes("\0\0\x08\1") + most) ==
        "byte 8: the sizes promise 4294967295 bytes of data, but the file can hold 0");
  CHECK(complaint(folder, bytes("\0\0\x08\2") + most + most) ==
        "byte 8: size 4294967295 of dimension 1 makes more than the allowed 4294967296 bytes");
  std::string product = bytes("\0\0\x0E\x08");
  for (int i = 0; i < 8; ++i) product += most;
  CHECK(complaint(folder, product).find("makes more than") != std::string::npos);
  // 2^32 x 2^32 wraps to 0 in 64 bits, and a size of 0 must not excuse the others.
  const std::string half = bytes("\x80\0\0\0");
  CHECK(complaint(folder, bytes("\0\0\x08\3") + half + half + bytes("\0\0\0\4")).find("makes more than") !=
        std::string::npos);
  CHECK(complaint(folder, bytes("\0\0\x08\3") + bytes("\0\0\0\0") + most + most).find("makes more than") !=
        std::string::npos);
  CHECK(complaint(folder, gzip(bytes("\0\0\x08\1\x7f\0\0\0")))
            .starts_with(
                "decompressed byte 8: the sizes promise 2130706432 bytes of data, but the file can hold at most "));
  CHECK(complaint(folder, small, {.bytes = 6}).empty());
  CHECK(complaint(folder, small, {.bytes = 5}) == "byte 8: size 3 of dimension 1 makes more than the allowed 5 bytes");
  CHECK(complaint(folder, bytes("\0\0\x08\1\0\0\0\0")).empty());
}

TEST_CASE("A sparse file that is as long as it claims is refused by the limit") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  vade::write_file_atomically(path, bytes("\0\0\x08\2\0\1\0\0\0\1\0\0"));
  fs::resize_file(path, 12 + (std::uintmax_t{1} << 32));
  CHECK_THROWS_AS(vade::read_idx(path, {.bytes = 1 << 20}), vade::FileError);
}

TEST_CASE("Every prefix of a plain or gzip file is refused") {
  const Folder folder;
  const std::string two_members = gzip(small.substr(0, 9)) + gzip(small.substr(9));
  for (const std::string& whole : {small, gzip(small), gzip(small, 0), two_members}) {
    CHECK(complaint(folder, whole).empty());
    for (std::size_t length = 0; length < whole.size(); ++length)
      CHECK_FALSE(complaint(folder, whole.substr(0, length)).empty());
  }
  const std::string zipped = gzip(small);
  CHECK(complaint(folder, zipped.substr(0, zipped.size() - 1)) ==
        "the gzip stream is truncated at byte " + std::to_string(zipped.size() - 1));
}

TEST_CASE("What follows or damages a gzip stream is noticed") {
  const Folder folder;
  const std::string zipped = gzip(small);
  CHECK(complaint(folder, zipped + "xy") ==
        "other bytes follow the gzip stream at byte " + std::to_string(zipped.size()));
  CHECK(complaint(folder, zipped + "\x1f") ==
        "other bytes follow the gzip stream at byte " + std::to_string(zipped.size()));
  CHECK(complaint(folder, gzip(small + "g")) ==
        "decompressed byte 18: more data than the 6 bytes that the sizes promise");
  CHECK(complaint(folder, zipped + gzip("g")) ==
        "decompressed byte 18: more data than the 6 bytes that the sizes promise");
  CHECK(complaint(folder, zipped + gzip("")).empty());
  CHECK(complaint(folder, gzip(small.substr(0, 15))) ==
        "decompressed byte 15: the file ends after 3 bytes of data, wanted 6");
  vade::write_file_atomically(folder.path / "whole", zipped);
  int refused = 0;
  for (std::size_t i = 0; i < zipped.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = zipped;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      const bool refuses = !complaint(folder, damaged).empty();
      // Time and system in the gzip header and the padding of the last block say nothing about the data.
      if (!refuses) CHECK(vade::read_idx(folder.path / "file").bytes == vade::read_idx(folder.path / "whole").bytes);
      refused += refuses;
    }
  CHECK(refused > static_cast<int>(zipped.size() - 7) * 8 - 10);  // all but those
}

TEST_CASE("A plain or gzip file may come through a pipe, and one that is cut while it is read is an error") {
  for (const std::string& content : {small, gzip(small)}) {
    int ends[2] = {};
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::write(ends[1], content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    ::close(ends[1]);
    CHECK(vade::read_idx("/dev/fd/" + std::to_string(ends[0])).count() == 6);
    ::close(ends[0]);
  }
  const Folder folder;
  static fs::path path;
  path = folder.path / "file";
  std::string noise(200000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>((i * i >> 3) * 2654435761u >> 13);
  const std::string plain = bytes("\0\0\x08\x01\0\x03\x0d\x40") + noise;
  for (const std::string& content : {plain, gzip(plain, 0)}) {
    vade::write_file_atomically(path, content);
    CHECK(vade::read_idx(path).count() == 200000);
    vade::file_system.read = [](int number, void* to, std::size_t size) {
      const std::ptrdiff_t count = vade::FileSystem().read(number, to, size);
      fs::resize_file(path, 150000);
      return count;
    };
    std::string what;
    try {
      vade::read_idx(path);
    } catch (const vade::FileError& error) {
      what = error.what();
    }
    vade::file_system = {};
    CHECK(what.find("changed while it was read") != std::string::npos);
  }
}

TEST_CASE("Large data crosses the internal buffers") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  IdxArray array{IdxType::i32, {5000, 1000}, std::vector<std::byte>(20'000'000)};
  for (std::size_t i = 0; i < array.bytes.size(); ++i) array.bytes[i] = static_cast<std::byte>(i * i >> 7);
  vade::write_idx(path, array);
  CHECK(vade::read_idx(path).bytes == array.bytes);
  const std::vector<std::byte> plain = vade::read_file(path, 1 << 25);
  vade::write_file_atomically(path, gzip(std::string(reinterpret_cast<const char*>(plain.data()), plain.size()), 1));
  CHECK(vade::read_idx(path).bytes == array.bytes);
}

TEST_CASE("Arrays that the format cannot hold are not written") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  CHECK_THROWS_AS(vade::write_idx(path, IdxArray{IdxType::u8, {}, {}}), vade::ValueError);
  CHECK_THROWS_AS(vade::write_idx(path, IdxArray{IdxType::u8, std::vector<std::size_t>(9, 1), {std::byte{1}}}),
                  vade::ValueError);
  CHECK_THROWS_WITH_AS(vade::write_idx(path, IdxArray{IdxType::i32, {3}, std::vector<std::byte>(3)}),
                       "write_idx: 3 bytes, but the shape wants 12", vade::ValueError);
  CHECK_THROWS_AS(vade::write_idx(path, IdxArray{IdxType::u8, {std::size_t{1} << 32, 0}, {}}), vade::ValueError);
  CHECK_THROWS_AS(vade::write_idx(path, IdxArray{static_cast<IdxType>(1), {0}, {}}), vade::ValueError);
  CHECK_FALSE(fs::exists(path));
  CHECK_THROWS_AS(vade::read_idx(path), vade::FileError);
  CHECK_THROWS_AS(vade::read_idx(folder.path), vade::FileError);
}
