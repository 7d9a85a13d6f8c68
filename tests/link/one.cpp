// Includes every public header, as two.cpp does; that the two link is the test. At run time, what the library keeps
// once for a whole program is shown to be kept once.
#include "every_header.hpp"

vade::ThreadPool* pool_of_the_other_unit();

int main() { return &vade::default_pool() == pool_of_the_other_unit() ? 0 : 1; }
