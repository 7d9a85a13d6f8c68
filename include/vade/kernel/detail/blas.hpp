// vade: the user's BLAS for one tile of C. Its own threads must be off: vade's pool runs the tiles.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>

#include <cblas.h>

#include <vade/core/checks.hpp>
#include <vade/kernel/detail/operands.hpp>

namespace vade::detail {

/// A size as BLAS takes it. @throws ValueError
inline int blas_size(Index size) {
  constexpr int largest = std::numeric_limits<int>::max();
  if (size > largest)
    throw ValueError(message("product: a depth or row stride is ", size, ", wanted at most ", largest, " with a BLAS"));
  return static_cast<int>(size);
}

/// Entries from row to row: BLAS wants at least one, also where there is no entry.
inline int blas_stride(Index stride) { return blas_size(std::max<Index>(1, stride)); }

/// The user's BLAS for one tile of C. @throws ValueError for sizes that are no `int`
struct BlasTile {
  template <Form form, Real T>
  static void multiply(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate) {
    const auto transpose_a = form == Form::at_b ? CblasTrans : CblasNoTrans;
    const auto transpose_b = form == Form::a_bt ? CblasTrans : CblasNoTrans;
    const Index depth = form == Form::at_b ? a.rows : a.columns;
    const auto call = [&](auto gemm) {
      gemm(CblasRowMajor, transpose_a, transpose_b, blas_size(c.rows), blas_size(c.columns), blas_size(depth), T{1},
           a.data, blas_stride(a.stride), b.data, blas_stride(b.stride), accumulate ? T{1} : T{0}, c.data,
           blas_stride(c.stride));
    };
    if constexpr (std::is_same_v<T, float>)
      call(cblas_sgemm);
    else
      call(cblas_dgemm);
  }
};

}  // namespace vade::detail
