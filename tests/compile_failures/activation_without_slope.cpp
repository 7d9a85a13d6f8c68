// wanted: constraints? not satisfied|no matching function
#include <string_view>

#include <vade/autodiff/products.hpp>

struct Cube {
  static constexpr std::string_view name = "cube";
  static constexpr bool is_identity = false;
  static auto value(const auto& a) { return a.cube(); }
#ifndef MISUSE
  static auto slope(const auto& y) { return y; }
#endif
};

int main() {
  vade::Tape<float> tape;
  const auto x = tape.constant(1, 1);
  return vade::affine<Cube>(x, x, x).rows() == 1 ? 0 : 1;
}
