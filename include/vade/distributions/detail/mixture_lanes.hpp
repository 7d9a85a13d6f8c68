// vade: sums over rows, components and dimensions, sixteen rows at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include <Eigen/Core>

#include <vade/autodiff/tape.hpp>
#include <vade/core/default_pool.hpp>

/// Latent dimensions and clusters are few and odd, so vectors along them would be short; rows are many. A block of
/// sixteen rows is therefore transposed, one row a lane: then every operation is a whole vector, whatever J and K are.
namespace vade::detail {

inline constexpr Index block_rows = 16;

inline Index blocks_of(Index rows) { return (rows + block_rows - 1) / block_rows; }

/// One entry of each row of a block.
template <Real T>
using Lane = Eigen::Array<T, block_rows, 1>;

/// A matrix `[B x columns]`, block by block, as `[columns x 16]`; rows beyond the last are 0. The memory is the tape's.
template <Real T>
class LaneBlocks {
 public:
  LaneBlocks() = default;
  LaneBlocks(Tape<T>& tape, Index rows, Index columns)
      : store_(tape.constant(blocks_of(rows), columns * block_rows)) {}

  /// Column j of block i.
  Eigen::Map<Lane<T>> operator()(Index block, Index j) const {
    return Eigen::Map<Lane<T>>(store_.mutable_value().data() + block * store_.cols() + j * block_rows);
  }

  /// Reads the rows of a block of x `[B x columns]`.
  template <class M>
  void read(Index block, const M& x) const {
    const Index first = block * block_rows, known = std::min(block_rows, x.rows() - first);
    for (Index j = 0; j < x.cols(); ++j) {
      auto lane = (*this)(block, j);
      for (Index b = 0; b < known; ++b) lane(b) = x(first + b, j);
      lane.tail(block_rows - known).setZero();
    }
  }

 private:
  Var<T> store_;  // a row for each block
};

/// Calls `write(row, lane entry)` for the rows of a block that exist.
template <Real T, class Write>
void for_each_row(const Lane<T>& lane, Index block, Index rows, const Write& write) {
  const Index first = block * block_rows, known = std::min(block_rows, rows - first);
  for (Index b = 0; b < known; ++b) write(first + b, lane(b));
}

/// x̄ `[B x columns]`, written lane by lane; nothing where no gradient is needed.
template <Real T>
class AdjointRows {
 public:
  explicit AdjointRows(Var<T> x) : bar_(target(x)) {}

  /// Column j of block i loses `lane`.
  void subtract(Index block, Index j, const Lane<T>& lane) {
    for_each_row<T>(lane, block, bar_.rows(), [&](Index b, T value) { bar_(b, j) -= value; });
  }

 private:
  static MatrixView<T> target(Var<T> x) {
    if (!x.needs_gradient()) return {nullptr, 0, x.cols()};
    bool first = false;
    MatrixView<T> bar = x.adjoint_target(first);
    if (first) bar.setZero();
    return bar;
  }

  MatrixView<T> bar_;
};

/// Tasks that the blocks of `rows` rows make, of some 64 Ki sums each; fixed by the shapes.
struct LaneTasks {
  Index blocks, task;

  LaneTasks(Index rows, Index clusters, Index latent)
      : blocks(blocks_of(rows)), task(std::max<Index>(1, 4096 / std::max<Index>(1, clusters * latent))) {}

  Index count() const { return (blocks + task - 1) / task; }
  /// Calls `body(task, block)` for every block, in order within a task.
  template <class Body>
  void run(const Body& body) const {
    parallel_ranges(blocks, task, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) body(begin / task, i);
    });
  }
};

}  // namespace vade::detail
