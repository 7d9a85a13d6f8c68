// vade: storage that grows and never shrinks.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <string>

#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>

namespace vade::detail {

/// Aligned memory for a matrix whose size changes from step to step: a smaller batch reuses what a larger one took.
template <Real T>
class Buffer {
 public:
  /// Room for `size` entries, not initialised. Earlier contents are lost when it has to grow. @throws ResourceError if
  /// there is no memory for them
  T* reserve(Index size) {
    if (size > capacity_) {
      const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
      memory_.reset();
      capacity_ = 0;
      memory_.reset(static_cast<T*>(::operator new(bytes, alignment, std::nothrow)));
      if (!memory_) throw ResourceError("Tape: no memory for the " + std::to_string(bytes) + " bytes of a node");
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
