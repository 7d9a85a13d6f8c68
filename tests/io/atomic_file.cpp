// vade: tests of io/atomic_file.hpp.
// SPDX-License-Identifier: MIT
#include <vade/io/atomic_file.hpp>

#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"

namespace {

namespace fs = std::filesystem;
using tests::Folder;
using tests::message_of;
using vade::file_system;
using vade::FileError;
using vade::FileSystem;

std::string text_of(const fs::path& path) {
  const std::vector<std::byte> bytes = vade::read_file(path, 1 << 20);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// What the replaced calls do: call number `at` fails with `error` (0: writes one byte only), and all later ones too
/// if `forever`. Removing the temporary file is not a call that counts.
struct Fault {
  int at = 0;
  int error = 0;
  bool forever = false;
  int calls = 0;
  bool renamed = false;
  std::string log = {};
};
Fault fault;

bool fails(const char* name) {
  fault.log += name;
  fault.log += ' ';
  ++fault.calls;
  if (fault.calls != fault.at && !(fault.forever && fault.calls > fault.at)) return false;
  errno = fault.error;
  return true;
}

/// Replaces the calls of this thread for its lifetime.
struct FaultyCalls {
  explicit FaultyCalls(Fault wanted) {
    fault = std::move(wanted);
    file_system.open_directory = [](const fs::path& path) {
      return fails("open-directory") && fault.error != 0 ? -1 : FileSystem().open_directory(path);
    };
    file_system.create = [](const fs::path& path, unsigned permissions) {
      return fails("create") && fault.error != 0 ? -1 : FileSystem().create(path, permissions);
    };
    file_system.write = [](int file, const void* bytes, std::size_t size) -> std::ptrdiff_t {
      if (!fails("write")) return FileSystem().write(file, bytes, size);
      return fault.error != 0 ? -1 : FileSystem().write(file, bytes, 1);
    };
    file_system.set_permissions = [](int file, unsigned permissions) {
      return fails("set-permissions") && fault.error != 0 ? -1 : FileSystem().set_permissions(file, permissions);
    };
    file_system.sync = [](int file) { return fails("sync") && fault.error != 0 ? -1 : FileSystem().sync(file); };
    file_system.sync_directory = [](int file) {
      return fails("sync-directory") && fault.error != 0 ? -1 : FileSystem().sync_directory(file);
    };
    file_system.close = [](int file) {
      const bool fail = fails("close") && fault.error != 0;
      const int error = errno;
      FileSystem().close(file);  // as the kernel does, whatever it answers
      errno = error;
      return fail ? -1 : 0;
    };
    file_system.rename = [](const fs::path& from, const fs::path& to) {
      if (fails("rename") && fault.error != 0) return -1;
      fault.renamed = true;
      return FileSystem().rename(from, to);
    };
  }
  FaultyCalls(const FaultyCalls&) = delete;
  FaultyCalls& operator=(const FaultyCalls&) = delete;
  ~FaultyCalls() { file_system = {}; }
};

}  // namespace

TEST_CASE("A file is written and read back, new or replaced, empty or with zeros") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  for (const std::string& content :
       {std::string("first"), std::string(), std::string("a\0b", 3), std::string(100000, 'x')}) {
    vade::write_file_atomically(path, content);
    CHECK(text_of(path) == content);
    CHECK(folder.files() == 1);
  }
}

TEST_CASE("The bytes are synced before the name changes, and the name after") {
  const Folder folder;
  vade::write_file_atomically(folder.path / "file", "old");
  const FaultyCalls calls({});
  vade::write_file_atomically(folder.path / "file", "new");
  CHECK(fault.log == "open-directory create write set-permissions sync close rename sync-directory close ");
}

TEST_CASE("Whatever call fails, the old file is whole until the new one is, and nothing else is left") {
  const std::string fresh(1000, 'n');
  int failures = 0;
  for (const bool exists : {true, false})
    for (const int error : {EIO, ENOSPC, EDQUOT, EINTR, 0})
      for (const bool forever : {false, true}) {
        if (forever && error == EINTR) continue;  // a signal that never ends
        bool succeeded = false;
        for (int n = 1; !succeeded; ++n) {
          REQUIRE(n < 2000);
          const Folder folder;
          const fs::path path = folder.path / "file";
          if (exists) vade::write_file_atomically(path, "old");
          int calls = 0;
          bool renamed = false;
          std::string what;
          {
            const FaultyCalls faulty({.at = n, .error = error, .forever = forever});
            what = message_of<FileError>([&] { vade::write_file_atomically(path, fresh); });
            calls = fault.calls;
            renamed = fault.renamed;
          }
          const bool thrown = what != tests::nothing_thrown;
          CHECK(fs::exists(path) == (exists || renamed));
          if (fs::exists(path)) CHECK(text_of(path) == (renamed ? fresh : "old"));
          CHECK(folder.files() == (exists || renamed ? 1 : 0));
          if (thrown) {
            ++failures;
            CHECK(what.starts_with(path.string() + ": "));
            CHECK(what.ends_with(std::strerror(error)));
            CHECK(error != 0);
          } else {
            CHECK(renamed);
          }
          succeeded = !thrown && n > calls;
        }
      }
  CHECK(failures > 50);
}

