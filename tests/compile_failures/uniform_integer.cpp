// wanted: no matching (member )?function
#include <vade/core/random.hpp>

int main() {
  vade::RandomStream stream(1, vade::Purpose::user);
  const double right = stream.uniform<double>();
#ifdef MISUSE
  const int wrong = stream.uniform<int>();
#endif
  return right < 1 ? 0 : 1;
}
