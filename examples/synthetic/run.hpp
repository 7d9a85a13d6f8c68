// Goes through densities, seeds and posteriors.
#pragma once

#include "options.hpp"

namespace synthetic {

/// Returns the exit code: 0, or that of the signal that ended it, with what was finished written. @throws vade::Error
int run(const Options& options);

}  // namespace synthetic
