// vade: tests of data/mnist.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/mnist.hpp>

#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"
#include "support.hpp"

namespace {

namespace fs = std::filesystem;
using tests::array_of;
using tests::Folder;
using tests::message_of;
using vade::FileError;
using vade::IdxArray;
using vade::IdxType;
using vade::Index;

IdxArray bytes_array(std::vector<std::size_t> shape, unsigned step, unsigned modulus) {
  std::size_t count = 1;
  for (const std::size_t size : shape) count *= size;
  IdxArray array{IdxType::u8, std::move(shape), std::vector<std::byte>(count)};
  for (std::size_t i = 0; i < count; ++i) array.bytes[i] = static_cast<std::byte>(i * step % modulus);
  return array;
}

}  // namespace

TEST_CASE("A pair of files becomes images as bytes, and labels") {
  const Folder folder;
  vade::write_idx(folder.path / "images", bytes_array({4, 2, 3}, 11, 256));
  vade::write_idx(folder.path / "labels", bytes_array({4}, 3, 10));
  const vade::LabelledDataset data = vade::load_idx_pair(folder.path / "images", folder.path / "labels");
  CHECK(data.images.rows() == 4);
  CHECK(data.images.image() == vade::ImageShape{2, 3});
  CHECK(data.images.is_bytes());
  CHECK(data.images.matrix<double>()(3, 5) == doctest::Approx(253.0 / 255.0));
  CHECK(data.labels == vade::Labels{0, 3, 6, 9});
  vade::write_idx(folder.path / "labels", bytes_array({4, 0}, 3, 10));
  CHECK_THROWS_WITH_AS(vade::load_idx_pair(folder.path / "images", folder.path / "labels"),
                       doctest::Contains("the labels have no column"), vade::FileError);
}

TEST_CASE("Floats stay floats, other ranks are rows, and QMNIST labels are the first column") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  vade::write_idx(path, array_of<float>(IdxType::f32, {0.5f, 1, 2, 3}, {2, 2}));
  const vade::Dataset rows = vade::load_idx(path);
  CHECK_FALSE(rows.is_bytes());
  CHECK_FALSE(rows.image().has_value());
  CHECK(rows.matrix<float>()(1, 0) == 2.0f);
  vade::write_idx(path, array_of<double>(IdxType::f64, {0.5, 1, 2, 3, 4, 5, 6, 7}, {2, 2, 2}));
  CHECK(vade::load_idx(path).matrix<double>()(1, 3) == 7.0);
  vade::write_idx(path, bytes_array({2, 2, 2, 3}, 1, 256));
  CHECK(vade::load_idx(path).columns() == 12);
  vade::write_idx(path, bytes_array({2, 2, 2}, 1, 256));
  vade::write_idx(folder.path / "labels", array_of<std::int32_t>(IdxType::i32, {7, 800, 1, 900}, {2, 2}));
  CHECK(vade::load_idx_pair(path, folder.path / "labels").labels == vade::Labels{7, 1});
}

TEST_CASE("Numbers that are not finite are named with their file") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  vade::write_idx(path, array_of<float>(IdxType::f32, {0.5f, 1, std::nanf(""), 3}, {2, 2}));
  CHECK(message_of<FileError>([&] { vade::load_idx(path); }) ==
        path.string() + ": Dataset::from_matrix: the data has nan at row 1, column 0, wanted finite values");
  vade::write_idx(path, array_of<double>(IdxType::f64, {0.5, HUGE_VAL}, {1, 2}));
  CHECK(message_of<FileError>([&] {
          vade::load_idx(path);
        }).ends_with("has inf at row 0, column 1, wanted finite values"));
}

