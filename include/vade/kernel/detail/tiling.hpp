// vade: how a matrix product is cut into tiles, and in which cache each operand waits.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

#include <vade/kernel/detail/operands.hpp>
#include <vade/kernel/detail/pack.hpp>

/// A multiply-add costs nothing; fetching its operands does. One core with AVX-512 does 32 multiply-adds of floats in a
/// cycle, and gets about 64 bytes a cycle from its first cache, 30 from its second, 10 from the shared third and 7 from
/// memory. The three forms of the product differ only in how operands are packed for the one micro kernel, which per
/// step of the depth does 14·32 multiply-adds (14 cycles) with
///
///     a row of a panel of B   32 floats, 128 bytes   9 bytes a cycle
///     a row of a panel of A   14 floats,  56 bytes   4 bytes a cycle
///
/// so both may come from the second cache as they are packed in streams, and neither may come from further away:
///
///     wide:    A (the batch) is packed once, by all threads, and read by all. A tile of C is a few panels of B; its
///              thread packs each panel when its turn comes, and uses it for all rows. Weights are thus read once per
///              product, M multiply-adds for each entry: at M = 128, one byte a cycle.
///     narrow:  B is so small that all of it is packed once; a tile of C is a few panels of A, packed by its thread.
///
/// What is left is latency, and half of the speed at small batches lies here. While the micro kernel computes with one
/// panel, it asks memory for the next one, and between two calls the lines that came are packed. They have to be packed
/// so soon: rows of a matrix whose width is a power of two share a few sets of the cache, and a whole panel of such
/// rows would throw itself out. For the same reason nothing is ever multiplied as it lies, but for a handful of rows. A
/// thread claims a tile before it begins the one before, so it always knows what comes next. Packing hides in that wait:
/// weights that were kept in panels from step to step would gain nothing, as a training step without their packing (and
/// with wrong results) takes as long (batches of 128 and 256, on an AMD EPYC).
///
/// Depths beyond 1,024 are cut, for the panel of B, the next one and A's share to stay in the second cache.
#if VADE_VECTOR_BYTES > 0

namespace vade::detail::inline VADE_KERNEL_NAMESPACE {

template <Form form, Real T>
class PackedProduct {
 public:
  PackedProduct(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate, TileCall epilogue)
      : a_(a),
        b_(b),
        c_(c),
        accumulate_(accumulate),
        epilogue_(epilogue),
        depth_(form == Form::at_b ? a.rows : a.columns),
        row_panels_(parts_of(c.rows, micro_rows)),
        column_panels_(parts_of(c.columns, panel_width)),
        in_place_(worth_no_thread(c.rows, c.columns, depth_)) {}

  void run() const {
    if (c_.rows == 0 || c_.columns == 0) return;
    const bool narrow = column_panels_ < 8 || depth_ * c_.columns <= second_cache / 4;
    const Index deepest = narrow ? std::max(cut, second_cache / 4 / (column_panels_ * panel_width)) : cut;
    const Index parts = std::max<Index>(1, parts_of(depth_, deepest));
    for (Index part = 0; part < parts; ++part) {
      const Slice slice{Share(depth_, parts, part), accumulate_ || part > 0, part + 1 == parts};
      narrow ? run_narrow(slice) : run_wide(slice);
    }
  }

 private:
  static constexpr Index lanes = Register<T>::width;
  static constexpr Index panel_width = micro_registers * lanes;
  static constexpr Index cut = 1024;
  static constexpr Index second_cache = (Index{1} << 20) / static_cast<Index>(sizeof(T));  // entries
  static constexpr Index shared_limit = 4 * second_cache;                                  // of A, packed at one time
  static constexpr Index none = -1;

  /// A range of the depth, whether its sums are added to C, and whether C is final then.
  struct Slice {
    Share depth;
    bool add, last;
  };

  /// Columns of C that one packed panel of B serves, `columns` of them real.
  struct Panel {
    Index column, columns, width;
  };

  Share panel_rows(Index panel) const { return {c_.rows, row_panels_, panel}; }
  Panel panel(Index index) const {
    const Index column = index * panel_width, columns = std::min(panel_width, c_.columns - column);
    return {column, columns, columns > lanes ? panel_width : lanes};
  }
  Tile tile_of(Share rows, Share columns) const {
    return {panel_rows(rows.begin).begin, panel_rows(rows.end - 1).end, columns.begin * panel_width,
            std::min(c_.columns, columns.end * panel_width)};
  }
  static Index left_size(Share depth) { return (micro_rows * depth.count() + 2 * lanes - 1) / lanes * lanes; }
  static Index right_size(Share depth) { return panel_width * depth.count(); }

