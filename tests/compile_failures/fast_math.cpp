// wanted: error: .*vade: compile without -ffast-math
// flags: -ffast-math, -Ofast, -ffinite-math-only, -O2 -ffinite-math-only -fno-math-errno
#include <vade/core/checks.hpp>

int main() { return vade::Real<double> ? 0 : 1; }
