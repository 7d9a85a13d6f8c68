// vade: matrix and label types, the one legend of shapes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "vade: this Eigen is older than 3.4: wanted Eigen 3.4 or newer first among the folders of headers"
#endif

#include <vade/core/real.hpp>

/// Rows are samples, everywhere. Matrices are row-major, so a NumPy array, an `xt::xtensor<T, 2>` and our matrix are
/// the same memory. Comments give shapes as `[rows x columns]` with these letters:
///
/// | symbol   | meaning                                  | identifier         |
/// |----------|------------------------------------------|--------------------|
/// | N, B     | samples, batch rows                      | `rows`             |
/// | D, J, K  | inputs, latent dimensions, clusters      | `inputs`, `latent`, `clusters` |
/// | x, logits| data `[B x D]`, reconstruction `[B x D]` | `x`, `logits`      |
/// | μ, log σ²| posterior of z given x `[B x J]`         | `mean`, `log_variance` |
/// | ε, z     | standard normal draw, z = μ + σ ε        | `noise`, `z`       |
/// | π, μ_c, log σ_c² | mixture `[1 x K]`, `[K x J]`, `[K x J]` | `weights`, `means`, `log_variances` |
/// | γ        | q(c given x) `[B x K]`                   | `responsibilities` |
namespace vade {

/// A row, column or count. Signed, as in Eigen.
using Index = Eigen::Index;

/// Dense row-major matrix, `[rows x columns]`.
template <Real T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// One row, `[1 x columns]`.
template <Real T>
using RowVector = Eigen::Matrix<T, 1, Eigen::Dynamic, Eigen::RowMajor>;

/// A matrix that somebody else owns, contiguous and row-major.
template <Real T>
using MatrixView = Eigen::Map<Matrix<T>>;

/// The same, to be read only.
template <Real T>
using ConstMatrixView = Eigen::Map<const Matrix<T>>;

/// What functions take: any row-major matrix, block of rows, or map, without a copy.
template <Real T>
using MatrixRef = Eigen::Ref<const Matrix<T>>;

/// A cluster or class, counted from 0.
using Label = std::int32_t;

/// One label per sample.
using Labels = std::vector<Label>;

/// The column of the largest entry of each row of `values` `[N x K]`, of equal ones the first: the most likely cluster.
template <class M>
Labels top_columns(const M& values) {
  Labels labels(static_cast<std::size_t>(values.rows()));
  for (Index i = 0; i < values.rows(); ++i) {
    Index top = 0;
    values.row(i).maxCoeff(&top);
    labels[static_cast<std::size_t>(i)] = static_cast<Label>(top);
  }
  return labels;
}

/// "[128 x 784]", as messages show a shape.
inline std::string shape_text(Index rows, Index columns) {
  return "[" + std::to_string(rows) + " x " + std::to_string(columns) + "]";
}

/// "[60000 x 28 x 28]", of any list of sizes.
std::string sizes_text(const auto& sizes) {
  std::string text = "[";
  for (const auto size : sizes) text.append(text.size() > 1 ? " x " : "").append(std::to_string(size));
  return text + "]";
}

/// Shape of anything with `rows()` and `cols()`, as messages show it.
template <class M>
std::string shape_text(const M& matrix) {
  return shape_text(static_cast<Index>(matrix.rows()), static_cast<Index>(matrix.cols()));
}

}  // namespace vade
