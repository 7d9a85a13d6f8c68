// vade: reverse-mode automatic differentiation over whole matrices.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <limits>
#include <string_view>

#include <vade/autodiff/detail/adjoint_function.hpp>
#include <vade/autodiff/detail/buffer.hpp>
#include <vade/autodiff/detail/evaluate.hpp>
#include <vade/autodiff/parameter.hpp>
#include <vade/core/checks.hpp>
#include <vade/core/matrix.hpp>

/// The idea. A computation is recorded as a list of nodes, in the order in which they were computed. A node holds a
/// matrix, its value v, and how to hand its adjoint v̄ = ∂loss/∂v on to the nodes that it was computed from. Walking
/// the list backward from the loss, with loss̄ = 1, visits every node after all its uses, so v̄ is complete when its
/// turn comes. One sweep gives the gradient with respect to everything, at about twice the cost of the values.
///
/// A worked example, f(x) = Σ x², x = [1 2 3]:
///     Tape<double> tape;
///     Parameter<double> x("x", (Matrix<double>(1, 3) << 1, 2, 3).finished());
///     Var<double> f = sum(square(tape.parameter(x)));   // nodes: x, square, sum; f.scalar() == 14
///     tape.backward(f);                                 // x.gradient() == [2 4 6]
///
/// Nodes keep their memory when the tape is cleared, so that a training step allocates nothing after the first.
/// A tape belongs to one thread at a time; operations use the library's pool inside.
///
/// Whoever adds an operation follows one pattern, value and adjoint side by side (see `pointwise.hpp`): make the
/// output with `record`, fill its value, state its adjoint as one line for each input.
namespace vade {

/// A handle to one node of a tape: two words, copied freely, valid until the tape is cleared. All members but `node`
/// @throw StateError for a handle of no tape, or of a recording that was cleared.
template <Real T>
class Var {
 public:
  Var() = default;

  Tape<T>& tape() const;
  Index node() const { return static_cast<Index>(node_); }
  Index rows() const;
  Index cols() const;
  Index size() const { return rows() * cols(); }

  /// v `[rows x cols]`.
  ConstMatrixView<T> value() const;
  /// v, to be filled by the operation that made the node, or with data.
  MatrixView<T> mutable_value() const;
  /// v̄ `[rows x cols]`, after `Tape::backward`; zeros where the sweep did not come, or not yet. Reading changes nothing.
  ConstMatrixView<T> adjoint() const;
  /// The only entry of a `[1 x 1]` value. @throws ShapeError
  T scalar() const;

  /// Whether anything that this was computed from is a parameter.
  bool needs_gradient() const;
  /// Where v̄ is written. `first` tells the caller to assign; otherwise to add. Only where `needs_gradient()`.
  MatrixView<T> adjoint_target(bool& first) const;
  /// v̄ += `term`, any Eigen expression of the same shape; nothing if no gradient is needed.
  template <class Expression>
  void accumulate(const Expression& term) const;
  /// States the adjoint of this node: `closure()` reads this adjoint and accumulates into its inputs.
  template <class Closure>
  void on_backward(const Closure& closure) const;

 private:
  friend class Tape<T>;
  Var(Tape<T>* tape, Index node, std::uint64_t recording)
      : tape_(tape), node_(static_cast<std::uint32_t>(node)), recording_(static_cast<std::uint32_t>(recording)) {}

  Tape<T>* tape_ = nullptr;
  std::uint32_t node_ = 0;
  std::uint32_t recording_ = 0;  // the low half of the tape's count: a handle would have to outlive 2^32 recordings
};

/// The recording. Not thread-safe, and not to be moved while variables point to it.
template <Real T>
class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A node without gradient, to be filled through `mutable_value`. Contents are undefined until then.
  Var<T> constant(Index rows, Index columns) { return add(rows, columns, false); }

  /// A node without gradient that holds a copy of `matrix`.
  template <class Derived>
  Var<T> constant(const Eigen::MatrixBase<Derived>& matrix) {
    const Var<T> v = constant(matrix.rows(), matrix.cols());
    v.mutable_value() = matrix;
    return v;
  }

