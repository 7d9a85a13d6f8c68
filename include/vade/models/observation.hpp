// vade: p(x|z), what the output of a decoder means.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include <vade/distributions/bernoulli.hpp>
#include <vade/distributions/gaussian.hpp>
#include <vade/models/network_options.hpp>

namespace vade {

/// p(x|z) for what a decoder gave for z, `decoded` `[B x D]`: logits of a Bernoulli likelihood, means of a Gaussian one.
/// A variance that is learned is a parameter, "observation.log_variance" `[1 x D]`, one number for each input, which fits set
/// in closed form, with a floor in the units of the data (`OnlineVariance`). log s² stays within ±`log_variance_bound`, so that
/// s² and 1 / s² are numbers. L.1 in docs/derivations/likelihoods_and_mixtures.md. All costs are O(B D).
template <Real T>
class Observation {
 public:
  static constexpr T log_variance_bound = T{80};

  Observation() = default;

  /// log s² starts at the variance of the options. @throws ValueError for a variance that is 0 or infinite in T
  explicit Observation(const NetworkOptions& options)
      : likelihood_(options.likelihood),
        variance_(static_cast<T>(options.observation_variance)),
        inputs_(options.inputs) {
    if (!(variance_ > 0) || !std::isfinite(variance_))
      throw ValueError(detail::message("Observation: observation_variance is ", options.observation_variance,
                                       ", in the type of the parameters ", variance_, ", wanted a positive, finite number"));
    if (options.learn_observation_variance)
      log_variance_ = Parameter<T>(log_variance_name, Matrix<T>::Constant(1, inputs_, std::log(variance_)));
  }

  /// (1/B) Σ_i log p(x_i | z_i), `[1 x 1]`. @throws ShapeError
  Var<T> mean_log_prob(Var<T> decoded, Var<T> x) { return mean_log_prob(*this, decoded, x); }
  Var<T> mean_log_prob(Var<T> decoded, Var<T> x) const { return mean_log_prob(*this, decoded, x); }

  /// log p(x_i | z_i) of each row, `[B x 1]`: the rows that `mean_log_prob` is the mean of. @throws ShapeError
  Var<T> log_prob(Var<T> decoded, Var<T> x) { return log_prob(*this, decoded, x); }
  Var<T> log_prob(Var<T> decoded, Var<T> x) const { return log_prob(*this, decoded, x); }

  /// E[x|z] `[B x D]`.
  Var<T> expectation(Var<T> decoded) const {
    return likelihood_ == Likelihood::bernoulli ? sigmoid(decoded) : decoded;
  }

  /// s² of each input `[1 x D]`. @throws StateError for a Bernoulli likelihood, which has no variance of its own
  RowVector<T> variances() const {
    if (likelihood_ == Likelihood::bernoulli)
      throw StateError("Observation::variances: the likelihood is Bernoulli, wanted a Gaussian one");
    if (!learned()) return RowVector<T>::Constant(inputs_, variance_);
    return log_variance_.value().array().max(-log_variance_bound).min(log_variance_bound).exp().matrix();
  }

  /// `visit(name, rows, columns)` for each parameter that it has under these options, without making it. O(1).
  static void for_each_shape(const NetworkOptions& options, auto&& visit) {
    if (options.learn_observation_variance) visit(std::string(log_variance_name), Index{1}, options.inputs);
  }

  Index inputs() const { return inputs_; }
  bool is_gaussian() const { return likelihood_ == Likelihood::gaussian; }
  /// Whether s² is a parameter.
  bool learns_variance() const { return learned(); }

  /// Sets s² `[1 x D]`, within the bound. @throws StateError unless it is learned; ShapeError; ValueError unless all are positive
  void set_variances(const RowVector<double>& variances) {
    if (!learned()) throw StateError("Observation::set_variances: the variance is not learned");
    check_shape("Observation::set_variances", "variances", variances, 1, inputs_);
    for (Index j = 0; j < inputs_; ++j) check_positive("Observation::set_variances", "a variance", variances(j));
    const auto bound = static_cast<double>(log_variance_bound);
    log_variance_.value() = variances.array().log().max(-bound).min(bound).matrix().template cast<T>();
  }

  void for_each_parameter(auto&& visit) {
    if (learned()) visit(log_variance_);
  }
  void for_each_parameter(auto&& visit) const {
    if (learned()) visit(log_variance_);
  }

 private:
  static constexpr const char* log_variance_name = "observation.log_variance";

  bool learned() const { return log_variance_.cols() > 0; }

  static Var<T> mean_log_prob(auto& self, Var<T> decoded, Var<T> x) {
    if (self.likelihood_ == Likelihood::bernoulli) return bernoulli_mean_log_prob(decoded, x);
    if (!self.learned()) return gaussian_mean_log_prob(decoded, x, self.variance_);
    return gaussian_mean_log_prob(decoded, x, log_variance(self, x.tape()));
  }

  static Var<T> log_prob(auto& self, Var<T> decoded, Var<T> x) {
    if (self.likelihood_ == Likelihood::bernoulli) return bernoulli_log_prob(decoded, x);
    return gaussian_log_prob(x, decoded, log_variance(self, x.tape()));
  }

  static Var<T> log_variance(auto& self, Tape<T>& tape) {
    if (!self.learned()) return tape.constant(Matrix<T>::Constant(1, 1, std::log(self.variance_)));
    return clamp(tape.parameter(self.log_variance_), -log_variance_bound, log_variance_bound);
  }

  Likelihood likelihood_ = Likelihood::bernoulli;
  T variance_ = T{1};
  Index inputs_ = 0;
  Parameter<T> log_variance_;  ///< empty unless it is learned
};

}  // namespace vade