TEST_CASE("A symbolic link stays a link, and its target is replaced or made") {
  const Folder folder;
  fs::create_directory(folder.path / "inner");
  fs::create_symlink("inner/target", folder.path / "link");
  fs::create_symlink("link", folder.path / "link-to-link");
  for (const char* const content : {"made", "replaced"}) {
    vade::write_file_atomically(folder.path / "link-to-link", content);
    CHECK(text_of(folder.path / "inner" / "target") == content);
  }
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(fs::is_symlink(folder.path / "link-to-link"));
  fs::create_symlink("b", folder.path / "a");
  fs::create_symlink("a", folder.path / "b");
  CHECK_THROWS_AS(vade::write_file_atomically(folder.path / "a", "x"), vade::FileError);
}

TEST_CASE("Permissions stay what they were, and a new file gets what the umask leaves") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  const mode_t mask = ::umask(027);
  vade::write_file_atomically(path, "new");
  CHECK(fs::status(path).permissions() == static_cast<fs::perms>(0640));
  for (const unsigned mode : {0600u, 0444u, 0666u}) {
    fs::permissions(path, static_cast<fs::perms>(mode));
    vade::write_file_atomically(path, "replaced");
    CHECK(fs::status(path).permissions() == static_cast<fs::perms>(mode));
  }
  ::umask(mask);
}

TEST_CASE("A name of the greatest length can be written, one more cannot") {
  const Folder folder;
  vade::write_file_atomically(folder.path / std::string(255, 'n'), "fits");
  CHECK(text_of(folder.path / std::string(255, 'n')) == "fits");
  CHECK_THROWS_AS(vade::write_file_atomically(folder.path / std::string(256, 'n'), "x"), vade::FileError);
  CHECK(folder.files() == 1);
}

TEST_CASE("What is not a regular file is not replaced") {
  const Folder folder;
  CHECK(message_of<FileError>([&] { vade::write_file_atomically(folder.path, "x"); }) ==
        folder.path.string() + ": cannot write: not a regular file");
  REQUIRE(::mkfifo((folder.path / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_AS(vade::write_file_atomically(folder.path / "pipe", "x"), vade::FileError);
  CHECK(fs::is_fifo(folder.path / "pipe"));
  CHECK(message_of<FileError>([&] { vade::write_file_atomically(folder.path / "none" / "file", "x"); }) ==
        (folder.path / "none" / "file").string() + ": cannot open its directory: No such file or directory");
  CHECK_THROWS_AS(vade::write_file_atomically(folder.path / "", "x"), vade::FileError);
  CHECK_THROWS_AS(vade::write_file_atomically("", "x"), vade::FileError);
}

TEST_CASE("A limit of the system on file sizes leaves the old file") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  vade::write_file_atomically(path, "old");
  rlimit before = {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string what = message_of<FileError>([&] { vade::write_file_atomically(path, std::string(5000, 'x')); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(what == path.string() + ": cannot write: File too large");
  CHECK(text_of(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("Writers that race leave one whole file") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  const auto write = [&](char letter) {
    for (int i = 0; i < 20; ++i) vade::write_file_atomically(path, std::string(5000, letter));
  };
  std::thread other(write, 'a');
  write('b');
  other.join();
  const std::string content = text_of(path);
  CHECK(content.size() == 5000);
  CHECK(content == std::string(5000, content[0]));
  CHECK(folder.files() == 1);
}

TEST_CASE("A file is read up to its limit, and not beyond") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  vade::write_file_atomically(path, std::string(5000, 'x'));
  CHECK(vade::read_file(path, 5000).size() == 5000);
  CHECK(message_of<FileError>([&] { vade::read_file(path, 4999); }) ==
        path.string() + ": holds 5000 bytes, wanted at most 4999");
  vade::write_file_atomically(path, "");
  CHECK(vade::read_file(path, 0).empty());
  CHECK(message_of<FileError>([&] { vade::read_file(folder.path / "none", 10); }) ==
        (folder.path / "none").string() + ": cannot open: No such file or directory");
  CHECK(message_of<FileError>([&] { vade::read_file(folder.path, 10); }) ==
        folder.path.string() + ": cannot read at byte 0: Is a directory");
  fs::resize_file(path, 1ULL << 40);  // sparse: claims a terabyte
  CHECK_THROWS_AS(vade::read_file(path, 1 << 30), vade::FileError);
  CHECK_THROWS_AS(vade::read_file("/dev/zero", 100000), vade::FileError);
}

TEST_CASE("Reading goes on after a signal and a short answer, and stops at an error") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  vade::write_file_atomically(path, "content of a file");
  static int calls = 0;
  calls = 0;
  file_system.read = [](int file, void* bytes, std::size_t) -> std::ptrdiff_t {
    if (++calls % 2 == 1) {
      errno = EINTR;
      return -1;
    }
    return FileSystem().read(file, bytes, 3);
  };
  CHECK(text_of(path) == "content of a file");
  calls = 0;
  file_system.read = [](int file, void* bytes, std::size_t) -> std::ptrdiff_t {
    if (++calls == 2) {
      errno = EIO;
      return -1;
    }
    return FileSystem().read(file, bytes, 3);
  };
  const std::string what = message_of<FileError>([&] { vade::read_file(path, 100); });
  file_system = {};
  CHECK(what == path.string() + ": cannot read at byte 3: Input/output error");
}
