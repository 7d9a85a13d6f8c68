// vade: what the models accept as data.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <variant>

#include <vade/autodiff/tape.hpp>
#include <vade/core/checks.hpp>
#include <vade/data/dataset.hpp>
#include <vade/models/detail/tape_lease.hpp>

namespace vade {

/// How p(x|z) is modelled.
enum class Likelihood {
  bernoulli,  ///< values in [0, 1]; the decoder gives logits
  gaussian,   ///< any values; the decoder gives means; for the variance see `Observation`
};

/// Rows `[N x D]` from a `Dataset` or a matrix, read batch by batch. It refers to what it was made from, so it is a
/// parameter type, not one to store.
template <Real T>
class RowSource {
  template <class Derived>
  static constexpr bool in_place = std::same_as<typename Derived::Scalar, T> && bool(Derived::IsRowMajor) &&
                                   bool(int{Derived::Flags} & int{Eigen::DirectAccessBit});

 public:
  RowSource(const Dataset& data) : source_(&data) {}
  /// A row-major matrix, map or block of whole rows: anything that is its rows in succession in memory. No copy is
  /// made.
  /// @throws ShapeError for gaps between them
  template <class Derived>
    requires(in_place<Derived>)
  RowSource(const Eigen::DenseBase<Derived>& matrix)
      : source_(ConstMatrixView<T>(matrix.derived().data(), matrix.rows(), matrix.cols())) {
    const Derived& rows = matrix.derived();
    if ((rows.outerStride() != rows.cols() && rows.rows() > 1) || (rows.innerStride() != 1 && rows.cols() > 1))
      throw ShapeError("RowSource: the matrix has gaps in memory, such as those of a block of columns; pass a copy");
  }
  /// Any other matrix or array of real numbers, such as a column-major one, one of the other precision, or an
  /// expression like `2 * x`: it is evaluated into a row-major copy. O(N D) memory.
  template <class Derived>
    requires(Real<typename Derived::Scalar> && !in_place<Derived>)
  RowSource(const Eigen::DenseBase<Derived>& matrix)
      : evaluated_(std::make_shared<const Matrix<T>>(matrix.derived().template cast<T>())),
        source_(ConstMatrixView<T>(evaluated_->data(), evaluated_->rows(), evaluated_->cols())) {}
  /// Compilers show the line that is refused, so it says what to do.
  template <class Derived>
    requires(!Real<typename Derived::Scalar>)
  RowSource(const Eigen::DenseBase<Derived>& whole_numbers) = delete;  // cast first: x.cast<float>()

  Index count() const {
    return std::visit([](const auto& s) { return get(s).rows(); }, source_);
  }
  Index width() const {
    return std::visit(
        [](const auto& s) {
          if constexpr (std::is_pointer_v<std::decay_t<decltype(s)>>)
            return s->columns();
          else
            return s.cols();
        },
        source_);
  }

  /// Width, at least one row, finite values in T, and [0, 1] under a Bernoulli likelihood. O(N D).
  /// @throws ShapeError, ValueError naming row and column
  void check(std::string_view who, Index width, Likelihood likelihood) const {
    if (this->width() != width || count() < 1)
      throw ShapeError(detail::message(who, ": x is ", shape_text(count(), this->width()), ", wanted [at least 1 x ",
                                       width, "]"));
    if (const auto* matrix = std::get_if<ConstMatrixView<T>>(&source_)) {
      if (likelihood == Likelihood::bernoulli)
        check_range(who, "x (Bernoulli likelihood)", *matrix, T{0}, T{1});
      else
        check_finite(who, "x", *matrix);
      return;
    }
    const Dataset& data = *std::get<const Dataset*>(source_);
    if (data.is_bytes()) return;  // in range
    const bool in_unit = likelihood == Likelihood::bernoulli;
    for (Index i = 0; i < data.rows(); ++i)
      data.with_row(i, [&]<class Stored>(std::span<const Stored> row) {
        Stored low = 0, high = 1;
        if constexpr (sizeof(Stored) > sizeof(T)) {
          if (!in_unit) high = static_cast<Stored>(std::numeric_limits<T>::max()), low = -high;
        } else if (!in_unit) {
          return;  // finite since it was made
        }
        for (std::size_t j = 0; j < row.size(); ++j)
          if (row[j] < low || row[j] > high)
            throw ValueError(detail::message(who, ": x", in_unit ? " (Bernoulli likelihood)" : "", " has ", row[j],
                                             " at row ", i, ", column ", j, ", wanted values in [", +low, ", ", +high, "]"));
      });
  }

  /// Rows first ... first + out.rows() − 1 into `out`.
  void copy(Index first, MatrixView<T> out) const {
    if (const auto* matrix = std::get_if<ConstMatrixView<T>>(&source_))
      out = matrix->middleRows(first, out.rows());
    else
      std::get<const Dataset*>(source_)->template copy_rows<T>(first, out);
  }

 private:
  static const auto& get(const auto& source) {
    if constexpr (std::is_pointer_v<std::decay_t<decltype(source)>>)
      return *source;
    else
      return source;
  }

  std::shared_ptr<const Matrix<T>> evaluated_;  // shared, so that copies of this refer to the same rows
  std::variant<const Dataset*, ConstMatrixView<T>> source_;
};

/// Calls `body(x, first)` for consecutive batches of `rows`, x `[B x D]` on a tape that records no gradients.
template <Real T, class Body>
void for_each_batch(const RowSource<T>& rows, Index batch, Body&& body) {
  detail::TapeLease<T> lease;
  Tape<T>& tape = lease.tape();
  for (Index first = 0; first < rows.count(); first += batch) {
    tape.clear();
    const Var<T> x = tape.constant(std::min(batch, rows.count() - first), rows.width());
    rows.copy(first, x.mutable_value());
    body(x, first);
  }
}

}  // namespace vade
