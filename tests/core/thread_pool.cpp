// vade: tests of core/thread_pool.hpp.
// SPDX-License-Identifier: MIT
#include <vade/core/thread_pool.hpp>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

#include <doctest/doctest.h>

#include "../support/child_process.hpp"
#include "../support/pool.hpp"
#include "../support/sanitizers.hpp"

// Assertions of doctest are made by the main thread only; tiles count in atomics or write to entries of their own.

namespace {

using vade::Index;
using vade::ThreadPool;

using tests::ones;
using tests::runs_of_tiles;

constexpr int thread_counts[] = {1, 2, 3, 7};

std::string failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

#if defined(__linux__)
std::ptrdiff_t threads_of_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

/// Whether this process has `threads` threads, or soon has: one that was joined can be listed a moment longer.
bool has_threads(std::ptrdiff_t threads) {
  for (int i = 0; i < 1000 && threads_of_process() > threads; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return threads_of_process() == threads;
}
#endif

#if defined(__GLIBC__)
/// For its lifetime, a new thread asks for more stack than there are addresses, and so the system refuses it.
class NoMoreThreads {
 public:
  NoMoreThreads() {
    REQUIRE(::pthread_getattr_default_np(&before_) == 0);
    pthread_attr_t huge;
    REQUIRE(::pthread_attr_init(&huge) == 0);
    REQUIRE(::pthread_attr_setstacksize(&huge, std::size_t{1} << 56) == 0);
    REQUIRE(::pthread_setattr_default_np(&huge) == 0);
    ::pthread_attr_destroy(&huge);
  }
  NoMoreThreads(const NoMoreThreads&) = delete;
  NoMoreThreads& operator=(const NoMoreThreads&) = delete;
  ~NoMoreThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_;
};
#endif

}  // namespace

TEST_CASE("Law 1: every tile runs exactly once, and run returns after the last") {
  for (const int threads : thread_counts) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (const Index tiles : {0, 1, 2, 3, 6, 7, 8, 64, 1000}) CHECK(runs_of_tiles(pool, tiles) == ones(tiles));
  }
}

TEST_CASE("Law 1 holds for thousands of short calls in a row, and after pauses in which the workers fall asleep") {
  for (const int threads : thread_counts) {
    ThreadPool pool(threads);
    bool right = true;
    for (int call = 0; call < 3000; ++call) {
      const Index tiles = call % 9;
      right = right && runs_of_tiles(pool, tiles) == ones(tiles);
      if (call % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    CHECK(right);
  }
}

TEST_CASE("Law 2: a nested run does its tiles in place") {
  for (const int threads : thread_counts) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    std::vector<int> runs(20 * 10 * 3);
    std::atomic<int> strangers{0};
    pool.run(20, [&](Index outer) {
      const auto self = std::this_thread::get_id();
      pool.run(10, [&](Index middle) {
        pool.run(3, [&](Index inner) {
          if (std::this_thread::get_id() != self) ++strangers;
          ++runs[static_cast<std::size_t>((outer * 10 + middle) * 3 + inner)];
        });
      });
    });
    CHECK(runs == ones(600));
    CHECK(strangers == 0);
  }
}

TEST_CASE("Law 2: a run of another pool inside a tile is done in place, too") {
  ThreadPool outer(3), inner(3);
  std::vector<int> runs(12 * 5);
  std::atomic<int> strangers{0};
  outer.run(12, [&](Index i) {
    const auto self = std::this_thread::get_id();
    inner.run(5, [&](Index j) {
      if (std::this_thread::get_id() != self) ++strangers;
      ++runs[static_cast<std::size_t>(i * 5 + j)];
    });
  });
  CHECK(runs == ones(60));
  CHECK(strangers == 0);
}

TEST_CASE("Law 2: several user threads share one pool, and each gets all its tiles") {
  for (const int threads : thread_counts) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    std::atomic<int> wrong{0};
    std::vector<std::thread> users;
    for (int user = 0; user < 4; ++user)
      users.emplace_back([&pool, &wrong, user] {
        for (int call = 0; call < 300; ++call)
          if (runs_of_tiles(pool, 1 + (call + user) % 17) != ones(1 + (call + user) % 17)) ++wrong;
      });
    for (std::thread& user : users) user.join();
    CHECK(wrong == 0);
  }
}

