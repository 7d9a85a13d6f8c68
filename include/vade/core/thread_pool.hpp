// vade: a pool of threads that run tiles of work.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <type_traits>

#include <vade/core/checks.hpp>
#include <vade/core/detail/worker_team.hpp>
#include <vade/core/matrix.hpp>

/// Work is cut into tiles by the problem, never by the number of threads, and every tile writes its own results:
/// hence the same bytes for any number of threads. Sums over tiles are added by the caller in tile order.
///
/// Laws, each tested by name:
///   1. every tile runs exactly once, and `run` returns after the last;
///   2. a nested `run`, or one that finds the pool busy with another user's thread, does its tiles in place;
///   3. the exception of the lowest tile that failed reaches the caller, after all tiles have ended;
///   4. workers that have nothing to do spin for some microseconds, then sleep: an idle pool costs nothing;
///   5. nobody waits for a worker that has not begun: what the others can do while it wakes up, they do without it;
///   6. a worker is started by `resize`, or by the first `run` that has a tile for it, and by nothing else;
///   7. a child of `fork` has no workers and no locks of its parent's; it starts its own by law 6.
namespace vade {

/// Threads that share the tiles of one call at a time.
class ThreadPool {
 public:
  /// `threads` counts the caller: 1 starts no thread. @throws ValueError outside [1, 1024]; ResourceError if the system
  /// refuses some of them
  explicit ThreadPool(int threads) : ThreadPool([] { return 1; }) { set(threads); }

  /// A pool that starts no thread before `run` can use it. Its number of threads is `decide()`, asked for at most once
  /// a thread, when a number is first needed and `resize` has given none.
  constexpr explicit ThreadPool(int (*decide)()) : decide_(decide) {}

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Ends the workers. At the end of a process that ends inside a call, they end with the process.
  ~ThreadPool() {
    detail::WorkerTeam* const team = team_.load(std::memory_order_acquire);
    if (!team || team == detail::team_of_tile) return;
    if (!team->of_this_process()) {
      detail::WorkerTeam::abandon(team);
    } else if (std::unique_lock idle(team->busy(), std::try_to_lock); idle) {
      team_.store(nullptr, std::memory_order_release);
      idle.unlock();
      delete team;
    }
  }

  /// How many threads a `run` of enough tiles uses, the caller included. @throws what `decide` throws
  int threads() const {
    int threads = threads_.load(std::memory_order_relaxed);
    if (threads > 0) return threads;
    const int decided = decide_();
    return threads_.compare_exchange_strong(threads, decided, std::memory_order_relaxed) ? decided : threads;
  }

  /// Changes the number of threads and starts or ends workers at once; waits for a running call.
  /// @throws ValueError outside [1, 1024]; StateError inside a tile that a pool runs, which would wait for itself;
  /// ResourceError if the system refuses some threads: the pool then has those that it got
  void resize(int threads) {
    if (detail::team_of_tile)
      throw StateError("ThreadPool::resize: called inside a tile, wanted a call when no tile runs");
    set(threads);
  }

  /// Calls `body(tile)` for every tile in [0, tiles). Where the system refuses threads, the pool keeps those it got.
  /// @throws what the lowest tile that failed has thrown
  template <class Body>
  void run(Index tiles, Body&& body) {
    // Called through one pointer, so that the compiler makes one copy of `body`, and the loops once for all.
    using Callable = std::remove_reference_t<Body>;
    run_tiles(tiles, {[](void* callable, Index tile) { (*static_cast<Callable*>(callable))(tile); },
                      const_cast<void*>(static_cast<const void*>(&body))});
  }

 private:
  void set(int threads) {
    check_between("ThreadPool", "threads", threads, 1, 1024);
    detail::WorkerTeam& team = this->team();
    const std::lock_guard lock(team.busy());
    const int got = 1 + team.resize(threads - 1);
    threads_.store(got, std::memory_order_relaxed);
    if (got < threads)
      throw ResourceError(detail::message("ThreadPool: got ", got, " threads, wanted ", threads,
                                          "; the system gives no more (see its limits of processes and memory)"));
  }

  void run_tiles(Index tiles, detail::TileBody call) {
    if (tiles > 1 && !detail::team_of_tile && threads() > 1) {
      detail::WorkerTeam& team = this->team();
      if (const std::unique_lock idle(team.busy(), std::try_to_lock); idle) {
        const int useful = static_cast<int>(std::min<Index>(tiles, threads())) - 1;
        if (team.workers() < useful && team.resize(useful) < useful)
          threads_.store(1 + team.workers(), std::memory_order_relaxed);
        if (team.workers() > 0) return team.run(tiles, call);
      }
    }
    run_in_place(tiles, call);
  }

  static void run_in_place(Index tiles, detail::TileBody call) {
    std::exception_ptr failure;
    for (Index tile = 0; tile < tiles; ++tile) {
      try {
        call(tile);
      } catch (...) {
        if (!failure) failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

  /// The team of this process, which is made here where there is none: at first use, and after a fork.
  detail::WorkerTeam& team() {
    detail::WorkerTeam* team = team_.load(std::memory_order_acquire);
    if (team && team->of_this_process()) return *team;
    auto made = std::make_unique<detail::WorkerTeam>();
    detail::WorkerTeam* const before = team;
    if (!team_.compare_exchange_strong(team, made.get(), std::memory_order_acq_rel)) return *team;  // another was first
    if (before) detail::WorkerTeam::abandon(before);
    return *made.release();
  }

  std::atomic<detail::WorkerTeam*> team_{nullptr};
  mutable std::atomic<int> threads_{0};  // 0: not decided
  int (*decide_)();
};

}  // namespace vade
