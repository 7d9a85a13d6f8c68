// vade: a data set, read-only and cheap to copy.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/default_pool.hpp>
#include <vade/core/matrix.hpp>
#include <vade/data/detail/fingerprint.hpp>

/// Images stay the bytes they were in their file, a quarter of the memory of floats, and become numbers batch by
/// batch. Copies, slices and selections share one storage that nobody can change, so they may be read from any thread.
namespace vade {

/// Height and width of a grey image; a row of a data set holds it line by line.
struct ImageShape {
  Index height = 0;
  Index width = 0;
  bool operator==(const ImageShape&) const = default;
};

/// What a byte is worth: value = byte · (1/255), rounded once in T. 0 becomes 0 and 255 becomes 1, exactly.
template <Real T>
inline constexpr T byte_scale = T{1} / T{255};
static_assert(255.0f * byte_scale<float> == 1.0f && 255.0 * byte_scale<double> == 1.0);

/// N samples of D values `[N x D]`: bytes, floats or doubles, kept as they came. Values of float and double data are
/// finite. A default-made one is empty, 0 x 0.
class Dataset {
 public:
  Dataset() = default;

  /// Takes `rows * columns` bytes, row by row. @throws ShapeError if counts or `image` do not fit. O(1).
  static Dataset from_bytes(std::vector<std::uint8_t> values, Index rows, Index columns,
                            std::optional<ImageShape> image = {}) {
    check_extent("Dataset::from_bytes", rows, columns, image);
    if (rows > std::numeric_limits<Index>::max() / columns ||
        values.size() != static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns))
      throw ShapeError(
          detail::message("Dataset::from_bytes: got ", values.size(), " bytes, wanted ", shape_text(rows, columns)));
    return Dataset(Storage(std::in_place_type<std::vector<std::uint8_t>>, std::move(values)), rows, columns, image);
  }

  /// Takes any matrix expression of float or double `[N x D]`, in its own precision; an rvalue is moved.
  /// @throws ShapeError if it is empty or `image` does not fit; ValueError with row and column if it is not finite.
  template <class M>
  requires Real<typename std::remove_cvref_t<M>::Scalar>
  static Dataset from_matrix(M&& values, std::optional<ImageShape> image = {}) {
    using T = typename std::remove_cvref_t<M>::Scalar;
    Matrix<T> own(std::forward<M>(values));
    check_extent("Dataset::from_matrix", own.rows(), own.cols(), image);
    check_finite("Dataset::from_matrix", "the data", own);
    const Index rows = own.rows();
    const Index columns = own.cols();
    return Dataset(Storage(std::in_place_type<Matrix<T>>, std::move(own)), rows, columns, image);
  }

  /// `first` above `second`, `[N1 + N2 x D]`, in new storage. @throws ShapeError unless kind, width and image shape
  /// agree. O(N D).
  static Dataset concatenate(const Dataset& first, const Dataset& second) {
    if (first.columns_ != second.columns_ || first.image_ != second.image_ ||
        first.storage_->index() != second.storage_->index())
      throw ShapeError("Dataset::concatenate: got " + first.text() + " and " + second.text() +
                       ", wanted the same kind, width and image shape");
    const Index rows = first.rows_ + second.rows_;
    Storage both = std::visit(
        [&]<class Kind>(const Kind&) {
          Kind values = make<Kind>(rows, first.columns_);
          auto* out = values.data();
          for (const Dataset* part : {&first, &second})
            for (Index i = 0; i < part->rows_; ++i)
              out = std::copy_n(std::get<Kind>(*part->storage_).data() + part->stored_row(i) * part->columns_,
                                part->columns_, out);
          return Storage(std::move(values));
        },
        *first.storage_);
    return Dataset(std::move(both), rows, first.columns_, first.image_);
  }

  Index rows() const { return rows_; }
  Index columns() const { return columns_; }
  bool empty() const { return rows_ == 0; }
  std::optional<ImageShape> image() const { return image_; }
  bool is_bytes() const { return std::holds_alternative<std::vector<std::uint8_t>>(*storage_); }

