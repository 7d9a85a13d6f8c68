// Includes every public header, as two.cpp does; that the two link is the test. At run time, what the library keeps
// once for a whole program is shown to be kept once. A function that is declared by the names of fwd.hpp alone, and
// defined where they are complete, shows that these are the same names.
#include <vade/fwd.hpp>

int columns_in_all(const vade::Vade<float>*, const vade::Vae<double>*, const vade::GaussianMixture<float>*,
                   const vade::Dataset&);
int columns_of(const vade::Dataset& data);
int columns_of(const vade::Dataset& data) { return columns_in_all(nullptr, nullptr, nullptr, data); }

#include "every_header.hpp"

vade::ThreadPool* pool_of_the_other_unit();

int main() {
  const vade::Dataset data = vade::Dataset::from_matrix(vade::Matrix<float>(vade::Matrix<float>::Zero(2, 3)));
  return &vade::default_pool() == pool_of_the_other_unit() && columns_of(data) == 3 ? 0 : 1;
}
