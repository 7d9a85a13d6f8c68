// vade: random views of images and noise on vectors.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <type_traits>

#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/random.hpp>
#include <vade/data/background.hpp>
#include <vade/data/dataset.hpp>
#include <vade/data/detail/warp.hpp>

/// What a row becomes depends on (seed, epoch, row) and the data's background, and on nothing else: not on the batch, its
/// order, or the threads. A row that stands twice in a batch becomes the same twice.
namespace vade {

/// Half-widths of uniform draws, but for `mirror` and `bend`; one set of draws for each view. All zero gives the clean
/// image, exactly. Lengths are 28ths of the side, which are pixels in images of 28 x 28 and the same share of any other: in one
/// of H x W, a shift of 2.5 is up to 2.5 W / 28 pixels across and 2.5 H / 28 pixels down. The last four are off unless asked
/// for: handwriting bends, and things may be longer, face the other way, or be darker.
struct ImageAugmentation {
  double rotation_degrees = 15;  ///< angle in ± this, at most 180
  double shear = 0.15;           ///< horizontal shear x + s y, s in ± this, at most 2
  double scale = 0.1;            ///< zoom in 1 ± this, at most 0.9
  double shift = 2.5;            ///< in 28ths of the side, each axis in ± this
  double stretch = 0;            ///< each axis longer by a factor eᵘ, u in ± this, at most 2
  double bend = 0;               ///< in 28ths of the side, root mean square of what each axis of a smooth random field moves by
  double mirror = 0;             ///< probability that left and right change places
  double shade = 0;              ///< values, all in [0, 1], have logits that are lower by u, u in ± this, at most 4

  /// @throws ValueError naming the field
  void validate() const {
    check_between("ImageAugmentation", "rotation_degrees", rotation_degrees, 0.0, 180.0);
    check_between("ImageAugmentation", "shear", shear, 0.0, 2.0);
    check_between("ImageAugmentation", "scale", scale, 0.0, 0.9);
    check_between("ImageAugmentation", "shift", shift, 0.0, 1e6);
    check_between("ImageAugmentation", "stretch", stretch, 0.0, 2.0);
    check_between("ImageAugmentation", "bend", bend, 0.0, 1e6);
    check_between("ImageAugmentation", "mirror", mirror, 0.0, 1.0);
    check_between("ImageAugmentation", "shade", shade, 0.0, 4.0);
  }

  void for_each_option(auto&& visit) const {
    visit("rotation_degrees", rotation_degrees), visit("shear", shear), visit("scale", scale), visit("shift", shift);
    visit("stretch", stretch), visit("bend", bend), visit("mirror", mirror), visit("shade", shade);
  }

  /// All half-widths and the bend times `factor`, and the probability as well, up to 1.
  ImageAugmentation scaled(double factor) const {
    return {.rotation_degrees = rotation_degrees * factor, .shear = shear * factor, .scale = scale * factor,
            .shift = shift * factor, .stretch = stretch * factor, .bend = bend * factor,
            .mirror = std::min(1.0, mirror * factor), .shade = shade * factor};
  }
};

namespace detail {

/// The inverse of q = R(angle) · Shear(s) · zoom · Stretch · Mirror · p + shift, which tells where a pixel of the view
/// comes from.
inline AffineMap draw_affine(const ImageAugmentation& strength, ImageShape shape, RandomStream& stream) {
  const auto draw = [&stream](double width) { return stream.uniform<double>(-width, width); };
  const double angle = draw(strength.rotation_degrees) * std::numbers::pi / 180;
  const double shear = draw(strength.shear);
  const double zoom = 1 + draw(strength.scale);
  const double shift_x = side_share(shape.width) * draw(strength.shift);
  const double shift_y = side_share(shape.height) * draw(strength.shift);
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  AffineMap map;
  map.xx = (c + shear * s) / zoom;
  map.xy = (s - shear * c) / zoom;
  map.yx = -s / zoom;
  map.yy = c / zoom;
  map.x0 = -(map.xx * shift_x + map.xy * shift_y);
  map.y0 = -(map.yx * shift_x + map.yy * shift_y);
  const double side = stream.uniform<double>() < strength.mirror ? -1 : 1;
  const double wider = side * std::exp(draw(strength.stretch));
  const double taller = std::exp(draw(strength.stretch));
  map.xx /= wider, map.xy /= wider, map.x0 /= wider;
  map.yx /= taller, map.yy /= taller, map.y0 /= taller;
  return map;
}

/// Shading takes logits. @throws ValueError naming the row
template <class Stored>
void check_shadable(Index row, std::span<const Stored> image) {
  if constexpr (!std::is_same_v<Stored, std::uint8_t>)
    if (!std::ranges::all_of(image, [](Stored value) { return value >= 0 && value <= 1; }))
      throw ValueError(message("augment: row ", row, " has values outside [0, 1], wanted none where shade is above 0"));
}

/// v ↦ v / (v + (1 − v) eᵘ), which lowers the logit of v by u and leaves 0 and 1.
template <Real T>
void lower_logits(Eigen::Map<RowVector<T>> values, T u) {
  const auto v = values.array();
  values.array() = v / (v + (T{1} - v) * std::exp(u));
}

}  // namespace detail

/// A random view of image `rows[i]` becomes row i of `out` `[rows.size() x D]`: moved about its centre and bent, bilinear,
/// `background` where nothing was (see `image_background`), and shaded. Inverted images, 1 − x on background 1 − b, have the
/// inverted views, but for rounding; of those that are shaded, one that is as much darker is one that is as much brighter.
/// Parallel in tiles of fixed size; allocates nothing once each thread has its scratch image. O(B D).
/// @throws ValueError if the data are no images, a row is outside [0, N), a strength makes no sense, or values that
/// should be shaded are outside [0, 1]; ShapeError
template <Real T>
void augment(const Dataset& data, std::span<const Index> rows, const ImageAugmentation& strength, std::uint64_t seed,
             std::uint32_t epoch, double background, MatrixView<T> out) {
  strength.validate();
  check_between("augment", "background", background, -std::numeric_limits<double>::max(), std::numeric_limits<double>::max());
  const auto shape = data.image();
  if (!shape) throw ValueError("augment: the data are rows of numbers, wanted images (a data set with an ImageShape)");
  check_shape("augment", "the output", out, static_cast<Index>(rows.size()), data.columns());
  for (const Index row : rows)
    if (row < 0 || row >= data.rows())
      throw ValueError(detail::message("augment: row ", row, ", wanted a row in [0, ", data.rows(), ")"));
  parallel_ranges(out.rows(), 16, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index row = rows[static_cast<std::size_t>(i)];
      RandomStream stream(seed, Purpose::augmentation, epoch, static_cast<std::uint32_t>(row));
      const detail::AffineMap map = detail::draw_affine(strength, *shape, stream);
      data.with_row(row, [&]<class Stored>(std::span<const Stored> image) {
        if (strength.shade > 0) detail::check_shadable(row, image);
        thread_local detail::Bend<detail::PlaceOf<Stored>> bend;
        if (strength.bend > 0) bend.prepare(*shape, strength.bend), bend.draw(stream);
        detail::warp(image, *shape, map, strength.bend > 0 ? &bend : nullptr, background, out.data() + i * out.cols());
      });
      if (strength.shade == 0) continue;
      detail::lower_logits<T>(Eigen::Map<RowVector<T>>(out.data() + i * out.cols(), out.cols()),
                              static_cast<T>(stream.uniform<double>(-strength.shade, strength.shade)));
    }
  });
}

