// vade: what training changes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <vade/core/matrix.hpp>

namespace vade {

template <Real T>
class Tape;

/// A named matrix and its gradient. It outlives the tapes that read it; the backward sweep writes the gradient here
/// and nowhere else, so nothing is copied between the tape and the optimizer.
template <Real T>
class Parameter {
 public:
  Parameter() = default;
  Parameter(std::string name, Matrix<T> value) : name_(std::move(name)), value_(std::move(value)) {
    gradient_.setZero(value_.rows(), value_.cols());
  }

  const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }
  Index rows() const { return value_.rows(); }
  Index cols() const { return value_.cols(); }
  Index size() const { return value_.size(); }

  Matrix<T>& value() { return value_; }
  const Matrix<T>& value() const { return value_; }
  Matrix<T>& gradient() { return gradient_; }
  const Matrix<T>& gradient() const { return gradient_; }

  /// The last backward sweep reached this parameter, and no optimizer has used the gradient yet. A parameter that a
  /// loss does not reach is left as it is by the optimizers, moments included.
  bool has_fresh_gradient() const { return fresh_; }
  void set_gradient_fresh(bool fresh) { fresh_ = fresh; }

 private:
  friend class Tape<T>;

  /// Where and when it was last recorded: twice on one tape is one node. That belongs to the object and not to its
  /// contents, so copies and assignments leave it as it is.
  struct Recorded {
    const Tape<T>* tape = nullptr;
    std::uint64_t recording = 0;
    Index node = -1;

    Recorded() = default;
    Recorded(const Recorded&) noexcept {}
    Recorded& operator=(const Recorded&) noexcept { return *this; }
  };

  std::string name_;
  Matrix<T> value_;
  Matrix<T> gradient_;
  bool fresh_ = false;
  Recorded recorded_;
};

}  // namespace vade
