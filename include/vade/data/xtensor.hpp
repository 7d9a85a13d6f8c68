// vade: xtensor arrays and our matrices as views of each other.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <limits>

// The headers moved in xtensor 0.26. This is the only place of the library that knows.
#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>
#endif

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>

/// Nothing is copied: a view reads and writes the memory of what it was made from, and must not outlive it; hence
/// temporaries are refused by the compiler. Not part of `vade.hpp`; include it where you use xtensor.
namespace vade {

/// `matrix` `[N x D]` as an xtensor expression of shape {N, D}, to read and write. O(1).
template <Real T>
auto as_xtensor(Matrix<T>& matrix) {
  const std::array<std::size_t, 2> shape = {static_cast<std::size_t>(matrix.rows()),
                                            static_cast<std::size_t>(matrix.cols())};
  return xt::adapt(matrix.data(), shape[0] * shape[1], xt::no_ownership(), shape);
}

/// The same, to read. O(1).
template <Real T>
auto as_xtensor(const Matrix<T>& matrix) {
  const std::array<std::size_t, 2> shape = {static_cast<std::size_t>(matrix.rows()),
                                            static_cast<std::size_t>(matrix.cols())};
  return xt::adapt(matrix.data(), shape[0] * shape[1], xt::no_ownership(), shape);
}

template <Real T>
void as_xtensor(const Matrix<T>&& matrix) = delete;

namespace detail {

/// The product of all sizes but the first. @throws ShapeError if that is no Index, as only of an empty array
template <Real T, std::size_t Rank>
Index columns_of(const xt::xtensor<T, Rank>& array) {
  static_assert(Rank >= 1, "a number has no rows");
  Index columns = 1;
  for (std::size_t i = 1; i < Rank; ++i) {
    const auto size = static_cast<Index>(array.shape()[i]);
    if (size != 0 && columns > std::numeric_limits<Index>::max() / size)
      throw ShapeError("as_matrix: the array is " + sizes_text(array.shape()) + ", whose rows are too long");
    columns *= size;
  }
  return columns;
}

}  // namespace detail

/// A row-major array of rank N >= 1, shape {d_0, ..., d_N−1}, as a matrix `[d_0 x rest]`: images {N, H, W} become
/// rows of H · W. Rank 1 becomes one column. O(1). @throws ShapeError for
/// an empty array whose rows would be longer than any Index
template <Real T, std::size_t Rank>
ConstMatrixView<T> as_matrix(const xt::xtensor<T, Rank>& array) {
  return ConstMatrixView<T>(array.data(), static_cast<Index>(array.shape()[0]), detail::columns_of(array));
}

/// The same, to read and write. O(1).
template <Real T, std::size_t Rank>
MatrixView<T> as_matrix(xt::xtensor<T, Rank>& array) {
  return MatrixView<T>(array.data(), static_cast<Index>(array.shape()[0]), detail::columns_of(array));
}

template <Real T, std::size_t Rank>
void as_matrix(const xt::xtensor<T, Rank>&& array) = delete;

}  // namespace vade
