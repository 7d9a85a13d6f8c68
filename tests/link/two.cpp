// The other unit of one.cpp.
#include "every_header.hpp"

vade::ThreadPool* pool_of_the_other_unit();

vade::ThreadPool* pool_of_the_other_unit() { return &vade::default_pool(); }

int columns_in_all(const vade::Vade<float, vade::DiagonalPosterior>*, const vade::Vae<double, vade::DiagonalPosterior>*,
                   const vade::GaussianMixture<float, vade::DiagonalCovariance>*, const vade::Dataset& data);

int columns_in_all(const vade::Vade<float, vade::DiagonalPosterior>*, const vade::Vae<double, vade::DiagonalPosterior>*,
                   const vade::GaussianMixture<float, vade::DiagonalCovariance>*, const vade::Dataset& data) {
  return static_cast<int>(data.columns());
}
