// vade: numbers that change as training goes on.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include <vade/core/checks.hpp>
#include <vade/core/exact_text.hpp>

namespace vade {

/// A rate or weight as a pure function of how far training is: nothing to save, and a resumed run continues exactly.
/// `epoch` counts passes as a real number (2.5 is half through the third), `epochs` is how many there will be.
class Schedule {
 public:
  /// `value`, always. @throws ValueError for one that is negative, not finite or above 1e100, like all makers
  static Schedule constant(double value) { return Schedule(Kind::constant, value); }

  /// `value · factor^⌊epoch / every⌋`, not below `floor`, which is at most `value`. @throws ValueError
  static Schedule step_decay(double value, double factor, double every, double floor = 0) {
    check_between("Schedule::step_decay", "factor", factor, 0.0, 1.0);
    check_positive("Schedule::step_decay", "every", every);
    check_between("Schedule::step_decay", "value", value, 0.0, most);
    check_between("Schedule::step_decay", "floor", floor, 0.0, value);
    return Schedule(Kind::step_decay, value, factor, every, floor);
  }

  /// From `value` down to `value · last` along half a cosine (Loshchilov and Hutter 2017). @throws ValueError
  static Schedule cosine(double value, double last = 0) {
    check_between("Schedule::cosine", "last", last, 0.0, 1.0);
    return Schedule(Kind::cosine, value, last);
  }

  /// From `value` down to `value · last` along a straight line. @throws ValueError
  static Schedule linear(double value, double last = 0) {
    check_between("Schedule::linear", "last", last, 0.0, 1.0);
    return Schedule(Kind::linear, value, last);
  }

  /// `value` for the first `1 − tail` of the epochs, then `value · factor`. @throws ValueError
  static Schedule drop(double value, double factor, double tail) {
    check_between("Schedule::drop", "factor", factor, 0.0, 1.0);
    check_between("Schedule::drop", "tail", tail, 0.0, 1.0);
    return Schedule(Kind::drop, value, factor, tail);
  }

  /// From `first` at epoch 0 linearly to `value` at epoch `over`, then `value`: the warm-up of a KL weight.
  /// @throws ValueError
  static Schedule warm_up(double first, double value, double over) {
    check_between("Schedule::warm_up", "first", first, 0.0, most);
    check_at_least("Schedule::warm_up", "over", over, 0.0);
    return Schedule(Kind::warm_up, value, first, over);
  }

  /// The value at `epoch` of `epochs`, both at least 0. Past the end cosine, line and drop keep their last value; steps and
  /// warm-up, which count epochs, go on.
  double at(double epoch, double epochs) const {
    const double done = epochs > 0 ? std::clamp(epoch / epochs, 0.0, 1.0) : 0.0;
    switch (kind_) {
      case Kind::constant: return value_;
      case Kind::step_decay: return std::max(c_, value_ * std::pow(a_, std::floor(epoch / b_)));
      case Kind::cosine: return value_ * (a_ + (1 - a_) * 0.5 * (1 + std::cos(3.14159265358979323846 * done)));
      case Kind::linear: return value_ * (1 - (1 - a_) * done);
      case Kind::drop: return epoch < epochs * (1 - b_) ? value_ : value_ * a_;
      case Kind::warm_up: return epoch < b_ ? a_ + (value_ - a_) * epoch / b_ : value_;
    }
    return value_;
  }

  /// The largest value that it takes: 0 is never on.
  double peak() const {
    if (kind_ == Kind::warm_up && b_ > 0) return std::max(a_, value_);
    if (kind_ == Kind::drop && !(b_ < 1)) return value_ * a_;  // all is tail
    return value_;
  }

  /// Kind and numbers: equal for equal schedules.
  std::string text() const {
    static constexpr const char* names[] = {"constant", "step_decay", "cosine", "linear", "drop", "warm_up"};
    std::string text = names[static_cast<int>(kind_)];
    for (const double number : {value_, a_, b_, c_}) text += " " + exact_text(number);
    return text;
  }

  /// Epochs before a warm-up has ended; 0 for all others. A run shorter than this never reaches `value`.
  double warm_up_epochs() const { return kind_ == Kind::warm_up ? b_ : 0.0; }

 private:
  enum class Kind { constant, step_decay, cosine, linear, drop, warm_up };

  Schedule(Kind kind, double value, double a = 0, double b = 0, double c = 0)
      : kind_(kind), value_(value), a_(a), b_(b), c_(c) {
    check_between("Schedule", "value", value, 0.0, most);
  }

  static constexpr double most = 1e100;  // times a number of epochs, it is far from overflow

  Kind kind_;
  double value_;
  double a_;
  double b_;
  double c_;
};

}  // namespace vade
