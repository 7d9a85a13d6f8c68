// vade: the state of a long computation on disk, so that it can go on after it was cut off.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/core/errors.hpp>
#include <vade/core/matrix.hpp>
#include <vade/core/printable.hpp>
#include <vade/io/safetensors.hpp>

namespace vade {

namespace detail {

/// A part of a state, as memory.
struct StatePart {
  Dtype dtype;
  std::vector<Index> shape;
  std::span<std::byte> bytes;
};

/// The largest counter that a checkpoint gives back: one that can still be counted up.
inline constexpr std::int64_t largest_counter = std::int64_t{1} << 62;

/// What a state can be made of: matrices and row vectors, labels, counters, numbers.
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
/// A checkpoint is of one fit; a second call with the same object goes on as one that opens the file anew. Use one for each fit.
///
/// A state is anything with `for_each_state(visit)`, which calls `visit(name, value)` for each of its parts; integers are
/// counters, from 0 to 2^62. The file is a safetensors file with checksums, written all or nothing: a computation that ends
/// while it writes leaves the one before. For each state it says how many lines the log had when it was saved, and their
/// checksum, so that a state and the log of other steps are refused.
class Checkpoint {
 public:
  /// Reads `path` where there is a file. A step that is finished is written when `seconds` have passed since the last write.
  /// @throws FileError for a file that is damaged or no checkpoint, and for a path where none can be written;
  /// ValueError for negative `seconds`
  explicit Checkpoint(std::filesystem::path path, double seconds = 30) : path_(std::move(path)), seconds_(seconds) {
    check_at_least("Checkpoint", "seconds", seconds, 0.0);
    FileStatus status;
    if (file_system.look_up(path_, status) == 0)
      read();
    else if (errno == ENOENT)
      check_writable(path_);
    else
      throw_errno(path_, "cannot look up", errno);
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
    log_.push_back(std::move(line));
    states_[name] = {std::move(tensors), log_.size()};
    taken_ = log_.size();
    if (std::chrono::duration<double>(Clock::now() - written_).count() >= seconds_) write();
  }

