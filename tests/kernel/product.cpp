// vade: matrix products against three plain loops in double, on every class of shapes.
// SPDX-License-Identifier: MIT
#include <vade/kernel/product.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include <doctest/doctest.h>

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory =
      std::aligned_alloc(alignment, (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Not inlined: the compiler would see malloc's relatives behind new and delete, and warn that they do not match.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using vade::Accumulate;
using vade::Index;
using vade::Matrix;
using vade::detail::Form;
using vade::detail::Rows;
using vade::detail::TileCall;

/// Puts the number of threads back when a test ends.
struct Threads {
  int before = vade::default_pool().threads();
  explicit Threads(int threads) { vade::set_threads(threads); }
  ~Threads() { vade::set_threads(before); }
};

template <class T>
std::vector<T> random_values(Index count, std::uint32_t seed) {
  std::vector<T> values(static_cast<std::size_t>(count));
  std::uint32_t state = seed * 2654435761u + 12345u;
  for (T& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<T>(static_cast<std::int32_t>(state >> 8) - (1 << 23)) / static_cast<T>(1 << 23);
  }
  return values;
}

template <class T>
Matrix<T> random_matrix(Index rows, Index columns, std::uint32_t seed) {
  return Eigen::Map<const Matrix<T>>(random_values<T>(rows * columns, seed).data(), rows, columns);
}

struct Packed {
  template <Form form, class T>
  static void run(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate, TileCall epilogue) {
#if VADE_VECTOR_BYTES > 0
    vade::detail::PackedProduct<form, T>(a, b, c, accumulate, epilogue).run();
#else
    vade::detail::multiply<form, T>(a, b, c, accumulate, epilogue);
#endif
  }
};

struct PerTile {
  template <Form form, class T>
  static void run(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate, TileCall epilogue) {
    vade::detail::product_per_tile<vade::detail::EigenTile, form, T>(a, b, c, accumulate, epilogue);
  }
};

struct Chosen {
  template <Form form, class T>
  static void run(Rows<const T> a, Rows<const T> b, Rows<T> c, bool accumulate, TileCall epilogue) {
    vade::detail::multiply<form, T>(a, b, c, accumulate, epilogue);
  }
};

/// Adds the product by plain loops, in double, to `c` `[M x N]`. Not instrumented: these loops are not under test, and a
/// sanitizer would spend minutes in them.
template <Form form, class T>
__attribute__((no_sanitize("address", "thread", "undefined"))) void add_plain_product(Rows<const T> a, Rows<const T> b,
                                                                                      double* c) {
  const Index m = form == Form::at_b ? a.columns : a.rows, k = form == Form::at_b ? a.rows : a.columns;
  const Index n = form == Form::a_bt ? b.rows : b.columns;
  for (Index i = 0; i < m; ++i)
    for (Index l = 0; l < k; ++l) {
      const auto left = static_cast<double>(form == Form::at_b ? a.data[l * a.stride + i] : a.data[i * a.stride + l]);
      for (Index j = 0; j < n; ++j)
        c[i * n + j] += left * static_cast<double>(form == Form::a_bt ? b.data[j * b.stride + l] : b.data[l * b.stride + j]);
    }
}

/// Operands with gaps between their rows, the product by plain loops, and what a back-end makes of them. Returns the
/// largest error in units of half a rounding for each term of a sum; infinity where a tile was finished never
/// or twice, was not final when its epilogue ran, or something outside C was written.
template <class Backend, Form form, class T>
double worst_error(Index m, Index n, Index k, bool accumulate, Index gap) {
  const Index a_rows = form == Form::at_b ? k : m, a_columns = form == Form::at_b ? m : k;
  const Index b_rows = form == Form::a_bt ? n : k, b_columns = form == Form::a_bt ? k : n;
  const Index a_stride = a_columns + gap, b_stride = b_columns + 2 * gap, c_stride = n + 3 * gap;
  const std::uint32_t seed = static_cast<std::uint32_t>(m * 10007 + n * 101 + k);
  // The last row ends where the memory ends, so that a sanitizer sees every entry read too much.
  const auto room = [](Index rows, Index columns, Index stride) {
    return rows > 0 ? (rows - 1) * stride + columns : 0;
  };
  const std::vector<T> a = random_values<T>(room(a_rows, a_columns, a_stride), seed);
  const std::vector<T> b = random_values<T>(room(b_rows, b_columns, b_stride), seed + 1);
  const std::vector<T> before = random_values<T>(room(m, n, c_stride), seed + 2);
  std::vector<T> c = before;

  std::vector<double> expected(static_cast<std::size_t>(m * n));
  for (Index i = 0; accumulate && i < m; ++i)
    std::copy_n(before.begin() + i * c_stride, n, expected.begin() + i * n);
  add_plain_product<form, T>(Rows<const T>{a.data(), a_rows, a_columns, a_stride},
                             Rows<const T>{b.data(), b_rows, b_columns, b_stride}, expected.data());

  std::vector<std::atomic<int>> finished(static_cast<std::size_t>(m * n));
  std::vector<T> seen(static_cast<std::size_t>(m * n));
  const auto epilogue = [&](Index row_begin, Index row_end, Index column_begin, Index column_end) {
    for (Index i = row_begin; i < row_end; ++i)
      for (Index j = column_begin; j < column_end; ++j) {
        ++finished[static_cast<std::size_t>(i * n + j)];
        seen[static_cast<std::size_t>(i * n + j)] = c[static_cast<std::size_t>(i * c_stride + j)];
      }
  };
  Backend::template run<form, T>(Rows<const T>{a.data(), a_rows, a_columns, a_stride},
                                 Rows<const T>{b.data(), b_rows, b_columns, b_stride},
                                 Rows<T>{c.data(), m, n, c_stride}, accumulate, TileCall::of(epilogue));

  const double unit = static_cast<double>(std::numeric_limits<T>::epsilon()) * (static_cast<double>(k) + 2) / 2;
  double worst = 0;
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < n; ++j) {
      const auto cell = static_cast<std::size_t>(i * n + j);
      const T got = c[static_cast<std::size_t>(i * c_stride + j)];
      if (finished[cell] != 1 || std::memcmp(&seen[cell], &got, sizeof got) != 0)
        return std::numeric_limits<double>::infinity();
      const double error = std::abs(static_cast<double>(got) - expected[cell]) / unit;
      if (!(error <= worst)) worst = error;
    }
    for (Index j = i * c_stride + n; j < std::min<Index>((i + 1) * c_stride, static_cast<Index>(c.size())); ++j)
      if (c[static_cast<std::size_t>(j)] != before[static_cast<std::size_t>(j)])
        return std::numeric_limits<double>::infinity();
  }
  return worst;
}