  /// The node of a parameter: reads its value and writes its gradient, without a copy. The parameter must stay where
  /// it is until the tape is cleared. @throws ShapeError if value and gradient differ in shape
  Var<T> parameter(Parameter<T>& p) {
    const Index known = find(p);
    if (known >= 0) return var(known);
    check_shape("Tape::parameter", p.name(), p.gradient(), p.rows(), p.cols());
    const Var<T> v = add(p.rows(), p.cols(), recording_gradients_, p.value().data());
    if (recording_gradients_) node(v.node()).adjoint = p.gradient().data();
    node(v.node()).parameter = &p;
    p.recorded_.tape = this;
    p.recorded_.recording = recording_;
    p.recorded_.node = v.node();
    return v;
  }

  /// A parameter that only is read: no gradient is written, so it may be const.
  Var<T> parameter(const Parameter<T>& p) { return add(p.rows(), p.cols(), false, const_cast<T*>(p.value().data())); }

  /// The output of an operation on `inputs`, with undefined value: it needs a gradient if one of them does.
  /// @throws StateError if one of them is a variable of another tape
  Var<T> record(std::initializer_list<Var<T>> inputs, Index rows, Index columns) {
    bool needs_gradient = false;
    for (const Var<T>& input : inputs) {
      if (&input.tape() != this) throw StateError("Tape::record: an operand belongs to another tape");
      needs_gradient |= input.needs_gradient();
    }
    return add(rows, columns, needs_gradient);
  }

  /// Fills the adjoints of everything that `loss` `[1 x 1]` depends on. Once for a recording: a second sweep would add to
  /// the adjoints of the first. @throws ShapeError; ValueError for a loss without parameters; StateError for a second
  /// sweep or a loss of another tape
  void backward(Var<T> loss) {
    if (&loss.tape() != this) throw StateError("Tape::backward: the loss belongs to another tape");
    if (swept_) throw StateError("Tape::backward: this recording had its sweep, wanted clear() and a new recording");
    check_shape("Tape::backward", "loss", loss, 1, 1);
    if (!loss.needs_gradient()) throw ValueError("Tape::backward: the loss does not depend on any parameter");
    swept_ = true;
    loss.accumulate(Matrix<T>::Ones(1, 1));
    for (Index i = used_ - 1; i >= 0; --i) {  // what follows the loss has no adjoint, but may be a parameter
      Node& current = nodes_[static_cast<std::size_t>(i)];
      if (current.has_adjoint && current.backward) current.backward();
      if (current.parameter != nullptr) current.parameter->set_gradient_fresh(current.has_adjoint);
    }
  }

  /// Forgets the recording and keeps the memory. Its variables are refused from then on.
  void clear() {
    used_ = 0;
    swept_ = false;
    ++recording_;
  }

  /// Off: parameters are recorded as constants, so that no adjoint is stored and none can be computed.
  void record_gradients(bool on) { recording_gradients_ = on; }

