// vade: a smooth random field of displacements over an image.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <numbers>
#include <span>

#include <vade/core/matrix.hpp>
#include <vade/core/random.hpp>
#include <vade/data/dataset.hpp>

namespace vade::detail {

/// With (x, y) in (0, 1)² across the image, both components of the displacement are, in pixels,
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

  /// Tables of sines for images of `shape`; kept where the shape is the last one's. O(H + W).
  void prepare(ImageShape shape) {
    if (across_.cols() != shape.width) fill(across_, shape.width);
    if (down_.cols() != shape.height) fill(down_, shape.height);
  }

  /// New a_ij for both components, such that the mean over draws and pixels of d² is `size`² for each, in images of at least
  /// five pixels a side; a little more in smaller ones, whose pixels are too few for four waves.
  void draw(double size, RandomStream& stream) {
    double power = 0;
    for (Index i = 1; i <= waves; ++i)
      for (Index j = 1; j <= waves; ++j) power += 0.25 / static_cast<double>(i * i + j * j);  // 1/4: mean of sin² sin²
    for (Index i = 1; i <= waves; ++i)
      for (Index j = 1; j <= waves; ++j) {
        const double deviation = size / std::sqrt(power * static_cast<double>(i * i + j * j));
        x_(j - 1, i - 1) = static_cast<Place>(deviation * stream.normal<double>());
        y_(j - 1, i - 1) = static_cast<Place>(deviation * stream.normal<double>());
      }
  }

  /// Adds the displacements of `x.size()` pixels of one line of the image, from column `first` on, to `x` and `y`.
  void add(Index line, Index first, std::span<Place> x, std::span<Place> y) const {
    for (Index i = 0; i < waves; ++i) {
      Place high_x{0};
      Place high_y{0};
      for (Index j = 0; j < waves; ++j) high_x += x_(j, i) * down_(j, line), high_y += y_(j, i) * down_(j, line);
      const Place* const wave = across_.data() + i * across_.cols() + first;
      for (std::size_t k = 0; k < x.size(); ++k) x[k] += high_x * wave[k], y[k] += high_y * wave[k];
    }
  }

 private:
  static void fill(Matrix<Place>& sines, Index length) {
    sines.resize(waves, length);
    for (Index i = 0; i < waves; ++i)
      for (Index p = 0; p < length; ++p)
        sines(i, p) = static_cast<Place>(std::sin(static_cast<double>(i + 1) * std::numbers::pi *
                                                  (static_cast<double>(p) + 0.5) / static_cast<double>(length)));
  }

  Matrix<Place> across_;  ///< sin(i π x) `[waves x W]`
  Matrix<Place> down_;    ///< sin(j π y) `[waves x H]`
  Eigen::Matrix<Place, waves, waves> x_, y_;  ///< a_ij at (j, i)
};

}  // namespace vade::detail
