// vade: tests of testing/identities.hpp.
// SPDX-License-Identifier: MIT
#include <vade/testing/identities.hpp>

#include <doctest/doctest.h>

#include <vade/autodiff/structure.hpp>
#include <vade/elbo/vade.hpp>
#include <vade/elbo/vae.hpp>

// Each check passes for the library's own functions, and each of its identities is shown to catch a mistake.

namespace {

using vade::Matrix;
using vade::Var;
using vade::testing::check_divergence;
using vade::testing::check_responsibilities;
using vade::testing::check_vade_bound;
using vade::testing::check_vae_bound;
using vade::testing::IdentityReport;

/// The report fails, and one of the identities that fail begins with `name`.
bool catches(const IdentityReport& report, const std::string& name) {
  return !report.passed && report.text().find("FAILS  " + name) != std::string::npos;
}

const auto vae = [](const auto& in) { return vade::vae_terms(in.reconstruction, in.mean, in.log_variance).bound(); };

const auto exact_gamma = [](const auto& in) {
  return vade::exact_responsibilities(vade::expected_log_density(in.mean, in.log_variance, in.means, in.log_variances),
                                      in.weight_logits);
};

/// The library's bound at a γ.
const auto bound_at = [](const auto& in, Var<double> g) {
  const auto s = vade::expected_log_density(in.mean, in.log_variance, in.means, in.log_variances);
  return vade::vade_terms(in.reconstruction, in.log_variance, s, g, in.weight_logits).bound();
};

/// y = x with an adjoint that is 1.01 times the right one.
Var<double> wrongly_derived(Var<double> x) {
  const Var<double> y = x.tape().record({x}, x.rows(), x.cols());
  y.mutable_value() = x.value();
  y.on_backward([x, y] { x.accumulate(1.01 * y.adjoint().array()); });
  return y;
}

}  // namespace

TEST_CASE("V.3, V.7: the library's bound of the VAE keeps every identity") {
  const IdentityReport report = check_vae_bound(vae);
  CHECK_MESSAGE(report.passed, report.text());
  CHECK(report.identities.size() == 9);
  CHECK(report.text().find("FAILS") == std::string::npos);
}

TEST_CASE("D.2, D.8, D.10, D.11, D.12, D.13: the library's bound of VaDE keeps every identity") {
  const IdentityReport report = check_vade_bound([](const auto& in) { return bound_at(in, exact_gamma(in)); });
  CHECK_MESSAGE(report.passed, report.text());
  CHECK(report.identities.size() == 9);
}

TEST_CASE("R.1, R.2: the exact responsibilities keep every identity, the sampled ones of R.5 all but the maximum") {
  const IdentityReport exact = check_responsibilities(exact_gamma);
  CHECK_MESSAGE(exact.passed, exact.text());
  CHECK(exact.identities.size() == 5);
  const auto sampled = [](const auto& in) {
    return vade::sampled_responsibilities(in.mean, in.weight_logits, in.means, in.log_variances);
  };
  CHECK(catches(check_responsibilities(sampled), "no other point of the simplex"));
  CHECK(check_responsibilities(sampled, false).passed);
}

TEST_CASE("G.8: the library's divergence keeps every identity") {
  const IdentityReport report = check_divergence(
      [](const auto& in) { return vade::gaussian_kl(in.mean, in.log_variance, in.other_mean, in.other_log_variance); });
  CHECK_MESSAGE(report.passed, report.text());
  CHECK(report.identities.size() == 4);
}

TEST_CASE("Wrong bounds of a VAE are caught, each by an identity that says what is wrong") {
  const auto with_kl = [](const auto& kl) {
    return check_vae_bound([&kl](const auto& in) { return in.reconstruction - mean(row_sums(kl(in))); });
  };
  CHECK(catches(with_kl([](const auto& in) {
                  return 0.5 * square(in.mean) + 0.5 * exp(in.log_variance) - in.log_variance + -0.5;
                }),
                "the divergence is never negative"));
  CHECK(catches(with_kl([](const auto& in) { return square(in.mean) + exp(in.log_variance) + -1.0 - in.log_variance; }),
                "at the exact posterior"));
  CHECK(
      catches(with_kl([](const auto& in) { return 0.5 * (square(in.mean) + exp(in.log_variance) - in.log_variance); }),
              "the divergence is zero where"));
  CHECK(catches(with_kl([](const auto& in) {  // σ for σ²
                  return 0.5 * (square(in.mean) + exp(0.5 * in.log_variance) + -1.0 - in.log_variance);
                }),
                "the divergence is never negative"));
  CHECK(catches(with_kl([](const auto& in) {  // half of the divergence: a bound of something else
                  return 0.25 * (square(in.mean) + exp(in.log_variance) + -1.0 - in.log_variance);
                }),
                "the bound is at most log p(x) with a code of 1"));
  CHECK(catches(
      with_kl([](const auto& in) { return 0.25 * (square(in.mean) + exp(in.log_variance) + -1.0 - in.log_variance); }),
      "the bound is at most log p(x) with a code of 2"));
  CHECK(catches(check_vae_bound([](const auto& in) { return 2.0 * vae(in); }), "the reconstruction counts once"));
  CHECK(catches(check_vae_bound([](const auto& in) {
                  return in.reconstruction - sum(vade::gaussian_kl_to_standard(in.mean, in.log_variance));
                }),
                "rows count alike"));
  CHECK(catches(check_vae_bound([](const auto& in) {  // the divergence of the first row alone
                  return in.reconstruction - mean(rows(vade::gaussian_kl_to_standard(in.mean, in.log_variance), 0, 1));
                }),
                "rows count alike"));
  CHECK(catches(check_vae_bound([](const auto& in) {
                  return vade::vae_terms(in.reconstruction, wrongly_derived(in.mean), in.log_variance).bound();
                }),
                "gradients are right"));
  CHECK(catches(check_vae_bound([](const auto& in) { return log(0.0 * vae(in) + -1.0); }), "the bound is at most"));
}

