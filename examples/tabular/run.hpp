// The tabular example, from file to files.
#pragma once

#include "options.hpp"

namespace tabular {

/// Returns the exit code. @throws vade::Error
int run(const Options& options);

}  // namespace tabular
