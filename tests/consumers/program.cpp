// A user's program. The narrowing in it is on purpose: it is a warning under our own flags, which must not reach here.
#include <iostream>

#include <vade/core/random.hpp>

int main() {
  vade::RandomStream stream(7, vade::Purpose::user);
  const float draw = stream.uniform<double>();
  int positive = 0;
  for (unsigned i = 0; i < 1000; ++i) positive += stream.normal<double>() > 0;
  std::cout << "uniform " << draw << ", positive normals " << positive << " of 1000\n";
  return draw > 0 && draw < 1 && positive > 400 && positive < 600 ? 0 : 1;
}
