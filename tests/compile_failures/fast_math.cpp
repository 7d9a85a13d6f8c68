// wanted: error: .*vade: compile without -ffast-math
// flags: -ffast-math -Wfatal-errors, -Ofast -Wfatal-errors, -ffinite-math-only -Wfatal-errors
#include <vade/core/checks.hpp>

int main() { return vade::Real<double> ? 0 : 1; }
