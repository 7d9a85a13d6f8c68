// vade: tests of core/detail/processors.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/detail/processors.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

#include <doctest/doctest.h>

#include "../../support/folder.hpp"

namespace processors_tests {

constexpr double no_limit = std::numeric_limits<double>::infinity();

/// The quota that a machine with these files has.
double quota_of(const std::vector<std::pair<std::string, std::string>>& files) {
  const tests::Folder root;
  for (const auto& [name, text] : files) {
    const std::filesystem::path path = root.path / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  return vade::detail::processor_quota(root.path.string());
}

TEST_CASE("The quota of version 2 is the least of the group and of those around it") {
  const std::string groups = "proc/self/cgroup", top = "sys/fs/cgroup";
  CHECK(quota_of({}) == no_limit);
  CHECK(quota_of({{groups, "0::/\n"}}) == no_limit);
  CHECK(quota_of({{groups, "0::/\n"}, {top + "/cpu.max", "max 100000\n"}}) == no_limit);
  CHECK(quota_of({{groups, "0::/\n"}, {top + "/cpu.max", "150000 100000\n"}}) == 1.5);
  CHECK(quota_of({{groups, "0::/a/b\n"}, {top + "/a/b/cpu.max", "50000 100000\n"}}) == 0.5);
  CHECK(quota_of({{groups, "0::/a/b\n"},
                  {top + "/a/b/cpu.max", "400000 100000\n"},
                  {top + "/a/cpu.max", "300000 100000\n"},
                  {top + "/cpu.max", "max 100000\n"}}) == 3);
  CHECK(quota_of({{groups, "0::/of/the/host\n"}, {top + "/cpu.max", "200000 100000\n"}}) == 2);
  CHECK(quota_of({{groups, "0::/\n"}, {top + "/unified/cpu.max", "200000 100000\n"}}) == 2);
}

TEST_CASE("The quota of version 1 is that of the controller cpu") {
  const std::string groups = "proc/self/cgroup", top = "sys/fs/cgroup/cpu";
  const std::string lines = "3:memory:/m\n2:cpu,cpuacct:/a\n1:cpuset:/c\n";
  const auto limit = [](const std::string& folder, const std::string& quota) {
    return std::vector<std::pair<std::string, std::string>>{{folder + "/cpu.cfs_quota_us", quota + "\n"},
                                                            {folder + "/cpu.cfs_period_us", "100000\n"}};
  };
  const auto with = [&](auto files) {
    files.emplace_back(groups, lines);
    return quota_of(files);
  };
  CHECK(with(limit(top + "/a", "-1")) == no_limit);
  CHECK(with(limit(top + "/a", "250000")) == 2.5);
  CHECK(with(limit(top, "250000")) == 2.5);
  CHECK(with(limit(top + "/m", "250000")) == no_limit);
  CHECK(with(limit(top + "set/c", "250000")) == no_limit);
}

TEST_CASE("Files that say nothing limit nothing") {
  const std::string groups = "proc/self/cgroup", max = "sys/fs/cgroup/cpu.max";
  for (const char* const text : {"", "x", "0::", ":", "::", "0::/\n0::/\n"})
    CHECK(quota_of({{groups, text}}) == no_limit);
  for (const char* const text : {"", "max", "1", "0 100000", "100000 0", "-1 100000", "x y", "nan 1", "1 nan"})
    CHECK(quota_of({{groups, "0::/\n"}, {max, text}}) == no_limit);
}

TEST_CASE("A quota limits the usable processors, rounded up, and is at least one") {
  const tests::Folder root;
  std::filesystem::create_directories(root.path / "proc/self");
  std::filesystem::create_directories(root.path / "sys/fs/cgroup");
  std::ofstream(root.path / "proc/self/cgroup") << "0::/\n";
  const auto usable = [&](const std::string& max) {
    std::ofstream(root.path / "sys/fs/cgroup/cpu.max") << max;
    return vade::detail::usable_processors(root.path.string());
  };
  const int allowed = vade::detail::allowed_processors();
  CHECK(allowed >= 1);
  CHECK(usable("max 100000") == allowed);
  CHECK(usable("1000 100000") == 1);
  CHECK(usable("100000 100000") == 1);
  CHECK(usable("110000 100000") == std::min(2, allowed));
  CHECK(usable("99999900000 100000") == allowed);
}

#if defined(__linux__)
TEST_CASE("A thread that may run on one processor counts one") {
  int count = 0;
  std::thread([&] {
    cpu_set_t here, one;
    CPU_ZERO(&here);
    CPU_ZERO(&one);
    if (::sched_getaffinity(0, sizeof here, &here) != 0) return;
    for (std::size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i)
      if (CPU_ISSET(i, &here)) CPU_SET(i, &one);
    if (::sched_setaffinity(0, sizeof one, &one) == 0) count = vade::detail::allowed_processors();
  }).join();
  CHECK(count == 1);
}
#endif

}  // namespace processors_tests
