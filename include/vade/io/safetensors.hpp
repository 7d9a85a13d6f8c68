// vade: safetensors files, read strictly and written whole.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/printable.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/io/input_file.hpp>
#include <vade/core/byte_order.hpp>
#include <vade/io/detail/safetensors_format.hpp>

/// The format of models and checkpoints, readable from Python with `safetensors.numpy.load_file`. A file starts with
/// 8 bytes of header length, little-endian; the header, JSON; then the tensors, row-major, without gaps. The format
/// has no checksum, so ours are in the metadata: a CRC-32 of each tensor and one of names, types, shapes and metadata.
/// Files of other tools lack them and are read without. The same content gives the same bytes.
namespace vade {

/// Whether NaN and infinity may pass.
enum class NonFinite { refuse, allow };

/// What a reader accepts.
struct SafetensorsLimits {
  std::uint64_t file_bytes = std::uint64_t{1} << 34;
  std::uint64_t header_bytes = std::uint64_t{1} << 24;
};

/// Collects tensors, then writes them in one atomic step.
class SafetensorsWriter {
 public:
  /// A matrix as F32 or F64 `[rows x columns]`. O(size).
  /// @throws ValueError for a name taken before, or not UTF-8, and for a value that is not finite
  template <class M>
    requires Real<typename M::Scalar>
  void add(const std::string& name, const M& values, NonFinite policy = NonFinite::refuse) {
    using T = typename M::Scalar;
    const Matrix<T> own = values;
    if (policy == NonFinite::refuse) check_finite("SafetensorsWriter", name, own);
    add_bytes(name, sizeof(T) == 4 ? Dtype::f32 : Dtype::f64, {own.rows(), own.cols()},
              std::as_bytes(std::span(own.data(), static_cast<std::size_t>(own.size()))));
  }

  /// The same with the scalar type named: `add<float>("weights", view)`.
  template <Real T>
  void add(const std::string& name, const MatrixRef<T>& values, NonFinite policy = NonFinite::refuse) {
    add<MatrixRef<T>>(name, values, policy);
  }

  /// Integers as I64 or U64 `[n]`: seeds, counters and steps, which JSON numbers would round. @throws ValueError
  void add_integers(const std::string& name, std::span<const std::int64_t> values) {
    add_bytes(name, Dtype::i64, {static_cast<Index>(values.size())}, std::as_bytes(values));
  }
  void add_integers(const std::string& name, std::span<const std::uint64_t> values) {
    add_bytes(name, Dtype::u64, {static_cast<Index>(values.size())}, std::as_bytes(values));
  }

  /// A tensor of any type; `bytes` in the order of this machine. @throws ValueError
  void add_bytes(const std::string& name, Dtype dtype, std::vector<Index> shape, std::span<const std::byte> bytes) {
    const auto wanted = detail::tensor_bytes(dtype, shape);
    if (!wanted || *wanted != bytes.size())
      throw ValueError(detail::message("SafetensorsWriter: tensor \"", name, "\" has ", bytes.size(),
                                       " bytes, which is not what its shape needs"));
    if (name == "__metadata__" || tensors_.contains(name))
      throw ValueError("SafetensorsWriter: the name \"" + name + "\" is taken");
    detail::quote_json(name);
    OwnTensor tensor{dtype, std::move(shape), {bytes.begin(), bytes.end()}};
    swap_byte_order(tensor.bytes, detail::dtype_width(dtype), std::endian::little);
    tensors_.emplace(name, std::move(tensor));
  }

  /// Sets one line of metadata. @throws ValueError for a reserved key, or what is not UTF-8
  void set_metadata(const std::string& key, const std::string& value) {
    if (detail::is_reserved_key(key))
      throw ValueError("SafetensorsWriter: the metadata key \"" + key + "\" is reserved");
    detail::quote_json(key);
    detail::quote_json(value);
    metadata_[key] = value;
  }

