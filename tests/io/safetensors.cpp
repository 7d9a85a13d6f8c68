// vade: tests of io/safetensors.hpp.
// SPDX-License-Identifier: MIT
#include <vade/io/safetensors.hpp>

#include <algorithm>
#include <fstream>
#include <limits>
#include <new>
#include <string>
#include <thread>

#ifndef _WIN32
#include <sys/stat.h>
#endif

#include <doctest/doctest.h>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"

namespace {

namespace fs = std::filesystem;
using tests::Folder;
using tests::message_of;
using vade::FileError;
using vade::Matrix;
using vade::NonFinite;
using vade::SafetensorsFile;
using vade::SafetensorsWriter;

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

/// A file with this header and this many zero bytes of data.
std::vector<std::byte> file(const std::string& header, std::size_t data = 0) {
  std::string text;
  for (int shift = 0; shift < 64; shift += 8) text += static_cast<char>(std::uint64_t{header.size()} >> shift & 0xff);
  return bytes_of(text + header + std::string(data, '\0'));
}

/// What reading says after the path, or "" if nothing.
std::string complaint(std::vector<std::byte> content, vade::SafetensorsLimits limits = {}) {
  try {
    SafetensorsFile::parse(std::move(content), "file", limits);
  } catch (const vade::FileError& error) {
    const std::string what = error.what();
    CHECK(what.starts_with("file: "));
    return what.substr(6);
  }
  return "";
}

std::string entry(const std::string& fields) { return "{\"a\":{" + fields + "}}"; }

SafetensorsWriter example() {
  SafetensorsWriter writer;
  Matrix<float> weights(2, 3);
  weights << 1, 2, 3, 4, 5, 6.5f;
  writer.add("weights", weights);
  writer.add("means", Matrix<double>(Matrix<double>::Constant(1, 2, 0.1)));
  writer.add_integers("step", std::vector<std::uint64_t>{18446744073709551615u});
  writer.add_integers("labels", std::vector<std::int64_t>{-9223372036854775807, 3});
  writer.add("nothing", Matrix<float>(0, 4));
  writer.set_metadata("model", "Vade \"quoted\" \n \xC3\xA9");
  return writer;
}

}  // namespace

TEST_CASE("Matrices, integers and metadata come back, through a file") {
  const Folder folder;
  const fs::path path = folder.path / "model.safetensors";
  example().save(path);
  const SafetensorsFile loaded = SafetensorsFile::load(path);
  CHECK(loaded.names() == std::vector<std::string>{"labels", "means", "nothing", "step", "weights"});
  CHECK(loaded.matrix<float>("weights", 2, 3)(1, 2) == 6.5f);
  CHECK(loaded.matrix<double>("weights", 2, 3)(0, 1) == 2.0);
  CHECK(loaded.matrix<double>("means", 1, 2)(0, 1) == 0.1);
  CHECK(loaded.matrix<float>("means", 1, 2)(0, 1) == 0.1f);
  CHECK(loaded.matrix<float>("nothing", 0, 4).rows() == 0);
  CHECK(loaded.unsigned_integers("step") == std::vector<std::uint64_t>{18446744073709551615u});
  CHECK(loaded.integers("labels") == std::vector<std::int64_t>{-9223372036854775807, 3});
  CHECK(loaded.metadata() == std::map<std::string, std::string>{{"model", "Vade \"quoted\" \n \xC3\xA9"}});
  CHECK(loaded.has_checksums());
  CHECK(loaded.contains("step"));
  CHECK_FALSE(loaded.contains("Step"));
  CHECK(loaded.tensor("weights").dtype == vade::Dtype::f32);
  CHECK(reinterpret_cast<std::uintptr_t>(loaded.tensor("means").bytes.data()) % 8 == 0);
  const SafetensorsFile copy = loaded;
  CHECK(copy.tensor("weights").bytes.data() == loaded.tensor("weights").bytes.data());
}

TEST_CASE("The same content gives the same bytes, in whatever order it was added") {
  SafetensorsWriter writer;
  writer.set_metadata("model", "Vade \"quoted\" \n \xC3\xA9");
  writer.add<float>("nothing", Matrix<float>(0, 4));
  writer.add_integers("labels", std::vector<std::int64_t>{-9223372036854775807, 3});
  writer.add_integers("step", std::vector<std::uint64_t>{18446744073709551615u});
  writer.add("means", Matrix<double>::Constant(1, 2, 0.1));
  Matrix<float> wide = Matrix<float>::Zero(2, 5);
  wide.leftCols(3) << 1, 2, 3, 4, 5, 6.5f;
  writer.add<float>("weights", wide.leftCols(3));
  CHECK(writer.bytes() == example().bytes());
}

