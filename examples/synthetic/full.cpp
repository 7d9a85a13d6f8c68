// VAEs with full posterior covariance.
#include "train.hpp"

namespace synthetic {

Outcome run_full(const Task& task, const vade::Observer& observer, vade::StopToken stop) {
  return train<vade::FullPosterior>(task, observer, stop);
}

}  // namespace synthetic
