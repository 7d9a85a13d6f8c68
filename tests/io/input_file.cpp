// vade: tests of io/input_file.hpp.
// SPDX-License-Identifier: MIT
#include <vade/io/input_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"

namespace input_file_tests {

TEST_CASE("A file gives its bytes in order, those of lines and of texts as they are, and its size") {
  const tests::Folder folder;
  const std::string content("a\r\nb\n\x1a\0c", 8);
  std::ofstream(folder.path / "file", std::ios::binary) << content;
  vade::InputFile file(folder.path / "file");
  CHECK(file.size() == content.size());
  CHECK(file.path() == folder.path / "file");
  std::string read;
  std::array<char, 3> bytes = {};
  while (const std::size_t count = file.read(std::as_writable_bytes(std::span(bytes)))) {
    read.append(bytes.data(), count);
    CHECK(file.offset() == read.size());
  }
  CHECK(read == content);
}

TEST_CASE("A device has no size, and a file that is not there is named") {
  CHECK(vade::InputFile("/dev/null").size() == std::nullopt);
  CHECK(tests::message_of<vade::FileError>([] { vade::InputFile("none/file"); }) ==
        "none/file: cannot open: No such file or directory");
}

TEST_CASE("A read that fails names the byte") {
  const tests::Folder folder;
  std::ofstream(folder.path / "file") << "12345";
  vade::InputFile file(folder.path / "file");
  std::array<std::byte, 3> bytes = {};
  CHECK(file.read(bytes) == 3);
  vade::file_system.read = [](int, void*, std::size_t) -> std::ptrdiff_t {
    errno = EIO;
    return -1;
  };
  const std::string what = tests::message_of<vade::FileError>([&] { file.read(bytes); });
  vade::file_system = {};
  CHECK(what == (folder.path / "file").string() + ": cannot read at byte 3: Input/output error");
}

TEST_CASE("A file that is cut, or that grows, while it is read is refused") {
  for (const std::uintmax_t changed : {4u, 12u}) {
    const tests::Folder folder;
    const auto path = folder.path / "file";
    std::ofstream(path) << "12345678";
    vade::InputFile file(path);
    std::array<std::byte, 3> bytes = {};
    CHECK(file.read(bytes) == 3);
    std::filesystem::resize_file(path, changed);
    const std::string what = tests::message_of<vade::FileError>([&] {
      while (file.read(bytes) > 0) {
      }
    });
    CHECK(what == path.string() + ": changed while it was read: it had 8 bytes when it was opened, and now " +
                      (changed == 4 ? "ends after 4" : "has more"));
  }
}

TEST_CASE("A pipe is read to its end, and one that no program writes to is refused without waiting") {
  const tests::Folder folder;
  const auto path = folder.path / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::array<std::byte, 8> bytes = {};
  CHECK(tests::message_of<vade::FileError>([&] { vade::InputFile(path).read(bytes); }) ==
        path.string() + ": a pipe that no program writes to");
  vade::InputFile file(path);
  CHECK(file.size() == std::nullopt);
  {
    const int writer = ::open(path.c_str(), O_WRONLY);  // does not wait, for there is a reader
    REQUIRE(::write(writer, "12345", 5) == 5);
    ::close(writer);
  }
  CHECK(file.read(bytes) == 5);
  CHECK(file.read(bytes) == 0);
}

}  // namespace input_file_tests
