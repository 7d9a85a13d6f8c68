// vade: a closure stored in place.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>

namespace vade::detail {

/// What a node does in the backward sweep. `std::function` would allocate for more than two captured variables; here
/// closures of trivially copyable captures (variables, pointers, numbers) lie inside the node.
class AdjointFunction {
 public:
  template <class Closure>
  void set(const Closure& closure) {
    static_assert(std::is_trivially_copyable_v<Closure> && std::is_trivially_destructible_v<Closure>,
                  "an adjoint captures variables, raw pointers and numbers only");
    static_assert(sizeof(Closure) <= capacity, "an adjoint captures at most 160 bytes");
    static_assert(alignof(Closure) <= alignof(std::max_align_t));
    ::new (static_cast<void*>(storage_)) Closure(closure);
    call_ = [](const void* storage) { (*static_cast<const Closure*>(storage))(); };
  }

  void clear() { call_ = nullptr; }
  explicit operator bool() const { return call_ != nullptr; }
  void operator()() const { call_(storage_); }

 private:
  static constexpr std::size_t capacity = 160;
  alignas(std::max_align_t) std::byte storage_[capacity];
  void (*call_)(const void*) = nullptr;
};

}  // namespace vade::detail