TEST_CASE("Pairs that do not belong together are refused by name") {
  const Folder folder;
  const fs::path images = folder.path / "images";
  const fs::path labels = folder.path / "labels";
  vade::write_idx(images, bytes_array({4, 2, 3}, 11, 256));
  vade::write_idx(labels, bytes_array({4}, 3, 10));
  CHECK(message_of<FileError>([&] { vade::load_idx_pair(labels, images); }) ==
        labels.string() + ": holds labels [4] where images were wanted, and " + images.string() +
            " holds images [4 x 2 x 3]: are the two files swapped?");
  CHECK(message_of<FileError>([&] { vade::load_idx_pair(images, images); }) ==
        images.string() + ": the array is [4 x 2 x 3], wanted labels, such as [60000]");
  CHECK(message_of<FileError>([&] {
          vade::load_idx_pair(labels, labels);
        }).starts_with(labels.string() + ": the array is [4], wanted samples"));
  vade::write_idx(labels, bytes_array({5}, 3, 10));
  CHECK(message_of<FileError>([&] { vade::load_idx_pair(images, labels); }) ==
        labels.string() + ": 5 labels, wanted 4, one for each image of " + images.string());
  vade::write_idx(labels, bytes_array({4}, 4, 256));
  CHECK(message_of<FileError>([&] { vade::load_idx_pair(images, labels); }) ==
        labels.string() + ": label 3 is 12, wanted a label in [0, 10)");
  CHECK(vade::load_idx_pair(images, labels, 13).labels.back() == 12);
  vade::write_idx(labels, array_of<std::int8_t>(IdxType::i8, {1, 2, -1, 0}, {4}));
  CHECK(message_of<FileError>([&] { vade::load_idx_pair(images, labels); }) ==
        labels.string() + ": label 2 is -1, wanted a label in [0, 10)");
  vade::write_idx(labels, array_of<float>(IdxType::f32, {1, 2, 3, 0}, {4}));
  CHECK(vade::load_idx_pair(images, labels).labels == vade::Labels{1, 2, 3, 0});
  for (const float number : {1.5f, std::nanf(""), HUGE_VALF}) {
    vade::write_idx(labels, array_of<float>(IdxType::f32, {1, 2, 3, number}, {4}));
    CHECK(message_of<FileError>([&] { vade::load_idx_pair(images, labels); }).ends_with(", wanted a whole number"));
  }
  vade::write_idx(labels, array_of<float>(IdxType::f32, {1, 2, 3e9f, 0}, {4}));
  CHECK(message_of<FileError>([&] { vade::load_idx_pair(images, labels); }) ==
        labels.string() + ": label 2 is 3e+09, wanted a label in [0, 10)");
  vade::write_idx(labels, array_of<std::uint8_t>(IdxType::u8, {0, 1, 1, 0, 0, 1, 1, 0}, {4, 2}));
  CHECK(message_of<FileError>([&] { vade::load_idx_pair(images, labels); }) ==
        labels.string() + ": the labels [4 x 2] are a one among zeros, wanted the number of the class, [N]");
  vade::write_idx(images, bytes_array({0, 2, 3}, 1, 10));
  CHECK(message_of<FileError>([&] { vade::load_idx(images); }) == images.string() + ": the array [0 x 2 x 3] is empty");
}

TEST_CASE("Signed integers become doubles, as those of NPY files do") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  vade::Matrix<double> wanted(1, 2);
  wanted << -7, 100;
  const auto matrix = [&](const IdxArray& array) {
    vade::write_idx(path, array);
    return vade::load_idx(path).matrix<double>();
  };
  CHECK(matrix(array_of<std::int8_t>(IdxType::i8, {-7, 100}, {1, 2})) == wanted);
  CHECK(matrix(array_of<std::int16_t>(IdxType::i16, {-7, 100}, {1, 2})) == wanted);
  CHECK(matrix(array_of<std::int32_t>(IdxType::i32, {-7, 100}, {1, 2})) == wanted);
  CHECK(matrix(array_of<std::int32_t>(IdxType::i32, {2147483647, -2147483647}, {1, 2}))(0, 0) == 2147483647.0);
}

TEST_CASE("IDX images with one channel keep their shape, and images in colour are named as such") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  const auto load = [&](std::vector<std::size_t> shape) {
    vade::write_idx(path, bytes_array(std::move(shape), 1, 256));
    return vade::load_idx(path);
  };
  CHECK(load({2, 3, 5, 1}).image() == vade::ImageShape{3, 5});
  CHECK(load({2, 1, 3, 5}).image() == vade::ImageShape{3, 5});
  CHECK(message_of<FileError>([&] {
          load({2, 3, 8, 8});
        }).starts_with(path.string() + ": the array [2 x 3 x 8 x 8] holds images in colour, wanted grey images"));
}

