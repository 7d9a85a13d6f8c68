// vade: MNIST and data sets in the same form.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/data/dataset.hpp>
#include <vade/data/detail/image_shape.hpp>
#include <vade/data/detail/memory.hpp>
#include <vade/data/detail/mnist_files.hpp>
#include <vade/data/idx.hpp>

/// Reads the four files of MNIST and of data sets that keep its form: Fashion-MNIST and KMNIST by the same names,
/// EMNIST (Cohen et al. 2017, arXiv:1702.05373) and QMNIST (Yadav and Bottou 2019, arXiv:1905.10498) by their own.
namespace vade {

namespace detail {

/// Images as `image_shape_of` has it; any other array of rank 2 and more is N rows of the rest.
inline Dataset dataset_of(const std::filesystem::path& path, const IdxArray& array) {
  if (array.shape.size() < 2)
    throw FileError(path.string() + ": the array is " + sizes_text(array.shape) +
                    ", wanted samples of at least one dimension, such as [60000 x 28 x 28]");
  if (array.bytes.empty()) throw FileError(path.string() + ": the array " + sizes_text(array.shape) + " is empty");
  const auto rows = static_cast<Index>(array.shape[0]);
  const auto columns = static_cast<Index>(array.count()) / rows;
  const std::optional<ImageShape> image = image_shape_of(path, array.shape);
  const auto numbers = [&]<Real T>(T) {
    try {
      Matrix<T> x(rows, columns);
      for_each_element(array, [&](std::size_t i, auto value) { x.data()[i] = static_cast<T>(value); });
      return Dataset::from_matrix(std::move(x), image);
    } catch (const ValueError& error) {  // not finite
      throw FileError(path.string() + ": " + error.what());
    }
  };
  switch (array.type) {
    case IdxType::u8:
      return Dataset::from_bytes(array.as<std::uint8_t>(), rows, columns, image);
    case IdxType::f32:
      return numbers(float{});
    default:
      return numbers(double{});  // reals of 64 bits, and signed integers: each is a double
  }
}

/// `[N]`, or the first column of `[N x C]`, where QMNIST keeps the class. Reals must be whole. O(bytes), in the memory
/// of the labels.
inline Labels labels_of(const std::filesystem::path& path, const IdxArray& array, Label classes) {
  if (array.shape.size() > 2)
    throw FileError(path.string() + ": the array is " + sizes_text(array.shape) + ", wanted labels, such as [60000]");
  const std::size_t columns = array.shape.size() == 2 ? array.shape[1] : 1;
  if (columns == 0) throw FileError(path.string() + ": the labels have no column");
  Labels labels(array.shape[0]);
  bool one_hot = columns > 1;  // whether each line so far is a one among zeros
  std::size_t ones = 0;        // of the line
  for_each_element(array, [&](std::size_t i, auto value) {
    ones += value == 1 ? 1 : 0;
    one_hot = one_hot && (value == 0 || value == 1);
    if ((i + 1) % columns == 0) one_hot = one_hot && std::exchange(ones, std::size_t{0}) == 1;
    if (i % columns != 0) return;
    const auto number = static_cast<double>(value);
    if (number != std::floor(number) || std::isinf(number))
      throw FileError(message(path.string(), ": label ", i / columns, " is ", number, ", wanted a whole number"));
    if (number < 0 || number >= classes)
      throw FileError(
          message(path.string(), ": label ", i / columns, " is ", number, ", wanted a label in [0, ", classes, ")"));
    labels[i / columns] = static_cast<Label>(number);
  });
  if (one_hot && !labels.empty())
    throw FileError(path.string() + ": the labels " + sizes_text(array.shape) +
                    " are a one among zeros, wanted the number of the class, [N]");
  return labels;
}

}  // namespace detail

/// Images, or rows of numbers, from one IDX file: bytes stay bytes, other integers become doubles. `[N x H x W]`,
/// `[N x H x W x 1]` and `[N x 1 x H x W]` have the image shape H x W. O(bytes).
/// @throws FileError if the file is malformed, empty, not finite, holds labels or images in colour
inline Dataset load_idx(const std::filesystem::path& path, const IdxLimits& limits = {}) {
  return detail::within_memory(path, [&] { return detail::dataset_of(path, detail::read_idx(path, limits)); });
}

/// Images and the label of each. O(bytes). @throws FileError if a file is malformed, the counts differ, a label is
/// outside [0, classes), or the two files are swapped
inline LabelledDataset load_idx_pair(const std::filesystem::path& images, const std::filesystem::path& labels,
                                     Label classes = 10, const IdxLimits& limits = {}) {
  const IdxArray values = read_idx(images, limits);
  const IdxArray names = read_idx(labels, limits);
  if (values.shape.size() == 1 && names.shape.size() > 2)
    throw FileError(images.string() + ": holds labels " + sizes_text(values.shape) + " where images were wanted, and " +
                    labels.string() + " holds images " + sizes_text(names.shape) + ": are the two files swapped?");
  if (values.shape[0] != names.shape[0])
    throw FileError(detail::message(labels.string(), ": ", names.shape[0], " labels, wanted ", values.shape[0],
                                    ", one for each image of ", images.string()));
  return detail::within_memory(images, [&] {
    return LabelledDataset{detail::dataset_of(images, values), detail::labels_of(labels, names, classes)};
  });
}

/// The two parts of MNIST: 60,000 and 10,000 images of 28 x 28.
struct Mnist {
  LabelledDataset train;
  LabelledDataset test;
};

/// Which data set of a folder is read, and how.
struct MnistOptions {
  /// What the names of its files start with, such as "emnist-letters", "emnist-balanced" or "qmnist". Empty: MNIST's
  /// own names; where these are not there, the only other set of the folder.
  std::string name = {};
  /// Labels lie in [0, classes). Unset: 47 for emnist-balanced and -bymerge, 62 for -byclass, 27 for -letters, whose
  /// labels are 1 to 26, and 10 for all other names.
  std::optional<Label> classes = {};
  /// Whether the files keep images column by column. Unset: those whose names start with "emnist" do.
  std::optional<bool> transposed = {};
  IdxLimits limits = {};
};

/// Finds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`
/// in `directory`, each also spelled with `.idx`, each with or without `.gz`; of a set with a name,
/// `<name>-train-images-idx3-ubyte` and so on, also with `test` for `t10k` and with `idx2-int` for labels, as EMNIST
/// and QMNIST have them. Counts are not checked, so that data sets in the same form load too. O(bytes).
/// @throws FileError as `load_idx_pair`; with the reason where the folder cannot be entered; naming the files that are
/// missing, or the sets among which `MnistOptions::name` must decide
inline Mnist load_mnist(const std::filesystem::path& directory, const MnistOptions& options = {}) {
  const detail::MnistFiles files = detail::find_mnist(directory, options.name);
  const auto starts = [&](std::string_view name) { return files.name.starts_with(name); };
  const Label known = starts("emnist-balanced") || starts("emnist-bymerge") ? 47
                      : starts("emnist-byclass")                            ? 62
                      : starts("emnist-letters")                            ? 27
                                                                            : 10;
  const bool transposed = options.transposed.value_or(starts("emnist"));
  const auto part = [&](const std::filesystem::path& images, const std::filesystem::path& labels) {
    LabelledDataset data = load_idx_pair(images, labels, options.classes.value_or(known), options.limits);
    if (transposed && data.images.image()) data.images = transposed_images(data.images);
    return data;
  };
  Mnist mnist{part(files.train_images, files.train_labels), part(files.test_images, files.test_labels)};
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
