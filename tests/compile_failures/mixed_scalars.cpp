// wanted: no match for|invalid operands
#include <vade/autodiff/arithmetic.hpp>

int main() {
  vade::Tape<double> tape;
  vade::Tape<float> narrow;
  const auto x = tape.constant(1, 1);
  const auto y = narrow.constant(1, 1);
  const auto right = x + x;
#ifdef MISUSE
  const auto wrong = x + y;
#endif
  return right.rows() == y.rows() ? 0 : 1;
}