TEST_CASE("A file written by hand, as other tools do, is read without checksums") {
  const auto content = file(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}, "e":{"dtype":"I8","shape":[0,3],)"
                            R"("data_offsets":[4,4]},"s":{"data_offsets":[4,12],"shape":[],"dtype":"F64"},)"
                            R"("__metadata__":{"format":"pt"}}  )",
                            12);
  const SafetensorsFile loaded = SafetensorsFile::parse(content, "file");
  CHECK_FALSE(loaded.has_checksums());
  CHECK(loaded.metadata().at("format") == "pt");
  CHECK(loaded.tensor("s").shape.empty());
  CHECK(loaded.matrix<float>("x", 1, 1)(0, 0) == 0.0f);
  CHECK(complaint(file("{}")).empty());
}

TEST_CASE("Every rule of the format that is broken is named") {
  const std::string good = R"("dtype":"F32","shape":[2,1],"data_offsets":[0,8])";
  CHECK(complaint(file(entry(good), 8)).empty());
  CHECK(complaint(bytes_of("1234567")) == "holds 7 bytes, wanted at least 8");
  CHECK(complaint(bytes_of(std::string(8, '\xff'))) ==
        "byte 0: the header length is 18446744073709551615, wanted at most 0");
  CHECK(complaint(file(entry(good), 8), {.header_bytes = 10}).starts_with("byte 0: the header length is "));
  CHECK(complaint(bytes_of(std::string("PK\3\4\x14\0\0\0aaaa", 12))).ends_with("; it is a zip archive, such as numpy.savez, PyTorch and Excel write: "
                                                                  "unpack it, or save each array by numpy.save"));
  CHECK(complaint(bytes_of(std::string("\x93NUMPY\1\0v\0", 10))).ends_with("; it is an NPY file, an array of numpy: read_npy reads it"));
  CHECK(complaint(file("")) == "byte 8: the header does not start with '{'");
  CHECK(complaint(file(" {}")) == "byte 8: the header does not start with '{'");
  CHECK(complaint(file("\xEF\xBB\xBF{}")) == "byte 8: the header does not start with '{'");
  CHECK(complaint(file("[]")) == "byte 8: the header does not start with '{'");
  CHECK(complaint(file("{}" + std::string(6, '\0'))) == "byte 15: only spaces may follow the header's '}'");
  CHECK(complaint(file("{}\n")) == "byte 10: only spaces may follow the header's '}'");
  CHECK(complaint(file("{}{}")) == "malformed JSON or UTF-8 at byte 10");
  CHECK(complaint(file("{\"\xff\":1}")).starts_with("malformed JSON or UTF-8"));
  CHECK(complaint(file("{\"a\":1}")) == "got the number 1 at \"a\", wanted an object for each tensor");
  CHECK(complaint(file(R"({"__metadata__":{"a":1}})")) == "got the number 1 at \"a\", wanted strings in __metadata__");
  CHECK(complaint(file(R"({"__metadata__":{"a":{}}})")) == "got an object at \"a\", wanted strings in __metadata__");
  CHECK(complaint(file(R"({"__metadata__":{"a":"1","a":"2"}})")) == "duplicate key \"a\"");
  CHECK(complaint(file(R"({"__metadata__":{},"__metadata__":{}})")) == "duplicate key \"__metadata__\"");
  CHECK(complaint(file("{\"a\":{" + good + "},\"a\":{" + good + "}}", 8)) == "duplicate key \"a\"");
  CHECK(complaint(file(entry(good + ",\"shape\":[2,1]"), 8)) == "duplicate key \"shape\"");
  CHECK(complaint(file(entry(good + ",\"more\":1"), 8)) == "tensor \"a\" has an unknown field \"more\"");
  CHECK(complaint(file(entry(R"("dtype":"F32","shape":[2])"), 8)) ==
        "tensor \"a\" lacks one of dtype, shape, data_offsets");
  CHECK(complaint(file(entry(R"("dtype":"F31","shape":[2],"data_offsets":[0,8])"), 8)) ==
        "tensor \"a\" has an unknown dtype \"F31\"");
  CHECK(complaint(file(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"), 8)) ==
        "tensor \"a\" has 3 data_offsets, wanted 2");
  for (const char* const number :
       {"-1", "-0", "2.0", "2e0", "9223372036854775808", "18446744073709551617", "\"2\"", "null", "true", "[2]", "{}"})
    CHECK(complaint(file(entry(std::string(R"("dtype":"F32","shape":[)") + number + R"(],"data_offsets":[0,8])"), 8))
              .starts_with("got "));
  CHECK(complaint(file(entry(R"("dtype":["F32"],"shape":[2],"data_offsets":[0,8])"), 8)).starts_with("got an array"));
  CHECK(complaint(file(entry(R"("dtype":"F32","shape":"2","data_offsets":[0,8])"), 8)).starts_with("got a string"));
}

TEST_CASE("Tensors that overflow, overlap, leave gaps or end elsewhere are refused") {
  const auto tensor = [](const std::string& shape, const std::string& offsets) {
    return entry("\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets + "]");
  };
  const std::string most = "9223372036854775807";
  CHECK(complaint(file(tensor("4294967296,4294967296", "0,0"))).find("absurd shape") != std::string::npos);
  CHECK(complaint(file(tensor("0,4294967296,4294967296", "0,0"))).find("absurd shape") != std::string::npos);
  CHECK(complaint(file(tensor(most, "0,8"), 8)).find("absurd shape") != std::string::npos);
  CHECK(complaint(file(tensor("2", "8,0"), 8)) == "tensor \"a\" lies at bytes 8 to 0 of 8");
  CHECK(complaint(file(tensor("2", "0," + most), 8)).starts_with("tensor \"a\" lies at bytes 0 to 9223"));
  CHECK(complaint(file(tensor("3", "0,8"), 8)) == "tensor \"a\" has 8 bytes, but F32 [3] needs 12");
  CHECK(complaint(file(tensor("1,2,1,1,1,1,1,2", "0,8"), 8)).find("needs 16") != std::string::npos);
  CHECK(complaint(file(tensor("2", "4,12"), 12)).find("after a gap") != std::string::npos);
  CHECK(complaint(file(tensor("2", "0,8"), 9)).find("1 bytes follow the last tensor") != std::string::npos);
  CHECK(complaint(file("{}", 1)).find("1 bytes follow the last tensor") != std::string::npos);
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"I8","shape":[4],"data_offsets":[)" + first +
           R"(]},"b":{"dtype":"I8","shape":[4],"data_offsets":[)" + second + "]}}";
  };
  CHECK(complaint(file(two("4,8", "0,4"), 8)).empty());
  CHECK(complaint(file(two("0,4", "0,4"), 4)).find("inside another one") != std::string::npos);
  CHECK(complaint(file(two("0,4", "3,7"), 7)).find("inside another one") != std::string::npos);
  CHECK(complaint(file(two("0,4", "5,9"), 9)).find("after a gap") != std::string::npos);
}

TEST_CASE("Every cut of a file is refused") {
  const std::vector<std::byte> whole = example().bytes();
  CHECK(complaint(whole).empty());
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(complaint({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}).empty());
  std::vector<std::byte> longer = whole;
  longer.push_back(std::byte{0});
  CHECK_FALSE(complaint(longer).empty());
}

#ifndef _WIN32
TEST_CASE("The header is checked before the rest is read, and then exactly what it announces is read") {
  static std::size_t bytes_read = 0, largest = 0;
  const auto load = [](const fs::path& path) {
    bytes_read = largest = 0;
    vade::file_system.read = [](int file, void* bytes, std::size_t size) {
      const std::ptrdiff_t count = vade::FileSystem().read(file, bytes, size);
      bytes_read += static_cast<std::size_t>(std::max<std::ptrdiff_t>(count, 0));
      largest = std::max(largest, size);
      return count;
    };
    const std::string said = message_of<FileError>([&] { SafetensorsFile::load(path); });
    vade::file_system = {};
    CHECK((said == tests::nothing_thrown || said.starts_with(path.string() + ": ")));
    return said == tests::nothing_thrown ? said : said.substr(path.string().size() + 2);
  };
  const Folder folder;
  const fs::path path = folder.path / "file";
  CHECK(load("/dev/zero") == "byte 8: the header does not start with '{'");
  CHECK(bytes_read == 8);
  vade::write_file_atomically(path, "");
  fs::resize_file(path, std::uintmax_t{12} << 30);
  CHECK(load(path) == "byte 8: the header does not start with '{'");
  CHECK(bytes_read == 8);

  const std::string huge = "2147483648";
  const auto claim = file(R"({"a":{"dtype":"F32","shape":[)" + huge + R"(],"data_offsets":[0,8589934592]}})", 100);
  vade::write_file_atomically(path, std::span(claim));
  CHECK(load(path) == "tensor \"a\" lies at bytes 0 to 8589934592 of 100");
  CHECK(bytes_read == claim.size() - 100);

  const auto whole = example().bytes();
  vade::write_file_atomically(path, std::span(whole));
  CHECK(load(path) == tests::nothing_thrown);
  CHECK(bytes_read == whole.size());
  fs::resize_file(path, std::uintmax_t{12} << 30);
  CHECK(load(path).ends_with(" bytes follow the last tensor"));
  CHECK(bytes_read < whole.size());
  fs::resize_file(path, std::uintmax_t{1} << 40);
  CHECK(load(path) == "holds 1099511627776 bytes, wanted at most 17179869184");
  CHECK(bytes_read == 0);

  // A pipe does not say its size: memory grows with what comes out of it.
  const fs::path pipe = folder.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(load(pipe) == "a pipe that no program writes to");
  const auto through_pipe = [&](const std::vector<std::byte>& content) {
    std::thread writer([&] {
      std::ofstream(pipe, std::ios::binary).write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    });
    // Opened here, so that the loader finds a writer.
    const vade::InputFile held(pipe);
    writer.join();
    return load(pipe);
  };
  CHECK(through_pipe(whole) == tests::nothing_thrown);
  CHECK(through_pipe(claim).ends_with(vade::detail::message("ends at byte ", claim.size(), ", wanted ", claim.size() - 100 + 8589934592u, " bytes")));
  CHECK(largest <= std::size_t{1} << 24);
}
#endif

TEST_CASE("Where memory ends, reading is a FileError") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  example().save(path);
  vade::file_system.read = [](int, void*, std::size_t) -> std::ptrdiff_t { throw std::bad_alloc(); };
  const std::string said = message_of<FileError>([&] { SafetensorsFile::load(path); });
  const std::string of_file = message_of<FileError>([&] { vade::read_file(path, 1000); });
  vade::file_system = {};
  CHECK(said == path.string() + ": there is not enough memory to read it");
  CHECK(of_file == said);
}

