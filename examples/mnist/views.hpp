// Random views of images that show the same thing.
#pragma once

#include <vade/models/image_clustering.hpp>

#include "options.hpp"

namespace mnist {

/// Those of the preset, by --view-bend and --view-strength.
inline vade::ImageAugmentation views_of(const Options& options) {
  vade::ImageAugmentation views = options.preset == "vade-fashion" ? vade::garment_views : vade::digit_views;
  if (options.view_bend) views.bend = *options.view_bend;
  return views.scaled(options.view_strength);
}

}  // namespace mnist