/// The same on the background of the data, which is looked for in each call: O(N (H + W)) more. @throws as above
template <Real T>
void augment(const Dataset& data, std::span<const Index> rows, const ImageAugmentation& strength, std::uint64_t seed,
             std::uint32_t epoch, MatrixView<T> out) {
  augment<T>(data, rows, strength, seed, epoch, data.image() && !data.empty() ? image_background(data) : 0.0, out);
}

/// Damage for denoising: each value is hidden with probability `mask`, which leaves what `corrupt` is given to fill in, else
/// gets normal noise.
struct NoiseCorruption {
  double noise = 0;    ///< standard deviation
  double mask = 0;     ///< probability, in [0, 1]
  bool clamp = false;  ///< keep values in [0, 1]

  void for_each_option(auto&& visit) const { visit("noise", noise), visit("mask", mask), visit("clamp", clamp); }

  /// Noise and mask times `factor`.
  NoiseCorruption scaled(double factor) const { return {noise * factor, mask * factor, clamp}; }

  /// @throws ValueError naming the field
  void validate() const {
    check_at_least("NoiseCorruption", "noise", noise, 0.0);
    check_between("NoiseCorruption", "mask", mask, 0.0, 1.0);
  }
};

/// Damages `values` `[rows.size() x D]` in place; row i draws as row `rows[i]` of the data set, and what is hidden becomes
/// the entry of `fill` `[1 x D]`, such as the background of images or the mean of each column: with a fill that has the units
/// of the values, damage has them too. Parallel in tiles of fixed size, allocates nothing. O(B D). @throws ValueError, ShapeError
template <Real T>
void corrupt(MatrixView<T> values, std::span<const Index> rows, const NoiseCorruption& strength, std::uint64_t seed,
             std::uint32_t epoch, const RowVector<T>& fill) {
  strength.validate();
  check_same_count("corrupt", "the rows", static_cast<Index>(rows.size()), values.rows());
  check_shape("corrupt", "fill", fill, 1, values.cols());
  if (strength.noise == 0 && strength.mask == 0 && !strength.clamp) return;
  parallel_ranges(values.rows(), 16, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const auto row = static_cast<std::uint32_t>(rows[static_cast<std::size_t>(i)]);
      RandomStream stream(seed, Purpose::corruption, epoch, row);
      for (Index j = 0; j < values.cols(); ++j) {
        T& value = values(i, j);
        if (strength.noise > 0) value += static_cast<T>(strength.noise) * stream.normal<T>();
        if (strength.mask > 0 && stream.uniform<float>() < static_cast<float>(strength.mask)) value = fill(j);
        if (strength.clamp) value = std::clamp(value, T{0}, T{1});
      }
    }
  });
}

/// The same for values that are centred: what is hidden becomes 0. @throws as above
template <Real T>
void corrupt(MatrixView<T> values, std::span<const Index> rows, const NoiseCorruption& strength, std::uint64_t seed,
             std::uint32_t epoch) {
  corrupt<T>(values, rows, strength, seed, epoch, RowVector<T>::Zero(values.cols()));
}

}  // namespace vade
