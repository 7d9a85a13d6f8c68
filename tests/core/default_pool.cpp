// vade: tests of core/default_pool.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/default_pool.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sys/resource.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>

#include "../support/child_process.hpp"
#include "../support/pool.hpp"
#include "../support/sanitizers.hpp"

namespace default_pool_tests {

using tests::ones;
using vade::Index;

TEST_CASE("parallel_ranges covers the count with ranges of the grain, the last one shorter") {
  for (const int threads : {1, 2, 3, 7}) {
    vade::set_threads(threads);
    CHECK(vade::threads() == threads);
    for (const Index count : {0, 1, 4, 5, 9, 10, 101})
      for (const Index grain : {1, 5, 200}) {
        std::vector<int> covered(static_cast<std::size_t>(count));
        std::atomic<int> odd{0};
        vade::parallel_ranges(count, grain, [&](Index begin, Index end) {
          if (begin % grain != 0 || (end - begin != grain && end != count) || end <= begin) ++odd;
          for (Index i = begin; i < end; ++i) ++covered[static_cast<std::size_t>(i)];
        });
        CHECK(covered == ones(count));
        CHECK(odd == 0);
      }
  }
  CHECK_THROWS_AS(vade::set_threads(0), vade::ValueError);
}

TEST_CASE("parallel_ranges refuses ranges of no length, by name") {
  const auto nothing = [](Index, Index) {};
  CHECK_THROWS_WITH_AS(vade::parallel_ranges(5, 0, nothing), "parallel_ranges: grain is 0, wanted at least 1",
                       vade::ValueError);
  CHECK_THROWS_AS(vade::parallel_ranges(5, -1, nothing), vade::ValueError);
}

TEST_CASE("parallel_ranges takes any count and grain without an overflow") {
  constexpr Index most = std::numeric_limits<Index>::max();
  for (const Index count : {Index{1}, Index{7}, most - 1, most}) {
    Index covered = 0;
    vade::parallel_ranges(count, most, [&](Index begin, Index end) { covered += end - begin; });
    CHECK(covered == count);
  }
  std::atomic<Index> covered{0};
  vade::parallel_ranges(most, most / 2 + 1, [&](Index begin, Index end) { covered += end - begin; });
  CHECK(covered == most);
}

TEST_CASE("set_threads inside a tile is refused, and not waited for") {
  vade::set_threads(2);
  CHECK_THROWS_AS(vade::default_pool().run(4, [](Index) { vade::set_threads(3); }), vade::StateError);
  CHECK(vade::threads() == 2);
}

#if defined(VADE_TEST_FORK_BESIDE_THREADS)
TEST_CASE("A child of fork ends well after set_threads, and can use the library") {
  vade::set_threads(8);
  CHECK(tests::status_of_child([] { return 0; }) == 0);
  CHECK(tests::status_of_child([] {
          std::vector<int> runs(100);
          vade::parallel_ranges(100, 3, [&](Index begin, Index end) {
            for (Index i = begin; i < end; ++i) ++runs[static_cast<std::size_t>(i)];
          });
          if (runs != ones(100) || vade::threads() != 8) return 1;
          vade::set_threads(4);
          return vade::threads() == 4 ? 0 : 2;
        }) == 0);
  vade::set_threads(2);
}
#endif

#if defined(VADE_TEST_FORK)

/// What default_threads() answers under VADE_THREADS=`value`, or what it says against it, in a child, so that this
/// process keeps its environment.
int threads_under(const char* value, const std::string& message = "") {
  return tests::status_of_child([&] {
    ::setenv("VADE_THREADS", value, 1);
    int answer = 0;
    try {
      answer = vade::detail::default_threads();
    } catch (const vade::ValueError& error) {
      answer = error.what() == message ? 200 : 201;
    }
    ::_exit(answer);
    return answer;
  });
}

TEST_CASE("VADE_THREADS is the number of threads before set_threads; another text is an error that shows it") {
  CHECK(threads_under("1") == 1);
  CHECK(threads_under("37") == 37);
  const int usable = std::min(vade::detail::usable_processors(), 1024);
  CHECK(vade::detail::default_threads() == usable);
  if (usable < 100) CHECK(threads_under("") == usable);
  for (const std::string wrong : {"0", "-1", "1025", "two", "2 ", "2.5", "99999999999"})
    CHECK(threads_under(wrong.c_str(), "VADE_THREADS is \"" + wrong + "\", wanted a whole number in [1, 1024]") == 200);
  CHECK(threads_under("\33[1m", "VADE_THREADS is \"\\x1b[1m\", wanted a whole number in [1, 1024]") == 200);
}
#endif

#if defined(__linux__) && !defined(VADE_TEST_SANITIZER)  // sanitizers need more memory than there is
TEST_CASE("Under a limit of memory, calls run on the threads that there are; set_threads says how many that is") {
  CHECK(tests::status_of_child([] {
          std::size_t pages = 0;
          std::ifstream("/proc/self/statm") >> pages;
          const rlim_t bytes = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{200} << 20);
          const rlimit limit{bytes, bytes};
          if (::setrlimit(RLIMIT_AS, &limit) != 0) return 1;
          vade::ThreadPool pool([] { return 1000; });
          if (tests::runs_of_tiles(pool, 2000) != ones(2000)) return 2;
          const int got = pool.threads();
          if (got < 1 || got >= 1000) return 3;
          try {
            vade::set_threads(1000);
            return 4;
          } catch (const vade::ResourceError&) {
          }
          const int left = vade::threads();
          if (left < 1 || left >= 1000) return 5;
          Index covered = 0;
          std::mutex lock;
          vade::parallel_ranges(1000, 1, [&](Index begin, Index end) {
            const std::lock_guard guard(lock);
            covered += end - begin;
          });
          return covered == 1000 ? 0 : 6;
        }) == 0);
}
#endif

}  // namespace default_pool_tests
