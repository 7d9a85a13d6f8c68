// vade: tests of data/dataset.hpp.
// SPDX-License-Identifier: MIT
#include <vade/data/dataset.hpp>

#include <limits>
#include <numeric>
#include <thread>

#include <doctest/doctest.h>

#include "../support/message_of.hpp"

namespace {

using tests::message_of;
using vade::Dataset;
using vade::Index;
using vade::Matrix;
using vade::MatrixView;

std::vector<std::uint8_t> counting_bytes(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 % 256);
  return bytes;
}

template <class T>
MatrixView<T> view(Matrix<T>& matrix) {
  return MatrixView<T>(matrix.data(), matrix.rows(), matrix.cols());
}

}  // namespace

TEST_CASE_TEMPLATE("A byte b becomes b / 255, with 0 and 255 exact", T, float, double) {
  std::vector<std::uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const Dataset data = Dataset::from_bytes(bytes, 16, 16, vade::ImageShape{4, 4});
  const Matrix<T> all = data.matrix<T>();
  CHECK(all(0, 0) == T{0});
  CHECK(all(15, 15) == T{1});
  for (Index i = 0; i < 256; ++i) {
    CHECK(all(i / 16, i % 16) == static_cast<T>(i) * (T{1} / T{255}));
    CHECK(all(i / 16, i % 16) == doctest::Approx(static_cast<double>(i) / 255.0).epsilon(1e-6));
  }
  CHECK(data.minimum() == 0.0);
  CHECK(data.maximum() == 1.0);
  CHECK(data.is_bytes());
  CHECK(data.byte_size() == 256);
  CHECK(data.image() == vade::ImageShape{4, 4});
}

TEST_CASE("Rows are gathered in the order asked for, from bytes, floats and doubles") {
  const Matrix<double> values = Matrix<double>::Random(200, 5);
  const Dataset sets[] = {Dataset::from_bytes(counting_bytes(1000), 200, 5), Dataset::from_matrix(values),
                          Dataset::from_matrix(Matrix<float>(values.cast<float>()))};
  std::vector<Index> order;
  for (Index i = 0; i < 150; ++i) order.push_back(i * 37 % 200);
  order.push_back(order.front());
  for (const Dataset& data : sets) {
    const Matrix<double> all = data.matrix<double>();
    Matrix<double> out(151, 5);
    data.gather<double>(order, view(out));
    for (Index i = 0; i < 151; ++i) CHECK(out.row(i) == all.row(order[static_cast<std::size_t>(i)]));
    Matrix<float> narrow(3, 5);
    data.copy_rows<float>(197, view(narrow));
    CHECK(narrow.isApprox(all.bottomRows(3).cast<float>()));
    CHECK(data.minimum() == all.minCoeff());
    CHECK(data.maximum() == all.maxCoeff());
  }
  CHECK(sets[1].matrix<double>() == values);
  CHECK(sets[1].byte_size() == 8000);
  CHECK(sets[2].byte_size() == 4000);
  CHECK_FALSE(sets[1].is_bytes());
}

TEST_CASE("Slices and selections share the storage and compose") {
  const Dataset data = Dataset::from_bytes(counting_bytes(120), 30, 4);
  const Matrix<double> all = data.matrix<double>();
  const Dataset middle = data.slice(10, 15);
  CHECK(middle.rows() == 15);
  CHECK(middle.matrix<double>() == all.middleRows(10, 15));
  const std::vector<Index> picks = {14, 0, 3, 3};
  const Dataset picked = middle.select(picks);
  const Dataset tail = picked.slice(1, 3).select(std::vector<Index>{2, 0});
  const Matrix<double> rows = tail.matrix<double>();
  CHECK(rows.row(0) == all.row(13));
  CHECK(rows.row(1) == all.row(10));
  const auto address = [](const Dataset& set, Index row) {
    return set.with_row(row, [](auto values) { return static_cast<const void*>(values.data()); });
  };
  CHECK(address(tail, 0) == address(data, 13));
  CHECK(data.slice(30, 0).empty());
  CHECK(data.slice(30, 0).matrix<float>().rows() == 0);
}

