// vade: tests of core/lazy_constant.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/lazy_constant.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "../support/child_process.hpp"

namespace lazy_constant_tests {

// Hence a static one needs no lock of the compiler's, neither at first use nor at the end.
static_assert(std::is_trivially_destructible_v<vade::LazyConstant<std::vector<int>>>);

TEST_CASE("A lazy constant is made at first use, once, and again after a failure") {
  static constinit vade::LazyConstant<std::vector<int>> constant;
  int made = 0;
  const auto make = [&] {
    if (++made == 1) throw std::runtime_error("not yet");
    return std::vector<int>{1, 2, 3};
  };
  CHECK_THROWS_WITH(constant.get(make), "not yet");
  const std::vector<int>* const first = &constant.get(make);
  CHECK(*first == std::vector<int>{1, 2, 3});
  CHECK(&constant.get(make) == first);
  CHECK(made == 2);
}

TEST_CASE("Threads that come first together get the same object") {
  static constinit vade::LazyConstant<int> constant;
  std::atomic<int> making{0};
  const int* seen[2] = {};
  std::vector<std::thread> threads;
  for (const int** const place : {&seen[0], &seen[1]})
    threads.emplace_back([&, place] {
      *place = &constant.get([&] {
        ++making;
        while (making < 2) std::this_thread::yield();
        return 7;
      });
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(seen[0] == seen[1]);
  CHECK(*seen[0] == 7);
}

#if defined(VADE_TEST_FORK)
TEST_CASE("A child of fork makes its own where another thread was about to make it") {
  static constinit vade::LazyConstant<int> constant;
  std::atomic<bool> making{false}, forked{false};
  std::thread other([&] {
    constant.get([&] {
      making = true;
      while (!forked) std::this_thread::yield();
      return 7;
    });
  });
  while (!making) std::this_thread::yield();
  CHECK(tests::status_of_child([] { return constant.get([] { return 7; }); }) == 7);
  forked = true;
  other.join();
}
#endif

}  // namespace lazy_constant_tests
