// A user's program with an Eigen and a zlib of its own.
#include <iostream>

#include <vade/core/matrix.hpp>

#if !defined(OWN_Eigen3) || !defined(OWN_ZLIB)
#error "vade::vade did not take a target of the host"
#endif
#if defined(EIGEN_DONT_PARALLELIZE)
#error "vade::vade tells the host how Eigen multiplies"
#endif

int main() { std::cout << vade::shape_text(vade::Matrix<float>(2, 3)) << '\n'; }
