// vade: the names that the files of MNIST and its relatives have.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/printable.hpp>
#include <vade/io/file_system.hpp>

namespace vade::detail {

/// The four files of a set. Its name is what the names of its files start with, before "-train-images"; MNIST has none.
struct MnistFiles {
  std::string name;
  std::filesystem::path train_images, train_labels, test_images, test_labels;
};

/// Whether there is a file. @throws FileError with the reason, if that cannot be found out
inline bool is_there(const std::filesystem::path& path) {
  FileStatus status;
  if (file_system.look_up(path, status) == 0) return true;
  if (errno != ENOENT) throw_errno(path, "cannot look up", errno);
  return false;
}

/// The first of the usual names that exists, so that a broken file is reported and not passed over; or an empty path.
/// Names that are not there are added to `tried`.
inline std::filesystem::path find_idx(const std::filesystem::path& directory, std::initializer_list<std::string> parts,
                                      std::initializer_list<std::string_view> kinds, std::string& tried) {
  for (const std::string& part : parts)
    for (const std::string_view kind : kinds)
      for (const char* const separator : {"-", "."})
        for (const char* const ending : {"", ".gz"}) {
          const std::string name = message(part, separator, kind, ending);
          if (is_there(directory / name)) return directory / name;
          tried.append(tried.empty() ? "" : ", ").append(name);
        }
  return {};
}

/// The names of the sets of a folder that have one. @throws FileError
inline std::set<std::string> named_sets(const std::filesystem::path& directory) {
  std::set<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    for (const char* const images : {"-train-images-idx3-ubyte", "-train-images.idx3-ubyte"})
      if (const std::size_t at = file.find(images); at != std::string::npos && at > 0) names.insert(file.substr(0, at));
  }
  if (error) throw FileError(directory.string() + ": cannot list the folder: " + error.message());
  return names;
}

/// The files of the set `name`; without a name those of MNIST, or of the only other set of the folder. @throws
/// FileError
inline MnistFiles find_mnist(const std::filesystem::path& directory, std::string name) {
  FileStatus status;
  if (file_system.look_up(directory, status) < 0) throw_errno(directory, "cannot look up the folder", errno);
  std::string tried;
  if (name.empty() && find_idx(directory, {"train-images"}, {"idx3-ubyte"}, tried).empty()) {
    const std::set<std::string> names = named_sets(directory);
    if (names.size() == 1) name = *names.begin();
    if (names.size() > 1) {
      std::string all;
      for (const std::string& one : names) all.append(all.empty() ? "'" : ", '").append(printable(one)).append("'");
      throw FileError(
          directory.string() +
          ": several sets of images are there, wanted one of these as MnistOptions::name: " + printable(all, 400));
    }
  }
  const auto find = [&](std::initializer_list<std::string> parts, std::initializer_list<std::string_view> kinds) {
    std::string names;
    const std::filesystem::path found = find_idx(directory, parts, kinds, names);
    if (found.empty()) throw FileError(directory.string() + ": none of these files is there: " + printable(names, 600));
    return found;
  };
  if (name.empty())
    return {name, find({"train-images"}, {"idx3-ubyte"}), find({"train-labels"}, {"idx1-ubyte"}),
            find({"t10k-images"}, {"idx3-ubyte"}), find({"t10k-labels"}, {"idx1-ubyte"})};
  return {name, find({name + "-train-images"}, {"idx3-ubyte"}),
          find({name + "-train-labels"}, {"idx1-ubyte", "idx2-int"}),
          find({name + "-test-images", name + "-t10k-images"}, {"idx3-ubyte"}),
          find({name + "-test-labels", name + "-t10k-labels"}, {"idx1-ubyte", "idx2-int"})};
}

}  // namespace vade::detail
