// vade: a smooth random field of displacements over an image.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <numbers>

#include <vade/core/matrix.hpp>
#include <vade/core/random.hpp>
#include <vade/data/dataset.hpp>

namespace vade::detail {

/// Numbers of as many pixels of one line as are moved at once: a count that compilers know fills whole registers. What lies
/// beyond the end of the line is computed and not used.
template <class Number>
using PixelRun = Eigen::Array<Number, 32, 1>;

/// A side in units of 28 pixels, the images that lengths of views are given for.
inline double side_share(Index pixels) { return static_cast<double>(pixels) / 28; }

/// With (x, y) in (0, 1)² across the image, both components of the displacement are, as shares of the image's width or height,
///
///     d(x, y) = Σ_{i,j = 1..4} a_ij sin(i π x) sin(j π y),   a_ij normal with variance ∝ 1 / (i² + j²),
///
/// so that the border stays and long waves are the high ones (Petrini, Favero, Geiger and Wyart, "Relative stability
/// toward diffeomorphisms indicates performance in deep nets", NeurIPS 2021). Four waves a side bend strokes and leave them
/// strokes.
template <Real Place>
class Bend {
 public:
  static constexpr Index waves = 4;

  /// Tables of sines for images of `shape`, and deviations of the a_ij such that the root of the mean over draws and pixels
  /// of d² is `size` for each component, in pixels of an image of 28 x 28: `size` W / 28 and `size` H / 28 pixels in one of
  /// H x W. That holds in images of at least five pixels a side; it is a little more in smaller ones, whose pixels are too few
  /// for four waves. Kept where they are the last call's. O(H + W).
  void prepare(ImageShape shape, double size) {
    if (shape_ == shape && size_ == size) return;
    fill(across_, shape.width), fill(down_, shape.height);
    const auto squares = [](Index i, Index j) { return static_cast<double>((i + 1) * (i + 1) + (j + 1) * (j + 1)); };
    double power = 0;
    for (Index i = 0; i < waves; ++i)
      for (Index j = 0; j < waves; ++j) power += 0.25 / squares(i, j);  // 1/4: mean of sin² sin²
    for (Index i = 0; i < waves; ++i)
      for (Index j = 0; j < waves; ++j) deviations_(i, j) = size / std::sqrt(power * squares(i, j));
    shape_ = shape, size_ = size;
  }

  /// New a_ij for both components.
  void draw(RandomStream& stream) {
    for (Index i = 0; i < waves; ++i)
      for (Index j = 0; j < waves; ++j) {
        x_(i, j) = static_cast<Place>(side_share(shape_.width) * (deviations_(i, j) * stream.normal<double>()));
        y_(i, j) = static_cast<Place>(side_share(shape_.height) * (deviations_(i, j) * stream.normal<double>()));
      }
  }

  /// The displacements of a run of pixels of one line of the image, from column `first` on, are added to `x` and `y`.
  void add(Index line, Index first, PixelRun<Place>& x, PixelRun<Place>& y) const {
    const Eigen::Matrix<Place, waves, 1> high_x = x_ * down_.col(line);
    const Eigen::Matrix<Place, waves, 1> high_y = y_ * down_.col(line);
    PixelRun<Place> bend_x = PixelRun<Place>::Zero();
    PixelRun<Place> bend_y = PixelRun<Place>::Zero();
    for (Index i = 0; i < waves; ++i) {
      const auto wave = across_.row(i).template segment<PixelRun<Place>::SizeAtCompileTime>(first).transpose().array();
      bend_x += high_x(i) * wave, bend_y += high_y(i) * wave;
    }
    x += bend_x, y += bend_y;
  }

 private:
  template <int Order>
  using Sines = Eigen::Matrix<Place, waves, Eigen::Dynamic, Order>;

  /// sin((i + 1) π p) at the centres of `length` pixels, and zeros for a last run that is not full.
  static void fill(auto& sines, Index length) {
    sines.setZero(waves, length + PixelRun<Place>::SizeAtCompileTime);
    for (Index i = 0; i < waves; ++i)
      for (Index p = 0; p < length; ++p)
        sines(i, p) = static_cast<Place>(std::sin(static_cast<double>(i + 1) * std::numbers::pi *
                                                  (static_cast<double>(p) + 0.5) / static_cast<double>(length)));
  }

  ImageShape shape_{0, 0};
  double size_ = 0;
  Eigen::Matrix<double, waves, waves> deviations_;  ///< of a_ij
  Sines<Eigen::RowMajor> across_;                   ///< sin(i π x)
  Sines<Eigen::ColMajor> down_;                     ///< sin(j π y)
  Eigen::Matrix<Place, waves, waves> x_, y_;        ///< a_ij
};

}  // namespace vade::detail
