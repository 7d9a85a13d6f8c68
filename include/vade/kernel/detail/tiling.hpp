// vade: how a matrix product is cut into tiles.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>

#include <vade/core/matrix.hpp>
#include <vade/core/thread_pool.hpp>

namespace vade::detail {

/// A B, Aᵀ B, A Bᵀ.
enum class Form { a_b, at_b, a_bt };

/// Rows of contiguous entries, `stride` entries from one row to the next; T is const for operands.
template <class T>
struct Rows {
  T* data;
  Index rows, columns, stride;
};

template <class M>
auto rows_of(M& matrix) {
  return Rows<std::remove_pointer_t<decltype(matrix.data())>>{matrix.data(), matrix.rows(), matrix.cols(),
                                                              matrix.outerStride()};
}

/// A call of somebody's epilogue, without its type: the kernels are compiled once for all epilogues.
struct TileCall {
  void* callable;
  void (*call)(void*, Index, Index, Index, Index);

  template <class Epilogue>
  static TileCall of(Epilogue& epilogue) {
    return {const_cast<void*>(static_cast<const void*>(&epilogue)),
            [](void* self, Index row_begin, Index row_end, Index column_begin, Index column_end) {
              (*static_cast<Epilogue*>(self))(row_begin, row_end, column_begin, column_end);
            }};
  }
  void operator()(Index row_begin, Index row_end, Index column_begin, Index column_end) const {
    call(callable, row_begin, row_end, column_begin, column_end);
  }
};

/// Eigen for one tile of C.
template <Form form, Real T>
void tile_product(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate, Index row_begin, Index row_end,
                  Index column_begin, Index column_end) {
  using ConstMap = Eigen::Map<const Matrix<T>, 0, Eigen::OuterStride<>>;
  using Map = Eigen::Map<Matrix<T>, 0, Eigen::OuterStride<>>;
  const ConstMap left(a.data, a.rows, a.columns, Eigen::OuterStride<>(a.stride));
  const ConstMap right(b.data, b.rows, b.columns, Eigen::OuterStride<>(b.stride));
  const Index rows = row_end - row_begin, columns = column_end - column_begin;
  Map out(c.data + row_begin * c.stride + column_begin, rows, columns, Eigen::OuterStride<>(c.stride));
  if (!accumulate) out.setZero();
  if constexpr (form == Form::a_b)
    out.noalias() += left.middleRows(row_begin, rows) * right.middleCols(column_begin, columns);
  else if constexpr (form == Form::at_b)
    out.noalias() += left.middleCols(row_begin, rows).transpose() * right.middleCols(column_begin, columns);
  else
    out.noalias() += left.middleRows(row_begin, rows) * right.middleRows(column_begin, columns).transpose();
}

template <Form form, Real T>
void tiled_product(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate, TileCall epilogue) {
  const Index depth = form == Form::at_b ? a.rows : a.columns;
  const Index tile_rows = std::min<Index>(c.rows, 256);
  const Index tile_columns = std::min<Index>(c.columns, 128);
  if (c.rows == 0 || c.columns == 0) return;
  const Index row_tiles = (c.rows + tile_rows - 1) / tile_rows;
  const Index column_tiles = (c.columns + tile_columns - 1) / tile_columns;
  auto body = [&](Index tile) {
    const Index row_begin = tile / column_tiles * tile_rows, column_begin = tile % column_tiles * tile_columns;
    const Index row_end = std::min(c.rows, row_begin + tile_rows);
    const Index column_end = std::min(c.columns, column_begin + tile_columns);
    tile_product<form>(a, b, c, accumulate, row_begin, row_end, column_begin, column_end);
    epilogue(row_begin, row_end, column_begin, column_end);
  };
  if (c.rows * c.columns * depth < 65536) {
    for (Index tile = 0; tile < row_tiles * column_tiles; ++tile) body(tile);
  } else {
    default_pool().run(row_tiles * column_tiles, body);
  }
}

}  // namespace vade::detail
