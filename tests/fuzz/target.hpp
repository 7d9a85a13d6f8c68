// vade fuzzing: what a target is, and the files that it is replayed on.
// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <vade/core/errors.hpp>

/// One file `tests/fuzz/<name>.cpp` for each format. It defines one `Target`, whose `use` reads the bytes as that format
/// and works with what was loaded. The law of every target: whatever the bytes are, `use` returns or throws a `vade::Error`,
/// in little time and memory. The same file is
///   - a test of the room `fuzz`, which replays the seeds and the files of `tests/fuzz/found/<name>`, and
///   - with `programs/fuzzer.cpp`, a libFuzzer program (`tests/fuzz/run.sh`), or
///   - with `programs/replay.cpp`, a program that replays the files that it is given.
namespace fuzz {

using Bytes = std::vector<std::byte>;

/// A format under attack.
struct Target {
  std::string name;
  /// Reads and works. Throws `vade::Error` for bytes that are refused; anything else that it throws is a finding.
  void (*use)(std::span<const std::byte>);
  /// Files that must be accepted: the fuzzer starts from them.
  std::vector<Bytes> (*seeds)();
  /// A changed copy of at most `most` bytes, where a change of single bytes would never pass a checksum; or null.
  Bytes (*mutate)(std::span<const std::byte>, std::size_t most, unsigned seed) = nullptr;
};

/// The target of this program: of a program with several, the first.
inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

/// Enters a target when the program starts: `const fuzz::Registered entered({"csv", use, seeds});`
struct Registered {
  explicit Registered(Target target) { targets().push_back(std::move(target)); }
};

/// The target with this name.
inline const Target& target(const std::string& name) {
  const auto found = std::ranges::find(targets(), name, &Target::name);
  if (found == targets().end()) throw std::logic_error("no fuzz target " + name);
  return *found;
}

/// Uses `bytes`; whether they were accepted. Lets pass what is not a `vade::Error`.
inline bool accepts(const Target& target, std::span<const std::byte> bytes) {
  try {
    target.use(bytes);
  } catch (const vade::Error&) {
    return false;
  }
  return true;
}

inline Bytes read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// Files that once broke the target, or came near it. Empty where the folder is missing.
inline std::vector<std::filesystem::path> found_files(const Target& target) {
  const auto folder = std::filesystem::path(__FILE__).parent_path() / "found" / target.name;
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    files.push_back(entry->path());
  std::ranges::sort(files);
  return files;
}

/// A file that holds the bytes while this lives, for readers that need a path. Kept in memory where the system can.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::span<const std::byte> bytes, const std::string& suffix = "") {
    std::error_code error;
    const std::filesystem::path memory = "/dev/shm";
    folder_ = std::filesystem::is_directory(memory, error) ? memory : std::filesystem::temp_directory_path();
    static std::atomic<unsigned> counter{0};
    folder_ /= "vade-fuzz-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    std::filesystem::create_directories(folder_);
    path_ = folder_ / ("input" + suffix);
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path_.string());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;
};

/// A condition of the target that does not hold is a finding: of a fuzzer, which sees only signals, and of a test.
inline void require(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error("fuzz target: " + what);
}

}  // namespace fuzz
