// vade: the system calls that files go through, replaceable by tests.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vade::detail {

/// One pointer for each call. A test replaces them to fail the Nth call and see what survives; POSIX calls and not
/// stdio, since stdio hides which call failed and when bytes reach the kernel.
struct SystemCalls {
  int (*open)(const char*, int, mode_t) = [](const char* path, int flags, mode_t mode) {
    return ::open(path, flags, mode);
  };
  ssize_t (*read)(int, void*, std::size_t) = [](int file, void* bytes, std::size_t size) {
    return ::read(file, bytes, size);
  };
  ssize_t (*write)(int, const void*, std::size_t) = [](int file, const void* bytes, std::size_t size) {
    return ::write(file, bytes, size);
  };
  int (*fchmod)(int, mode_t) = [](int file, mode_t mode) { return ::fchmod(file, mode); };
  int (*fsync)(int) = [](int file) { return ::fsync(file); };
  int (*close)(int) = [](int file) { return ::close(file); };
  int (*rename)(const char*, const char*) = [](const char* from, const char* to) { return std::rename(from, to); };
  int (*unlink)(const char*) = [](const char* path) { return ::unlink(path); };
};

/// The calls of this thread.
inline thread_local SystemCalls system_calls;

/// An open file; closes itself when an error passes by. `close` reports what closing said.
class FileDescriptor {
 public:
  explicit FileDescriptor(int file) : file_(file) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (file_ >= 0) system_calls.close(file_);
  }
  int get() const { return file_; }

  /// Never called twice: after any answer, even an error, the number may already belong to another thread.
  int close() {
    const int file = file_;
    file_ = -1;
    return system_calls.close(file);
  }

 private:
  int file_;
};

}  // namespace vade::detail
