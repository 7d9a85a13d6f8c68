// vade: the exceptions. Every message says who, what, wanted and got.
// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

namespace vade {

/// Everything that this library throws on purpose. The leaves say whose fault it is.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Two shapes, or a shape and what a model was built for, do not fit.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A value is not finite, outside its range, or an option makes no sense.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A call came too early: a model was used before `fit` or `load`.
class StateError : public Error {
 public:
  using Error::Error;
};

/// The system has not the threads or the memory that a call needs. The message says what was wanted.
class ResourceError : public Error {
 public:
  using Error::Error;
};

/// A file cannot be read, is malformed, or cannot be written. The message starts with the path.
class FileError : public Error {
 public:
  using Error::Error;
};

/// Training cannot go on: the message names the term, epoch, batch and first bad tensor.
class TrainingError : public Error {
 public:
  using Error::Error;
};

}  // namespace vade