  /// Packs consecutive row panels of A, `left_size` entries from one to the next. Where a panel is a strip of columns,
  /// eight rows of all strips at a time, so that no line is fetched twice.
  void pack_left(Share panels, Share depth, T* out) const {
    const Index block = form == Form::at_b ? 8 : std::max<Index>(1, depth.count());
    for (Index k = depth.begin; k < depth.end; k += block)
      for (Index p = panels.begin; p < panels.end; ++p) {
        const Share rows = panel_rows(p);
        const Index steps = std::min(block, depth.end - k);
        T* to = out + (p - panels.begin) * left_size(depth) + (k - depth.begin) * rows.count();
        if constexpr (form == Form::at_b)
          pack_copied(a_.at(k, rows.begin), a_.stride, rows.count(), a_.columns - rows.begin, steps, to, rows.count());
        else
          pack_transposed(a_.at(rows.begin, k), a_.stride, rows.count(), steps, to, rows.count());
      }
  }

  void pack_right(Panel to, Share depth, T* out) const {
    if constexpr (form == Form::a_bt)
      pack_transposed(b_.at(to.column, depth.begin), b_.stride, to.columns, depth.count(), out, to.width);
    else
      pack_copied(b_.at(depth.begin, to.column), b_.stride, to.columns, b_.columns - to.column, depth.count(), out,
                  to.width);
  }

  /// Part of the next panel of B that is packed after micro kernel `call` of `calls`. Transposed panels read whole rows
  /// of B, which do not crowd the cache: they are packed in one go.
  static Share packed_after(Share depth, Index calls, Index call) {
    if (form == Form::a_bt) return call + 1 < calls ? Share(depth.end, depth.end) : depth;
    const Share blocks(parts_of(depth.count(), lanes), calls, call);
    return {std::min(depth.end, depth.begin + blocks.begin * lanes),
            std::min(depth.end, depth.begin + blocks.end * lanes)};
  }

  static Ahead nothing_ahead(const T* somewhere) {
    return {reinterpret_cast<const char*>(somewhere), 0, (Index{1} << 30) - 1};
  }

  /// The lines that micro kernel `call` of `calls` asks for: those of the part that is packed after it, or, of a
  /// transposed panel (taken to be one piece of memory), its share.
  Ahead ahead_of(Index next, Share depth, Index calls, Index call) const {
    if (next == none) return nothing_ahead(b_.data);
    constexpr Index entry = sizeof(T), pair = 128;
    const Index column = next * panel_width;
    const Index mask = static_cast<Index>(std::bit_floor(static_cast<std::size_t>(std::min<Index>(calls, 32)))) - 1;
    if constexpr (form == Form::a_bt) {
      const Index pairs = panel_width * depth.count() * entry / pair;
      return {reinterpret_cast<const char*>(b_.at(column, depth.begin)) + Share(pairs, calls, call).begin * pair, pair,
              mask};
    } else {
      return {reinterpret_cast<const char*>(b_.at(packed_after(depth, calls, call).begin, column)), b_.stride * entry,
              mask};
    }
  }

  /// A packed panel of A times a panel of B, into C.
  void multiply(Index row_panel, const T* left, Panel to, const T* right, Index right_stride, Slice slice,
                Ahead ahead) const {
    const Share rows = panel_rows(row_panel);
    const auto height = static_cast<std::size_t>(rows.count() - 1);
    const auto kernel =
        to.width == panel_width ? micro_kernels<T, micro_registers>[height] : micro_kernels<T, 1>[height];
    T* out = c_.at(rows.begin, to.column);
    if (to.columns == to.width)
      return kernel(slice.depth.count(), left, right, right_stride, ahead, out, c_.stride, slice.add);
    alignas(64) T edge[static_cast<std::size_t>(micro_rows * panel_width)];
    kernel(slice.depth.count(), left, right, right_stride, ahead, edge, to.width, false);
    for (Index i = 0; i < rows.count(); ++i, out += c_.stride)
      for (Index j = 0; j < to.columns; ++j)
        out[j] = slice.add ? out[j] + edge[i * to.width + j] : edge[i * to.width + j];
  }

  /// The tiles of some rows of C, `panels` of A packed at `left`; and who has taken which.
  struct Grid {
    Share panels;
    const T* left;
    Index row_blocks, column_blocks;
    std::atomic<Index> claimed{0};

    Index claim() { return claimed.fetch_add(1, std::memory_order_relaxed); }
    bool has(Index tile) const { return tile < row_blocks * column_blocks; }
    Share rows(Index tile) const {
      const Share part(panels.count(), row_blocks, tile % row_blocks);
      return {panels.begin + part.begin, panels.begin + part.end};
    }
    Share columns(Index tile, Index column_panels) const { return {column_panels, column_blocks, tile / row_blocks}; }
  };

