// vade: threads that share the tiles of one call at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <vade/core/detail/forks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>

namespace vade::detail {

/// `body(tile)`, with its type erased: the code that shares tiles is compiled once for all bodies.
struct TileBody {
  void (*function)(void*, Index) = nullptr;
  void* body = nullptr;

  void operator()(Index tile) const { function(body, tile); }
};

class WorkerTeam;

/// The team that shares the call which this thread is inside a tile of, if any.
inline thread_local const WorkerTeam* team_of_tile = nullptr;

/// Workers, and the call that they share with its caller. Who runs a call or changes the workers holds `busy()`.
/// A team belongs to the process that made it; in a child of `fork` its copy can only be abandoned.
class WorkerTeam {
 public:
  WorkerTeam() = default;
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;
  ~WorkerTeam() { resize(0); }

  bool of_this_process() const { return forks_ == forks(); }

  /// Keeps `team`, of another process, for ever and reachable: to destroy it would mean to wait for its threads.
  static void abandon(WorkerTeam* team) {
    team->abandoned_before_ = abandoned_.load(std::memory_order_relaxed);
    while (!abandoned_.compare_exchange_weak(team->abandoned_before_, team, std::memory_order_release,
                                             std::memory_order_relaxed)) {
    }
  }

  std::mutex& busy() { return busy_; }
  int workers() const { return static_cast<int>(workers_.size()); }

  /// Ends or starts workers until there are `wanted`, or fewer if the system has no more threads. Returns how many
  /// there are. Needs `busy()`.
  int resize(int wanted) {
    staying_.store(wanted, std::memory_order_relaxed);
    if (wanted < workers()) {
      wake();
      for (int i = wanted; i < workers(); ++i) workers_[static_cast<std::size_t>(i)].join();
      workers_.resize(static_cast<std::size_t>(wanted));
    }
    try {
      workers_.reserve(static_cast<std::size_t>(wanted));
      const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
      for (int i = workers(); i < wanted; ++i) workers_.emplace_back([this, i, generation] { serve(i, generation); });
    } catch (const std::system_error&) {  // no more threads
    } catch (const std::bad_alloc&) {     // no memory for one
    }
    return workers();
  }

  /// Calls `call(tile)` for every tile in [0, tiles), in this thread and the workers. Needs `busy()`.
  /// @throws what the lowest tile that failed has thrown, after all tiles have ended; StateError in a child of a fork
  /// inside a tile, if a worker was inside another tile at that time
  void run(Index tiles, TileBody call) {
    call_ = call;
    tiles_ = tiles;
    failed_tile_ = tiles;
    failure_ = nullptr;
    next_.store(0, std::memory_order_relaxed);
    gate_.store(0, std::memory_order_release);
    wake();
    work();
    gate_.fetch_or(closed,
                   std::memory_order_relaxed);  // every tile is taken: a worker that comes now has nothing to do
    for (unsigned state = gate_.load(std::memory_order_acquire), spins = 0; state != closed;
         state = gate_.load(std::memory_order_acquire)) {
      if (!of_this_process())
        throw StateError(
            "ThreadPool::run: the process was forked inside a tile, and the child has not the threads that ran "
            "other tiles; wanted a fork outside of tiles");
      if (++spins < spin_limit)
        pause();
      else
        gate_.wait(state, std::memory_order_acquire);
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  static constexpr unsigned spin_limit = 4000;  // about 50 µs: longer than the gap between two operations of a step
  static constexpr unsigned closed = 1u << 31;  // of the gate, beside the count of those who are inside

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }

  void wake() {
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
  }

  void serve(int index, std::uint32_t seen) {
    do {
      for (unsigned spins = 0; generation_.load(std::memory_order_acquire) == seen;) {
        if (++spins < spin_limit)
          pause();
        else
          generation_.wait(seen, std::memory_order_acquire);
      }
      seen = generation_.load(std::memory_order_acquire);
      if (index >= staying_.load(std::memory_order_relaxed)) return;
      if (!enter()) continue;
      work();
      if (gate_.fetch_sub(1, std::memory_order_acq_rel) == closed + 1) gate_.notify_one();
    } while (
        of_this_process());  // a worker that forked inside a tile is the only thread of the child, which ends with it
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
    team_of_tile = this;
    for (Index tile = next_.fetch_add(1, std::memory_order_relaxed); tile < tiles_;
         tile = next_.fetch_add(1, std::memory_order_relaxed)) {
      try {
        call_(tile);
      } catch (...) {
        const std::lock_guard lock(failure_lock_);
        if (tile < failed_tile_) {
          failed_tile_ = tile;
          failure_ = std::current_exception();
        }
      }
    }
    team_of_tile = nullptr;
  }

  inline static std::atomic<WorkerTeam*> abandoned_{nullptr};

  WorkerTeam* abandoned_before_ = nullptr;
  const unsigned forks_ = forks();
  std::mutex busy_;
  std::vector<std::thread> workers_;  // changed only under busy_
  std::atomic<int> staying_{0};       // workers of this index and above end when they wake up
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<Index> next_{0};
  std::atomic<unsigned> gate_{closed};  // how many workers are inside the present call, and whether more may enter
  TileBody call_;
  Index tiles_ = 0;
  std::mutex failure_lock_;
  Index failed_tile_ = 0;
  std::exception_ptr failure_;
};

}  // namespace vade::detail
