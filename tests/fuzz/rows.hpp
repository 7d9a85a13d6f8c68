// vade fuzzing: what every data set that a reader gave must have.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include <vade/data/dataset.hpp>

#include "target.hpp"

namespace fuzz {

/// Looks at every value and at the images; what was seen, to compare.
inline std::string look_at(const vade::Dataset& data) {
  require(data.rows() > 0 && data.columns() > 0, "a data set that was read has rows and columns");
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  for (vade::Index i = 0; i < data.rows(); ++i)
    data.with_row(i, [&](auto row) {
      require(static_cast<vade::Index>(row.size()) == data.columns(), "each row has all columns");
      for (const auto value : row) {
        const auto number = static_cast<double>(value) * (data.is_bytes() ? vade::byte_scale<double> : 1.0);
        require(std::isfinite(number), "values are finite");
        low = std::min(low, number);
        high = std::max(high, number);
      }
    });
  require(data.minimum() == low && data.maximum() == high, "smallest and largest value are those of the rows");
  if (const auto image = data.image()) {
    require(image->height > 0 && image->width > 0 && image->height * image->width == data.columns(),
            "an image has the columns of its row");
    const vade::Dataset turned = vade::transposed_images(data);
    require(vade::transposed_images(turned).fingerprint() == data.fingerprint(),
            "images that are turned twice are the same");
  }
  return data.fingerprint();
}

}  // namespace fuzz