  Index nodes() const { return used_; }
  /// Memory held by the nodes, in bytes.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Node& n : nodes_) sum += n.value_buffer.bytes() + n.adjoint_buffer.bytes();
    return sum;
  }

 private:
  friend class Var<T>;

  struct Node {
    Index rows = 0;
    Index columns = 0;
    T* value = nullptr;
    T* adjoint = nullptr;
    bool needs_gradient = false;
    bool has_adjoint = false;
    Parameter<T>* parameter = nullptr;
    detail::AdjointFunction backward;
    detail::Buffer<T> value_buffer;
    detail::Buffer<T> adjoint_buffer;
  };

  /// @throws ShapeError for a size below 0, or more entries than an `Index` can count the bytes of
  static void check_size(Index rows, Index columns) {
    constexpr Index most = std::numeric_limits<Index>::max() / Index{sizeof(T)};
    if (rows < 0 || columns < 0 || (columns > 0 && rows > most / columns))
      throw ShapeError(
          detail::message("Tape: a node is ", shape_text(rows, columns), ", wanted at most ", most, " entries"));
  }

  Var<T> add(Index rows, Index columns, bool needs_gradient, T* external = nullptr) {
    check_size(rows, columns);
    if (static_cast<std::size_t>(used_) == nodes_.size()) nodes_.emplace_back();
    Node& n = nodes_[static_cast<std::size_t>(used_)];
    n.rows = rows;
    n.columns = columns;
    n.value = external != nullptr ? external : n.value_buffer.reserve(rows * columns);
    n.adjoint = nullptr;
    n.needs_gradient = needs_gradient;
    n.has_adjoint = false;
    n.parameter = nullptr;
    n.backward.clear();
    return var(used_++);
  }

  Var<T> var(Index i) { return Var<T>(this, i, recording_); }
  Node& node(Index i) { return nodes_[static_cast<std::size_t>(i)]; }

  static Node& node_of(const Var<T>& v) {
    if (v.tape_ == nullptr) throw StateError("Var: it is on no tape, wanted a variable that was recorded");
    if (v.recording_ != static_cast<std::uint32_t>(v.tape_->recording_))
      throw StateError("Var: its tape was cleared since it was recorded, wanted a variable of this recording");
    return v.tape_->node(v.node());
  }

  /// The node of `p` in this recording, or −1. The parameter remembers it; it is searched for only where another tape
  /// recorded it since, or one that lived where this one lives.
  Index find(const Parameter<T>& p) {
    const auto& last = p.recorded_;
    if (last.tape == this && last.recording < recording_) return -1;
    if (last.tape == this && last.recording == recording_ && last.node < used_ && node(last.node).parameter == &p)
      return last.node;
    for (Index i = 0; i < used_; ++i)
      if (node(i).parameter == &p) return i;
    return -1;
  }

  std::deque<Node> nodes_;
  Index used_ = 0;
  std::uint64_t recording_ = 1;
  bool recording_gradients_ = true;
  bool swept_ = false;
};

template <Real T>
Tape<T>& Var<T>::tape() const {
  Tape<T>::node_of(*this);
  return *tape_;
}

template <Real T>
Index Var<T>::rows() const {
  return Tape<T>::node_of(*this).rows;
}

template <Real T>
Index Var<T>::cols() const {
  return Tape<T>::node_of(*this).columns;
}

template <Real T>
ConstMatrixView<T> Var<T>::value() const {
  const auto& n = Tape<T>::node_of(*this);
  return ConstMatrixView<T>(n.value, n.rows, n.columns);
}

template <Real T>
MatrixView<T> Var<T>::mutable_value() const {
  const auto& n = Tape<T>::node_of(*this);
  return MatrixView<T>(n.value, n.rows, n.columns);
}

template <Real T>
ConstMatrixView<T> Var<T>::adjoint() const {
  auto& n = Tape<T>::node_of(*this);
  if (n.has_adjoint) return ConstMatrixView<T>(n.adjoint, n.rows, n.columns);
  T* const zeros = n.adjoint_buffer.reserve(n.rows * n.columns);  // its own memory, also for a parameter
  std::fill_n(zeros, n.rows * n.columns, T{0});
  return ConstMatrixView<T>(zeros, n.rows, n.columns);
}

template <Real T>
T Var<T>::scalar() const {
  check_shape("Var::scalar", "value", *this, 1, 1);
  return value()(0, 0);
}

template <Real T>
bool Var<T>::needs_gradient() const {
  return Tape<T>::node_of(*this).needs_gradient;
}

template <Real T>
MatrixView<T> Var<T>::adjoint_target(bool& first) const {
  auto& n = Tape<T>::node_of(*this);
  if (n.adjoint == nullptr) n.adjoint = n.adjoint_buffer.reserve(n.rows * n.columns);
  first = !n.has_adjoint;
  n.has_adjoint = true;
  return MatrixView<T>(n.adjoint, n.rows, n.columns);
}

template <Real T>
template <class Expression>
void Var<T>::accumulate(const Expression& term) const {
  if (!needs_gradient()) return;
  bool first = false;
  MatrixView<T> target = adjoint_target(first);
  detail::evaluate(target, term, first);
}

template <Real T>
template <class Closure>
void Var<T>::on_backward(const Closure& closure) const {
  auto& n = Tape<T>::node_of(*this);
  if (n.needs_gradient) n.backward.set(closure);
}

}  // namespace vade
