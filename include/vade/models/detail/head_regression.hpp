// vade: an encoder's head by least squares.
// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <Eigen/Cholesky>

#include <vade/kernel/product.hpp>
#include <vade/models/detail/inference.hpp>
#include <vade/nn/gaussian_encoder.hpp>

namespace vade::detail {

/// Makes the posterior means of all rows as near to `targets` `[N x J]` as a linear head on the trunk as it is can
/// bring them, by ridge regression on the trunk's features h `[N x H]`: with H̃ = [h 1] and G = H̃ᵀ H̃ / N,
///     [w; b] = (G + λ mean(diag G) I)⁻¹ H̃ᵀ targets / N,   λ = 10⁻⁴.
/// The part of the head that gives log-variances stays. O(N H² + H³), memory O(H²). @throws ShapeError
template <Real T, class Posterior>
void regress_head(GaussianEncoder<T, Posterior>& encoder, const RowSource<T>& x, const Matrix<T>& targets) {
  constexpr double ridge = 1e-4;
  const Index latent = encoder.latent(), width = encoder.head().inputs();
  check_shape("regress_head", "targets", targets, x.count(), latent);
  Matrix<double> gram = Matrix<double>::Zero(width + 1, width + 1);
  Matrix<double> moment = Matrix<double>::Zero(width + 1, latent);
  Matrix<T> features, batch_gram(width + 1, width + 1), batch_moment(width + 1, latent);
  for_each_batch(x, inference_rows, [&](Var<T> rows, Index first) {
    features.resize(rows.rows(), width + 1);
    features.leftCols(width) = std::as_const(encoder).trunk()(rows).value();
    features.col(width).setOnes();
    product_at_b(features, features, batch_gram);
    product_at_b(features, targets.middleRows(first, rows.rows()), batch_moment);
    gram += batch_gram.template cast<double>();
    moment += batch_moment.template cast<double>();
  });
  gram.diagonal().array() += ridge * gram.diagonal().mean();
  const Matrix<double> solution = gram.ldlt().solve(moment);
  encoder.head().weight().value().leftCols(latent) = solution.topRows(width).template cast<T>();
  encoder.head().bias().value().leftCols(latent) = solution.row(width).template cast<T>();
}

}  // namespace vade::detail
