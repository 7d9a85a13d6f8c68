// vade: how you ask a fit to stop.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <utility>
#include <version>

#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

/// `StopSource` asks, `StopToken` answers whether it did. They are `std::stop_source` and `std::stop_token`, and
/// classes with the same calls where the standard library has none (libc++ before version 20).
namespace vade {

namespace detail {

/// Whether a stop was requested, shared with the `FlagStopSource` that it came from. Safe to ask from any thread. O(1).
class FlagStopToken {
 public:
  /// A token that nobody can stop.
  FlagStopToken() = default;

  bool stop_possible() const noexcept { return flag_ != nullptr; }
  bool stop_requested() const noexcept { return flag_ && flag_->load(std::memory_order_acquire); }

 private:
  friend class FlagStopSource;
  explicit FlagStopToken(std::shared_ptr<const std::atomic<bool>> flag) : flag_(std::move(flag)) {}

  std::shared_ptr<const std::atomic<bool>> flag_;
};

/// Requests a stop of all that have a token of this source or of its copies. Safe to call from any thread. O(1).
class FlagStopSource {
 public:
  FlagStopToken get_token() const noexcept { return FlagStopToken(flag_); }
  bool stop_possible() const noexcept { return true; }
  bool stop_requested() const noexcept { return flag_->load(std::memory_order_acquire); }
  /// True for the first request.
  bool request_stop() noexcept { return !flag_->exchange(true, std::memory_order_acq_rel); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace detail

#if defined(__cpp_lib_jthread)
using StopToken = std::stop_token;
using StopSource = std::stop_source;
#else
using StopToken = detail::FlagStopToken;
using StopSource = detail::FlagStopSource;
#endif

}  // namespace vade
