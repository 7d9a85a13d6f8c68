#include <vade/kernel/product.hpp>

#include <atomic>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include <vade/core/random.hpp>

namespace {

using vade::Accumulate;
using vade::Index;
using vade::Matrix;

template <class T>
Matrix<T> random_matrix(Index rows, Index columns, unsigned seed) {
  Matrix<T> m(rows, columns);
  std::uint32_t state = seed * 2654435761u + 12345u;
  for (Index i = 0; i < m.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    m.data()[i] = static_cast<T>(state >> 8) / static_cast<T>(1 << 23) - T{1};
  }
  return m;
}

}  // namespace

TEST_CASE("The three forms agree with a sum in double") {
  for (const Index m : {1, 3, 17, 130})
    for (const Index n : {1, 5, 33, 150})
      for (const Index k : {1, 8, 70}) {
        const Matrix<float> a = random_matrix<float>(m, k, 1), b = random_matrix<float>(k, n, 2);
        const Matrix<float> at = a.transpose(), bt = b.transpose();
        const Matrix<double> expected = a.cast<double>() * b.cast<double>();
        Matrix<float> c(m, n);
        vade::product(a, b, c);
        CHECK((c.cast<double>() - expected).cwiseAbs().maxCoeff() < 1e-4);
        vade::product_at_b(at, b, c);
        CHECK((c.cast<double>() - expected).cwiseAbs().maxCoeff() < 1e-4);
        vade::product_a_bt(a, bt, c, Accumulate::yes);
        CHECK((c.cast<double>() - 2 * expected).cwiseAbs().maxCoeff() < 1e-4);
      }
}