  /// Puts back what `save` was given, bit for bit, into a state that has the same parts, each of the same shape. All of them
  /// are checked before the first is changed.
  /// @throws FileError if there is no such state, parts are missing, of another kind or shape, or not part of `state`, or a
  /// counter is out of range
  template <class State>
  void restore(const std::string& name, State& state) const {
    const auto held = states_.find(name);
    if (held == states_.end()) refuse("has no state of ", printable(name));
    const Tensors& tensors = held->second.tensors;
    std::set<std::string> parts;
    state.for_each_state([&](const std::string& part, auto& value) {
      const auto found = tensors.find(part);
      if (found == tensors.end()) refuse("the state of ", printable(name), " has no ", printable(part));
      const Tensor& tensor = found->second;
      const detail::StatePart memory = detail::state_part(value);
      if (memory.dtype != tensor.dtype || memory.shape != tensor.shape)
        refuse(printable(part), " of ", printable(name), " is ", text(tensor.dtype, tensor.shape), ", wanted ",
               text(memory.dtype, memory.shape));
      if constexpr (std::same_as<std::remove_cvref_t<decltype(value)>, std::int64_t>) {
        std::int64_t counter = 0;
        std::memcpy(&counter, tensor.bytes.data(), sizeof counter);
        if (counter < 0 || counter > detail::largest_counter)
          refuse(printable(part), " of ", printable(name), " is ", counter, ", wanted a counter from 0 to 2^62");
      }
      parts.insert(part);
    });
    for (const auto& entry : tensors)
      if (!parts.contains(entry.first)) refuse("the state of ", printable(name), " has a part ", printable(entry.first), " that was not wanted");
    state.for_each_state([&](const std::string& part, auto& value) {
      std::ranges::copy(tensors.at(part).bytes, detail::state_part(value).bytes.begin());
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
    file.add_bytes(log_name, Dtype::u8, {static_cast<Index>(lines.size())}, std::as_bytes(std::span(lines)));
    const std::vector<std::string> ties = ties_to_log();
    for (const auto& [name, state] : states_) {
      file.set_metadata(after_key + name, ties[state.lines]);
      for (const auto& [part, tensor] : state.tensors)
        file.add_bytes(name + "/" + part, tensor.dtype, tensor.shape, tensor.bytes);
    }
    for (const auto& [key, value] : asked_) file.set_metadata(asked_key + key, value);
    file.set_metadata(log_key, ties.back());
    file.set_metadata(version_key, "2");
    file.save(path_);
    written_steps_ = log_.size();
    written_ = Clock::now();
  }

  /// Forgets everything, and deletes the file: the computation is done, or begins anew.
  /// @throws FileError if there is one that cannot be deleted
  void remove() {
    if (file_system.unlink(path_) < 0 && errno != ENOENT) throw_errno(path_, "cannot be deleted", errno);
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
  struct State {
    Tensors tensors;
    std::size_t lines = 0;  // of the log when it was saved
  };

  static constexpr const char* version_key = "vade.checkpoint";
  static constexpr const char* log_key = "log";
  static constexpr const char* after_key = "after.";
  static constexpr const char* asked_key = "asked.";
  static constexpr const char* log_name = "log";

  [[noreturn]] void refuse(const auto&... parts) const { throw FileError(detail::message(path_.string(), ": ", parts...)); }

  static std::string text(Dtype dtype, const std::vector<Index>& shape) {
    return detail::dtype_name(dtype) + (" " + detail::short_sizes(shape));
  }

  /// For each number n of lines, 0 included: n, and the checksum of the first n.
  std::vector<std::string> ties_to_log() const {
    detail::Checksum sum;
    std::vector<std::string> ties{"0 " + sum.text()};
    for (const std::string& line : log_) {
      sum.add(line);
      ties.push_back(std::to_string(ties.size()) + " " + sum.text());
    }
    return ties;
  }

  void read() {
    const SafetensorsFile file = SafetensorsFile::load(path_);
    const auto version = file.metadata().find(version_key);
    if (version == file.metadata().end()) refuse("is no checkpoint");
    // Version 1 did not tie its states to the log: they count as those after its last line.
    const bool tied = version->second == "2";
    if (!tied && version->second != "1") refuse("is a checkpoint of version ", printable(version->second), ", wanted 1 or 2");
    if (!file.has_checksums()) refuse("is a checkpoint without checksums");
    read_log(file.tensor(log_name));
    for (const std::string& name : file.names()) {
      if (name == log_name) continue;
      const std::size_t slash = name.find('/');
      if (slash == std::string::npos) refuse("has a tensor \"", printable(name), "\", which no checkpoint has");
      const TensorView& view = file.tensor(name);
      Tensor tensor{view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()}};
      swap_byte_order(tensor.bytes, detail::dtype_width(tensor.dtype), std::endian::little);
      State& state = states_[name.substr(0, slash)];
      state.tensors[name.substr(slash + 1)] = std::move(tensor);
      if (!tied) state.lines = log_.size();
    }
    read_metadata(file.metadata(), tied);
    written_steps_ = log_.size();
  }

  void read_log(const TensorView& log) {
    if (log.dtype != Dtype::u8 || log.shape.size() != 1)
      refuse("its log is ", text(log.dtype, log.shape), ", wanted bytes in one dimension");
    std::string line;
    for (const std::byte byte : log.bytes) {
      if (byte != std::byte{'\n'})
        line += static_cast<char>(byte);
      else
        log_.push_back(std::exchange(line, {}));
    }
    if (!line.empty()) refuse("its log ends inside line ", log_.size() + 1, ": \"", printable(line), "\"");
  }

  void read_metadata(const std::map<std::string, std::string>& metadata, bool tied) {
    const std::vector<std::string> ties = ties_to_log();
    for (const auto& [key, value] : metadata) {
      if (key.starts_with(asked_key)) {
        asked_[key.substr(std::string_view(asked_key).size())] = value;
      } else if (tied && key.starts_with(after_key)) {
        const auto tie = std::ranges::find(ties, value);
        if (tie == ties.end() || tie == ties.begin())
          refuse("the state of ", printable(key.substr(std::string_view(after_key).size())), " is of another log: it was saved after the lines (count, checksum) ",
                 printable(value), ", and the log is ", ties.back());
        states_[key.substr(std::string_view(after_key).size())].lines = static_cast<std::size_t>(tie - ties.begin());
      } else if (key != version_key && !(tied && key == log_key)) {
        refuse("has metadata \"", printable(key), "\", which no checkpoint has");
      }
    }
    if (!tied) return;
    const auto log = metadata.find(log_key);
    if (log == metadata.end() || log->second != ties.back())
      refuse("its log has the lines (count, checksum) ", ties.back(), ", wanted ",
             log == metadata.end() ? std::string("a count") : printable(log->second));
    for (const auto& [name, state] : states_)
      if (state.lines == 0) refuse("the state of ", printable(name), " does not say after which line it was saved");
  }

  std::filesystem::path path_;
  double seconds_;
  std::vector<std::string> log_;
  std::size_t taken_ = 0;          // steps of the log that the computation has taken as done
  std::size_t written_steps_ = 0;  // of the log in the file
  Clock::time_point written_ = Clock::now();
  std::map<std::string, State> states_;
  std::map<std::string, std::string> asked_;
};

}  // namespace vade
