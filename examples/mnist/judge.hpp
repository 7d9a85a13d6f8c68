// What a drawn image shows, in the eyes of a classifier that was taught with labels.
#pragma once

#include <cstdint>
#include <memory>

#include <vade/core/matrix.hpp>
#include <vade/core/stop_token.hpp>
#include <vade/data/dataset.hpp>
#include <vade/training/report.hpp>

namespace mnist {

/// The drawn images of one cluster.
struct RowPurity {
  vade::Label majority = 0;  ///< the class that most of them show
  double share = 0;          ///< and how many
};

/// A small network 784-512-K with batch normalisation, taught the classes on mild random views of `train`. It scores
/// other models and never trains one. @throws vade::ValueError without labels
class Judge {
 public:
  Judge(const vade::LabelledDataset& train, std::uint64_t seed, const vade::Observer& observer,
        const vade::StopToken& stop);

  /// The most likely class of each row.
  vade::Labels classes_of(const vade::Matrix<float>& images) const;

  RowPurity purity(const vade::Matrix<float>& images) const;

  /// Share of rows whose class it finds.
  double accuracy(const vade::LabelledDataset& data) const;

 private:
  struct Network;
  std::shared_ptr<const Network> network_;
};

}  // namespace mnist