template <class Backend, class T>
double worst_of_forms(Index m, Index n, Index k, bool accumulate, Index gap) {
  return std::max({worst_error<Backend, Form::a_b, T>(m, n, k, accumulate, gap),
                   worst_error<Backend, Form::at_b, T>(m, n, k, accumulate, gap),
                   worst_error<Backend, Form::a_bt, T>(m, n, k, accumulate, gap)});
}

constexpr double tolerated = 3;

template <class Backend, class T>
void check_around_tile_edges() {
  for (const Index m : {1, 2, 5, 6, 7, 13, 14, 15, 28, 29, 43, 70})
    for (const Index n : {1, 3, 8, 15, 16, 17, 31, 32, 33, 64, 65, 70})
      for (const Index k : {1, 2, 7, 8, 15, 16, 17, 33, 70}) {
        const bool accumulate = (m + n + k) % 2 == 0;
        const Index gap = (m + n) % 3;
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        REQUIRE(worst_of_forms<Backend, T>(m, n, k, accumulate, gap) < tolerated);
      }
}

template <class Backend, class T>
void check_large_shapes() {
  const Index shapes[][3] = {{10, 700, 40},   {700, 10, 40},   {64, 300, 300}, {128, 20, 1500},
                             {1, 600, 300},   {1, 20, 1200},   {2, 600, 1100}, {150, 16, 600},
                             {40, 530, 1300}, {260, 1050, 20}, {300, 290, 260}};
  for (const auto& shape : shapes)
    for (const bool accumulate : {false, true}) {
      const Index m = shape[0], n = shape[1], k = shape[2];
      CAPTURE(m);
      CAPTURE(n);
      CAPTURE(k);
      CHECK(worst_of_forms<Backend, T>(m, n, k, accumulate, accumulate ? 5 : 0) < tolerated);
    }
}

}  // namespace

