// vade: a dense layer with batch normalisation.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include <vade/autodiff/normalisation.hpp>
#include <vade/nn/dense.hpp>

namespace vade {

/// y = f(BN(x w)): a dense product, batch normalisation with learned gain and shift, an activation. The product has no
/// bias, since the normalisation would remove it. Called on a mutable layer it uses, and remembers, the statistics of
/// the batch; on a const layer it uses the remembered ones: an exponential average with weight `momentum` on the new.
/// Both variances have the divisor B of the batch, so that inference computes what training computed. Statistics that
/// are not finite are not remembered, so that one overflowing batch does not spoil a layer for good.
template <Real T, Activation A = Relu>
class BatchNormDense {
 public:
  BatchNormDense() = default;

  /// @throws ValueError for widths below 1 or momentum outside [1e-6, 1]
  BatchNormDense(const std::string& name, Index inputs, Index outputs, std::uint64_t seed, std::uint32_t layer,
                 double momentum = 0.1)
      : momentum_(static_cast<T>(momentum)) {
    check_at_least<Index>("BatchNormDense", name + ": inputs", inputs, 1);
    check_at_least<Index>("BatchNormDense", name + ": outputs", outputs, 1);
    check_between("BatchNormDense", name + ": momentum", momentum, 1e-6, 1.0);
    weight_ = Parameter<T>(name + ".weight", initial_weights<T>(Initialiser::he, inputs, outputs, seed, layer));
    gain_ = Parameter<T>(name + ".gain", Matrix<T>::Ones(1, outputs));
    shift_ = Parameter<T>(name + ".shift", Matrix<T>::Zero(1, outputs));
    running_mean_.setZero(outputs);
    running_variance_.setOnes(outputs);
  }

  Index inputs() const { return weight_.rows(); }
  Index outputs() const { return weight_.cols(); }

  /// y `[B x outputs]` by the statistics of the batch, B >= 2. @throws ShapeError, ValueError
  Var<T> operator()(Var<T> x) {
    Tape<T>& tape = x.tape();
    const Var<T> y = batch_normalise<A>(matmul(x, tape.parameter(weight_)), tape.parameter(gain_),
                                        tape.parameter(shift_), epsilon, batch_mean_, batch_variance_);
    if (batch_mean_.allFinite() && batch_variance_.allFinite()) {
      running_mean_ += momentum_ * (batch_mean_ - running_mean_);
      running_variance_ += momentum_ * (batch_variance_ - running_variance_);
    }
    return y;
  }

  /// y `[B x outputs]` by the remembered statistics. @throws ShapeError
  Var<T> operator()(Var<T> x) const {
    Tape<T>& tape = x.tape();
    const RowVector<T> scale = folded_scale();
    return activate<A>(matmul(x, tape.parameter(weight_)) * tape.constant(scale) + tape.constant(folded_bias()));
  }

  /// The plain dense layer that computes what this layer computes in inference:
  /// weight w_ij g_j r_j, bias s_j − m_j g_j r_j.
  Dense<T, A> folded(const std::string& name) const {
    Dense<T, A> dense(name, inputs(), outputs(), Initialiser::zero, 0, 0);
    dense.weight().value() = weight_.value().array().rowwise() * folded_scale().array();
    dense.bias().value() = folded_bias();
    return dense;
  }

  void for_each_parameter(auto&& visit) { visit(weight_), visit(gain_), visit(shift_); }
  void for_each_parameter(auto&& visit) const { visit(weight_), visit(gain_), visit(shift_); }

  /// What it remembers besides its parameters, for a `Checkpoint`.
  void for_each_state(auto&& visit) {
    visit(weight_.name() + ".running_mean", running_mean_);
    visit(weight_.name() + ".running_variance", running_variance_);
  }

 private:
  static constexpr T epsilon = static_cast<T>(1e-5);

  RowVector<T> folded_scale() const {
    return gain_.value().row(0).array() * (running_variance_.array() + epsilon).sqrt().inverse();
  }
  RowVector<T> folded_bias() const {
    return shift_.value().row(0).array() - running_mean_.array() * folded_scale().array();
  }

  Parameter<T> weight_;
  Parameter<T> gain_;
  Parameter<T> shift_;
  T momentum_ = static_cast<T>(0.1);
  RowVector<T> running_mean_;
  RowVector<T> running_variance_;
  RowVector<T> batch_mean_;
  RowVector<T> batch_variance_;
};

static_assert(Layer<BatchNormDense<float>, float>);

}  // namespace vade
