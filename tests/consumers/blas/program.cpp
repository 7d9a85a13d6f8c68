// A user's program whose products go to BLAS: the target brings the macro, the header and the library.
#include <algorithm>
#include <cmath>
#include <iostream>

#include <cblas.h>

#include <vade/core/random.hpp>
#include <vade/kernel/product.hpp>

#if !defined(VADE_WITH_BLAS)
#error "the target vade::vade did not bring VADE_WITH_BLAS"
#endif

/// The largest difference of A B and one loop for each entry.
template <class T>
double worst_difference() {
  vade::Matrix<T> a(70, 40), b(40, 90), c(70, 90);
  vade::fill_normal(a, 1, vade::Purpose::user);
  vade::fill_normal(b, 2, vade::Purpose::user);
  vade::product(a, b, c);
  double worst = 0;
  for (vade::Index i = 0; i < c.rows(); ++i)
    for (vade::Index j = 0; j < c.cols(); ++j) {
      double sum = 0;
      for (vade::Index k = 0; k < a.cols(); ++k) sum += static_cast<double>(a(i, k)) * static_cast<double>(b(k, j));
      worst = std::max(worst, std::abs(static_cast<double>(c(i, j)) - sum));
    }
  return worst;
}

int main() {
  const double single = worst_difference<float>(), twice = worst_difference<double>();
  std::cout << "differences " << single << " (float), " << twice << " (double)\n";
  return single < 1e-4 && twice < 1e-12 ? 0 : 1;
}
