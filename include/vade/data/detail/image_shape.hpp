// vade: which arrays are images.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <vector>

#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/data/dataset.hpp>

namespace vade::detail {

/// The image that each row of an array from the file `path` is: of `[N x H x W]`, `[N x H x W x 1]` and `[N x 1 x H x
/// W]` it is H x W; rows of other arrays are none, and so are those that could be either of the last two.
/// @throws FileError for images in colour, `[N x H x W x C]` or `[N x C x H x W]` with 3 or 4 channels and sides of at
/// least 8: as rows they would lose their shape in silence, and no model here has channels
template <class Size>
std::optional<ImageShape> image_shape_of(const std::filesystem::path& path, const std::vector<Size>& shape) {
  const auto image = [&](std::size_t height, std::size_t width) {
    return ImageShape{static_cast<Index>(shape[height]), static_cast<Index>(shape[width])};
  };
  if (shape.size() == 3) return image(1, 2);
  if (shape.size() != 4) return std::nullopt;
  const auto is_colour = [&](std::size_t channels, std::size_t height, std::size_t width) {
    return (shape[channels] == 3 || shape[channels] == 4) && shape[height] >= 8 && shape[width] >= 8;
  };
  if (is_colour(3, 1, 2) || is_colour(1, 2, 3))
    throw FileError(
        path.string() + ": the array " + sizes_text(shape) +
        " holds images in colour, wanted grey images, [N x H x W], or rows, [N x D]; in numpy, x.mean(axis=" +
        (is_colour(3, 1, 2) ? "3" : "1") + ") and x.reshape(len(x), -1) make these");
  const bool last = shape[3] == 1;
  const bool first = shape[1] == 1;
  if (last == first) return std::nullopt;
  return last ? image(1, 2) : image(2, 3);
}

}  // namespace vade::detail