TEST_CASE("A message shows foreign bytes in one short line without control characters") {
  const std::string odd = "\\u001b[2J\\u0000\\n" + std::string(1 << 20, 'x');
  for (const std::string& header :
       {"{\"" + odd + "\":1}", "{\"" + odd + "\":{\"dtype\":\"" + odd + "\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"" + odd + "\":1}}", "{\"__metadata__\":{\"" + odd + "\":\"\",\"" + odd + "\":\"\"}}",
        "{\"" + odd + "\":{\"dtype\":\"F32\",\"shape\":[" + std::string(20000, '1') + "],\"data_offsets\":[0,4]}}",
        "{\"" + odd + "\":{\"dtype\":\"I8\",\"shape\":[1" + [] {
          std::string ones;
          for (int i = 0; i < 5000; ++i) ones += ",1";
          return ones;
        }() + "],\"data_offsets\":[0,4]}}"}) {
    const std::string said = complaint(file(header, 4));
    CHECK(said.size() > 10);
    CHECK(said.size() < 300);
    CHECK(std::ranges::all_of(said, [](char c) { return c >= ' ' && c <= '~'; }));
  }
}

TEST_CASE("Every bit that flips is noticed") {
  for (const std::vector<std::byte>& whole : {example().bytes(), SafetensorsWriter().bytes()}) {
    const SafetensorsFile clean = SafetensorsFile::parse(whole, "file");
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (int bit = 0; bit < 8; ++bit) {
        std::vector<std::byte> damaged = whole;
        damaged[i] ^= static_cast<std::byte>(1 << bit);
        if (!complaint(damaged).empty()) continue;
        // Not noticed: then it says the same, as the case of a digit in \u00e9 would.
        const SafetensorsFile same = SafetensorsFile::parse(damaged, "file");
        CHECK(same.names() == clean.names());
        CHECK(same.metadata() == clean.metadata());
        CHECK(same.has_checksums());
      }
  }
  std::vector<std::byte> last = example().bytes();
  last.back() ^= std::byte{1};
  CHECK(complaint(last).starts_with("tensor \"weights\" is damaged: its checksum is "));
}

