// vade: the one thread pool.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

/// Work is cut into tiles by the problem, never by the number of threads, and every tile writes its own results:
/// hence the same bytes for any number of threads. Sums over tiles are added by the caller in tile order.
///
/// Laws, each tested by name:
///   1. every tile runs exactly once, and `run` returns after the last;
///   2. a nested `run`, or one that finds the pool busy with another user's thread, does its tiles in place;
///   3. the exception of the lowest tile that failed reaches the caller, after all tiles have ended;
///   4. workers that have nothing to do spin for some microseconds, then sleep: an idle pool costs nothing;
///   5. nobody waits for a worker that has not begun: what the others can do while it wakes up, they do without it.
namespace vade {

/// A fixed set of threads that share the tiles of one call at a time.
class ThreadPool {
 public:
  /// `threads` counts the caller: 1 starts no thread. @throws ValueError outside [1, 1024]
  explicit ThreadPool(int threads) { start(threads); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() { stop(); }

  int threads() const { return threads_.load(std::memory_order_relaxed); }

  /// Changes the number of threads; waits for a running call. @throws ValueError outside [1, 1024]; StateError inside a
  /// tile that a pool runs, which would wait for itself
  void resize(int threads) {
    if (inside_) throw StateError("ThreadPool::resize: called inside a tile, wanted a call when no tile runs");
    const std::lock_guard lock(busy_);
    if (threads == this->threads()) return;
    check_between("ThreadPool", "threads", threads, 1, 1024);
    stop();
    start(threads);
  }

  /// Calls `body(tile)` for every tile in [0, tiles).
  template <class Body>
  void run(Index tiles, Body&& body) {
    // Called through one pointer, so that the compiler makes one copy of `body`, and this loop once for all.
    using Callable = std::remove_reference_t<Body>;
    run_tiles(tiles, [](void* callable, Index tile) { (*static_cast<Callable*>(callable))(tile); },
              const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Call = void (*)(void*, Index);

  void run_tiles(Index tiles, Call call, void* callable) {
    std::unique_lock lock(busy_, std::defer_lock);
    if (tiles < 2 || inside_ || threads() == 1 || !lock.try_lock()) {
      run_in_place(tiles, call, callable);
      return;
    }
    call_ = call;
    callable_ = callable;
    tiles_ = tiles;
    failed_tile_ = tiles;
    failure_ = nullptr;
    next_.store(0, std::memory_order_relaxed);
    gate_.store(0, std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    work();
    gate_.fetch_or(closed, std::memory_order_relaxed);  // every tile is taken: who comes now has nothing to do
    for (unsigned state = gate_.load(std::memory_order_acquire), spins = 0; state != closed;
         state = gate_.load(std::memory_order_acquire)) {
      if (++spins < spin_limit)
        pause();
      else
        gate_.wait(state, std::memory_order_acquire);
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  static constexpr unsigned spin_limit = 4000;  // about 50 µs: longer than the gap between two operations of a step
  static constexpr unsigned closed = 1u << 31;  // of the gate, beside the count of those who are inside

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }

  void start(int threads) {
    check_between("ThreadPool", "threads", threads, 1, 1024);
    stopping_.store(false, std::memory_order_relaxed);
    const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this, generation] { serve(generation); });
    } catch (...) {  // the system has no more threads: end those that run, or their destructors would end the program
      stop();
      throw;
    }
    threads_.store(threads, std::memory_order_relaxed);
  }

  void stop() {
    stopping_.store(true, std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    threads_.store(1, std::memory_order_relaxed);
  }

  static void run_in_place(Index tiles, Call call, void* callable) {
    std::exception_ptr failure;
    for (Index tile = 0; tile < tiles; ++tile) {
      try {
        call(callable, tile);
      } catch (...) {
        if (!failure) failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

  void serve(std::uint32_t seen) {
    for (;;) {
      for (unsigned spins = 0; generation_.load(std::memory_order_acquire) == seen;) {
        if (++spins < spin_limit)
          pause();
        else
          generation_.wait(seen, std::memory_order_acquire);
      }
      seen = generation_.load(std::memory_order_acquire);
      if (stopping_.load(std::memory_order_relaxed)) return;
      if (!enter()) continue;
      work();
      if (gate_.fetch_sub(1, std::memory_order_acq_rel) == closed + 1) gate_.notify_one();
    }
  }

  /// Counts this worker in, unless the call that woke it is over.
  bool enter() {
    unsigned state = gate_.load(std::memory_order_relaxed);
    while ((state & closed) == 0)
      if (gate_.compare_exchange_weak(state, state + 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    return false;
  }

  void work() {
    inside_ = true;
    for (Index tile = next_.fetch_add(1, std::memory_order_relaxed); tile < tiles_;
         tile = next_.fetch_add(1, std::memory_order_relaxed)) {
      try {
        call_(callable_, tile);
      } catch (...) {
        const std::lock_guard lock(failure_lock_);
        if (tile < failed_tile_) {
          failed_tile_ = tile;
          failure_ = std::current_exception();
        }
      }
    }
    inside_ = false;
  }

  inline static thread_local bool inside_ = false;

  std::vector<std::thread> workers_;  // changed only under busy_
  std::atomic<int> threads_{1};       // their number and the caller, for whoever asks meanwhile
  std::mutex busy_;
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<Index> next_{0};
  std::atomic<unsigned> gate_{closed};  // how many workers are inside the present call, and whether more may enter
  Call call_ = nullptr;
  void* callable_ = nullptr;
  Index tiles_ = 0;
  std::mutex failure_lock_;
  Index failed_tile_ = 0;
  std::exception_ptr failure_;
};

/// The pool that the whole library uses; starts with one thread for each processor.
inline ThreadPool& default_pool() {
  static ThreadPool pool(std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 1024));
  return pool;
}

/// Sets the number of threads of the whole library. Results do not depend on it. @throws ValueError, StateError
inline void set_threads(int threads) { default_pool().resize(threads); }

/// Calls `body(begin, end)` for consecutive ranges of [0, count), `grain` long but for the last, on the default pool.
/// @throws ValueError for a grain below 1
template <class Body>
void parallel_ranges(Index count, Index grain, Body&& body) {
  if (grain < 1) throw ValueError(detail::message("parallel_ranges: grain is ", grain, ", wanted at least 1"));
  const Index tiles = (count + grain - 1) / grain;
  default_pool().run(tiles, [&](Index tile) { body(tile * grain, std::min(count, (tile + 1) * grain)); });
}

}  // namespace vade
