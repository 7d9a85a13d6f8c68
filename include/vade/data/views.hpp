// vade: random views of rows, whatever the data are.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include <vade/data/augmentation.hpp>
#include <vade/data/neighbours.hpp>

namespace vade {

/// A view of a row is one of its nearest rows, each equally likely: for data of which nobody knows a change that keeps
/// the class. Distances are Euclidean, so columns should be on one scale.
struct NeighbourAugmentation {
  Index neighbours = 10;
  /// `nearest_neighbours` of the same rows, at least as many, where they are known; else `Views` looks for them.
  std::shared_ptr<const Neighbours> known = nullptr;

  /// @throws ValueError naming the field
  void validate() const { check_at_least<Index>("NeighbourAugmentation", "neighbours", neighbours, 1); }
  void for_each_option(auto&& visit) const { visit("neighbours", neighbours); }  // `known` follows from the rows
};

/// A view of a row is a point near it, in the direction where the model's prediction changes most (virtual adversarial
/// training: see `AdversarialViews`; as views of IMSAT, Hu et al. 2017): for data of which nobody knows a change that keeps
/// the class. Where there is no model to ask, in `Views` itself and in `cluster_health`, the direction is random. Columns
/// should be on one scale.
struct AdversarialAugmentation {
  double radius = 0.25;   ///< how near, in distances to the nearest row but `neighbours` − 1
  Index neighbours = 10;
  std::shared_ptr<const Neighbours> known = nullptr;  ///< as of `NeighbourAugmentation`

  /// @throws ValueError naming the field
  void validate() const {
    check_at_least("AdversarialAugmentation", "radius", radius, 0.0);
    check_at_least<Index>("AdversarialAugmentation", "neighbours", neighbours, 1);
  }
  void for_each_option(auto&& visit) const { visit("radius", radius), visit("neighbours", neighbours); }
};

/// What a view may differ by and still be of the same class: a statement about the data, and the only one that the warm
/// start and the consistency term make.
using Augmentation = std::variant<ImageAugmentation, NeighbourAugmentation, NoiseCorruption, AdversarialAugmentation>;

/// Draws views of the rows of one data set.
template <Real T>
class Views {
 public:
  /// Whether `data` have such views at this strength, in O(1), but that numbers to be shaded and known neighbours are
  /// looked through. @throws ValueError: bad options, image views of data that are no images, shaded ones of values outside
  /// [0, 1], no more rows than neighbours; ShapeError: known neighbours of other data, or too few
  static void check(const Dataset& data, const Augmentation& augmentation, double strength = 1) {
    std::visit([&](const auto& kind) {
      kind.validate();
      if constexpr (requires { kind.scaled(strength); }) kind.scaled(strength).validate();
    }, augmentation);
    if (std::holds_alternative<ImageAugmentation>(augmentation) && !data.image())
      throw ValueError("Views: the data are rows of numbers, wanted images (with an ImageShape) for an ImageAugmentation");
    if (const auto* kind = std::get_if<ImageAugmentation>(&augmentation); kind && kind->shade > 0 && !data.is_bytes())
      if (const double low = data.minimum(), high = data.maximum(); !(low >= 0 && high <= 1))
        throw ValueError(detail::message("Views: the values go from ", low, " to ", high, ", wanted [0, 1] where shade is above 0"));
    if (const auto* kind = std::get_if<NeighbourAugmentation>(&augmentation))
      check_neighbours("NeighbourAugmentation", data, *kind);
    if (const auto* kind = std::get_if<AdversarialAugmentation>(&augmentation))
      check_neighbours("AdversarialAugmentation", data, *kind);
  }

  /// Finds neighbours, where views ask for them and they are not known: O(N² D). Looks for the background of images, and
  /// for the mean of each column where values of rows are hidden: O(N D). `data` must outlive this.
  /// @throws as `check`; ValueError for NaN or infinity among neighbours
  Views(const Dataset& data, const Augmentation& augmentation) : data_(&data), augmentation_(augmentation) {
    check(data, augmentation);
    if (data.image() && !data.empty()) background_ = image_background(data);
    if (const auto* noise = std::get_if<NoiseCorruption>(&augmentation)) fill_ = fill_of(*noise);
    std::visit([this](const auto& kind) {
      if constexpr (requires { kind.known; }) neighbours_ = kind.known ? kind.known : find_neighbours(kind.neighbours);
    }, augmentation_);
  }

  /// Whether a view should be turned to where a prediction changes most, by `AdversarialViews`.
  bool adversarial() const { return std::holds_alternative<AdversarialAugmentation>(augmentation_); }

  /// A view of row `rows[i]` becomes row i of `out` `[rows.size() x D]`; it depends on (seed, epoch, row) and `strength`,
  /// the share of the half-widths, of the neighbours, of the noise, or of the radius. O(B D). @throws ShapeError, ValueError
  void draw(std::span<const Index> rows, double strength, std::uint64_t seed, std::uint32_t epoch,
            MatrixView<T> out) const {
    std::visit([&](const auto& kind) { draw_kind(kind, rows, strength, seed, epoch, out); }, augmentation_);
  }

