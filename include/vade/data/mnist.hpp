// vade: MNIST and data sets in the same form.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/data/dataset.hpp>
#include <vade/data/idx.hpp>

/// Reads the four files of MNIST, and of Fashion-MNIST, KMNIST, EMNIST or QMNIST, which keep its names or its form.
namespace vade {

namespace detail {

/// `[N x H x W]` are images; any other rank of at least 2 is N rows of the rest.
inline Dataset dataset_of(const std::filesystem::path& path, const IdxArray& array) {
  if (array.shape.size() < 2)
    throw FileError(path.string() + ": the array is " + sizes_text(array.shape) +
                    ", wanted samples of at least one dimension, such as [60000 x 28 x 28]");
  if (array.bytes.empty()) throw FileError(path.string() + ": the array " + sizes_text(array.shape) + " is empty");
  const auto rows = static_cast<Index>(array.shape[0]);
  const auto columns = static_cast<Index>(array.count()) / rows;
  std::optional<ImageShape> image;
  if (array.shape.size() == 3) image = {static_cast<Index>(array.shape[1]), static_cast<Index>(array.shape[2])};
  const auto numbers = [&]<Real T>(T) {
    try {
      return Dataset::from_matrix(ConstMatrixView<T>(array.as<T>().data(), rows, columns), image);
    } catch (const ValueError& error) {  // not finite
      throw FileError(path.string() + ": " + error.what());
    }
  };
  switch (array.type) {
    case IdxType::u8: return Dataset::from_bytes(array.as<std::uint8_t>(), rows, columns, image);
    case IdxType::f32: return numbers(float{});
    case IdxType::f64: return numbers(double{});
    default: throw FileError(path.string() + ": the elements are signed integers, wanted bytes or real numbers");
  }
}

/// `[N]`, or the first column of `[N x C]`, where QMNIST keeps the class.
inline Labels labels_of(const std::filesystem::path& path, const IdxArray& array, Label classes) {
  if (array.shape.size() > 2)
    throw FileError(path.string() + ": the array is " + sizes_text(array.shape) + ", wanted labels, such as [60000]");
  if (array.type == IdxType::f32 || array.type == IdxType::f64)
    throw FileError(path.string() + ": the labels are real numbers, wanted integers");
  const std::vector<Label> all = array.as<Label>();
  const std::size_t columns = array.shape.size() == 2 ? array.shape[1] : 1;
  if (columns == 0) throw FileError(path.string() + ": the labels have no column");
  Labels labels(array.shape[0]);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = all[i * columns];
    if (labels[i] < 0 || labels[i] >= classes)
      throw FileError(message(path.string(), ": label ", i, " is ", labels[i], ", wanted a label in [0, ", classes,
                              ")"));
  }
  return labels;
}

/// The first of the usual names that exists, so that a broken file is reported and not passed over.
inline std::filesystem::path find_idx(const std::filesystem::path& directory, std::string_view part,
                                      std::string_view kind) {
  std::string tried;
  for (const char* const separator : {"-", "."})
    for (const char* const ending : {"", ".gz"}) {
      const std::string name = message(part, separator, kind, "-ubyte", ending);
      std::error_code error;
      if (std::filesystem::exists(directory / name, error)) return directory / name;
      tried.append(tried.empty() ? "" : ", ").append(name);
    }
  throw FileError(directory.string() + ": none of these files is there: " + tried);
}

}  // namespace detail

/// Images, or rows of numbers, from one IDX file: bytes stay bytes. `[N x H x W]` has the image shape H x W.
/// @throws FileError if the file is malformed, empty, not finite, holds labels or signed integers
inline Dataset load_idx(const std::filesystem::path& path, const IdxLimits& limits = {}) {
  return detail::dataset_of(path, read_idx(path, limits));
}

/// Images and the label of each. @throws FileError if a file is malformed, the counts differ, a label is outside
/// [0, classes), or the two files are swapped
inline LabelledDataset load_idx_pair(const std::filesystem::path& images, const std::filesystem::path& labels,
                                     Label classes = 10, const IdxLimits& limits = {}) {
  const IdxArray values = read_idx(images, limits);
  const IdxArray names = read_idx(labels, limits);
  if (values.shape.size() == 1 && names.shape.size() > 2)
    throw FileError(images.string() + ": holds labels " + sizes_text(values.shape) +
                    " where images were wanted, and " + labels.string() + " holds images " +
                    sizes_text(names.shape) + ": are the two files swapped?");
  if (values.shape[0] != names.shape[0])
    throw FileError(detail::message(labels.string(), ": ", names.shape[0], " labels, wanted ", values.shape[0],
                                    ", one for each image of ", images.string()));
  return {detail::dataset_of(images, values), detail::labels_of(labels, names, classes)};
}

/// The two parts of MNIST: 60,000 and 10,000 images of 28 x 28.
struct Mnist {
  LabelledDataset train;
  LabelledDataset test;
};

/// Finds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`
/// in `directory`, each also spelled with `.idx`, each with or without `.gz`. Counts are not checked, so that data
/// sets in the same form load too. @throws FileError as `load_idx_pair`, or naming the files that are missing
inline Mnist load_mnist(const std::filesystem::path& directory) {
  const auto part = [&](std::string_view images, std::string_view labels) {
    const auto image_file = detail::find_idx(directory, images, "idx3");
    return load_idx_pair(image_file, detail::find_idx(directory, labels, "idx1"));
  };
  Mnist mnist{part("train-images", "train-labels"), part("t10k-images", "t10k-labels")};
  if (mnist.train.images.image() != mnist.test.images.image())
    throw FileError(detail::message(directory.string(), ": test images have ", mnist.test.images.columns(),
                                    " pixels in another shape than the ", mnist.train.images.columns(),
                                    " of the training images"));
  return mnist;
}

/// All images, train first, then test. O(N D).
inline LabelledDataset all(const Mnist& mnist) {
  LabelledDataset both{Dataset::concatenate(mnist.train.images, mnist.test.images), mnist.train.labels};
  both.labels.insert(both.labels.end(), mnist.test.labels.begin(), mnist.test.labels.end());
  return both;
}

}  // namespace vade
