// vade tests: a place for files.
// SPDX-License-Identifier: MIT
#pragma once

#include <stdlib.h>  // mkdtemp is of POSIX, and not in <cstdlib>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace tests {

/// A fresh directory that goes away with its content.
struct Folder {
  std::filesystem::path path;

  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vade-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }

  /// How many files are in it.
  std::ptrdiff_t files() const {
    return std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator());
  }
};

}  // namespace tests
