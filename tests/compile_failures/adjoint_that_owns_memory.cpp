// wanted: an adjoint captures variables, raw pointers and numbers only
#include <vector>

#include <vade/autodiff/tape.hpp>

int main() {
  vade::Tape<double> tape;
  const auto x = tape.constant(1, 1);
  const std::vector<double> factors{1, 2};
  x.on_backward([x, factors = factors.data()] { x.accumulate(factors[0] * x.adjoint()); });
#ifdef MISUSE
  x.on_backward([x, factors] { x.accumulate(factors[0] * x.adjoint()); });
#endif
  return 0;
}