TEST_CASE_TEMPLATE("Each form agrees with plain loops around the edges of tiles", T, float, double) {
  check_around_tile_edges<Packed, T>();
}

TEST_CASE_TEMPLATE("Each form agrees with plain loops where tiles, slices and threads are many", T, float, double) {
  check_large_shapes<Packed, T>();
}

TEST_CASE("A left operand that is packed in several parts gives the same product") {
  CHECK(worst_error<Packed, Form::a_b, float>(1100, 260, 1030, false, 0) < tolerated);
  CHECK(worst_error<Packed, Form::at_b, double>(700, 260, 1030, true, 1) < tolerated);
}

TEST_CASE("Eigen in each tile agrees with plain loops") {
  check_large_shapes<PerTile, float>();
  CHECK(worst_of_forms<PerTile, float>(17, 33, 9, true, 1) < tolerated);
}

TEST_CASE("The back-end of this build agrees with plain loops") {
  check_large_shapes<Chosen, float>();
  CHECK(worst_of_forms<Chosen, double>(70, 300, 130, true, 2) < tolerated);
}

TEST_CASE("Law 4: a depth of zero gives zeros, or leaves C, and finishes every tile") {
  for (const Index n : {5, 400}) {
    CHECK(worst_of_forms<Packed, float>(20, n, 0, false, 0) == 0);
    CHECK(worst_of_forms<Packed, float>(20, n, 0, true, 0) == 0);
    CHECK(worst_of_forms<PerTile, float>(600, n, 0, false, 0) == 0);
    CHECK(worst_of_forms<Chosen, float>(20, n, 0, false, 0) == 0);
    CHECK(worst_of_forms<Chosen, double>(600, n, 0, true, 0) == 0);
    CHECK(worst_of_forms<Chosen, float>(1, n, 0, false, 0) == 0);
  }
}

TEST_CASE("Law 1: without rows or columns there is no tile") {
  int calls = 0;
  const auto count = [&](Index, Index, Index, Index) { ++calls; };
  Matrix<float> a(0, 4), b = random_matrix<float>(4, 3, 1), c(0, 3);
  vade::product(a, b, c, Accumulate::no, count);
  Matrix<float> wide(2, 4), none(4, 0), empty(2, 0);
  wide.setZero();
  vade::product(wide, none, empty, Accumulate::no, count);
  CHECK(calls == 0);
}

TEST_CASE("The public forms take matrices, maps and blocks where they lie") {
  const Matrix<float> big = random_matrix<float>(40, 60, 3);
  const Matrix<float> a = big.block(2, 3, 12, 20), b = big.block(5, 7, 20, 30);
  Matrix<float> expected(12, 30), out = Matrix<float>::Constant(20, 50, 7.0f);
  vade::product(a, b, expected);
  vade::product(big.block(2, 3, 12, 20), big.block(5, 7, 20, 30), out.block(1, 2, 12, 30));
  CHECK((out.block(1, 2, 12, 30).array() == expected.array()).all());
  CHECK(out(0, 2) == 7.0f);
  CHECK(out(1, 1) == 7.0f);
  CHECK(out(1, 32) == 7.0f);
  const vade::ConstMatrixView<float> view(a.data(), 12, 20);
  Matrix<float> sum = expected;
  vade::product(view, b, vade::MatrixView<float>(sum.data(), 12, 30), Accumulate::yes);
  CHECK((sum - 2 * expected).cwiseAbs().maxCoeff() < 1e-5f);
  const vade::MatrixRef<float> reference = big.middleRows(2, 12);
  Matrix<float> square(12, 12), gram(60, 60);
  vade::product_a_bt(reference, reference, square);
  vade::product_at_b(reference, reference, gram);
  CHECK(std::abs(square(3, 5) - big.row(5).dot(big.row(7))) < 1e-4f);
  CHECK(std::abs(gram(8, 50) - reference.col(8).dot(reference.col(50))) < 1e-4f);
}

