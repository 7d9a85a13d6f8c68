// The other unit of one.cpp.
#include "every_header.hpp"

vade::ThreadPool* pool_of_the_other_unit();

vade::ThreadPool* pool_of_the_other_unit() { return &vade::default_pool(); }
