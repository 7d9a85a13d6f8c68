// Goes through densities, seeds and posteriors.
#pragma once

#include "options.hpp"

namespace synthetic {

/// Returns the exit code: 0, or 130 after Ctrl-C, with what was finished written. @throws vade::Error
int run(const Options& options);

}  // namespace synthetic
