// vade: somebody else's product, single-threaded, for each tile of C.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include <vade/kernel/detail/operands.hpp>

namespace vade::detail {

/// Eigen for one tile of C, in this thread alone: the pool runs the tiles, and a team of OpenMP inside would fight it.
/// Eigen's own threads take no part in a product that has at most 32 rows at compile time, so C is cut into such
/// strips.
struct EigenTile {
  template <Form form, Real T>
  static void multiply(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate) {
    constexpr Index most = 32;
    using Stride = Eigen::OuterStride<>;
    using ConstMap = Eigen::Map<const Matrix<T>, 0, Stride>;
    using Strip = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor, int{most}, Eigen::Dynamic>;
    const ConstMap left(a.data, a.rows, a.columns, Stride(a.stride));
    const ConstMap right(b.data, b.rows, b.columns, Stride(b.stride));
    const bool empty = (form == Form::at_b ? a.rows : a.columns) == 0;  // then A and B may have no address
    for (Index first = 0; first < c.rows; first += most) {
      const Index rows = std::min(most, c.rows - first);
      Eigen::Map<Strip, 0, Stride> out(c.at(first, 0), rows, c.columns, Stride(c.stride));
      if (!accumulate) out.setZero();
      if (empty) continue;
      if constexpr (form == Form::a_b)
        out.noalias() += left.middleRows(first, rows) * right;
      else if constexpr (form == Form::at_b)
        out.noalias() += left.middleCols(first, rows).transpose() * right;
      else
        out.noalias() += left.middleRows(first, rows) * right.transpose();
    }
  }
};

/// C in tiles of at most `[256 x 128]`, each by one call of `Multiply`.
template <class Multiply, Form form, Real T>
void product_per_tile(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate, TileCall epilogue) {
  if (c.rows == 0 || c.columns == 0) return;
  const Index depth = form == Form::at_b ? a.rows : a.columns;
  const Index row_tiles = parts_of(c.rows, 256), column_tiles = parts_of(c.columns, 128);
  run_tiles(worth_no_thread(c.rows, c.columns, depth), row_tiles * column_tiles, [&](Index index) {
    const Share rows(c.rows, row_tiles, index / column_tiles), columns(c.columns, column_tiles, index % column_tiles);
    const Rows<const T> left = form == Form::at_b
                                   ? Rows<const T>{a.at(0, rows.begin), a.rows, rows.count(), a.stride}
                                   : Rows<const T>{a.at(rows.begin, 0), rows.count(), a.columns, a.stride};
    const Rows<const T> right = form == Form::a_bt
                                    ? Rows<const T>{b.at(columns.begin, 0), columns.count(), b.columns, b.stride}
                                    : Rows<const T>{b.at(0, columns.begin), b.rows, columns.count(), b.stride};
    const Rows<T> out{c.at(rows.begin, columns.begin), rows.count(), columns.count(), c.stride};
    Multiply::template multiply<form, T>(left, right, out, accumulate);
    epilogue({rows.begin, rows.end, columns.begin, columns.end});
  });
}

}  // namespace vade::detail
