// vade: the innermost loop of a matrix product: a block of C that lives in registers.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include <vade/core/matrix.hpp>

/// Bytes of a vector register of the compile target, reached through GCC's and clang's portable vector types; 0 where
/// there are none. What depends on them stands in a namespace named after them: of functions of one name, the linker
/// keeps those of one unit, and the tiles of one target would be handed to the kernels of another.
#if !defined(__has_builtin)
#define VADE_VECTOR_BYTES 0
#define VADE_KERNEL_NAMESPACE kernel_0
#elif !__has_builtin(__builtin_shufflevector)
#define VADE_VECTOR_BYTES 0
#define VADE_KERNEL_NAMESPACE kernel_0
#elif defined(__AVX512F__)
#define VADE_VECTOR_BYTES 64
#define VADE_KERNEL_NAMESPACE kernel_64
#elif defined(__AVX2__) && defined(__FMA__)
#define VADE_VECTOR_BYTES 32
#define VADE_KERNEL_NAMESPACE kernel_32
#else
#define VADE_VECTOR_BYTES 16
#define VADE_KERNEL_NAMESPACE kernel_16
#endif

/// clang halves 64-byte vectors for processors that it expects to clock down, unless a function says that it means it.
#if defined(__clang__) && VADE_VECTOR_BYTES == 64
#define VADE_WIDE_VECTORS [[clang::min_vector_width(512)]]
#else
#define VADE_WIDE_VECTORS
#endif

#if VADE_VECTOR_BYTES > 0

namespace vade::detail::inline VADE_KERNEL_NAMESPACE {

/// A vector register full of T.
template <Real T>
struct Register {
  typedef T type __attribute__((vector_size(VADE_VECTOR_BYTES)));
  static constexpr Index width = VADE_VECTOR_BYTES / sizeof(T);
};

template <class V, class T>
V load(const T* from) {
  V v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class V, class T>
void store(T* to, V v) {
  std::memcpy(to, &v, sizeof v);
}

/// Rows of C that one call computes at most, and registers across. 14 x 2 accumulators of 32 registers, or 6 x 2 of 16,
/// leave room for one row of B and one broadcast entry of A. An entry of A then serves 2 multiply-add instructions and
/// a row of B serves 14: 16 loads for 28 instructions, where the processor could do 28.
inline constexpr Index micro_rows = VADE_VECTOR_BYTES == 64 ? 14 : 6;
inline constexpr Index micro_registers = 2;

/// Memory that will be wanted soon: a kernel asks for two neighbouring lines in every step k with `(k & mask) == 0`.
struct Ahead {
  const char* line;
  Index step, mask;
};

/// out = left · right, or added to it: `[rows x registers·width]`, rows = cells / registers. `left` is packed,
/// `[depth x rows]`; `right` has `right_stride` entries from one row to the next. Each cell is one accumulator: the
/// indices are template arguments, so that all of them stay in registers at any level of optimisation.
///
/// The lines of `out` are asked for on the way. Without that, a third of the time of a weight gradient goes by between
/// the last sum and the next kernel, since the store buffer cannot hide so many lines that are not in the cache.
template <Real T, Index registers, std::size_t... cell>
VADE_WIDE_VECTORS void micro_kernel(Index depth, const T* left, const T* right, Index right_stride, Ahead ahead, T* out,
                                    Index out_stride, bool accumulate) {
  using V = typename Register<T>::type;
  constexpr Index width = Register<T>::width;
  constexpr std::size_t across = static_cast<std::size_t>(registers);
  constexpr Index rows = static_cast<Index>(sizeof...(cell) / across);
  const Index out_mask =
      static_cast<Index>(std::bit_floor(static_cast<std::size_t>(std::max<Index>(1, depth / rows)))) - 1;
  const T* out_line = out;
  V sum[sizeof...(cell)] = {};
  for (Index k = 0; k < depth; ++k) {
    const V row[2] = {load<V>(right), load<V>(right + (registers - 1) * width)};
    if ((k & out_mask & ahead.mask) == 0) {
      if ((k & out_mask) == 0) {
        __builtin_prefetch(out_line, 1, 3);
        __builtin_prefetch(reinterpret_cast<const char*>(out_line) + 64, 1, 3);
        out_line += out_stride;
      }
      if ((k & ahead.mask) == 0) {
        __builtin_prefetch(ahead.line, 0, 2);
        __builtin_prefetch(ahead.line + 64, 0, 2);
        ahead.line += ahead.step;
      }
    }
    ((sum[cell] += left[cell / across] * row[cell % across]), ...);
    left += rows;
    right += right_stride;
  }
  const auto place = [&](std::size_t c) {
    return out + static_cast<Index>(c / across) * out_stride + static_cast<Index>(c % across) * width;
  };
  if (accumulate) ((sum[cell] += load<V>(place(cell))), ...);
  (store(place(cell), sum[cell]), ...);
}

template <Real T>
using MicroKernel = void (*)(Index, const T*, const T*, Index, Ahead, T*, Index, bool);

template <Real T, Index registers, std::size_t... cell>
constexpr MicroKernel<T> micro_kernel_of(std::index_sequence<cell...>) {
  return &micro_kernel<T, registers, cell...>;
}

template <Real T, Index registers, std::size_t... row>
constexpr auto micro_kernels_of(std::index_sequence<row...>) {
  return std::array<MicroKernel<T>, sizeof...(row)>{
      micro_kernel_of<T, registers>(std::make_index_sequence<(row + 1) * registers>())...};
}

/// `micro_kernels<T, r>[h - 1]` computes h rows and r registers across. Four rows already keep both multiply-add units
/// busy, so M rows are shared out evenly (128 = 8·13 + 2·12) and nothing is computed for padding.
template <Real T, Index registers>
inline constexpr auto micro_kernels =
    micro_kernels_of<T, registers>(std::make_index_sequence<static_cast<std::size_t>(micro_rows)>());

}  // namespace vade::detail::inline VADE_KERNEL_NAMESPACE

#endif