TEST_CASE("Concatenation puts the second below the first") {
  const Dataset data = Dataset::from_bytes(counting_bytes(120), 30, 4, vade::ImageShape{2, 2});
  const Dataset again = Dataset::concatenate(data.slice(0, 12), data.slice(12, 18));
  CHECK(again.matrix<double>() == data.matrix<double>());
  CHECK(again.is_bytes());
  CHECK(again.image() == data.image());
  const Dataset numbers = Dataset::from_matrix(data.matrix<float>(), vade::ImageShape{2, 2});
  CHECK(Dataset::concatenate(numbers, numbers).matrix<float>().bottomRows(30) == numbers.matrix<float>());
  CHECK_THROWS_AS(Dataset::concatenate(data, numbers), vade::ShapeError);
  CHECK_THROWS_AS(Dataset::concatenate(data, Dataset::from_bytes(counting_bytes(4), 1, 4)), vade::ShapeError);
  CHECK(message_of([&] { Dataset::concatenate(data, numbers.slice(0, 3)); }) ==
        "Dataset::concatenate: got bytes [30 x 4] and float [3 x 4], wanted the same kind, width and image shape");
}

TEST_CASE("The fingerprint depends on the values in order and on nothing else") {
  const Dataset data = Dataset::from_bytes(counting_bytes(3000), 300, 10);
  const std::string print = data.fingerprint();
  CHECK(print == "bytes-300x10-" + print.substr(print.size() - 16));
  CHECK(Dataset::concatenate(data.slice(0, 100), data.slice(100, 200)).fingerprint() == print);
  std::vector<Index> order(300);
  std::iota(order.begin(), order.end(), Index{0});
  CHECK(data.select(order).fingerprint() == print);
  std::swap(order[0], order[1]);
  CHECK(data.select(order).fingerprint() != print);
  auto changed = counting_bytes(3000);
  changed[2999] ^= 1;
  CHECK(Dataset::from_bytes(changed, 300, 10).fingerprint() != print);
  CHECK(Dataset::from_bytes(counting_bytes(3000), 100, 30).fingerprint() != print);
  const auto image = [](Index height, Index width) {
    return Dataset::from_bytes(counting_bytes(3000), 300, 10, vade::ImageShape{height, width}).fingerprint();
  };
  CHECK(image(2, 5) == "bytes-300x2x5-" + print.substr(print.size() - 16));
  CHECK(image(5, 2) != image(2, 5));
  vade::set_threads(3);
  CHECK(data.fingerprint() == print);
  vade::set_threads(1);
  CHECK(data.fingerprint() == print);
  // Pinned: reports and checkpoints of other versions and machines hold such names.
  CHECK(Dataset::from_bytes({1, 2, 3}, 1, 3).fingerprint() == "bytes-1x3-589602d842e74f93");
  CHECK(Dataset::from_matrix(Matrix<float>::Constant(1, 1, 0.5f)).fingerprint() == "float-1x1-91e60801b214dd2b");
}

TEST_CASE("Any number of threads gathers the same bytes") {
  const Dataset data = Dataset::from_bytes(counting_bytes(7000), 1000, 7);
  vade::set_threads(1);
  const Matrix<float> one = data.matrix<float>();
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    CHECK(data.matrix<float>() == one);
  }
  vade::set_threads(1);
}

