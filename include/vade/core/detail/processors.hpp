// vade: how many processors a process may use.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include <vade/core/parse_number.hpp>

namespace vade::detail {

/// Processors that the calling thread is allowed to run on (`taskset`, cpusets), at least 1; all of the machine where
/// the system does not tell.
inline int allowed_processors() {
#if defined(__linux__)
  for (std::size_t most = 1024; most <= std::size_t{1} << 20;
       most *= 2) {  // EINVAL where the machine has more processors than the set
    cpu_set_t* const set = CPU_ALLOC(most);
    if (!set) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(most);
    const int count = ::sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// Processor time that the control groups of this process leave to it, in processors; infinity without a limit. Reads
/// the files of Linux below `root`: cpu.max of version 2, cpu.cfs_quota_us and cpu.cfs_period_us of version 1, of the
/// process's group and of each that it is in.
inline double processor_quota(const std::string& root = "") {
  double least = std::numeric_limits<double>::infinity();
  const auto limit_by = [&](const std::string& quota, const std::string& period) {
    double used = 0, of = 0;
    if (is_number(quota, used) && is_number(period, of) && used > 0 && of > 0) least = std::min(least, used / of);
  };
  const auto look_into = [&](const std::string& folder) {
    std::string quota, period;
    if (std::ifstream(folder + "/cpu.max") >> quota >> period) limit_by(quota, period);
    if (std::ifstream(folder + "/cpu.cfs_quota_us") >> quota && std::ifstream(folder + "/cpu.cfs_period_us") >> period)
      limit_by(quota, period);
  };

  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "12:cpu,cpuacct:/path"; version 2: "0::/path"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    const std::string mounted = root + "/sys/fs/cgroup";
    for (const std::string& base : {mounted, mounted + (controllers.empty() ? "/unified" : "/cpu")})
      // In a container the path can be that of the host, of which nothing is there but the container's own at the top.
      for (std::string path = line.substr(second + 1);; path.resize(path.find_last_of('/'))) {
        look_into(base + path);
        if (path.find('/') == std::string::npos) break;
      }
  }
  return least;
}

/// Threads that can run at the same time in this process, at least 1: the processors that it may use, at most as many
/// as its quota of processor time fills.
inline int usable_processors(const std::string& root = "") {
  const double quota = std::ceil(processor_quota(root));
  const int processors = allowed_processors();
  return quota < processors ? std::max(1, static_cast<int>(quota)) : processors;
}

}  // namespace vade::detail
