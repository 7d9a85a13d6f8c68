// Where a program writes.
#pragma once

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include <unistd.h>

#include <vade/core/errors.hpp>

/// Makes the folder of --out, with those above it, and sees that files can be written there: before the work, not
/// after.
/// @throws vade::FileError
inline void make_results_folder(const std::filesystem::path& folder) {
  const auto fail = [&](const std::error_code& error) {
    throw vade::FileError(folder.string() + ": no folder for results: " + error.message() + "; name another by --out");
  };
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail(error);
  if (access(folder.c_str(), W_OK | X_OK) != 0) fail(std::error_code(errno, std::generic_category()));
}