TEST_CASE("Data that does not fit is refused with both sides of the mismatch") {
  CHECK(message_of([] { Dataset::from_bytes(std::vector<std::uint8_t>(11), 3, 4); }) ==
        "Dataset::from_bytes: got 11 bytes, wanted [3 x 4]");
  CHECK(message_of([] {
          Dataset::from_bytes(std::vector<std::uint8_t>(12), 3, 4, vade::ImageShape{2, 3});
        }) == "Dataset::from_bytes: images of 2 x 3 do not fit rows of 4 values");
  const Index huge = std::numeric_limits<Index>::max();
  CHECK_THROWS_AS(Dataset::from_bytes({}, huge, huge), vade::ShapeError);
  CHECK_THROWS_AS(Dataset::from_bytes({1}, 1, 1, vade::ImageShape{huge, huge}), vade::ShapeError);
  CHECK_THROWS_AS(Dataset::from_bytes({}, 0, 4), vade::ShapeError);
  CHECK_THROWS_AS(Dataset::from_bytes({}, 4, -1), vade::ShapeError);
  CHECK_THROWS_AS(Dataset::from_matrix(Matrix<float>(0, 3)), vade::ShapeError);
  Matrix<double> bad = Matrix<double>::Zero(4, 3);
  bad(2, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(message_of([&] { Dataset::from_matrix(bad); }) ==
        "Dataset::from_matrix: the data has nan at row 2, column 1, wanted finite values");
  bad(2, 1) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(Dataset::from_matrix(bad), vade::ValueError);
}

TEST_CASE("Rows and outputs out of range are refused") {
  const Dataset data = Dataset::from_bytes(counting_bytes(12), 3, 4);
  Matrix<float> out(2, 4);
  CHECK(message_of([&] {
          data.gather<float>(std::vector<Index>{0, 3}, view(out));
        }) == "Dataset::gather: row 3, wanted a row in [0, 3)");
  CHECK_THROWS_AS(data.gather<float>(std::vector<Index>{-1, 0}, view(out)), vade::ValueError);
  CHECK_THROWS_AS(data.gather<float>(std::vector<Index>{1}, view(out)), vade::ShapeError);
  CHECK(message_of([&] { data.copy_rows<float>(2, view(out)); }) ==
        "Dataset::copy_rows: 2 rows from row 2, but there are 3");
  Matrix<float> narrow(2, 3);
  CHECK_THROWS_AS(data.copy_rows<float>(0, view(narrow)), vade::ShapeError);
  CHECK_THROWS_AS(data.slice(-1, 1), vade::ValueError);
  CHECK_THROWS_AS(data.slice(1, std::numeric_limits<Index>::max()), vade::ValueError);
  CHECK_THROWS_AS(data.select(std::vector<Index>{3}), vade::ValueError);
  CHECK_THROWS_AS(data.slice(0, 0).minimum(), vade::StateError);
}

TEST_CASE("An empty data set has no rows and is otherwise harmless") {
  const vade::LabelledDataset none;
  CHECK(none.images.empty());
  CHECK(none.images.columns() == 0);
  CHECK(none.images.byte_size() == 0);
  CHECK(none.images.matrix<double>().size() == 0);
  CHECK(none.labels.empty());
}

TEST_CASE("Transposed images have lines and columns exchanged, whatever the kind of values") {
  const Dataset bytes = Dataset::from_bytes({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, 6, vade::ImageShape{2, 3});
  const Dataset turned = vade::transposed_images(bytes);
  CHECK(turned.is_bytes());
  CHECK(turned.image() == vade::ImageShape{3, 2});
  CHECK(turned.fingerprint() ==
        Dataset::from_bytes({0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}, 2, 6, vade::ImageShape{3, 2}).fingerprint());
  CHECK(vade::transposed_images(turned).fingerprint() == bytes.fingerprint());
  CHECK(vade::transposed_images(bytes.slice(1, 1)).fingerprint() == turned.slice(1, 1).fingerprint());
  Matrix<double> x(1, 4);
  x << 1, 2, 3, 4;
  CHECK(vade::transposed_images(Dataset::from_matrix(x, vade::ImageShape{2, 2})).matrix<double>().row(0) ==
        vade::RowVector<double>{{1, 3, 2, 4}});
  CHECK(vade::transposed_images(Dataset::from_matrix(x.cast<float>(), vade::ImageShape{1, 4})).image() ==
        vade::ImageShape{4, 1});
  CHECK_THROWS_AS(vade::transposed_images(Dataset::from_matrix(x)), vade::ShapeError);
  CHECK_THROWS_AS(vade::transposed_images(Dataset()), vade::ShapeError);
  CHECK_THROWS_AS(vade::transposed_images(bytes.slice(0, 0)), vade::ShapeError);
}

TEST_CASE("Rows become images of a shape that fits, without a copy") {
  const Dataset rows = Dataset::from_bytes(counting_bytes(12), 2, 6);
  const Dataset images = rows.with_image({2, 3});
  CHECK(images.image() == vade::ImageShape{2, 3});
  CHECK(!rows.image());
  const auto address = [](const Dataset& data) {
    return data.with_row(1, [](auto row) { return static_cast<const void*>(row.data()); });
  };
  CHECK(address(images) == address(rows));
  CHECK(message_of([&] {
          rows.with_image({2, 4});
        }) == "Dataset::with_image: images of 2 x 4 do not fit rows of 6 values");
  CHECK_THROWS_AS(rows.with_image({Index{1} << 62, 4}), vade::ShapeError);
}
