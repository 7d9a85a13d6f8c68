// A host that compiles with OpenMP: Eigen's own products use its team, this library's never do. A team inside a tile of
// the pool would fight it for processors.
#include <cstdio>
#include <filesystem>
#include <iterator>

#include <vade/core/default_pool.hpp>
#include <vade/core/random.hpp>
#include <vade/kernel/product.hpp>
#include <vade/mixture/full_covariance.hpp>
#include <vade/mixture/gaussian_mixture.hpp>
#include <vade/report/projection.hpp>

namespace {

std::ptrdiff_t threads_of_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

template <vade::detail::Form form>
void multiply_a_tile(const vade::Matrix<double>& a, const vade::Matrix<double>& b, vade::Matrix<double>& c) {
  vade::detail::EigenTile::multiply<form, double>(vade::detail::rows_of(a), vade::detail::rows_of(b),
                                                  vade::detail::rows_of(c), false);
}

}  // namespace

int main() {
  vade::set_threads(1);
  vade::Matrix<double> a(256, 256), c(256, 256);
  vade::fill_normal(a, 1, vade::Purpose::user);
  const vade::Matrix<double> b = a;

  multiply_a_tile<vade::detail::Form::a_b>(a, b, c);
  multiply_a_tile<vade::detail::Form::at_b>(a, b, c);
  multiply_a_tile<vade::detail::Form::a_bt>(a, b, c);
  vade::product(a, b, c);
  vade::report::principal_components(a, 5);
  vade::GaussianMixture<double, vade::FullCovariance> mixture;
  mixture.fit(a.leftCols(120).eval(), {.clusters = 2, .max_iterations = 3});
  const std::ptrdiff_t ours = threads_of_process();

  c.noalias() = a * b;  // the host's
  const std::ptrdiff_t host = threads_of_process();
  std::printf("threads: %td after the library's products, %td after the host's\n", ours, host);
  return ours == 1 && host > 1 ? 0 : 1;
}