TEST_CASE("Any byte in place of any other gives an error or the same content, never a crash") {
  const std::vector<std::byte> whole = file(entry(R"("dtype":"I8","shape":[2],"data_offsets":[0,2])"), 2);
  int refused = 0;
  for (std::size_t i = 0; i < whole.size() - 2; ++i)
    for (int value = 0; value < 256; ++value) {
      std::vector<std::byte> damaged = whole;
      damaged[i] = static_cast<std::byte>(value);
      try {
        const SafetensorsFile loaded = SafetensorsFile::parse(damaged, "file");
        for (const std::string& name : loaded.names()) CHECK(loaded.tensor(name).bytes.size() == 2);
      } catch (const vade::FileError&) {
        ++refused;
      }
    }
  CHECK(refused > 10000);
}

TEST_CASE("A wrong name, shape, type or count of tensors is named") {
  const SafetensorsFile loaded = SafetensorsFile::parse(example().bytes(), "file");
  CHECK(message_of<FileError>([&] { loaded.matrix<float>("bias", 1, 1); }) == "file: has no tensor \"bias\"");
  CHECK(message_of<FileError>([&] { loaded.matrix<float>("weights", 3, 2); }) ==
        "file: tensor \"weights\" is [2 x 3], wanted [3 x 2]");
  CHECK(message_of<FileError>([&] { loaded.matrix<float>("step", 1, 1); }) ==
        "file: tensor \"step\" is U64, wanted F32 or F64");
  CHECK(message_of<FileError>([&] { loaded.integers("step"); }) == "file: tensor \"step\" is U64, wanted I64");
  CHECK(message_of<FileError>([&] { loaded.unsigned_integers("weights"); }) ==
        "file: tensor \"weights\" is F32, wanted U64");
  std::vector<std::string> wanted = loaded.names();
  loaded.check_names(wanted);
  wanted.pop_back();
  CHECK(message_of<FileError>([&] { loaded.check_names(wanted); }) ==
        "file: has a tensor \"weights\" that was not wanted");
  wanted.push_back("bias");
  CHECK(message_of<FileError>([&] { loaded.check_names(wanted); }) == "file: has no tensor \"bias\"");
}