 private:
  static void check_neighbours(std::string_view who, const Dataset& data, const auto& kind) {
    check_between<Index>(who, "neighbours", kind.neighbours, 1, data.rows() - 1);
    if (!kind.known) return;
    check_same_count(who, "rows of the known neighbours", kind.known->rows.rows(), data.rows());
    const Neighbours& known = *kind.known;
    if (known.rows.cols() < kind.neighbours)
      throw ShapeError(detail::message(who, ": ", known.rows.cols(), " neighbours are known of each row, wanted ",
                                       kind.neighbours));
    if ((known.rows.array() < 0).any() || (known.rows.array() >= data.rows()).any())
      throw ValueError(detail::message(who, ": a known neighbour is none of the ", data.rows(), " rows"));
    if constexpr (requires { kind.radius; }) {
      check_shape(who, "distances of the known neighbours", known.distances, known.rows.rows(), known.rows.cols());
      check_finite(who, "distances of the known neighbours", known.distances);
    }
  }

  std::shared_ptr<const Neighbours> find_neighbours(Index count) const {
    return std::make_shared<const Neighbours>(nearest_neighbours<T>(data_->matrix<T>(), count));
  }

  /// What hides a value: the background of images, else the mean of the column. O(N D) where anything is hidden.
  RowVector<T> fill_of(const NoiseCorruption& noise) const {
    if (data_->image()) return RowVector<T>::Constant(data_->columns(), static_cast<T>(background_));
    if (noise.mask == 0) return RowVector<T>::Zero(data_->columns());
    RowVector<double> mean = RowVector<double>::Zero(data_->columns());  // running, so that no sum overflows
    for (Index i = 0; i < data_->rows(); ++i)
      data_->with_row(i, [&](const auto row) {
        for (Index j = 0; j < mean.cols(); ++j)
          mean(j) += (static_cast<double>(row[static_cast<std::size_t>(j)]) - mean(j)) / static_cast<double>(i + 1);
      });
    return (mean / (data_->is_bytes() ? 255.0 : 1.0)).template cast<T>();
  }

  void draw_kind(const ImageAugmentation& kind, std::span<const Index> rows, double strength, std::uint64_t seed,
                 std::uint32_t epoch, MatrixView<T> out) const {
    augment<T>(*data_, rows, kind.scaled(strength), seed, epoch, background_, out);
  }

  void draw_kind(const NeighbourAugmentation& kind, std::span<const Index> rows, double strength, std::uint64_t seed,
                 std::uint32_t epoch, MatrixView<T> out) const {
    check_shape("Views::draw", "the output", out, static_cast<Index>(rows.size()), data_->columns());
    const auto nearest = static_cast<std::uint32_t>(
        std::clamp<Index>(std::lround(strength * static_cast<double>(kind.neighbours)), 1, kind.neighbours));
    for (Index i = 0; i < out.rows(); ++i) {
      const Index row = rows[static_cast<std::size_t>(i)];
      check_between<Index>("Views::draw", "row", row, 0, data_->rows() - 1);
      RandomStream stream(seed, Purpose::augmentation, epoch, static_cast<std::uint32_t>(row));
      const Index chosen = neighbours_->rows(row, static_cast<Index>(stream.below(nearest)));
      data_->template copy_rows<T>(chosen, MatrixView<T>(out.data() + i * out.cols(), 1, out.cols()));
    }
  }

  void draw_kind(const NoiseCorruption& kind, std::span<const Index> rows, double strength, std::uint64_t seed,
                 std::uint32_t epoch, MatrixView<T> out) const {
    data_->template gather<T>(rows, out);
    corrupt<T>(out, rows, kind.scaled(strength), seed, epoch, fill_);
  }

  void draw_kind(const AdversarialAugmentation& kind, std::span<const Index> rows, double strength, std::uint64_t seed,
                 std::uint32_t epoch, MatrixView<T> out) const {
    data_->template gather<T>(rows, out);
    RowVector<T> direction(out.cols());
    for (Index i = 0; i < out.rows(); ++i) {
      const Index row = rows[static_cast<std::size_t>(i)];
      RandomStream stream(seed, Purpose::augmentation, epoch, static_cast<std::uint32_t>(row));
      for (T& entry : direction) entry = stream.normal<T>();
      const double radius = kind.radius * neighbours_->distances(row, kind.neighbours - 1);
      out.row(i) += static_cast<T>(strength * radius) / direction.norm() * direction;
    }
  }

  const Dataset* data_;
  Augmentation augmentation_;
  std::shared_ptr<const Neighbours> neighbours_;  // of the views that ask for them
  double background_ = 0;                         // of images
  RowVector<T> fill_;                             // what hidden values become
};

}  // namespace vade
