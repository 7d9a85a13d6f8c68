// wanted: error: .*vade: this Eigen is older than 3.4
#include <Eigen/Core>
#ifdef MISUSE
#undef EIGEN_WORLD_VERSION
#define EIGEN_WORLD_VERSION 3
#undef EIGEN_MAJOR_VERSION
#define EIGEN_MAJOR_VERSION 3
#endif
#include <vade/core/matrix.hpp>

int main() { return vade::Matrix<float>(0, 0).rows() == 0 ? 0 : 1; }
