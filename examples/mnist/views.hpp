// Random views of images that show the same thing.
#pragma once

#include <vade/data/augmentation.hpp>

#include "options.hpp"

namespace mnist {

/// How far digits may be turned and shifted and stay the same digit. Chosen with an eye on the labels of MNIST.
inline constexpr vade::AffineAugmentation digit_views{.rotation_degrees = 20, .shear = 0.3, .scale = 0.2, .shift = 3};

/// Garments are photographed upright and centred. Chosen with an eye on the labels of Fashion-MNIST; docs/results.md has what
/// this and other shares reach.
inline constexpr double garment_share = 0.6;

/// Those of the preset, by --view-strength.
inline vade::AffineAugmentation views_of(const Options& options) {
  return digit_views.scaled(options.preset == "vade-fashion" ? garment_share * options.view_strength : options.view_strength);
}

}  // namespace mnist