TEST_CASE("Law 2: a run that finds the pool busy does not wait for it") {
  ThreadPool pool(2);
  std::atomic<bool> started{false}, finished{false};
  std::thread user([&] {
    pool.run(2, [&](Index tile) {
      if (tile != 0) return;
      started = true;
      while (!finished) std::this_thread::yield();  // ends only if the other run below does not wait for this one
    });
  });
  while (!started) std::this_thread::yield();
  const auto self = std::this_thread::get_id();
  bool in_place = true;
  std::vector<int> runs(8);
  pool.run(8, [&](Index tile) {
    in_place = in_place && std::this_thread::get_id() == self;
    ++runs[static_cast<std::size_t>(tile)];
  });
  finished = true;
  user.join();
  CHECK(in_place);
  CHECK(runs == ones(8));
}

TEST_CASE("Law 3: the exception of the lowest tile that failed reaches the caller, after all tiles have ended") {
  for (const int threads : thread_counts) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    for (int repetition = 0; repetition < 50; ++repetition) {
      std::vector<int> runs(40);
      const auto call = [&] {
        pool.run(40, [&](Index tile) {
          ++runs[static_cast<std::size_t>(tile)];
          if (tile % 10 == 7) throw std::runtime_error("tile " + std::to_string(tile));
        });
      };
      REQUIRE(failure_of(call) == "tile 7");
      REQUIRE(runs == ones(40));
    }
    CHECK(runs_of_tiles(pool, 30) == ones(30));  // and the pool is as good as before
  }
}

TEST_CASE("Law 3 holds for a failure in the last tile, in all tiles, and of things that are no std::exception") {
  for (const int threads : thread_counts) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    const auto fail_from = [&](Index first) {
      return failure_of([&] {
        pool.run(16, [&](Index tile) {
          if (tile >= first) throw std::runtime_error(std::to_string(tile));
        });
      });
    };
    CHECK(fail_from(15) == "15");
    CHECK(fail_from(0) == "0");
    CHECK(fail_from(16) == "nothing was thrown");
    CHECK_THROWS_AS(pool.run(3, [](Index tile) { throw tile; }), Index);
  }
}

TEST_CASE("Law 3 holds for nested runs: the inner exception passes through the outer tile") {
  for (const int threads : thread_counts) {
    ThreadPool pool(threads);
    std::vector<int> runs(5 * 5);
    const auto call = [&] {
      pool.run(5, [&](Index outer) {
        pool.run(5, [&](Index inner) {
          ++runs[static_cast<std::size_t>(outer * 5 + inner)];
          if (outer >= 2 && inner >= 3) throw std::runtime_error(std::to_string(outer * 5 + inner));
        });
      });
    };
    CHECK(failure_of(call) == "13");
    CHECK(runs == ones(25));
  }
}

TEST_CASE("Law 3: the pool keeps nothing of an exception that has been thrown") {
  const auto witness = std::make_shared<int>(1);
  struct Failure {
    std::shared_ptr<int> held;
  };
  for (const int threads : thread_counts) {
    ThreadPool pool(threads);
    CHECK_THROWS_AS(pool.run(4, [&](Index) { throw Failure{witness}; }), Failure);
    CHECK(witness.use_count() == 1);
  }
}

TEST_CASE("Law 4: an idle pool costs nothing") {
  // Processor time, not time on the clock: six spinning workers would use all of it, whatever else the machine does.
  ThreadPool pool(7);
  CHECK(runs_of_tiles(pool, 100) == ones(100));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  CHECK(seconds < 0.1);
  CHECK(runs_of_tiles(pool, 100) == ones(100));
}

