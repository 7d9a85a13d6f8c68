// vade: the two steps of Lloyd's algorithm.
// SPDX-License-Identifier: MIT
#pragma once

#include <utility>
#include <vector>

#include <vade/core/matrix.hpp>
#include <vade/mixture/detail/kmeans_rows.hpp>
#include <vade/mixture/detail/nearest.hpp>
#include <vade/mixture/detail/tile_plan.hpp>

namespace vade::detail {

/// Rows, their labels and the centres, between two steps. One pass over the data assigns the rows and adds up what the
/// centres need, so that moving them costs O(K J). `Rows` are `PlainRows` or `StandardRows`; refers to them.
template <class Rows>
class Lloyd {
  using T = typename Rows::Scalar;

 public:
  Lloyd(const Rows& x, const Matrix<T>& centres)
      : x_(x),
        plan_(x.rows(), x.cols() + 2, centres.size()),
        centres_(centres),
        labels_(static_cast<std::size_t>(x.rows()), -1),
        distances_(static_cast<std::size_t>(x.rows())),
        parts_(static_cast<std::size_t>(plan_.chunks)) {}

  const Matrix<T>& centres() const { return centres_; }
  double inertia() const { return inertia_; }
  /// Squared distance of each row to its centre.
  const std::vector<T>& distances() const { return distances_; }
  int reseeded() const { return reseeded_; }
  Labels take_labels() { return std::move(labels_); }

  /// Gives every row to its nearest centre; returns how many labels changed.
  Index assign_rows() {
    plan_.for_each_chunk([&](Index chunk, Index begin, Index end) {
      Part part{Matrix<double>::Zero(centres_.rows(), x_.cols()),
                std::vector<Index>(static_cast<std::size_t>(centres_.rows()), 0)};
      SampleTile<T> tile(plan_.tile_rows, x_.cols());
      TileBuffer<T> distance(plan_.tile_rows, 1);
      Labels labels(static_cast<std::size_t>(padded_rows<T>(plan_.tile_rows)));
      plan_.for_each_tile(begin, end, [&](Index first, Index count) {
        x_.load(tile, first, count);
        nearest_centres(tile, centres_, distance.data(), labels.data());
        double sum = 0;
        for (Index i = 0; i < count; ++i) {
          const Label label = labels[static_cast<std::size_t>(i)];
          Label& old_label = labels_[static_cast<std::size_t>(first + i)];
          part.changed += old_label != label;
          old_label = label;
          distances_[static_cast<std::size_t>(first + i)] = distance.data()[i];
          sum += static_cast<double>(distance.data()[i]);
          ++part.counts[static_cast<std::size_t>(label)];
          x_.add_row(first + i, part.sums.data() + static_cast<Index>(label) * x_.cols());
        }
        part.inertia += sum;
      });
      parts_[static_cast<std::size_t>(chunk)] = std::move(part);
    });
    inertia_ = 0;
    Index changed = 0;
    for (const Part& part : parts_) {
      inertia_ += part.inertia;
      changed += part.changed;
    }
    return changed;
  }

  /// Moves every centre to the mean of its rows; returns the sum of squared movements.
  double move_centres() {
    Matrix<double> sums = Matrix<double>::Zero(centres_.rows(), centres_.cols());
    std::vector<Index> counts(static_cast<std::size_t>(centres_.rows()), 0);
    for (const Part& part : parts_) {
      sums += part.sums;
      for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += part.counts[k];
    }
    reseed_empty(sums, counts);
    double movement = 0;
    for (Index k = 0; k < centres_.rows(); ++k) {
      const auto count = counts[static_cast<std::size_t>(k)];
      if (count == 0) continue;
      const RowVector<T> moved = (sums.row(k) / static_cast<double>(count)).template cast<T>();
      movement += (moved - centres_.row(k)).template cast<double>().squaredNorm();
      centres_.row(k) = moved;
    }
    return movement;
  }

 private:
  struct Part {
    Matrix<double> sums;        // of the rows of each cluster [K x J]
    std::vector<Index> counts;  // of the rows of each cluster [K]
    double inertia = 0;
    Index changed = 0;
  };

  /// Takes, for each empty cluster, the row that is farthest from its centre out of its cluster. A cluster's only row
  /// stays where it is, and so does the centre of an empty cluster when no row is left to take.
  void reseed_empty(Matrix<double>& sums, std::vector<Index>& counts) {
    for (std::size_t k = 0; k < counts.size(); ++k) {
      if (counts[k] != 0) continue;
      Index worst = -1;
      T farthest = 0;
      for (Index i = 0; i < x_.rows(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (distances_[at] > farthest && counts[static_cast<std::size_t>(labels_[at])] > 1) {
          worst = i;
          farthest = distances_[at];
        }
      }
      if (worst < 0) return;
      const auto at = static_cast<std::size_t>(worst);
      distances_[at] = 0;
      --counts[static_cast<std::size_t>(labels_[at])];
      sums.row(labels_[at]) -= x_.row(worst).template cast<double>();
      counts[k] = 1;
      sums.row(static_cast<Index>(k)) = x_.row(worst).template cast<double>();
      ++reseeded_;
    }
  }

  const Rows& x_;
  TilePlan plan_;
  Matrix<T> centres_;
  Labels labels_;
  std::vector<T> distances_;  // squared, of each row to its centre
  std::vector<Part> parts_;   // one per chunk
  double inertia_ = 0;
  int reseeded_ = 0;
};

}  // namespace vade::detail