  /// The content of the file. O(bytes).
  std::vector<std::byte> bytes() const {
    // Wide types first, then by name: with a header padded to 8 bytes, every tensor is aligned.
    std::vector<const std::pair<const std::string, OwnTensor>*> order;
    for (const auto& tensor : tensors_) order.push_back(&tensor);
    std::ranges::stable_sort(order, std::ranges::greater{},
                             [](const auto* tensor) { return detail::dtype_width(tensor->second.dtype); });

    std::map<std::string, std::string> metadata = metadata_;
    metadata[detail::container_key] = "1";
    detail::Checksum header_sum;
    for (const auto& [name, tensor] : tensors_) {
      metadata[detail::tensor_sum_key + name] = detail::Checksum::of(tensor.bytes);
      header_sum.add_tensor(name, tensor.dtype, tensor.shape);
    }
    for (const auto& [key, value] : metadata) header_sum.add_metadata(key, value);
    metadata[detail::header_sum_key] = header_sum.text();

    std::string header = "{\"__metadata__\":{";
    for (const auto& [key, value] : metadata)
      header.append(header.ends_with('{') ? "" : ",").append(detail::quote_json(key) + ":" + detail::quote_json(value));
    header += "}";
    std::size_t offset = 0;
    for (const auto* entry : order) {
      const auto& [name, tensor] = *entry;
      header += "," + detail::quote_json(name) + ":{\"dtype\":\"" + detail::dtype_name(tensor.dtype) + "\",\"shape\":[";
      for (const Index size : tensor.shape)
        header.append(header.ends_with('[') ? "" : ",").append(std::to_string(size));
      header += "],\"data_offsets\":[" + std::to_string(offset) + ",";
      offset += tensor.bytes.size();
      header += std::to_string(offset) + "]}";
    }
    header += "}";
    header.append((8 - header.size() % 8) % 8, ' ');

    std::vector<std::byte> content;
    content.reserve(8 + header.size() + offset);
    for (int shift = 0; shift < 64; shift += 8)
      content.push_back(static_cast<std::byte>(std::uint64_t{header.size()} >> shift & 0xff));
    for (const char letter : header) content.push_back(static_cast<std::byte>(letter));
    for (const auto* entry : order) {
      const std::vector<std::byte>& tensor = entry->second.bytes;
      content.insert(content.end(), tensor.begin(), tensor.end());
    }
    return content;
  }

  /// Writes the file, all or nothing. @throws FileError; the old file is then untouched
  void save(const std::filesystem::path& path) const { write_file_atomically(path, bytes()); }

 private:
  struct OwnTensor {
    Dtype dtype;
    std::vector<Index> shape;
    std::vector<std::byte> bytes;
  };
  std::map<std::string, OwnTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// One tensor of a loaded file. `bytes` are little-endian and live as long as the file object or a copy of it.
struct TensorView {
  std::string name;
  Dtype dtype;
  std::vector<Index> shape;
  std::span<const std::byte> bytes;
};

/// A whole file, checked and in memory (a mapped file would crash the program when another one cuts it short).
class SafetensorsFile {
 public:
  /// The header is read and checked first, and then exactly the bytes that it announces; memory grows with what was read.
  /// @throws FileError if the file cannot be read, breaks any rule of the format or a limit, fails a checksum, or there is not
  /// enough memory for it
  static SafetensorsFile load(const std::filesystem::path& path, const SafetensorsLimits& limits = {}) {
    const std::string where = path.string() + ": ";
    try {
      InputFile file(path);
      const std::uint64_t limit = std::min<std::uint64_t>(limits.file_bytes, std::numeric_limits<std::size_t>::max() / 2);
      const std::uint64_t most = file.size().value_or(limit);
      if (most > limit) throw FileError(detail::message(where, "holds ", most, " bytes, wanted at most ", limit));
      std::vector<std::byte> content;
      file.read_until(8, content);
      const std::size_t header = detail::safetensors_header_size(content, where, most, limits.header_bytes);
      file.read_until(8 + header, content);
      if (content.size() < 8 + header)
        throw FileError(detail::message(where, "ends at byte ", content.size(), ", inside the header of ", header, " bytes"));
      detail::SafetensorsLayout layout = detail::read_safetensors_layout(header_text(content, header), where, most);
      if (file.size()) detail::check_safetensors_end(layout, *file.size(), where);
      file.read_until(layout.end, content);
      std::byte more{};
      const std::size_t left = file.read(std::span(&more, 1));
      detail::check_safetensors_end(layout, content.size() + left, where);
      return SafetensorsFile(std::move(content), path.string(), std::move(layout));
    } catch (const std::bad_alloc&) {
      throw FileError(where + "there is not enough memory to read it");
    }
  }

  /// The same from memory; `name` stands for the path in messages. @throws FileError
  static SafetensorsFile parse(std::vector<std::byte> content, const std::string& name,
                               const SafetensorsLimits& limits = {}) {
    const std::string where = name + ": ";
    const std::size_t header = detail::safetensors_header_size(content, where, content.size(), limits.header_bytes);
    detail::SafetensorsLayout layout = detail::read_safetensors_layout(header_text(content, header), where, content.size());
    detail::check_safetensors_end(layout, content.size(), where);
    return SafetensorsFile(std::move(content), name, std::move(layout));
  }

  /// Names in alphabetical order.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : tensors_) all.push_back(entry.first);
    return all;
  }

  /// Metadata without our checksums.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// Whether the file has our checksums; if it has, they were right.
  bool has_checksums() const { return has_checksums_; }

  bool contains(const std::string& name) const { return tensors_.contains(name); }

  /// @throws FileError if there is none of this name
  const TensorView& tensor(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw FileError(path_ + ": has no tensor \"" + printable(name) + "\"");
    return found->second;
  }

