// vade: the value that images have where nothing is.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>
#include <vade/data/dataset.hpp>

namespace vade {

namespace detail {

/// The median, for an even count the mean of the middle two, so that median(c − v) = c − median(v). Reorders `values`. O(n).
inline double median(std::span<double> values) {
  const std::size_t half = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(half));
  const double upper = values[half];
  if (values.size() % 2 == 1) return upper;
  return 0.5 * (upper + *std::ranges::max_element(values.first(half)));
}

}  // namespace detail

/// The grey of the background: of each image the median of its outermost pixels, and of these the median; bytes scaled to
/// [0, 1]. 0 for digits on black, 1 for the same images inverted: with x → c − x it becomes c − itself, exactly in bytes. It
/// does not depend on the order of the images. O(N (H + W)), memory O(N).
/// @throws ValueError for data that are no images; StateError for none
inline double image_background(const Dataset& data) {
  const auto shape = data.image();
  if (!shape) throw ValueError("image_background: the data are rows of numbers, wanted images (a data set with an ImageShape)");
  if (data.empty()) throw StateError("image_background: the data set has no images");
  std::vector<double> medians(static_cast<std::size_t>(data.rows()));
  parallel_ranges(data.rows(), 256, [&](Index begin, Index end) {
    std::vector<double> border;
    for (Index i = begin; i < end; ++i) {
      border.clear();
      data.with_row(i, [&](const auto image) {
        for (Index y = 0; y < shape->height; ++y)
          for (Index x = 0; x < shape->width; x += y == 0 || y + 1 == shape->height ? 1 : std::max<Index>(1, shape->width - 1))
            border.push_back(static_cast<double>(image[static_cast<std::size_t>(y * shape->width + x)]));
      });
      medians[static_cast<std::size_t>(i)] = detail::median(border);
    }
  });
  return detail::median(medians) / (data.is_bytes() ? 255.0 : 1.0);
}

}  // namespace vade
