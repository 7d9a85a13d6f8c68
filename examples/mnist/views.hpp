// Random views of images that show the same thing.
#pragma once

#include <vade/data/augmentation.hpp>

#include "options.hpp"

namespace mnist {

/// How far digits may be turned, shifted and bent and stay the same digit. Chosen with an eye on the labels of MNIST.
inline constexpr vade::ImageAugmentation digit_views{
    .rotation_degrees = 20, .shear = 0.3, .scale = 0.2, .shift = 3, .bend = 0.7};

/// Garments are photographed upright and centred, but are made long or short, dark or bright, and face either way. Chosen with
/// an eye on the labels of Fashion-MNIST; docs/results.md has what these and others reach.
inline constexpr vade::ImageAugmentation garment_views{.rotation_degrees = 10, .shear = 0.15, .scale = 0.1, .shift = 1.5,
                                                       .stretch = 0.2, .mirror = 0.5, .shade = 0.7};

/// Those of the preset, by --view-bend and --view-strength.
inline vade::ImageAugmentation views_of(const Options& options) {
  vade::ImageAugmentation views = options.preset == "vade-fashion" ? garment_views : digit_views;
  if (options.view_bend) views.bend = *options.view_bend;
  return views.scaled(options.view_strength);
}

}  // namespace mnist
