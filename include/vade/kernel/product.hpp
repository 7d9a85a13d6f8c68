// vade: dense matrix products on the thread pool, with an epilogue for each finished tile.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <type_traits>

#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>
#include <vade/kernel/detail/micro_kernel.hpp>
#include <vade/kernel/detail/per_tile.hpp>
#include <vade/kernel/detail/row_product.hpp>
#include <vade/kernel/detail/tiling.hpp>
#if defined(VADE_WITH_BLAS)
#include <vade/kernel/detail/blas.hpp>
#endif

namespace vade {

namespace detail::inline VADE_KERNEL_NAMESPACE {

/// The one back-end of this build: the user's BLAS where `VADE_WITH_BLAS` is defined (then link it, and keep its own
/// threads at one); else our packed kernel, for whatever vector registers the compile target has; else Eigen.
template <Form form, Real T>
void multiply(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate, TileCall epilogue) {
#if defined(VADE_WITH_BLAS)
  product_per_tile<BlasTile, form>(a, b, c, accumulate, epilogue);
#elif VADE_VECTOR_BYTES > 0
  if (form == Form::a_b && c.rows == 1 && c.columns > 0) {
    row_product(a.data, b, c.data, accumulate);
    return epilogue({0, 1, 0, c.columns});
  }
  PackedProduct<form, T>(a, b, c, accumulate, epilogue).run();
#else
  product_per_tile<EigenTile, form>(a, b, c, accumulate, epilogue);
#endif
}

}  // namespace detail::inline VADE_KERNEL_NAMESPACE

/// Anything with contiguous rows that can be read where it lies: a `Matrix`, a map (with an outer stride or without),
/// a block of rows or columns of one. Not an expression, and not a transpose.
template <class M>
concept ContiguousRows = Real<typename M::Scalar> && bool(M::IsRowMajor) && (M::InnerStrideAtCompileTime == 1) &&
                         requires(const M& m) {
  { m.data() } -> std::convertible_to<const typename M::Scalar*>;
  { m.outerStride() } -> std::convertible_to<Index>;
};

/// Whether the product replaces what C holds, or is added to it.
enum class Accumulate : bool { no = false, yes = true };

/// Nothing to do with a finished tile.
struct NoEpilogue {
  void operator()(Index, Index, Index, Index) const {}
};

/// The laws of all three forms, each tested by name:
///   1. `epilogue(row_begin, row_end, column_begin, column_end)` is called once for each tile of C, after the tile is
///      final, by the thread that computed it and while it is in that thread's cache; the tiles cover C exactly;
///   2. the tiles and the order of every sum depend on the shapes alone: the same bytes for any number of threads;
///   3. a small product (below 64 Ki multiply-adds, or of one row) runs in the calling thread and wakes nobody;
///   4. C must not overlap A or B; a depth of zero gives zeros (or leaves C, when accumulating);
///   5. an exception of an epilogue reaches the caller when no tile runs any more; some may not have been computed.
///
/// What it costs, and why tiles are what they are: kernel/detail/tiling.hpp.
///
/// C = A B, or C += A B: `[M x N] = [M x K] [K x N]`. M·N·K multiply-adds. @throws ShapeError
template <ContiguousRows A, ContiguousRows B, class C, class Epilogue = NoEpilogue>
requires ContiguousRows<std::remove_cvref_t<C>>
void product(const A& a, const B& b, C&& c, Accumulate accumulate = Accumulate::no, Epilogue&& epilogue = {}) {
  check_same_count("product", "rows of B against columns of A", b.rows(), a.cols());
  check_shape("product", "C", c, a.rows(), b.cols());
  detail::multiply<detail::Form::a_b>(detail::rows_of(a), detail::rows_of(b), detail::rows_of(c),
                                      accumulate == Accumulate::yes, detail::TileCall::of(epilogue));
}

/// C = Aᵀ B, or C += Aᵀ B: `[M x N] = [K x M]ᵀ [K x N]`. The gradient of a weight: A holds the inputs `[B x in]`, B the
/// adjoints of the outputs `[B x out]`. M·N·K multiply-adds. @throws ShapeError
template <ContiguousRows A, ContiguousRows B, class C, class Epilogue = NoEpilogue>
requires ContiguousRows<std::remove_cvref_t<C>>
void product_at_b(const A& a, const B& b, C&& c, Accumulate accumulate = Accumulate::no, Epilogue&& epilogue = {}) {
  check_same_count("product_at_b", "rows of B against rows of A", b.rows(), a.rows());
  check_shape("product_at_b", "C", c, a.cols(), b.cols());
  detail::multiply<detail::Form::at_b>(detail::rows_of(a), detail::rows_of(b), detail::rows_of(c),
                                       accumulate == Accumulate::yes, detail::TileCall::of(epilogue));
}

/// C = A Bᵀ, or C += A Bᵀ: `[M x N] = [M x K] [N x K]ᵀ`. The gradient of an input: A holds the adjoints of the outputs
/// `[B x out]`, B the weights `[in x out]`. M·N·K multiply-adds. @throws ShapeError
template <ContiguousRows A, ContiguousRows B, class C, class Epilogue = NoEpilogue>
requires ContiguousRows<std::remove_cvref_t<C>>
void product_a_bt(const A& a, const B& b, C&& c, Accumulate accumulate = Accumulate::no, Epilogue&& epilogue = {}) {
  check_same_count("product_a_bt", "columns of B against columns of A", b.cols(), a.cols());
  check_shape("product_a_bt", "C", c, a.rows(), b.rows());
  detail::multiply<detail::Form::a_bt>(detail::rows_of(a), detail::rows_of(b), detail::rows_of(c),
                                       accumulate == Accumulate::yes, detail::TileCall::of(epilogue));
}

}  // namespace vade
