// VAEs with diagonal posterior covariance.
#include "train.hpp"

namespace synthetic {

Outcome run_diagonal(const Task& task, const vade::Observer& observer, vade::StopToken stop) {
  return train<vade::DiagonalPosterior>(task, observer, stop);
}

}  // namespace synthetic