#if defined(__GLIBC__) && !defined(VADE_TEST_THREAD_SANITIZER)  // which delivers signals when it sees fit
TEST_CASE("Law 5: nobody waits for a worker that has not begun") {
  static std::atomic<bool> held{false}, released{false};
  held = released = false;
  struct sigaction hold {
  }, before{};
  hold.sa_handler = [](int) {
    held = true;
    while (!released) {
    }
  };
  REQUIRE(::sigaction(SIGUSR1, &hold, &before) == 0);

  ThreadPool pool(2);
  const pthread_t self = ::pthread_self();
  std::atomic<pthread_t> worker{self};
  std::atomic<int> arrived{0};
  pool.run(2, [&](Index) {  // either thread runs one of the two
    if (!::pthread_equal(::pthread_self(), self)) worker = ::pthread_self();
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  REQUIRE(!::pthread_equal(worker, self));
  REQUIRE(::pthread_kill(worker, SIGUSR1) == 0);
  while (!held) std::this_thread::yield();

  for (int call = 0; call < 3; ++call) CHECK(runs_of_tiles(pool, 9) == ones(9));  // the worker is held all the while
  released = true;
  for (int call = 0; call < 3; ++call) CHECK(runs_of_tiles(pool, 9) == ones(9));
  ::sigaction(SIGUSR1, &before, nullptr);
}
#endif

TEST_CASE("Work is shared: with enough threads, tiles that wait for each other all run at once") {
  for (const int threads : {2, 3, 7}) {
    ThreadPool pool(threads);
    std::atomic<int> arrived{0};
    pool.run(threads, [&](Index) {
      ++arrived;
      while (arrived < threads) std::this_thread::yield();
    });
    CHECK(arrived == threads);
  }
}

TEST_CASE("resize changes the number of threads, and refuses absurd ones without harm") {
  ThreadPool pool(2);
  for (const int threads : {3, 1, 7, 7, 2, 1, 3}) {
    pool.resize(threads);
    CHECK(pool.threads() == threads);
    CHECK(runs_of_tiles(pool, 50) == ones(50));
  }
  CHECK_THROWS_WITH_AS(pool.resize(0), "ThreadPool: threads is 0, wanted a value in [1, 1024]", vade::ValueError);
  CHECK_THROWS_WITH_AS(pool.resize(1025), "ThreadPool: threads is 1025, wanted a value in [1, 1024]", vade::ValueError);
  CHECK_THROWS_AS(pool.resize(-1), vade::ValueError);
  CHECK(pool.threads() == 3);
  CHECK(runs_of_tiles(pool, 50) == ones(50));
  CHECK_THROWS_AS(ThreadPool(0), vade::ValueError);
  CHECK_THROWS_AS(ThreadPool(1025), vade::ValueError);
}

#if defined(__GLIBC__)
TEST_CASE("Threads that the system refuses are an error that says how many there are; the pool works with them") {
  ThreadPool pool(3);
  {
    const NoMoreThreads refused;
    CHECK_THROWS_WITH_AS(
        pool.resize(5),
        "ThreadPool: got 3 threads, wanted 5; the system gives no more (see its limits of processes and memory)",
        vade::ResourceError);
    CHECK_THROWS_AS(ThreadPool(2), vade::ResourceError);
    CHECK(pool.threads() == 3);
    CHECK(runs_of_tiles(pool, 50) == ones(50));
    pool.resize(2);
    CHECK(pool.threads() == 2);
  }
  pool.resize(4);
  CHECK(pool.threads() == 4);
  CHECK(runs_of_tiles(pool, 50) == ones(50));
}

TEST_CASE("A pool that starts threads by need keeps those that it got, without an error, and can grow later") {
  ThreadPool pool([] { return 6; });
  CHECK(runs_of_tiles(pool, 3) == ones(3));
  {
    const NoMoreThreads refused;
    CHECK(pool.threads() == 6);
    CHECK(runs_of_tiles(pool, 50) == ones(50));
    CHECK(pool.threads() == 3);
    ThreadPool alone([] { return 6; });
    CHECK(runs_of_tiles(alone, 50) == ones(50));
    CHECK(alone.threads() == 1);
  }
  pool.resize(4);
  CHECK(pool.threads() == 4);
  CHECK(runs_of_tiles(pool, 50) == ones(50));
}
#endif

#if defined(__linux__)
TEST_CASE("Law 6: a worker is started by resize, or by the first run that has a tile for it, and by nothing else") {
  const std::ptrdiff_t before = threads_of_process();
  const auto has_workers = [&](int count) { return has_threads(before + count); };
  static int asked;
  asked = 0;
  {
    ThreadPool pool([] { return ++asked, 5; });
    CHECK(runs_of_tiles(pool, 0) == ones(0));
    CHECK(runs_of_tiles(pool, 1) == ones(1));
    CHECK(asked == 0);
    CHECK(has_workers(0));
    CHECK(runs_of_tiles(pool, 2) == ones(2));
    CHECK(has_workers(1));
    CHECK(runs_of_tiles(pool, 100) == ones(100));
    CHECK(has_workers(4));
    CHECK(runs_of_tiles(pool, 3) == ones(3));
    CHECK(has_workers(4));
    CHECK(pool.threads() == 5);
    CHECK(asked == 1);
  }
  CHECK(has_workers(0));
  asked = 0;
  {
    ThreadPool pool([] { return ++asked, 5; });
    pool.resize(1);
    CHECK(has_workers(0));
    CHECK(runs_of_tiles(pool, 100) == ones(100));
    CHECK(has_workers(0));
    pool.resize(3);
    CHECK(has_workers(2));
    CHECK(asked == 0);
    pool.resize(2);
    CHECK(has_workers(1));
  }
  CHECK(has_workers(0));
}
#endif

#if defined(VADE_TEST_FORK_BESIDE_THREADS)
TEST_CASE("Law 7: a child of fork ends well, whatever the pool of its parent was") {
  for (const int threads : {1, 8}) {
    CAPTURE(threads);
    static ThreadPool* pool;
    const std::unique_ptr<ThreadPool> owner(pool = new ThreadPool(threads));
    CHECK(runs_of_tiles(*pool, 40) == ones(40));
    CHECK(tests::status_of_child([] { return 0; }) == 0);
    CHECK(tests::status_of_child([] { return delete pool, 0; }) == 0);
    CHECK(runs_of_tiles(*pool, 40) == ones(40));  // and the parent's is what it was
  }
}

TEST_CASE("Law 7: in a child of fork the pool runs, on workers of its own, and can be resized; so in a child's child") {
  ThreadPool pool(8);
  CHECK(runs_of_tiles(pool, 40) == ones(40));
  const auto works = [&](int threads) {
    std::atomic<int> arrived{0};
    pool.run(threads, [&](Index) {
      ++arrived;
      while (arrived < threads) std::this_thread::yield();
    });
    return pool.threads() == threads && runs_of_tiles(pool, 100) == ones(100);
  };
  CHECK(tests::status_of_child([&] {
          if (!works(8)) return 1;
          pool.resize(3);
          if (!works(3)) return 2;
          pool.resize(9);
          if (!works(9)) return 3;
          return tests::status_of_child([&] { return works(9) ? 0 : 4; });
        }) == 0);
  CHECK(tests::status_of_child([&] {
          pool.resize(1);
          pool.resize(5);
          return works(5) ? 0 : 1;
        }) == 0);
  CHECK(works(8));
}

TEST_CASE("Law 7 holds where another thread was inside a call, or inside resize, at the fork") {
  ThreadPool pool(8);
  std::atomic<bool> started{false}, forked{false};
  std::thread user([&] {
    pool.run(8, [&](Index) {
      started = true;
      while (!forked) std::this_thread::yield();
    });
  });
  while (!started) std::this_thread::yield();
  std::thread waiting([&] { pool.resize(4); });  // waits for the call
  CHECK(tests::status_of_child([&] {
          if (runs_of_tiles(pool, 50) != ones(50)) return 1;
          pool.resize(3);
          return pool.threads() == 3 && runs_of_tiles(pool, 50) == ones(50) ? 0 : 2;
        }) == 0);
  CHECK(tests::status_of_child([] { return 0; }) == 0);
  forked = true;
  user.join();
  waiting.join();
  CHECK(pool.threads() == 4);
  CHECK(runs_of_tiles(pool, 50) == ones(50));
}

TEST_CASE("Law 7: a fork inside a tile leaves the child a clear error, where a worker was inside another tile") {
  ThreadPool pool(3);
  const auto self = std::this_thread::get_id();
  std::atomic<int> inside{0}, status{-1};
  std::atomic<bool> in_child{false}, released{false};
  const auto tile = [&](Index) {
    if (in_child) return;
    ++inside;
    if (std::this_thread::get_id() != self) {
      while (!released) std::this_thread::yield();
      return;
    }
    while (inside < 2) std::this_thread::yield();
    const pid_t child = ::fork();
    if (child == 0) {
      in_child = true;
      return;
    }
    int result = 0;
    ::waitpid(child, &result, 0);
    status = WIFEXITED(result) ? WEXITSTATUS(result) : 128;
    released = true;
  };
  std::string message;
  try {
    pool.run(3, tile);
  } catch (const vade::StateError& error) {
    message = error.what();
  }
  if (in_child) {
    const bool clear = message.find("the process was forked inside a tile") != std::string::npos;
    ::_exit(clear ? 0 : 1);
  }
  CHECK(message.empty());
  CHECK(status == 0);
}
#endif

TEST_CASE("resize waits for a running call, and other threads may run and ask meanwhile") {
  ThreadPool pool(3);
  std::atomic<int> wrong{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> users;
  for (int user = 0; user < 2; ++user)
    users.emplace_back([&] {
      while (!done) {
        if (runs_of_tiles(pool, 24) != ones(24)) ++wrong;
        if (pool.threads() < 1 || pool.threads() > 4) ++wrong;
      }
    });
  for (int i = 0; i < 60; ++i) pool.resize(1 + i % 4);
  done = true;
  for (std::thread& user : users) user.join();
  CHECK(wrong == 0);
  CHECK(pool.threads() == 4);
}

TEST_CASE("resize inside a tile is refused, of this pool or another, and not waited for") {
  ThreadPool pool(3), other(2);
  const std::string wanted = "ThreadPool::resize: called inside a tile, wanted a call when no tile runs";
  CHECK(failure_of([&] { pool.run(6, [&](Index) { pool.resize(2); }); }) == wanted);
  CHECK(failure_of([&] { pool.run(6, [&](Index) { other.resize(3); }); }) == wanted);
  CHECK_THROWS_AS(pool.run(6, [&](Index) { pool.resize(2); }), vade::StateError);
  CHECK(pool.threads() == 3);
  CHECK(other.threads() == 2);
  pool.resize(2);  // outside it is allowed, as before
  CHECK(runs_of_tiles(pool, 50) == ones(50));
}

TEST_CASE("A pool may live inside a tile of another, where it does its tiles in place") {
  ThreadPool outer(3);
  std::atomic<int> wrong{0};
  outer.run(6, [&](Index) {
    ThreadPool inner(3);
    if (inner.threads() != 3 || runs_of_tiles(inner, 20) != ones(20)) ++wrong;
  });
  CHECK(wrong == 0);
}

TEST_CASE("A pool that was never used, or is used once, ends without waiting for anything") {
  std::atomic<int> tiles{0};
  for (int i = 0; i < 50; ++i) {
    ThreadPool unused(3);
    ThreadPool once(3);
    once.run(2, [&](Index) { ++tiles; });
  }
  CHECK(tiles == 100);
}

TEST_CASE("The body may be a const object, a function or a lambda that changes its own state") {
  static std::atomic<int> calls{0};
  calls = 0;
  struct Body {
    void operator()(Index) const { ++calls; }
  };
  ThreadPool pool(2);
  const Body body;
  pool.run(5, body);
  pool.run(5, Body{});
  pool.run(5, [count = 0](Index) mutable {
    if (count == 0) ++calls;
  });
  CHECK(calls == 15);
}