TEST_CASE("What does not lie in contiguous rows is refused when compiling") {
  static_assert(vade::ContiguousRows<Matrix<float>>);
  static_assert(vade::ContiguousRows<vade::RowVector<double>>);
  static_assert(vade::ContiguousRows<vade::ConstMatrixView<float>>);
  static_assert(vade::ContiguousRows<vade::MatrixRef<float>>);
  static_assert(!vade::ContiguousRows<Eigen::MatrixXf>);
  static_assert(!vade::ContiguousRows<Eigen::Matrix<int, 2, 2, Eigen::RowMajor>>);
  static_assert(!vade::ContiguousRows<decltype(std::declval<Matrix<float>&>().transpose())>);
  static_assert(!vade::ContiguousRows<std::remove_cvref_t<decltype(std::declval<Matrix<float>&>() * 2.0f)>>);
}

TEST_CASE("Shapes that do not fit are refused by name") {
  const Matrix<float> a(3, 4), b(5, 6);
  Matrix<float> c(3, 6);
  CHECK_THROWS_WITH_AS(vade::product(a, b, c), "product: rows of B against columns of A: got 5, wanted 4",
                       vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::product_at_b(a, b, c), "product_at_b: rows of B against rows of A: got 5, wanted 3",
                       vade::ShapeError);
  CHECK_THROWS_WITH_AS(vade::product_a_bt(a, b, c), "product_a_bt: columns of B against columns of A: got 6, wanted 4",
                       vade::ShapeError);
  const Matrix<float> fits(4, 5);
  CHECK_THROWS_WITH_AS(vade::product(a, fits, c), "product: C is [3 x 6], wanted [3 x 5]", vade::ShapeError);
}

TEST_CASE("Law 2: results are the same bytes for 1, 2, 3 and 7 threads") {
  const Index shapes[][3] = {{130, 300, 200}, {300, 20, 500}, {64, 700, 30}, {200, 530, 1100}};
  for (const auto& [m, n, k] : shapes) {
    const Matrix<float> a = random_matrix<float>(m, k, 1), b = random_matrix<float>(k, n, 2);
    const Matrix<float> at = a.transpose(), bt = b.transpose();
    std::vector<Matrix<float>> first;
    for (const int threads : {1, 2, 3, 7}) {
      const Threads during(threads);
      for (int repetition = 0; repetition < 3; ++repetition) {
        std::vector<Matrix<float>> results(3, Matrix<float>(m, n));
        vade::product(a, b, results[0]);
        vade::product_at_b(at, b, results[1]);
        vade::product_a_bt(a, bt, results[2]);
        if (first.empty()) first = results;
        for (std::size_t f = 0; f < 3; ++f)
          CHECK(std::memcmp(first[f].data(), results[f].data(), sizeof(float) * static_cast<std::size_t>(m * n)) == 0);
      }
    }
  }
}

TEST_CASE("Law 2: the tiles do not depend on the number of threads") {
  const Matrix<float> a = random_matrix<float>(200, 300, 1), b = random_matrix<float>(300, 700, 2);
  Matrix<float> c(200, 700);
  Matrix<double> first;
  for (const int threads : {1, 4}) {
    const Threads during(threads);
    Matrix<double> tile_of(200, 700);
    vade::product(a, b, c, Accumulate::no, [&](Index r, Index r_end, Index q, Index q_end) {
      tile_of.block(r, q, r_end - r, q_end - q).setConstant(static_cast<double>(r * 1000 + q));
    });
    if (first.size() == 0) first = tile_of;
    CHECK((first.array() == tile_of.array()).all());
  }
}

