// wanted: an adjoint captures at most 160 bytes
#include <array>

#include <vade/autodiff/tape.hpp>

int main() {
  vade::Tape<double> tape;
  const auto x = tape.constant(1, 1);
  x.on_backward([factors = std::array<double, 20>{}] { static_cast<void>(factors[0]); });
#ifdef MISUSE
  x.on_backward([factors = std::array<double, 21>{}] { static_cast<void>(factors[0]); });
#endif
  return 0;
}
