// VAEs with diagonal posterior covariance.
#include "train.hpp"

namespace synthetic {

Outcome run_diagonal(const Task& task, const vade::Observer& observer, std::stop_token stop) {
  return train<vade::DiagonalPosterior>(task, observer, stop);
}

}  // namespace synthetic
