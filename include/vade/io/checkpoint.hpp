// vade: the state of a long computation on disk, so that it can go on after it was cut off.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/io/safetensors.hpp>

namespace vade {

namespace detail {

/// A part of a state, as memory.
struct StatePart {
  Dtype dtype;
  std::vector<Index> shape;
  std::span<std::byte> bytes;
};

/// What a state can be made of: matrices and row vectors, labels, integers, numbers.
template <class M>
  requires Real<typename M::Scalar>
StatePart state_part(M& values) {
  const std::span entries(values.data(), static_cast<std::size_t>(values.size()));
  return {sizeof(typename M::Scalar) == 4 ? Dtype::f32 : Dtype::f64, {values.rows(), values.cols()},
          std::as_writable_bytes(entries)};
}
inline StatePart state_part(Labels& labels) {
  return {Dtype::i32, {static_cast<Index>(labels.size())}, std::as_writable_bytes(std::span(labels))};
}
inline StatePart state_part(std::int64_t& value) {
  return {Dtype::i64, {1}, std::as_writable_bytes(std::span(&value, 1))};
}
inline StatePart state_part(double& value) { return {Dtype::f64, {1}, std::as_writable_bytes(std::span(&value, 1))}; }

}  // namespace detail

/// One file that holds, of a computation in steps: a log, a line for each step that was finished; the states after the last
/// of them, each under a name; and what the computation was asked to do. A computation that finds such a file takes the
/// steps of the log as done, puts its states back, and goes on; where it is deterministic, it ends with the bytes of
/// one that was never cut off.
///
///     vade::Checkpoint checkpoint("run.checkpoint");
///     model.fit(data, options, observer, stop, &checkpoint);  // goes on where the file was left, if there is one
///     model.save("model.safetensors");
///     checkpoint.remove();
///
/// A checkpoint is of one fit; a second call with the same object goes on as one that opens the file anew. Two fits want two.
///
/// A state is anything with `for_each_state(visit)`, which calls `visit(name, value)` for each of its parts. The file is a
/// safetensors file with checksums, written all or nothing: a computation that ends while it writes leaves the one before.
class Checkpoint {
 public:
  /// Reads `path` where there is a file. A step that is finished is written when `seconds` have passed since the last write.
  /// @throws FileError for a file that is damaged or no checkpoint; ValueError for negative `seconds`
  explicit Checkpoint(std::filesystem::path path, double seconds = 30) : path_(std::move(path)), seconds_(seconds) {
    check_at_least("Checkpoint", "seconds", seconds, 0.0);
    if (std::filesystem::exists(path_)) read();
  }

  const std::filesystem::path& path() const { return path_; }
  /// Steps that were finished, those of the file included.
  std::size_t steps() const { return log_.size(); }

  /// Whether the computation was asked the same before: true where nothing is known of `key`, which then is `value`.
  bool agrees(const std::string& key, const std::string& value) {
    return asked_.try_emplace(key, value).first->second == value;
  }
  /// The same as a condition. @throws ValueError naming both
  void check_agrees(const std::string& key, const std::string& value) {
    if (!agrees(key, value))
      throw ValueError(path_.string() + ": was begun with " + key + " " + asked_.at(key) + ", got " + value);
  }

  /// The same of what is asked before the first step: where steps were done without it, they are of another computation.
  /// @throws ValueError
  void check_began_with(const std::string& key, const std::string& value) {
    if (!log_.empty() && !asked_.contains(key)) throw ValueError(path_.string() + ": was begun without " + key + ", got " + value);
    check_agrees(key, value);
  }

  /// The lines of the log that were not taken yet.
  std::span<const std::string> left() const { return std::span(log_).subspan(taken_); }
  void take() { ++taken_; }
  /// No step is taken any more: the computation goes through the log again.
  void rewind() { taken_ = 0; }

  bool holds(const std::string& name) const { return states_.contains(name); }

  /// Takes a step that was just finished, and the state after it; writes if it is time to. O(size of all states) where it
  /// writes, else of this one. @throws FileError, and the file is the one before; ValueError for a "/" in the name or the end
  /// of a line in the line
  template <class State>
  void save(const std::string& name, State& state, std::string line) {
    if (name.find('/') != std::string::npos || line.find('\n') != std::string::npos)
      throw ValueError(path_.string() + ": the state of \"" + name + "\" after \"" + line +
                       "\", wanted a name without \"/\" and one line");
    Tensors tensors;
    state.for_each_state([&](const std::string& part, auto& value) {
      detail::StatePart memory = detail::state_part(value);
      tensors[part] = {memory.dtype, std::move(memory.shape), {memory.bytes.begin(), memory.bytes.end()}};
    });
    states_[name] = std::move(tensors);
    log_.push_back(std::move(line));
    taken_ = log_.size();
    if (std::chrono::duration<double>(Clock::now() - written_).count() >= seconds_) write();
  }

