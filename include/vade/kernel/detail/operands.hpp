// vade: what a matrix product is given, without the types of its callers.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>

#include <vade/core/default_pool.hpp>
#include <vade/core/matrix.hpp>

namespace vade::detail {

/// A B, Aᵀ B, A Bᵀ.
enum class Form { a_b, at_b, a_bt };

/// Rows of contiguous entries, `stride` entries from one row to the next; T is const for operands.
template <class T>
struct Rows {
  T* data;
  Index rows, columns, stride;

  /// Operands without entries may have no memory at all, into which even an unused pointer must not be moved.
  T* at(Index row, Index column) const { return rows == 0 || columns == 0 ? data : data + row * stride + column; }
};

template <class M>
auto rows_of(M& matrix) {
  return Rows<std::remove_pointer_t<decltype(matrix.data())>>{matrix.data(), matrix.rows(), matrix.cols(),
                                                              matrix.outerStride()};
}

/// A rectangle of C.
struct Tile {
  Index row_begin, row_end, column_begin, column_end;

  Index rows() const { return row_end - row_begin; }
  Index columns() const { return column_end - column_begin; }
};

/// A call of somebody's epilogue, without its type: the kernels are compiled once for all epilogues.
struct TileCall {
  void* callable;
  void (*call)(void*, const Tile&);

  template <class Epilogue>
  static TileCall of(Epilogue& epilogue) {
    return {const_cast<void*>(static_cast<const void*>(&epilogue)), [](void* self, const Tile& tile) {
              (*static_cast<Epilogue*>(self))(tile.row_begin, tile.row_end, tile.column_begin, tile.column_end);
            }};
  }
  void operator()(const Tile& tile) const { call(callable, tile); }
};

/// The range that part `part` of `parts` gets of [0, count): lengths differ by one at most, the longer ones first.
struct Share {
  Index begin, end;

  Share(Index first, Index last) : begin(first), end(last) {}
  Share(Index total, Index parts, Index part)
      : begin(part * (total / parts) + std::min(part, total % parts)),
        end(begin + total / parts + (part < total % parts ? 1 : 0)) {}
  Index count() const { return end - begin; }
};

/// Smallest number of parts of [0, count) of which none is longer than `longest`.
inline Index parts_of(Index count, Index longest) { return (count + longest - 1) / longest; }

/// One row, or less than some 10 µs of work: waking others would cost more than they bring.
inline bool worth_no_thread(Index rows, Index columns, Index depth) {
  return rows == 1 || rows * columns * depth < Index{1} << 16;
}

/// Runs tiles on the pool, or in this thread when they are not worth waking anybody.
template <class Body>
void run_tiles(bool in_place, Index tiles, Body&& body) {
  if (!in_place) return default_pool().run(tiles, body);
  for (Index tile = 0; tile < tiles; ++tile) body(tile);
}

}  // namespace vade::detail
