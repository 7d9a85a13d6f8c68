// vade: an object that is made when it is first needed, and then stays.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>

namespace vade {

/// A constant of the process that is too costly to make before it is needed. Unlike a static object of a function, it
/// has no lock, which a fork of another thread would leave locked in the child for ever: threads that come first
/// together each make one, and one of these is kept. It is never destroyed, so destructors of static objects may use
/// it.
template <class T>
class LazyConstant {
 public:
  constexpr LazyConstant() = default;
  LazyConstant(const LazyConstant&) = delete;
  LazyConstant& operator=(const LazyConstant&) = delete;

  /// `make()`, at the first call. Every call must give an equal `make`. O(1) afterwards. @throws what `make` throws
  template <class Make>
  const T& get(const Make& make) {
    const T* made = made_.load(std::memory_order_acquire);
    if (made) return *made;
    auto fresh = std::make_unique<const T>(make());
    if (!made_.compare_exchange_strong(made, fresh.get(), std::memory_order_acq_rel)) return *made;
    return *fresh.release();
  }

 private:
  std::atomic<const T*> made_{nullptr};
};

}  // namespace vade