  /// Puts back what `save` was given, bit for bit; a matrix without entries takes the shape that it had.
  /// @throws FileError if parts are missing or of another kind or shape
  template <class State>
  void restore(const std::string& name, State& state) const {
    const Tensors& tensors = states_.at(name);
    state.for_each_state([&](const std::string& part, auto& value) {
      const auto found = tensors.find(part);
      if (found == tensors.end()) throw FileError(path_.string() + ": the state of " + name + " has no " + part);
      const Tensor& tensor = found->second;
      if constexpr (requires { value.rows(); })
        if (value.size() == 0 && tensor.shape.size() == 2) value.resize(tensor.shape[0], tensor.shape[1]);
      const detail::StatePart memory = detail::state_part(value);
      if (memory.dtype != tensor.dtype || memory.shape != tensor.shape)
        throw FileError(path_.string() + ": " + part + " of " + name + " is " + text(tensor.dtype, tensor.shape) + ", wanted " +
                        text(memory.dtype, memory.shape));
      std::ranges::copy(tensor.bytes, memory.bytes.begin());
    });
  }

  /// Forgets the state of `name`, which nothing will go on from.
  void drop(const std::string& name) { states_.erase(name); }
  /// Forgets all others.
  void keep_only(const std::string& name) {
    std::erase_if(states_, [&](const auto& entry) { return entry.first != name; });
  }

  /// Writes the file now, if a step was finished since the last time. @throws FileError
  void write() {
    if (log_.size() == written_steps_) return;
    SafetensorsWriter file;
    std::string lines;
    for (const std::string& line : log_) lines += line + "\n";
    file.add_bytes("log", Dtype::u8, {static_cast<Index>(lines.size())}, std::as_bytes(std::span(lines)));
    for (const auto& [name, tensors] : states_)
      for (const auto& [part, tensor] : tensors) file.add_bytes(name + "/" + part, tensor.dtype, tensor.shape, tensor.bytes);
    for (const auto& [key, value] : asked_) file.set_metadata(asked_key + key, value);
    file.set_metadata(version_key, "1");
    file.save(path_);
    written_steps_ = log_.size();
    written_ = Clock::now();
  }

  /// Forgets everything, and deletes the file: the computation is done, or begins anew.
  /// @throws FileError if there is one that cannot be deleted
  void remove() {
    std::error_code error;
    std::filesystem::remove(path_, error);
    if (error) throw FileError(path_.string() + ": cannot be deleted: " + error.message());
    log_.clear();
    states_.clear();
    asked_.clear();
    taken_ = written_steps_ = 0;
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Tensor {
    Dtype dtype;
    std::vector<Index> shape;
    std::vector<std::byte> bytes;  // in the order of this machine
  };
  using Tensors = std::map<std::string, Tensor>;

  static constexpr const char* version_key = "vade.checkpoint";
  static constexpr const char* asked_key = "asked.";

  static std::string text(Dtype dtype, const std::vector<Index>& shape) {
    return detail::dtype_name(dtype) + (" " + sizes_text(shape));
  }

  void read() {
    const SafetensorsFile file = SafetensorsFile::load(path_);
    const auto version = file.metadata().find(version_key);
    if (version == file.metadata().end() || version->second != "1" || !file.has_checksums())
      throw FileError(path_.string() + ": is no checkpoint of version 1");
    for (const auto& [key, value] : file.metadata())
      if (key.starts_with(asked_key)) asked_[key.substr(std::string_view(asked_key).size())] = value;
    for (const std::string& name : file.names()) {
      const TensorView& view = file.tensor(name);
      Tensor tensor{view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()}};
      detail::swap_byte_order(tensor.bytes, detail::dtype_width(tensor.dtype), std::endian::little);
      const std::size_t slash = name.find('/');
      if (slash == std::string::npos)
        read_log(tensor.bytes);
      else
        states_[name.substr(0, slash)][name.substr(slash + 1)] = std::move(tensor);
    }
    written_steps_ = log_.size();
  }

  void read_log(std::span<const std::byte> bytes) {
    std::string line;
    for (const std::byte byte : bytes) {
      if (byte != std::byte{'\n'}) {
        line += static_cast<char>(byte);
        continue;
      }
      log_.push_back(std::exchange(line, {}));
    }
  }

  std::filesystem::path path_;
  double seconds_;
  std::vector<std::string> log_;
  std::size_t taken_ = 0;          // steps of the log that the computation has taken as done
  std::size_t written_steps_ = 0;  // of the log in the file
  Clock::time_point written_ = Clock::now();
  std::map<std::string, Tensors> states_;
  std::map<std::string, std::string> asked_;
};

}  // namespace vade
