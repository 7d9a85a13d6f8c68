// The one entry point of the test programs.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "support/child_process.hpp"
#include "support/sanitizers.hpp"

#if defined(VADE_TEST_SANITIZER) && defined(VADE_TEST_FORK)
/// The search for leaks cannot follow what only the stacks of threads hold that a child of fork has not.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return tests::is_child ? 1 : 0; }
#endif
