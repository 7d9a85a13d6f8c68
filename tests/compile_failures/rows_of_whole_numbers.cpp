// wanted: cast first
#include <vade/models/row_source.hpp>

vade::Index rows_of(const vade::RowSource<float>& source) { return source.count(); }

int main() {
  const Eigen::MatrixXi counts = Eigen::MatrixXi::Zero(3, 2);
  const vade::Index right = rows_of(counts.cast<float>());
#ifdef MISUSE
  const vade::Index wrong = rows_of(counts);
#endif
  return right == 3 ? 0 : 1;
}
