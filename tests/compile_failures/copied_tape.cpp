// wanted: deleted
#include <vade/autodiff/tape.hpp>

int main() {
  vade::Tape<float> tape;
#ifdef MISUSE
  const vade::Tape<float> copy = tape;
#endif
  return static_cast<int>(tape.nodes());
}