  /// Bytes that the values of these rows take, wherever they are shared.
  std::size_t byte_size() const {
    const std::size_t widths[] = {sizeof(std::uint8_t), sizeof(float), sizeof(double)};
    return static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_) * widths[storage_->index()];
  }

  /// Calls `body` with the stored values of `row`, a span of const bytes, floats or doubles, without a copy. `row` is
  /// not checked: this is for inner loops. O(1).
  template <class Body>
  decltype(auto) with_row(Index row, Body&& body) const {
    const Index offset = stored_row(row) * columns_;
    const auto width = static_cast<std::size_t>(columns_);
    return std::visit([&](const auto& values) { return body(std::span(values.data() + offset, width)); }, *storage_);
  }

  /// Smallest and largest value, bytes scaled to [0, 1]. O(N D), each call. @throws StateError if there are no rows
  double minimum() const { return extremes().first; }
  double maximum() const { return extremes().second; }

  /// Row `rows[i]` becomes row i of `out` `[rows.size() x D]`. Parallel in tiles of fixed size, allocates nothing.
  /// O(B D). Doubles beyond the range of float become infinite in it; the models refuse them.
  /// @throws ShapeError, ValueError for a row outside [0, N)
  template <Real T>
  void gather(std::span<const Index> rows, MatrixView<T> out) const {
    check_shape("Dataset::gather", "the output", out, static_cast<Index>(rows.size()), columns_);
    for (const Index row : rows) check_row("Dataset::gather", row);
    fill(out, [&](Index i) { return rows[static_cast<std::size_t>(i)]; });
  }

  /// Rows `first ... first + out.rows() − 1` into `out` `[B x D]`, as `gather` does. O(B D).
  /// @throws ShapeError, ValueError
  template <Real T>
  void copy_rows(Index first, MatrixView<T> out) const {
    check_range_of_rows("Dataset::copy_rows", first, out.rows());
    check_shape("Dataset::copy_rows", "the output", out, out.rows(), columns_);
    fill(out, [first](Index i) { return first + i; });
  }

  /// All rows `[N x D]`. O(N D).
  template <Real T>
  Matrix<T> matrix() const {
    Matrix<T> out(rows_, columns_);
    copy_rows<T>(0, MatrixView<T>(out.data(), rows_, columns_));
    return out;
  }

  /// Rows `first ... first + count − 1`, sharing the storage. O(1). @throws ValueError outside [0, N]
  Dataset slice(Index first, Index count) const {
    check_range_of_rows("Dataset::slice", first, count);
    Dataset part = *this;
    part.first_ = first_ + first;
    part.rows_ = count;
    return part;
  }

  /// The named rows in the order given, repeats allowed, sharing the storage. O(rows.size()).
  /// @throws ValueError for a row outside [0, N)
  Dataset select(std::span<const Index> rows) const {
    auto selection = std::make_shared<std::vector<Index>>();
    selection->reserve(rows.size());
    for (const Index row : rows) {
      check_row("Dataset::select", row);
      selection->push_back(stored_row(row));
    }
    Dataset part = *this;
    part.selection_ = std::move(selection);
    part.first_ = 0;
    part.rows_ = static_cast<Index>(rows.size());
    return part;
  }

  /// The same rows as images of this shape, sharing the storage: for files that hold images as `[N x D]`. O(1).
  /// @throws ShapeError if `image` does not fit
  Dataset with_image(ImageShape image) const {
    check_extent("Dataset::with_image", rows_, columns_, image);
    Dataset same = *this;
    same.image_ = image;
    return same;
  }

  /// Kind, shape and a hash of the values in row order, as "float-1000x12-0123456789abcdef", or "bytes-70000x28x28-..."
  /// for images. Equal for equal rows, however they were sliced or selected, on every machine and for any number of
  /// threads. O(N D).
  std::string fingerprint() const {
    const Index tiles = (rows_ + tile_rows - 1) / tile_rows;
    std::vector<std::uint64_t> hashes(static_cast<std::size_t>(tiles));
    parallel_ranges(rows_, tile_rows, [&](Index begin, Index end) {
      std::uint64_t hash = 0;
      for (Index i = begin; i < end; ++i)
        hash = detail::mix_hash(hash, with_row(i, [](auto row) { return detail::hash_row(row); }));
      hashes[static_cast<std::size_t>(begin / tile_rows)] = hash;
    });
    std::uint64_t hash = 0;
    for (const std::uint64_t part : hashes) hash = detail::mix_hash(hash, part);
    std::string digits(16, '0');
    for (std::size_t i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
    return kind_text() + "-" + std::to_string(rows_) + "x" +
           (image_ ? std::to_string(image_->height) + "x" + std::to_string(image_->width) : std::to_string(columns_)) +
           "-" + digits;
  }

 private:
  using Storage = std::variant<std::vector<std::uint8_t>, Matrix<float>, Matrix<double>>;
  static constexpr Index tile_rows = 64;

  Dataset(Storage storage, Index rows, Index columns, std::optional<ImageShape> image)
      : storage_(std::make_shared<const Storage>(std::move(storage))), rows_(rows), columns_(columns), image_(image) {}

  template <class Kind>
  static Kind make(Index rows, Index columns) {
    if constexpr (std::is_same_v<Kind, std::vector<std::uint8_t>>)
      return Kind(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
    else
      return Kind(rows, columns);
  }

  static void check_extent(const char* who, Index rows, Index columns, const std::optional<ImageShape>& image) {
    if (rows < 1 || columns < 1)
      throw ShapeError(detail::message(who, ": the data is ", shape_text(rows, columns), ", wanted at least [1 x 1]"));
    if (image && (image->height < 1 || image->width < 1 || image->height > columns ||
                  image->width > columns / image->height || image->height * image->width != columns))
      throw ShapeError(detail::message(who, ": images of ", image->height, " x ", image->width, " do not fit rows of ",
                                       columns, " values"));
  }

  void check_row(const char* who, Index row) const {
    if (row < 0 || row >= rows_)
      throw ValueError(detail::message(who, ": row ", row, ", wanted a row in [0, ", rows_, ")"));
  }

  void check_range_of_rows(const char* who, Index first, Index count) const {
    if (first < 0 || count < 0 || first > rows_ || count > rows_ - first)
      throw ValueError(detail::message(who, ": ", count, " rows from row ", first, ", but there are ", rows_));
  }

  Index stored_row(Index row) const {
    return selection_ ? (*selection_)[static_cast<std::size_t>(first_ + row)] : first_ + row;
  }

  template <Real T, class RowOf>
  void fill(MatrixView<T>& out, const RowOf& row_of) const {
    parallel_ranges(out.rows(), tile_rows, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        with_row(row_of(i), [target = out.data() + i * columns_](auto row) {
          for (std::size_t j = 0; j < row.size(); ++j) {
            if constexpr (std::is_same_v<decltype(row), std::span<const std::uint8_t>>)
              target[j] = static_cast<T>(row[j]) * byte_scale<T>;
            else
              target[j] = static_cast<T>(row[j]);
          }
        });
    });
  }

  std::pair<double, double> extremes() const {
    if (rows_ == 0) throw StateError("Dataset: an empty data set has no smallest and largest value");
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (Index i = 0; i < rows_; ++i)
      with_row(i, [&](auto row) {
        const auto [smallest, largest] = std::ranges::minmax(row);
        low = std::min(low, static_cast<double>(smallest));
        high = std::max(high, static_cast<double>(largest));
      });
    const double scale = is_bytes() ? byte_scale<double> : 1.0;
    return {low * scale, high * scale};
  }

  std::string kind_text() const {
    const char* const kinds[] = {"bytes", "float", "double"};
    return kinds[storage_->index()];
  }

  std::string text() const { return kind_text() + " " + shape_text(rows_, columns_); }

  inline static const std::shared_ptr<const Storage> no_storage_ = std::make_shared<const Storage>();

  std::shared_ptr<const Storage> storage_ = no_storage_;
  std::shared_ptr<const std::vector<Index>> selection_;
  Index first_ = 0;
  Index rows_ = 0;
  Index columns_ = 0;
  std::optional<ImageShape> image_;
};