TEST_CASE("The four files are found under each of their usual names") {
  for (const char* const separator : {"-", "."})
    for (const bool zipped : {false, true}) {
      const Folder folder;
      const auto write = [&](const std::string& part, const std::string& kind, const IdxArray& array) {
        const fs::path path = folder.path / (part + separator + kind + "-ubyte" + (zipped ? ".gz" : ""));
        vade::write_idx(path, array);  // plain content under a .gz name: content decides
      };
      write("train-images", "idx3", bytes_array({3, 2, 2}, 5, 256));
      write("train-labels", "idx1", bytes_array({3}, 1, 10));
      write("t10k-images", "idx3", bytes_array({2, 2, 2}, 9, 256));
      CHECK(message_of<FileError>([&] { vade::load_mnist(folder.path); }) ==
            folder.path.string() +
                ": none of these files is there: t10k-labels-idx1-ubyte, "
                "t10k-labels-idx1-ubyte.gz, t10k-labels.idx1-ubyte, t10k-labels.idx1-ubyte.gz");
      write("t10k-labels", "idx1", bytes_array({2}, 4, 10));
      const vade::Mnist mnist = vade::load_mnist(folder.path);
      const vade::LabelledDataset both = vade::all(mnist);
      CHECK(both.images.rows() == 5);
      CHECK(both.labels == vade::Labels{0, 1, 2, 0, 4});
      CHECK(both.images.slice(3, 2).fingerprint() == mnist.test.images.fingerprint());
      CHECK(both.images.slice(0, 3).fingerprint() == mnist.train.images.fingerprint());
      write("t10k-images", "idx3", bytes_array({2, 1, 4}, 9, 256));
      CHECK_THROWS_AS(vade::load_mnist(folder.path), vade::FileError);
    }
  CHECK_THROWS_AS(vade::load_mnist("no/such/directory"), vade::FileError);
}

namespace {

/// A set whose files start with `prefix`: images of 2 x 3, and the labels.
void write_set(const fs::path& folder, const std::string& prefix, const std::string& test = "test",
               const std::vector<std::uint8_t>& labels = {1, 26}) {
  for (const std::string& part : {std::string("train"), test}) {
    vade::write_idx(folder / (prefix + "-" + part + "-images-idx3-ubyte"), bytes_array({2, 2, 3}, 1, 256));
    vade::write_idx(folder / (prefix + "-" + part + "-labels-idx1-ubyte"),
                    array_of<std::uint8_t>(IdxType::u8, labels, {2}));
  }
}

}  // namespace

