// vade: the tape of a query, kept from call to call.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <vade/autodiff/tape.hpp>

namespace vade::detail {

/// A cleared tape that records no gradients, for the lifetime of the lease. Each thread keeps one: a service that asks
/// about one row again and again allocates its nodes once. A second lease meanwhile has a tape of its own, and a tape
/// that grew beyond `kept_bytes`, as for a batch of many rows, is freed.
template <Real T>
class TapeLease {
 public:
  static constexpr std::size_t kept_bytes = std::size_t{1} << 20;

  TapeLease() : tape_(std::exchange(kept(), nullptr)) {
    if (!tape_) tape_ = std::make_unique<Tape<T>>();
    tape_->clear();
    tape_->record_gradients(false);
  }
  TapeLease(const TapeLease&) = delete;
  TapeLease& operator=(const TapeLease&) = delete;
  ~TapeLease() {
    if (tape_->bytes() <= kept_bytes) kept() = std::move(tape_);
  }

  Tape<T>& tape() { return *tape_; }

 private:
  static std::unique_ptr<Tape<T>>& kept() {
    thread_local std::unique_ptr<Tape<T>> tape;
    return tape;
  }

  std::unique_ptr<Tape<T>> tape_;
};

}  // namespace vade::detail