  /// The tensors are exactly these. O(n log n). @throws FileError naming the first that is missing or not wanted
  void check_names(std::span<const std::string> wanted) const {
    const std::set<std::string_view> names(wanted.begin(), wanted.end());
    for (const std::string& name : wanted) tensor(name);
    for (const auto& entry : tensors_)
      if (!names.contains(entry.first))
        throw FileError(path_ + ": has a tensor \"" + printable(entry.first) + "\" that was not wanted");
  }

  /// There is an F32 or F64 tensor `[rows x columns]`; `[columns]` is also taken for one row. O(log tensors).
  /// @throws FileError naming tensor, wanted and got
  void check_matrix(const std::string& name, Index rows, Index columns) const {
    const TensorView& found = tensor(name);
    const bool fits = found.shape == std::vector<Index>{rows, columns} ||
                      (rows == 1 && found.shape == std::vector<Index>{columns});
    if (!fits)
      throw FileError(path_ + ": tensor \"" + printable(name) + "\" is " + detail::short_sizes(found.shape) + ", wanted " +
                      shape_text(rows, columns));
    if (found.dtype != Dtype::f32 && found.dtype != Dtype::f64)
      throw FileError(path_ + ": tensor \"" + printable(name) + "\" is " + detail::dtype_name(found.dtype) +
                      ", wanted F32 or F64");
  }

  /// An F32 or F64 tensor as `[rows x columns]`, rounded to T; `[columns]` is also taken for one row. O(size).
  /// @throws FileError naming tensor, wanted and got if type, shape or (unless allowed) a value does not fit
  template <Real T>
  Matrix<T> matrix(const std::string& name, Index rows, Index columns, NonFinite policy = NonFinite::refuse) const {
    check_matrix(name, rows, columns);
    const TensorView& found = tensor(name);
    return found.dtype == Dtype::f32 ? numbers<T, float>(found, rows, columns, policy)
                                     : numbers<T, double>(found, rows, columns, policy);
  }

  /// An I64 tensor of any shape. @throws FileError
  std::vector<std::int64_t> integers(const std::string& name) const { return whole<std::int64_t>(name, Dtype::i64); }

  /// A U64 tensor of any shape. @throws FileError
  std::vector<std::uint64_t> unsigned_integers(const std::string& name) const {
    return whole<std::uint64_t>(name, Dtype::u64);
  }

 private:
  SafetensorsFile(std::vector<std::byte> content, const std::string& path, detail::SafetensorsLayout layout)
      : path_(path), content_(std::make_shared<const std::vector<std::byte>>(std::move(content))) {
    has_checksums_ = detail::check_safetensors_sums(*content_, layout.tensors, layout.metadata, path + ": ");
    std::erase_if(layout.metadata, [](const auto& line) { return detail::is_reserved_key(line.first); });
    metadata_ = std::move(layout.metadata);
    for (auto& tensor : layout.tensors)
      tensors_[tensor.name] = {tensor.name, tensor.dtype, tensor.shape,
                               std::span(*content_).subspan(tensor.begin, tensor.end - tensor.begin)};
  }

  static std::string_view header_text(const std::vector<std::byte>& content, std::size_t size) {
    return {reinterpret_cast<const char*>(content.data()) + 8, size};
  }

  template <class Value>
  static std::vector<Value> values_of(const TensorView& tensor) {
    std::vector<Value> values(tensor.bytes.size() / sizeof(Value));
    const auto target = std::as_writable_bytes(std::span(values));
    std::ranges::copy(tensor.bytes, target.begin());
    swap_byte_order(target, sizeof(Value), std::endian::little);
    return values;
  }

  template <Real T, Real Stored>
  Matrix<T> numbers(const TensorView& tensor, Index rows, Index columns, NonFinite policy) const {
    const std::vector<Stored> values = values_of<Stored>(tensor);
    const Matrix<T> out = ConstMatrixView<Stored>(values.data(), rows, columns).template cast<T>();
    try {
      if (policy == NonFinite::refuse) check_finite(path_, "tensor \"" + printable(tensor.name) + "\"", out);
    } catch (const ValueError& error) {
      throw FileError(error.what());
    }
    return out;
  }

  template <class Value>
  std::vector<Value> whole(const std::string& name, Dtype wanted) const {
    const TensorView& found = tensor(name);
    if (found.dtype != wanted)
      throw FileError(path_ + ": tensor \"" + printable(name) + "\" is " + detail::dtype_name(found.dtype) + ", wanted " +
                      detail::dtype_name(wanted));
    return values_of<Value>(found);
  }

  std::string path_;
  std::shared_ptr<const std::vector<std::byte>> content_;
  std::map<std::string, TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
  bool has_checksums_ = false;
};

}  // namespace vade
