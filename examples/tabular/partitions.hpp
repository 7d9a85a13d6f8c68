// Partitions of rows, and which one neighbours agree with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <vade/data/dataset.hpp>
#include <vade/data/neighbours.hpp>

#include "../progress_line.hpp"
#include "options.hpp"

namespace tabular {

/// A partition, and what speaks for it.
struct Partition {
  std::string name;
  vade::Labels labels;
  double information = 0;  ///< I(c; c′) in nats between the clusters of a row and of one of its neighbours
};

/// Epochs that take about as many steps: steps, not epochs, are what training needs to settle.
int epochs_for(double steps, vade::Index batch, const vade::Dataset& data);

/// Mutual information between the cluster of a row and the cluster of a neighbour of it, in nats: high where clusters
/// are many and even, and neighbours are in one cluster. At most log K. O(N k)
double neighbour_information(const vade::Labels& labels, const vade::IndexMatrix& neighbours);

/// By k-means, by a Gaussian mixture with diagonal covariances, and by an information-maximising classifier whose views
/// are neighbours, which tells `progress`; after a signal by the first of these that are done. `nearest` are those of
/// `data`.
std::vector<Partition> find_partitions(const vade::Dataset& data,
                                       const std::shared_ptr<const vade::Neighbours>& nearest, const Options& options,
                                       ProgressLine& progress);

}  // namespace tabular