/// The images of `data` with lines and columns exchanged, in new storage; kind and values stay. EMNIST keeps its images
/// so. O(N D). @throws ShapeError for rows that are no images, and without rows
inline Dataset transposed_images(const Dataset& data) {
  if (!data.image() || data.empty()) throw ShapeError("transposed_images: the data has no rows with an image shape");
  const auto [height, width] = *data.image();
  const auto fill = [&, lines = height, places = width](auto* out) {
    for (Index i = 0; i < data.rows(); ++i)
      data.with_row(i, [&](auto row) {
        for (Index x = 0; x < places; ++x)
          for (Index y = 0; y < lines; ++y) {
            using Value = std::remove_pointer_t<decltype(out)>;
            *out++ = static_cast<Value>(row[static_cast<std::size_t>(y * places + x)]);
          }
      });
  };
  const ImageShape turned{width, height};
  return data.with_row(0, [&]<class Value>(std::span<const Value>) {
    if constexpr (std::is_same_v<Value, std::uint8_t>) {
      std::vector<std::uint8_t> values(static_cast<std::size_t>(data.rows()) *
                                       static_cast<std::size_t>(data.columns()));
      fill(values.data());
      return Dataset::from_bytes(std::move(values), data.rows(), data.columns(), turned);
    } else {
      Matrix<Value> values(data.rows(), data.columns());
      fill(values.data());
      return Dataset::from_matrix(std::move(values), turned);
    }
  });
}

/// A data set with the class of each row, or with no labels. Labels are for scores only: no model sees them.
struct LabelledDataset {
  Dataset images;
  Labels labels;
};

}  // namespace vade