  void run_wide(Slice slice) const {
    const Index chunks = parts_of(row_panels_ * left_size(slice.depth), shared_limit);
    for (Index chunk = 0; chunk < std::min(chunks, row_panels_); ++chunk) {
      const Share panels(row_panels_, std::min(chunks, row_panels_), chunk);
      const PackLease<T, 0> left(panels.count() * left_size(slice.depth));
      const Index packs = parts_of(panels.count(), 6);
      run_tiles(in_place_, packs, [&](Index pack) {
        const Share part(panels.count(), packs, pack);
        pack_left({panels.begin + part.begin, panels.begin + part.end}, slice.depth,
                  left.data() + part.begin * left_size(slice.depth));
      });
      const Index tall = std::clamp<Index>(second_cache / 2 / left_size(slice.depth), 10, 512 / micro_rows);
      const Index broad = form == Form::at_b ? 4 : column_panels_ < 32 ? 1 : 2;
      Grid grid{panels, left.data(), parts_of(panels.count(), tall), parts_of(column_panels_, broad), {}};
      run_tiles(in_place_, in_place_ ? 1 : default_pool().threads(), [&](Index) { work(grid, slice); });
    }
  }

  /// One thread's tiles, panel by panel of B; the next panel is always on its way.
  void work(Grid& grid, Slice slice) const {
    const Share depth = slice.depth;
    const PackLease<T, 1> buffers(2 * right_size(depth));
    T* current = buffers.data();
    T* other = current + right_size(depth);
    Index packed = none;
    for (Index tile = grid.claim(), next_tile; grid.has(tile); tile = next_tile) {
      next_tile = grid.claim();
      const Share rows = grid.rows(tile), columns = grid.columns(tile, column_panels_);
      for (Index q = columns.begin; q < columns.end; ++q) {
        const Panel to = panel(q);
        Index next = q + 1 < columns.end   ? q + 1
                     : grid.has(next_tile) ? grid.columns(next_tile, column_panels_).begin
                                           : none;
        if (form != Form::a_bt && row_panels_ == 1 && to.columns == to.width) {
          const T* lies = b_.at(depth.begin, to.column);
          multiply(0, grid.left, to, lies, b_.stride, slice,
                   {reinterpret_cast<const char*>(lies + 8 * b_.stride), b_.stride * Index{sizeof(T)}, 0});
          continue;
        }
        if (packed != q) pack_right(to, depth, current);
        packed = q;
        if (next == q) next = none;
        for (Index p = rows.begin; p < rows.end; ++p) {
          const Index call = p - rows.begin;
          multiply(p, grid.left + (p - grid.panels.begin) * left_size(depth), to, current, to.width, slice,
                   ahead_of(next, depth, rows.count(), call));
          if (next == none) continue;
          const Share part = packed_after(depth, rows.count(), call);
          pack_right(panel(next), part, other + (part.begin - depth.begin) * panel(next).width);
        }
        if (next == none) continue;
        std::swap(current, other);
        packed = next;
      }
      if (slice.last) epilogue_(tile_of(rows, columns));
    }
  }

  void run_narrow(Slice slice) const {
    const Share depth = slice.depth;
    const PackLease<T, 0> right(column_panels_ * right_size(depth));
    run_tiles(in_place_, column_panels_,
              [&](Index q) { pack_right(panel(q), depth, right.data() + q * right_size(depth)); });
    const Index tall = std::clamp<Index>(row_panels_ / 16, 1, 8);
    const Index tiles = parts_of(row_panels_, tall);
    run_tiles(in_place_, tiles, [&](Index tile) {
      const Share rows(row_panels_, tiles, tile);
      const PackLease<T, 1> left(rows.count() * left_size(depth));
      pack_left(rows, depth, left.data());
      for (Index p = rows.begin; p < rows.end; ++p)
        for (Index q = 0; q < column_panels_; ++q)
          multiply(p, left.data() + (p - rows.begin) * left_size(depth), panel(q), right.data() + q * right_size(depth),
                   panel(q).width, slice, nothing_ahead(left.data()));
      if (slice.last) epilogue_(tile_of(rows, {0, column_panels_}));
    });
  }

  Rows<const T> a_, b_;
  Rows<T> c_;
  bool accumulate_;
  TileCall epilogue_;
  Index depth_, row_panels_, column_panels_;
  bool in_place_;
};

}  // namespace vade::detail::inline VADE_KERNEL_NAMESPACE

#endif
