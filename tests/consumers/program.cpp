// A user's program. The narrowing in it is on purpose: it is a warning under our own flags, which must not reach here.
#include <iostream>

#include <vade/vade.hpp>

int main() {
  vade::Matrix<float> x(200, 2);
  vade::fill_normal(x, 7, vade::Purpose::user);
  x.topRows(100).array() += 20;
  const auto result = vade::kmeans<float>(x, {.clusters = 2});
  const float inertia = result.inertia;
  int together = 0;
  for (unsigned i = 0; i < 100; ++i) together += result.labels[i] == result.labels[0];
  std::cout << "inertia " << inertia << ", " << together << " of 100 rows together\n";
  return together == 100 && result.labels[0] != result.labels[199] ? 0 : 1;
}