TEST_CASE_TEMPLATE("Numbers that are not finite pass only where they are allowed", T, float, double) {
  Matrix<T> bad = Matrix<T>::Zero(2, 2);
  bad(1, 0) = std::numeric_limits<T>::quiet_NaN();
  SafetensorsWriter writer;
  CHECK_THROWS_WITH_AS(writer.add("w", bad), "SafetensorsWriter: w has nan at row 1, column 0, wanted finite values",
                       vade::ValueError);
  writer.add("w", bad, NonFinite::allow);
  const SafetensorsFile loaded = SafetensorsFile::parse(writer.bytes(), "file");
  CHECK(std::isnan(loaded.matrix<T>("w", 2, 2, NonFinite::allow)(1, 0)));
  CHECK(message_of<FileError>([&] { loaded.matrix<T>("w", 2, 2); }) ==
        "file: tensor \"w\" has nan at row 1, column 0, wanted finite values");
}

TEST_CASE("A double that no float can hold is refused and not made infinite") {
  SafetensorsWriter writer;
  writer.add("w", Matrix<double>::Constant(1, 1, 1e300));
  const SafetensorsFile loaded = SafetensorsFile::parse(writer.bytes(), "file");
  CHECK(loaded.matrix<double>("w", 1, 1)(0, 0) == 1e300);
  CHECK_THROWS_AS(loaded.matrix<float>("w", 1, 1), vade::FileError);
}

TEST_CASE("The writer refuses what could not be read back, and leaves the old file") {
  SafetensorsWriter writer = example();
  CHECK_THROWS_AS(writer.add("weights", Matrix<float>::Zero(1, 1)), vade::ValueError);
  CHECK_THROWS_AS(writer.add("__metadata__", Matrix<float>::Zero(1, 1)), vade::ValueError);
  CHECK_THROWS_AS(writer.add("\xff", Matrix<float>::Zero(1, 1)), vade::ValueError);
  CHECK_THROWS_AS(writer.set_metadata("file", "\xC3"), vade::ValueError);
  CHECK_THROWS_AS(writer.set_metadata("\xC3", "file"), vade::ValueError);
  CHECK_THROWS_AS(writer.set_metadata("vade.crc32.header", "0"), vade::ValueError);
  CHECK_THROWS_AS(writer.add_bytes("b", vade::Dtype::i16, {2}, std::vector<std::byte>(3)), vade::ValueError);
  CHECK_THROWS_AS(writer.add_bytes("b", vade::Dtype::u8, {-1}, {}), vade::ValueError);
  CHECK(writer.bytes() == example().bytes());
  const Folder folder;
  CHECK_THROWS_AS(writer.save(folder.path / "none" / "model"), vade::FileError);
  CHECK_THROWS_AS(SafetensorsFile::load(folder.path / "none"), vade::FileError);
  writer.save(folder.path / "model");
  CHECK_THROWS_AS(SafetensorsFile::load(folder.path / "model", {.file_bytes = 100}), vade::FileError);
}