TEST_CASE("EMNIST is read by its own names, with its classes, and its images are turned upright") {
  const Folder folder;
  write_set(folder.path, "emnist-letters");
  const vade::Mnist letters = vade::load_mnist(folder.path);  // the only set
  CHECK(letters.train.labels == vade::Labels{1, 26});
  CHECK(letters.test.images.image() == vade::ImageShape{3, 2});
  vade::Matrix<double> wanted(2, 6);
  wanted << 0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11;
  CHECK((letters.train.images.matrix<double>() * 255).isApprox(wanted));
  CHECK(vade::load_mnist(folder.path, {.transposed = false}).train.images.image() == vade::ImageShape{2, 3});
  CHECK(message_of<FileError>([&] {
          vade::load_mnist(folder.path, {.classes = 26});
        }).ends_with("label 1 is 26, wanted a label in [0, 26)"));

  write_set(folder.path, "emnist-byclass", "test", {0, 61});
  write_set(folder.path, "qmnist", "t10k", {0, 9});
  CHECK(message_of<FileError>([&] { vade::load_mnist(folder.path); }) ==
        folder.path.string() +
            ": several sets of images are there, wanted one of these as MnistOptions::name: "
            "'emnist-byclass', 'emnist-letters', 'qmnist'");
  CHECK(vade::load_mnist(folder.path, {.name = "emnist-byclass"}).test.labels.back() == 61);
  CHECK(vade::load_mnist(folder.path, {.name = "emnist-letters"}).train.images.fingerprint() ==
        letters.train.images.fingerprint());
  CHECK(vade::load_mnist(folder.path, {.name = "qmnist"}).train.images.image() == vade::ImageShape{2, 3});
  CHECK(
      message_of<FileError>([&] {
        vade::load_mnist(folder.path, {.name = "emnist-digits"});
      }).starts_with(folder.path.string() + ": none of these files is there: emnist-digits-train-images-idx3-ubyte, "));
  write_set(folder.path, "emnist-balanced", "test", {0, 47});
  CHECK(
      message_of<FileError>([&] { vade::load_mnist(folder.path, {.name = "emnist-balanced"}); }).ends_with("[0, 47)"));

  const IdxArray qmnist = array_of<std::int32_t>(IdxType::i32, {7, 0, 100, 4, 1, 200}, {2, 3});
  for (const char* const part : {"train", "t10k"}) {
    fs::remove(folder.path / ("qmnist-" + std::string(part) + "-labels-idx1-ubyte"));
    vade::write_idx(folder.path / ("qmnist-" + std::string(part) + "-labels-idx2-int"), qmnist);
  }
  CHECK(vade::load_mnist(folder.path, {.name = "qmnist"}).test.labels == vade::Labels{7, 4});
}

TEST_CASE("A folder that cannot be entered is reported with the reason") {
  const Folder folder;
  CHECK(message_of<FileError>([&] { vade::load_mnist(folder.path / "none"); }) ==
        (folder.path / "none").string() + ": cannot look up the folder: No such file or directory");
  vade::write_idx(folder.path / "file", bytes_array({1}, 1, 2));
  CHECK(message_of<FileError>([&] {
          vade::load_mnist(folder.path / "file");
        }).ends_with("train-images-idx3-ubyte: cannot look up: Not a directory"));
  // As the system answers of a file in a folder without the permission to enter it.
  vade::file_system.look_up = [](const fs::path& path, vade::FileStatus& status) {
    if (!path.filename().string().starts_with("train-")) return vade::FileSystem().look_up(path, status);
    errno = EACCES;
    return -1;
  };
  const std::string what = message_of<FileError>([&] { vade::load_mnist(folder.path); });
  vade::file_system = {};
  CHECK(what == (folder.path / "train-images-idx3-ubyte").string() + ": cannot look up: Permission denied");
}

TEST_CASE("The real MNIST has its published counts and classes") {
  const char* const directory = std::getenv("VADE_MNIST_DIR");
  if (directory == nullptr || *directory == '\0') {
    MESSAGE("not run: VADE_MNIST_DIR does not name a directory with the four files");
    return;
  }
  const vade::Mnist mnist = vade::load_mnist(directory);
  CHECK(mnist.train.images.rows() == 60000);
  CHECK(mnist.test.images.rows() == 10000);
  CHECK(mnist.train.images.image() == vade::ImageShape{28, 28});
  CHECK(mnist.train.labels.size() == 60000);
  CHECK(mnist.train.images.byte_size() == 47'040'000);
  std::vector<int> counts(10);
  for (const vade::Label label : mnist.test.labels) ++counts[static_cast<std::size_t>(label)];
  CHECK(counts == std::vector<int>{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009});
  counts.assign(10, 0);
  for (const vade::Label label : mnist.train.labels) ++counts[static_cast<std::size_t>(label)];
  CHECK(counts == std::vector<int>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949});
  CHECK(mnist.train.images.minimum() == 0.0);
  CHECK(mnist.train.images.maximum() == 1.0);
  double sum = 0;
  for (Index i = 0; i < 60000; ++i)
    mnist.train.images.with_row(i, [&](auto row) {
      for (const auto value : row) sum += static_cast<double>(value);
    });
  CHECK(sum / 255.0 / 47'040'000 == doctest::Approx(0.1306604762738429));  // the mean that is commonly quoted
}
