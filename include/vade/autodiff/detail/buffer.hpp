// vade: storage that grows and never shrinks.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include <vade/core/matrix.hpp>

namespace vade::detail {

/// Aligned memory for a matrix whose size changes from step to step: a smaller batch reuses what a larger one took.
template <Real T>
class Buffer {
 public:
  /// Room for `size` entries, not initialised. Earlier contents are lost when it has to grow.
  T* reserve(Index size) {
    if (size > capacity_) {
      memory_.reset(static_cast<T*>(::operator new(static_cast<std::size_t>(size) * sizeof(T), alignment)));
      capacity_ = size;
    }
    return memory_.get();
  }

  std::size_t bytes() const { return static_cast<std::size_t>(capacity_) * sizeof(T); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Release {
    void operator()(T* memory) const { ::operator delete(memory, alignment); }
  };
  std::unique_ptr<T[], Release> memory_;
  Index capacity_ = 0;
};

}  // namespace vade::detail