TEST_CASE("Wrong bounds of VaDE are caught, each by an identity that says what is wrong") {
  const auto check = [](const auto& bound) { return check_vade_bound(bound); };
  CHECK(catches(check([](const auto& in) {  // log π is not normalised
                  const auto s = vade::expected_log_density(in.mean, in.log_variance, in.means, in.log_variances);
                  return in.reconstruction +
                         mean(log_sum_exp(s + in.weight_logits) + vade::gaussian_entropy(in.log_variance));
                }),
                "a shift of all weight logits"));
  CHECK(catches(check([](const auto& in) {  // clusters add their terms without γ
                  const auto s = vade::expected_log_density(in.mean, in.log_variance, in.means, in.log_variances);
                  return in.reconstruction + mean(row_sums(s) + vade::gaussian_entropy(in.log_variance));
                }),
                "equal clusters are one"));
  CHECK(catches(check([](const auto& in) {  // the entropy without its ½
                  const auto s = vade::expected_log_density(in.mean, in.log_variance, in.means, in.log_variances);
                  return in.reconstruction + mean(log_sum_exp(s + log_softmax(in.weight_logits)) +
                                                  2.0 * vade::gaussian_entropy(in.log_variance));
                }),
                "K = 1 gives"));
  CHECK(catches(check([](const auto& in) {  // the first cluster is favoured
                  const auto g = exact_gamma(in);
                  return bound_at(in, g) + 0.1 * mean(columns(g, 0, 1)) - 0.1 * mean(g * g);
                }),
                "the order of the clusters"));
  CHECK(catches(check([](const auto& in) { return bound_at(in, exact_gamma(in)) + 0.5; }), "at the exact posterior"));
  CHECK(catches(check([](const auto& in) { return bound_at(in, exact_gamma(in)) + 5.0; }), "the bound is at most"));
  CHECK(catches(check([](const auto& in) {
                  const auto s =
                      vade::expected_log_density(in.mean, in.log_variance, wrongly_derived(in.means), in.log_variances);
                  return in.reconstruction +
                         mean(log_sum_exp(s + log_softmax(in.weight_logits)) + vade::gaussian_entropy(in.log_variance));
                }),
                "gradients are right"));
}

TEST_CASE("Wrong responsibilities are caught") {
  CHECK(catches(check_responsibilities([](const auto& in) { return 0.99 * exact_gamma(in); }),
                "responsibilities sum to one"));
  CHECK(catches(check_responsibilities([](const auto& in) {  // linear space
                  const auto s = vade::expected_log_density(in.mean, in.log_variance, in.means, in.log_variances);
                  const auto p = exp(s + log_softmax(in.weight_logits));
                  return p / row_sums(p);  // far away the smallest numbers, all alike
                }),
                "no other point of the simplex"));
  CHECK(catches(check_responsibilities([](const auto& in) {  // log π is left out
                  return softmax(vade::expected_log_density(in.mean, in.log_variance, in.means, in.log_variances));
                }),
                "equal clusters share by their weights"));
  CHECK(catches(check_responsibilities([](const auto& in) { return 1.5 * exact_gamma(in) + -0.125; }),
                "responsibilities are not negative"));
  CHECK(catches(check_responsibilities([](const auto& in) {
                  Matrix<double> tilt(1, 4);
                  tilt << 0.3, 0, 0, 0;
                  return vade::exact_responsibilities(
                      vade::expected_log_density(in.mean, in.log_variance, in.means, in.log_variances),
                      in.weight_logits + in.mean.tape().constant(tilt));
                }),
                "responsibilities follow the order"));
}

TEST_CASE("Wrong divergences are caught") {
  CHECK(catches(check_divergence([](const auto& in) {  // p and q exchanged
                  return vade::gaussian_kl(in.other_mean, in.other_log_variance, in.mean, in.log_variance);
                }),
                "the divergence is E_q"));
  CHECK(catches(check_divergence([](const auto& in) {  // the distance over the variance of q
                  const auto d = in.log_variance - in.other_log_variance;
                  return 0.5 * row_sums(square(in.mean - in.other_mean) * exp(-in.log_variance) + exp(d) - d + -1.0);
                }),
                "the divergence is E_q"));
  CHECK(catches(check_divergence([](const auto& in) {  // without −1
                  const auto d = in.log_variance - in.other_log_variance;
                  return 0.5 * row_sums(square(in.mean - in.other_mean) * exp(-in.other_log_variance) + exp(d) - d);
                }),
                "the divergence is zero at equality"));
  CHECK(catches(check_divergence([](const auto& in) {
                  return vade::gaussian_kl(wrongly_derived(in.mean), in.log_variance, in.other_mean,
                                           in.other_log_variance);
                }),
                "gradients are right"));
  CHECK(catches(check_divergence([](const auto& in) {
                  return -vade::gaussian_kl(in.mean, in.log_variance, in.other_mean, in.other_log_variance);
                }),
                "the divergence is not negative"));
}