TEST_CASE("Law 1: an epilogue is called once for each tile, which is final then, and may add a bias or multiply itself") {
  const Threads during(3);
  const Matrix<float> a = random_matrix<float>(100, 80, 1), b = random_matrix<float>(80, 300, 2);
  Matrix<float> plain(100, 300), c(100, 300);
  vade::product(a, b, plain);
  SUBCASE("once") {
    Matrix<double> calls = Matrix<double>::Zero(100, 300);
    std::atomic<int> unfinished{0};
    vade::product(a, b, c, Accumulate::no, [&](Index r, Index r_end, Index q, Index q_end) {
      calls.block(r, q, r_end - r, q_end - q).array() += 1;
      if ((c.block(r, q, r_end - r, q_end - q).array() != plain.block(r, q, r_end - r, q_end - q).array()).any())
        ++unfinished;
    });
    CHECK((calls.array() == 1).all());
    CHECK(unfinished == 0);
  }
  SUBCASE("bias") {
    const vade::RowVector<float> bias = random_matrix<float>(1, 300, 3);
    vade::product(a, b, c, Accumulate::no, [&](Index r, Index r_end, Index q, Index q_end) {
      c.block(r, q, r_end - r, q_end - q).rowwise() += bias.middleCols(q, q_end - q);
    });
    CHECK((c.array() == (plain.rowwise() + bias).array()).all());
  }
  SUBCASE("nested product") {
    std::atomic<int> wrong{0};
    vade::product(a, b, c, Accumulate::no, [&](Index, Index, Index, Index) {
      Matrix<float> inner(100, 300);
      vade::product(a, b, inner);
      if ((inner.array() != plain.array()).any()) ++wrong;
    });
    CHECK(wrong == 0);
    CHECK((c.array() == plain.array()).all());
  }
}

TEST_CASE("Law 3: a small product, and one of one row, runs in the calling thread") {
  const Threads during(3);
  // Below 64 Ki multiply-adds, though of many tiles; and one row, of whatever work.
  const Index shapes[][3] = {{30, 300, 7}, {300, 30, 7}, {700, 90, 1}, {1, 600, 300}, {1, 3000, 500}};
  for (const auto& shape : shapes) {
    const Index m = shape[0], n = shape[1], k = shape[2];
    CAPTURE(m);
    const Matrix<float> a = random_matrix<float>(m, k, 1), b = random_matrix<float>(k, n, 2);
    const Matrix<float> at = a.transpose(), bt = b.transpose();
    Matrix<float> c(m, n);
    const auto self = std::this_thread::get_id();
    std::atomic<int> calls{0}, strangers{0};
    const auto count = [&](Index, Index, Index, Index) {
      ++calls;
      if (std::this_thread::get_id() != self) ++strangers;
    };
    for (int repetition = 0; repetition < 20; ++repetition) {
      vade::product(a, b, c, Accumulate::no, count);
      vade::product_at_b(at, b, c, Accumulate::no, count);
      vade::product_a_bt(a, bt, c, Accumulate::no, count);
    }
    CHECK(calls >= 60);
    CHECK(strangers == 0);
  }
}

TEST_CASE("Law 5: an exception of an epilogue reaches the caller when no tile runs any more") {
  const Matrix<float> a = random_matrix<float>(100, 80, 1), b = random_matrix<float>(80, 300, 2);
  Matrix<float> plain(100, 300), c(100, 300);
  vade::product(a, b, plain);
  for (const int threads : {1, 3}) {
    const Threads during(threads);
    std::atomic<int> running{0};
    struct Running {
      std::atomic<int>& count;
      explicit Running(std::atomic<int>& counter) : count(counter) { ++count; }
      ~Running() { --count; }
    };
    for (int repetition = 0; repetition < 20; ++repetition) {
      const auto fail = [&](Index r, Index, Index q, Index) {
        const Running now(running);
        if (r + q > 0) throw std::runtime_error("epilogue");
        std::this_thread::yield();
      };
      CHECK_THROWS_WITH_AS(vade::product(a, b, c, Accumulate::no, fail), "epilogue", std::runtime_error);
      CHECK(running == 0);
    }
    vade::product(a, b, c);
    CHECK((c.array() == plain.array()).all());
  }
}

