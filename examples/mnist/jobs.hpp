// The jobs of the MNIST example. Each is a source file of its own, so that they compile side by side.
#pragma once

#include "options.hpp"

namespace mnist {

/// Each returns the exit code. @throws vade::Error
int run_vae(const Options& options);
int run_vade(const Options& options);
int run_compare_views(const Options& options);

}  // namespace mnist
