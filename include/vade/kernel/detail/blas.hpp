// vade: the user's BLAS for one tile of C. Its own threads must be off: vade's pool runs the tiles.
// SPDX-License-Identifier: MIT
#pragma once

#include <cblas.h>

#include <vade/kernel/detail/operands.hpp>

namespace vade::detail {

struct BlasTile {
  template <Form form, Real T>
  static void multiply(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate) {
    const auto narrow = [](Index i) { return static_cast<int>(i); };
    const auto transpose_a = form == Form::at_b ? CblasTrans : CblasNoTrans;
    const auto transpose_b = form == Form::a_bt ? CblasTrans : CblasNoTrans;
    const Index depth = form == Form::at_b ? a.rows : a.columns;
    const auto call = [&](auto gemm) {
      gemm(CblasRowMajor, transpose_a, transpose_b, narrow(c.rows), narrow(c.columns), narrow(depth), T{1}, a.data,
           narrow(a.stride), b.data, narrow(b.stride), accumulate ? T{1} : T{0}, c.data, narrow(c.stride));
    };
    if constexpr (std::is_same_v<T, float>)
      call(cblas_sgemm);
    else
      call(cblas_dgemm);
  }
};

}  // namespace vade::detail
