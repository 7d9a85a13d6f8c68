// vade: one row times a matrix.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include <vade/kernel/detail/micro_kernel.hpp>
#include <vade/kernel/detail/operands.hpp>

#if VADE_VECTOR_BYTES > 0

namespace vade::detail::inline VADE_KERNEL_NAMESPACE {

/// c `[1 x N]` += Σ_k a_k B_k over `steps` consecutive rows of B, a compile-time number of them.
template <Index steps, Real T>
VADE_WIDE_VECTORS void add_rows(const T* a, const T* b, Index b_stride, Index columns, T* c) {
  using V = typename Register<T>::type;
  constexpr Index width = Register<T>::width;
  Index j = 0;
  for (; j + width <= columns; j += width) {
    V sum = load<V>(c + j);
    for (Index k = 0; k < steps; ++k) sum += a[k] * load<V>(b + k * b_stride + j);
    store(c + j, sum);
  }
  for (; j < columns; ++j)
    for (Index k = 0; k < steps; ++k) c[j] += a[k] * b[k * b_stride + j];
}

/// c = a B, or c += a B: `[1 x N] = [1 x K] [K x N]`. Every entry of B is used once, so all that counts is to read B as
/// fast as it comes: whole rows, eight at a time, that the processor fetches ahead by itself, while c stays in the
/// first cache. Panels, which are what many rows want, would touch a page for every 128 bytes. K·N multiply-adds.
template <Real T>
void row_product(const T* a, Rows<const T> b, T* c, bool accumulate) {
  if (!accumulate) std::fill_n(c, b.columns, T{0});
  Index k = 0;
  for (; k + 8 <= b.rows; k += 8) add_rows<8>(a + k, b.at(k, 0), b.stride, b.columns, c);
  for (; k < b.rows; ++k) add_rows<1>(a + k, b.at(k, 0), b.stride, b.columns, c);
}

}  // namespace vade::detail::inline VADE_KERNEL_NAMESPACE

#endif
