// vade: tests of data/mnist.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/mnist.hpp>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

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
  CHECK(message_of<FileError>([&] { vade::load_idx(path); }).ends_with("has inf at row 0, column 1, wanted finite values"));
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
  CHECK_THROWS_AS(vade::load_idx_pair(images, labels), vade::FileError);
  vade::write_idx(images, bytes_array({0, 2, 3}, 1, 10));
  CHECK(message_of<FileError>([&] { vade::load_idx(images); }) == images.string() + ": the array [0 x 2 x 3] is empty");
  vade::write_idx(images, array_of<std::int16_t>(IdxType::i16, {1, 2}, {1, 2}));
  CHECK_THROWS_AS(vade::load_idx(images), vade::FileError);
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