TEST_CASE("A product inside a tile of the pool runs there") {
  const Threads during(3);
  const Matrix<float> a = random_matrix<float>(60, 80, 1), b = random_matrix<float>(80, 300, 2);
  Matrix<float> plain(60, 300);
  vade::product(a, b, plain);
  std::vector<Matrix<float>> results(6, Matrix<float>(60, 300));
  vade::default_pool().run(6, [&](Index i) { vade::product(a, b, results[static_cast<std::size_t>(i)]); });
  for (const Matrix<float>& result : results) CHECK((result.array() == plain.array()).all());
}

#if VADE_VECTOR_BYTES > 0
TEST_CASE("What depends on the width of vectors is named after it, so that units of different targets do not mix") {
  const std::string wanted = "kernel_" + std::to_string(VADE_VECTOR_BYTES);
  for (const std::type_info* type : {&typeid(vade::detail::PackedProduct<Form::a_b, float>),
                                     &typeid(vade::detail::Register<double>), &typeid(vade::detail::PackLease<float, 0>)})
    CHECK(std::string(type->name()).find(wanted) != std::string::npos);
}
#endif

#if defined(VADE_WITH_BLAS)
TEST_CASE("Sizes that the BLAS of this build cannot take are refused, with the size") {
  const std::vector<float> one(1, 1.0f);
  std::vector<float> c(1);
  const auto nothing = [](Index, Index, Index, Index) {};
  const Index large = Index{1} << 31;
  CHECK_THROWS_WITH_AS((Chosen::run<Form::a_b, float>(Rows<const float>{one.data(), 1, 1, large},
                                                      Rows<const float>{one.data(), 1, 1, 1},
                                                      Rows<float>{c.data(), 1, 1, 1}, false, TileCall::of(nothing))),
                       "product: a depth or row stride is 2147483648, wanted at most 2147483647 with a BLAS",
                       vade::ValueError);
}
#endif

#if VADE_VECTOR_BYTES > 0

TEST_CASE("A steady state allocates nothing") {
  const Threads during(1);
  const auto nothing = [](Index, Index, Index, Index) {};
  const Matrix<float> a = random_matrix<float>(128, 300, 1), b = random_matrix<float>(300, 512, 2);
  const Matrix<float> at = a.transpose(), bt = b.transpose();
  Matrix<float> c(128, 512);
  const auto rows = [](auto& m) { return vade::detail::rows_of(m); };
  const auto step = [&] {
    Packed::run<Form::a_b, float>(rows(a), rows(b), rows(c), false, TileCall::of(nothing));
    Packed::run<Form::at_b, float>(rows(at), rows(b), rows(c), false, TileCall::of(nothing));
    Packed::run<Form::a_bt, float>(rows(a), rows(bt), rows(c), true, TileCall::of(nothing));
    const Rows<const float> one{a.data(), 1, a.cols(), a.cols()};
    Packed::run<Form::a_b, float>(one, rows(b), Rows<float>{c.data(), 1, c.cols(), c.cols()}, false,
                                  TileCall::of(nothing));
  };
  step();
  const long before = allocations.load();
  for (int i = 0; i < 5; ++i) step();
  CHECK(allocations.load() == before);
  long first = 0;
  std::thread([&] {
    const long between = allocations.load();
    step();
    first = allocations.load() - between;
  }).join();
  CHECK(first > 0);  // a thread that never multiplied has no memory yet, and the count sees it
}

#endif
