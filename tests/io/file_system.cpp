// vade: tests of io/file_system.hpp.
// SPDX-License-Identifier: MIT
#include <vade/io/file_system.hpp>

#include <array>
#include <cerrno>
#include <cstring>

#include <doctest/doctest.h>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"

namespace file_system_tests {

namespace fs = std::filesystem;
using tests::Folder;
using vade::FileKind;
using vade::FileStatus;
using vade::FileSystem;
using vade::OpenFile;

/// A new file with these bytes.
void make(const fs::path& path, std::string_view content) {
  OpenFile file(FileSystem().create(path, 0600));
  REQUIRE(file.number() >= 0);
  REQUIRE(FileSystem().write(file.number(), content.data(), content.size()) ==
          static_cast<std::ptrdiff_t>(content.size()));
  REQUIRE(FileSystem().sync(file.number()) == 0);
  REQUIRE(file.close() == 0);
}

TEST_CASE("A look at a name tells kinds and sizes, and an open file says the same") {
  const Folder folder;
  make(folder.path / "file", "123\r\n");
  FileStatus status;
  CHECK(FileSystem().look_up(folder.path / "file", status) == 0);
  CHECK(status.kind == FileKind::regular);
  CHECK(status.size == 5);
  CHECK((status.permissions & 0600u) == 0600u);
  CHECK(FileSystem().look_up(folder.path, status) == 0);
  CHECK(status.kind == FileKind::directory);
  CHECK(FileSystem().look_up("/dev/null", status) == 0);
  CHECK(status.kind == FileKind::other);
  const OpenFile file(FileSystem().open(folder.path / "file"));
  FileStatus open;
  CHECK(FileSystem().look_up_open(file.number(), open) == 0);
  CHECK(open.kind == FileKind::regular);
  CHECK(open.size == 5);
}

TEST_CASE("Each call that fails answers below 0 and sets errno") {
  const Folder folder;
  make(folder.path / "file", "");
  const fs::path none = folder.path / "none";
  FileStatus status;
  const auto error_of = [](auto answer) { return answer < 0 ? errno : 0; };
  CHECK(error_of(FileSystem().open(none)) == ENOENT);
  CHECK(error_of(FileSystem().look_up(none, status)) == ENOENT);
  CHECK(error_of(FileSystem().unlink(none)) == ENOENT);
  CHECK(error_of(FileSystem().rename(none, folder.path / "other")) == ENOENT);
  CHECK(error_of(FileSystem().open_directory(none)) == ENOENT);
  CHECK(error_of(FileSystem().open_directory(folder.path / "file")) == ENOTDIR);
  CHECK(error_of(FileSystem().create(folder.path / "file", 0600)) == EEXIST);
  CHECK(error_of(FileSystem().look_up_open(-1, status)) == EBADF);
  CHECK(error_of(FileSystem().sync(-1)) == EBADF);
  CHECK(error_of(FileSystem().close(-1)) == EBADF);
}

TEST_CASE("A renamed file replaces the one that had its new name") {
  const Folder folder;
  make(folder.path / "old", "old");
  make(folder.path / "new", "newer");
  CHECK(FileSystem().rename(folder.path / "new", folder.path / "old") == 0);
  CHECK(folder.files() == 1);
  const OpenFile file(FileSystem().open(folder.path / "old"));
  std::array<char, 8> bytes = {};
  CHECK(FileSystem().read(file.number(), bytes.data(), bytes.size()) == 5);
  CHECK(std::string_view(bytes.data(), 5) == "newer");
}

TEST_CASE("A lock is held by one opening of a file, and ends when that is closed") {
  const Folder folder;
  make(folder.path / "file", "x");
  OpenFile first(FileSystem().open(folder.path / "file"));
  const OpenFile second(FileSystem().open(folder.path / "file"));
  CHECK(FileSystem().lock(first.number()) == 0);
  CHECK(FileSystem().lock(second.number()) < 0);
  CHECK(first.close() == 0);
  CHECK(FileSystem().lock(second.number()) == 0);
}

TEST_CASE("An open file is closed once, by itself or when it goes away") {
  static int closed = 0;
  closed = 0;
  vade::file_system.close = [](int) { return ++closed, 0; };
  { const OpenFile file(1000); }
  CHECK(closed == 1);
  {
    OpenFile file(1000);
    CHECK(file.close() == 0);
  }
  CHECK(closed == 2);
  { const OpenFile file(-1); }
  CHECK(closed == 2);
  vade::file_system = {};
}

TEST_CASE("An error of the system names the path, what was done, and why") {
  CHECK(tests::message_of<vade::FileError>([] { vade::throw_errno("a/b", "cannot open", ENOENT); }) ==
        std::string("a/b: cannot open: ") + std::strerror(ENOENT));
}

}  // namespace file_system_tests
