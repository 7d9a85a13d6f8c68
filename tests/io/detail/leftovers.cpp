// vade: tests of io/detail/leftovers.hpp.
// SPDX-License-Identifier: MIT
#include <vade/io/detail/leftovers.hpp>

#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <vade/io/atomic_file.hpp>

#include "../../support/folder.hpp"

namespace leftovers_tests {

namespace fs = std::filesystem;
using tests::Folder;
using vade::detail::ProcessIdentity;
using vade::detail::temporary_name;
using vade::detail::this_process;
using vade::detail::writer_in;

/// A child that writes into the folder, and does `in_write` when half of the bytes would be written.
pid_t writing_child(const fs::path& folder, void (*in_write)()) {
  static void (*act)() = nullptr;
  act = in_write;
  const pid_t child = ::fork();
  if (child != 0) return child;
  vade::file_system.write = [](int file, const void* bytes, std::size_t size) {
    const std::ptrdiff_t written = vade::FileSystem().write(file, bytes, (size + 1) / 2);
    act();
    return written;
  };
  vade::write_file_atomically(folder / "checkpoint", std::string(1000, 'x'));
  ::_exit(0);
}

void make(const fs::path& path) { vade::file_system.close(vade::file_system.create(path, 0600)); }

TEST_CASE("A name tells its writer, and other names tell none") {
  const ProcessIdentity writer{"12345", 678, 910};
  const auto back = writer_in(temporary_name(writer));
  REQUIRE(back);
  CHECK(back->place == "12345");
  CHECK(back->number == 678);
  CHECK(back->start == 910);
  CHECK(temporary_name(writer) != temporary_name(writer));
  CHECK(temporary_name({std::string(20, '9'), ~std::uint64_t{0}, ~std::uint64_t{0}}).size() <= 110);
  for (const char* const name : {"", ".vade-", ".vade-.tmp", ".vade-1.tmp", ".vade-1-2.tmp", ".vade-1-2-3.tmp", ".vade-1-x-3-4.tmp",
                                 ".vade-1--2-3-4.tmp", ".vade-1-2-3-4", "x.vade-1-2-3-4.tmp", ".vade-1-99999999999999999999-3-4.tmp"}) {
    CAPTURE(name);
    CHECK_FALSE(writer_in(name));
  }
}

TEST_CASE("This process is known, and not gone; a number that no process can have is not gone either") {
  const ProcessIdentity self = this_process();
  CHECK(self.number == static_cast<std::uint64_t>(::getpid()));
  CHECK_FALSE(vade::detail::is_gone(self));
  CHECK_FALSE(vade::detail::is_gone({self.place, 0, 0}));
  CHECK_FALSE(vade::detail::is_gone({self.place, ~std::uint64_t{0}, 0}));
  if (self.place != "0") CHECK(vade::detail::is_gone({self.place, self.number, self.start + 1}));  // the number was used again
}

TEST_CASE("What a killed writer left goes with the next write into its folder") {
  if (this_process().place == "0") return;  // the system does not tell who is gone
  const Folder folder;
  for (int kills = 0; kills < 3; ++kills) {
    int status = 0;
    REQUIRE(::waitpid(writing_child(folder.path, [] { ::raise(SIGKILL); }), &status, 0) > 0);
    REQUIRE(WIFSIGNALED(status));
  }
  CHECK(folder.files() >= 1);
  vade::write_file_atomically(folder.path / "checkpoint", "whole");
  CHECK(folder.files() == 1);
  CHECK(fs::exists(folder.path / "checkpoint"));
}

TEST_CASE("The temporary file of a process that lives stays") {
  const Folder folder;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  static int in_write = -1;
  in_write = ready[1];
  const pid_t child = writing_child(folder.path, [] {
    const char byte = 0;
    if (::write(in_write, &byte, 1) == 1) ::pause();
  });
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  vade::write_file_atomically(folder.path / "checkpoint", "whole");
  CHECK(folder.files() == 2);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  vade::write_file_atomically(folder.path / "checkpoint", "whole");
  if (this_process().place != "0") CHECK(folder.files() == 1);
}

TEST_CASE("Files of other hosts, other names and folders stay, whatever they are called") {
  const Folder folder;
  const ProcessIdentity self = this_process();
  const ProcessIdentity gone{self.place, self.number, self.start + 1};
  make(folder.path / temporary_name({self.place + "1", self.number, self.start + 1}));  // another place: it may live there
  make(folder.path / temporary_name({"0", 1, 1}));
  make(folder.path / ".vade-6120431094857348923.tmp");
  make(folder.path / ".vade-mine.tmp");
  make(folder.path / (temporary_name(gone) + ".kept"));
  make(folder.path / temporary_name(self));
  fs::create_directory(folder.path / temporary_name(gone));
  vade::write_file_atomically(folder.path / "file", "content");
  CHECK(folder.files() == 8);
}

}  // namespace leftovers_tests
