// vade: operands of a matrix product, laid out in the order in which the micro kernel reads them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include <vade/kernel/detail/micro_kernel.hpp>

namespace vade::detail::inline VADE_KERNEL_NAMESPACE {

/// Memory of one thread for packed panels, kept from call to call: it only grows, so a steady state allocates nothing.
/// A lease takes it away from the thread until it ends; a second lease meanwhile (an epilogue that itself multiplies)
/// gets memory of its own. `slot` tells apart the two uses that one product has at the same time.
template <Real T, int slot>
class PackLease {
 public:
  explicit PackLease(Index count) : memory_(std::exchange(kept(), {})) {
    if (count <= memory_.count) return;
    memory_ = {};
    memory_.data.reset(static_cast<T*>(::operator new(static_cast<std::size_t>(count) * sizeof(T), line)));
    memory_.count = count;
  }
  PackLease(const PackLease&) = delete;
  PackLease& operator=(const PackLease&) = delete;
  ~PackLease() { kept() = std::move(memory_); }

  T* data() const { return memory_.data.get(); }

 private:
  static constexpr std::align_val_t line{64};
  struct Free {
    void operator()(T* data) const { ::operator delete(data, line); }
  };
  struct Memory {
    std::unique_ptr<T, Free> data;
    Index count = 0;
  };
  static Memory& kept() {
    thread_local Memory memory;
    return memory;
  }

  Memory memory_;
};

#if VADE_VECTOR_BYTES > 0

/// One exchange of the transpose below: blocks of `half` columns change places between two rows.
template <std::size_t half, class V, std::size_t... lane>
void exchange_blocks(V& upper, V& lower, std::index_sequence<lane...>) {
  constexpr std::size_t width = sizeof...(lane);
  const V u = upper, l = lower;
  upper = __builtin_shufflevector(u, l, ((lane & half) == 0 ? lane : width + lane - half)...);
  lower = __builtin_shufflevector(u, l, ((lane & half) == 0 ? lane + half : width + lane)...);
}

template <std::size_t half, class V, std::size_t... lane>
void transpose_blocks(V (&rows)[sizeof...(lane)], std::index_sequence<lane...> lanes) {
  ((lane & half ? void() : exchange_blocks<half>(rows[lane], rows[lane | half], lanes)), ...);
  if constexpr (half > 1) transpose_blocks<half / 2>(rows, lanes);
}

/// `out[k·width + i] = source[i·stride + k]` for i < lines, k < depth; zeros for lines <= i < width. May write one
/// register beyond the last entry.
template <Real T>
VADE_WIDE_VECTORS void pack_transposed(const T* source, Index stride, Index lines, Index depth, T* out, Index width) {
  using V = typename Register<T>::type;
  constexpr Index lanes = Register<T>::width;
  constexpr std::size_t count = static_cast<std::size_t>(lanes);
  // The last lines first: what their registers write too much belongs to lines that are still to come.
  for (Index first = (width - 1) / lanes * lanes; first >= 0; first -= lanes) {
    const Index present = std::min(lanes, lines - first);
    Index k = 0;
    for (; k + lanes <= depth; k += lanes) {
      V block[count];
      for (Index i = 0; i < lanes; ++i) block[i] = i < present ? load<V>(source + (first + i) * stride + k) : V{};
      transpose_blocks<count / 2>(block, std::make_index_sequence<count>());
      for (Index i = 0; i < lanes; ++i) store(out + (k + i) * width + first, block[i]);
    }
    for (; k < depth; ++k)
      for (Index i = 0; i < lanes && first + i < width; ++i)
        out[k * width + first + i] = i < present ? source[(first + i) * stride + k] : T{0};
  }
}

/// `out[k·width + i] = source[k·stride + i]` for i < lines, k < depth; zeros for lines <= i < width. Reads up to
/// `readable` entries of a row (at least `lines`). May write one register beyond the last entry.
template <Real T>
VADE_WIDE_VECTORS void pack_copied(const T* source, Index stride, Index lines, Index readable, Index depth, T* out,
                                   Index width) {
  using V = typename Register<T>::type;
  constexpr Index lanes = Register<T>::width;
  if (lines == width && width == 2 * lanes) {
    for (Index k = 0; k < depth; ++k, source += stride, out += width) {
      const V first = load<V>(source), second = load<V>(source + lanes);
      store(out, first);
      store(out + lanes, second);
    }
  } else if (lines == width && width <= lanes && readable >= lanes) {
    for (Index k = 0; k < depth; ++k, source += stride, out += width) store(out, load<V>(source));
  } else {
    for (Index k = 0; k < depth; ++k, source += stride, out += width)
      for (Index i = 0; i < width; ++i) out[i] = i < lines ? source[i] : T{0};
  }
}

#endif

}  // namespace vade::detail::inline VADE_KERNEL_NAMESPACE
