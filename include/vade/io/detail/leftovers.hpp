// vade: temporary files of writers that are gone.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#ifdef __linux__
#include <csignal>
#endif

#include <vade/io/file_system.hpp>

/// A process that is killed while it writes leaves a temporary file. The next one that writes into the folder removes it,
/// if it can prove that nobody writes it any more. The name of a temporary file tells its writer:
///     .vade-<place>-<process>-<start>-<number>.tmp
/// `place` is a hash of the boot of the system and of the namespaces of processes and time: two processes with the same place
/// see the same process numbers, and no two running systems have the same one. So a folder on a network file system may
/// hold files of other hosts, and they are left alone; so are those of another container, and of before the last boot.
/// `process` and `start`, the time when it began, tell one process from all others of its place. A file goes if its place is
/// ours and there is no process of its number, or one that began at another time.
///
/// Linux tells all of this. Elsewhere, and where /proc is not that of the process, names have the place "0", and nothing is
/// removed.
namespace vade::detail {

/// A process: where its number means something, the number, and when it began.
struct ProcessIdentity {
  std::string place;
  std::uint64_t number = 0;
  std::uint64_t start = 0;
};

#ifdef __linux__

/// Field 1 and 22 of /proc/.../stat, the number and the start in ticks since the boot. Nothing where there is none.
inline std::optional<ProcessIdentity> process_in(const std::string& folder) {
  std::ifstream file(folder + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  ProcessIdentity process;
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, process.number).ec != std::errc{}) return std::nullopt;
  // The second field is a name in parentheses, and may hold any characters.
  std::size_t at = text.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  if (at == std::string::npos || std::from_chars(text.data() + at + 1, end, process.start).ec != std::errc{}) return std::nullopt;
  return process;
}

inline ProcessIdentity this_process() {
  const ProcessIdentity unknown{"0", system::process_id(), 0};
  std::optional<ProcessIdentity> self = process_in("/proc/self");
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string place;
  std::error_code error, no_time;
  if (!self || self->number != system::process_id() || !std::getline(file, place)) return unknown;
  place += std::filesystem::read_symlink("/proc/self/ns/pid", error).string();
  place += std::filesystem::read_symlink("/proc/self/ns/time", no_time).string();  // since Linux 5.6
  if (error) return unknown;
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char letter : place) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
  self->place = std::to_string(hash);
  return *self;
}

/// Whether it is certain that the process is no more.
inline bool is_gone(const ProcessIdentity& process) {
  if (process.number == 0 || process.number > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) return false;
  if (::kill(static_cast<pid_t>(process.number), 0) < 0 && errno == ESRCH) return true;
  const std::optional<ProcessIdentity> now = process_in("/proc/" + std::to_string(process.number));
  return now && now->number == process.number && now->start != process.start;
}

#else

inline ProcessIdentity this_process() { return {"0", system::process_id(), 0}; }
inline bool is_gone(const ProcessIdentity&) { return false; }

#endif

inline constexpr std::string_view temporary_prefix = ".vade-";
inline constexpr std::string_view temporary_suffix = ".tmp";

/// A name that no other file of this process has. Short, so that a file whose own name has the greatest length can be written.
inline std::string temporary_name(const ProcessIdentity& writer) {
  static std::atomic<std::uint64_t> counter{0};
  std::string name(temporary_prefix);
  name.append(writer.place).append("-").append(std::to_string(writer.number)).append("-");
  name.append(std::to_string(writer.start)).append("-").append(std::to_string(counter++));
  return name.append(temporary_suffix);
}

/// The writer that a name tells; nothing for other names.
inline std::optional<ProcessIdentity> writer_in(std::string_view name) {
  if (!name.starts_with(temporary_prefix) || !name.ends_with(temporary_suffix)) return std::nullopt;
  name.remove_prefix(temporary_prefix.size());
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  ProcessIdentity writer{std::string(name.substr(0, dash)), 0, 0};
  const char* const end = name.data() + name.size();
  const auto number = std::from_chars(name.data() + dash + 1, end, writer.number);
  if (number.ec != std::errc{} || *number.ptr != '-') return std::nullopt;
  const auto start = std::from_chars(number.ptr + 1, end, writer.start);
  if (start.ec != std::errc{} || *start.ptr != '-') return std::nullopt;
  return writer;
}

/// Removes from `directory` what writers of the place of `self` left that are gone. Whatever fails is left for the next
/// time. O(entries), of which at most 4,096 are looked at, so that many files in one folder do not take a time that grows
/// with their square.
inline void remove_leftovers(const std::filesystem::path& directory, const ProcessIdentity& self) {
  constexpr int most = 4096;
  if (self.place == "0") return;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (int seen = 0; !error && entry != std::filesystem::directory_iterator() && seen < most; ++seen) {
    const std::optional<ProcessIdentity> writer = writer_in(entry->path().filename().string());
    if (writer && writer->place == self.place && is_gone(*writer)) file_system.unlink(entry->path());
    entry.increment(error);
  }
}

}  // namespace vade::detail
