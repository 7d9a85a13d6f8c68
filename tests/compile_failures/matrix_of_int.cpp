// wanted: constraints? not satisfied
#include <vade/core/matrix.hpp>

int main() {
  const vade::Matrix<float> matrix(2, 3);
#ifdef MISUSE
  const vade::Matrix<int> counts(2, 3);
#endif
  return matrix.rows() == 2 ? 0 : 1;
}
