#include <vade/mixture/full_covariance.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include <vade/mixture/gaussian_mixture.hpp>

namespace {

template <vade::Real T>
using FullMixture = vade::GaussianMixture<T, vade::FullCovariance>;

/// Two components in three dimensions, correlated in opposite ways.
template <vade::Real T>
FullMixture<T> two_components() {
  vade::RowVector<T> weights(2);
  vade::Matrix<T> means(2, 3), first(3, 3), second(3, 3);
  weights << T(0.6), T(0.4);
  means << 0, 0, 0, 2, 1, -1;
  first << 2, T(1.2), T(0.3), T(1.2), 1, T(0.1), T(0.3), T(0.1), T(0.5);
  second << 1, T(-0.6), 0, T(-0.6), 1, T(0.4), 0, T(0.4), 2;
  FullMixture<T> mixture;
  mixture.set_parameters(weights, means, {first, second});
  return mixture;
}

}  // namespace

TEST_CASE("log_prob with full covariances agrees with the formula, by determinant and inverse") {
  const auto mixture = two_components<double>();
  const auto x = mixture.sample(70, 2).rows;
  const std::vector<double> values = mixture.log_prob(x);
  for (vade::Index i = 0; i < x.rows(); ++i) {
    double density = 0;
    for (vade::Index k = 0; k < 2; ++k) {
      const vade::Matrix<double>& s = mixture.covariances()[static_cast<std::size_t>(k)];
      // Cramer's rule for three dimensions: rows of the adjugate are cross products.
      const Eigen::Vector3d d = (x.row(i) - mixture.means().row(k)).transpose();
      const auto cross = [&](vade::Index a, vade::Index b) {
        return Eigen::RowVector3d(s(a, 1) * s(b, 2) - s(a, 2) * s(b, 1), s(a, 2) * s(b, 0) - s(a, 0) * s(b, 2),
                                  s(a, 0) * s(b, 1) - s(a, 1) * s(b, 0));
      };
      const double determinant = s.row(0).dot(cross(1, 2));
      const double square =
          (d(0) * cross(1, 2).dot(d) + d(1) * cross(2, 0).dot(d) + d(2) * cross(0, 1).dot(d)) / determinant;
      density += mixture.weights()(k) * std::exp(-0.5 * square) /
                 std::sqrt(std::pow(2 * 3.14159265358979323846, 3) * determinant);
    }
    CHECK(values[static_cast<std::size_t>(i)] == doctest::Approx(std::log(density)).epsilon(1e-12));
  }
}

TEST_CASE("EM with full covariances agrees with scikit-learn from the same start") {
  // sklearn.mixture.GaussianMixture(2, covariance_type='full', weights_init=[.5, .5], means_init=[[0, 0], [3, 3]],
  // precisions_init=[eye(2), eye(2)], reg_covar=1e-6, tol=0, max_iter=4).fit(x), version 1.2.1: weights_, means_,
  // covariances_, score(x), aic(x), bic(x).
  vade::Matrix<double> x(8, 2), means(2, 2);
  x << 0, 0.5, 1, -0.5, 0.25, 1, 2, 1.5, 3, 2.5, 3.5, 4, 2.5, 3, 1.5, 2;
  means << 0, 0, 3, 3;
  const vade::Matrix<double> identity = vade::Matrix<double>::Identity(2, 2);
  FullMixture<double> mixture;
  mixture.fit_from(x, vade::RowVector<double>::Constant(2, 0.5), means, {identity, identity},
                   {.max_iterations = 4, .tolerance = 0});
  const std::vector<double> wanted = {0.3738191524888672, 0.6261808475111329, 0.417188004680877,  0.3322215394194324,
                                      2.495760034618253,  2.596389257444951,  0.180790787406188,  -0.222488071432686,
                                      -0.222488071432686, 0.389039392846092,  0.5087222785549101, 0.5070096168335506,
                                      0.5070096168335506, 0.7459157642169075, -2.109879194926865, 55.75806711882984,
                                      56.63192407730803};
  std::vector<double> got = {mixture.weights()(0), mixture.weights()(1)};
  got.insert(got.end(), mixture.means().data(), mixture.means().data() + 4);
  for (const auto& covariance : mixture.covariances()) got.insert(got.end(), covariance.data(), covariance.data() + 4);
  got.insert(got.end(), {mixture.mean_log_likelihood(x), mixture.aic(x), mixture.bic(x)});
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(wanted[i]).epsilon(1e-8));
  CHECK(mixture.free_parameters() == 11);
}

TEST_CASE_TEMPLATE("a fit with full covariances recovers correlations", T, float, double) {
  const auto truth = two_components<T>();
  const vade::Matrix<T> x = truth.sample(30000, 3).rows;
  FullMixture<T> mixture;
  CHECK(mixture.fit(x, {.clusters = 2, .max_iterations = 500, .tolerance = 1e-8}).converged);
  const vade::Index swap = mixture.weights()(0) > mixture.weights()(1) ? 0 : 1;
  for (vade::Index k = 0; k < 2; ++k) {
    const auto& got = mixture.covariances()[static_cast<std::size_t>(k ^ swap)];
    CHECK((got - truth.covariances()[static_cast<std::size_t>(k)]).cwiseAbs().maxCoeff() < T(0.12));
    CHECK((mixture.means().row(k ^ swap) - truth.means().row(k)).cwiseAbs().maxCoeff() < T(0.1));
  }
}

TEST_CASE("with full covariances the likelihood never falls with a floor of 0") {
  const vade::Matrix<double> x = two_components<double>().sample(3000, 1).rows;
  FullMixture<double> mixture;
  const auto report = mixture.fit(x, {.clusters = 4, .max_iterations = 50, .tolerance = 0, .variance_floor = 0});
  for (std::size_t i = 1; i < report.log_likelihood.size(); ++i)
    CHECK(report.log_likelihood[i] >= report.log_likelihood[i - 1] - 1e-12);
}

TEST_CASE("one full component is the mean and the covariance of the data, also a million away") {
  vade::Matrix<double> x = two_components<double>().sample(501, 5).rows;
  for (const double offset : {0.0, 1e6}) {
    x.array() += offset;
    FullMixture<double> mixture;
    mixture.fit(x, {.clusters = 1, .variance_floor = 0});
    const vade::Matrix<double> centred = x.rowwise() - x.colwise().mean();
    const vade::Matrix<double> wanted = centred.transpose() * centred / 501.0;
    CHECK((mixture.covariances()[0] - wanted).cwiseAbs().maxCoeff() < 1e-9);
  }
}

TEST_CASE("diagonal covariances in full form give what the diagonal form gives") {
  const vade::Matrix<double> x = two_components<double>().sample(200, 5).rows;
  vade::RowVector<double> weights(2);
  vade::Matrix<double> means(2, 3), variances(2, 3);
  weights << 0.25, 0.75;
  means << 1, 2, 3, -1, 0, 1;
  variances << 1, 2, 0.5, 0.1, 4, 3;
  vade::GaussianMixture<double> diagonal;
  diagonal.set_parameters(weights, means, variances);
  FullMixture<double> full;
  full.set_parameters(
      weights, means,
      {vade::Matrix<double>(variances.row(0).asDiagonal()), vade::Matrix<double>(variances.row(1).asDiagonal())});
  CHECK((diagonal.predict_proba(x) - full.predict_proba(x)).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(diagonal.mean_log_likelihood(x) == doctest::Approx(full.mean_log_likelihood(x)).epsilon(1e-13));
  CHECK((diagonal.sample(9, 1).rows - full.sample(9, 1).rows).cwiseAbs().maxCoeff() < 1e-13);
}

TEST_CASE("draws of a full component have its covariance") {
  const auto mixture = two_components<double>();
  const auto sample = mixture.sample(40000, 7);
  for (vade::Label k = 0; k < 2; ++k) {
    vade::Matrix<double> sum = vade::Matrix<double>::Zero(3, 3);
    double count = 0;
    for (vade::Index i = 0; i < 40000; ++i) {
      if (sample.labels[static_cast<std::size_t>(i)] != k) continue;
      const vade::RowVector<double> deviation = sample.rows.row(i) - mixture.means().row(k);
      sum += deviation.transpose() * deviation;
      count += 1;
    }
    CHECK((sum / count - mixture.covariances()[static_cast<std::size_t>(k)]).cwiseAbs().maxCoeff() < 0.06);
  }
}

TEST_CASE("a fit with full covariances is the same bytes for any number of threads") {
  const vade::Matrix<float> x = two_components<float>().sample(3000, 5).rows;
  const int before = vade::default_pool().threads();
  vade::set_threads(1);
  FullMixture<float> wanted;
  const auto report = wanted.fit(x, {.clusters = 3, .max_iterations = 8, .tolerance = 0});
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    FullMixture<float> mixture;
    CHECK(mixture.fit(x, {.clusters = 3, .max_iterations = 8, .tolerance = 0}).log_likelihood == report.log_likelihood);
    for (std::size_t k = 0; k < 3; ++k) CHECK(mixture.covariances()[k] == wanted.covariances()[k]);
  }
  vade::set_threads(before);
}

TEST_CASE("a component without rows is revived with the variances of the data") {
  const auto truth = two_components<double>();
  const vade::Matrix<double> x = truth.sample(1000, 5).rows;
  vade::Matrix<double> means = truth.means();
  means.row(1).setConstant(1e7);
  FullMixture<double> mixture;
  CHECK(mixture.fit_from(x, truth.weights(), means, truth.covariances(), {}).revived == 1);
  CHECK(mixture.weights().minCoeff() > 0.05);
}

TEST_CASE_TEMPLATE("data with two equal columns, large and small, have a mixture in either precision", T, float, double) {
  vade::Matrix<double> x(500, 3);
  vade::fill_normal(x, 1, vade::Purpose::user);
  for (const double scale : {0.1, 10.0, 100.0}) {
    vade::Matrix<T> wide = (scale * x).cast<T>();
    wide.col(1) = wide.col(0);
    wide.col(2) *= T(1e-3);
    FullMixture<T> mixture;
    CHECK_NOTHROW(mixture.fit(wide, {.clusters = 2, .variance_floor = 1e-9}));
    const vade::Matrix<T>& got = mixture.covariances()[0];
    CHECK(std::abs(got(0, 0) / got(0, 1) - 1) < T(1e-5));
    CHECK(std::isfinite(mixture.mean_log_likelihood(wide)));
  }
}

TEST_CASE("covariances that no memory holds are refused with their sizes, before any is made") {
  const vade::Matrix<float> x = vade::Matrix<float>::Zero(2, 3000000);
  FullMixture<float> mixture;
  CHECK_THROWS_WITH_AS(mixture.fit(x, {.clusters = 2}),
                       doctest::Contains("GaussianMixture: covariances of 2 components in 3000000 dimensions take"),
                       vade::ResourceError);
}

TEST_CASE("entries of a covariance mirror each other in the units of their own columns") {
  vade::Matrix<double> covariance(3, 3);
  covariance << 1e12, 3e-1, 1e5, 3e-1, 1e-12, 1e-7, 1e5, 1e-7, 1;
  const auto check = [&] { vade::FullCovariance::check("fit", {covariance}, 1, 3); };
  CHECK_NOTHROW(check());
  covariance(1, 2) = 2e-7;  // of deviations 1e-6 and 1
  CHECK_THROWS_WITH_AS(check(), doctest::Contains("entries (2, 1) and (1, 2) that differ by 1e-07, wanted a symmetric"),
                       vade::ValueError);
}

TEST_CASE("covariances that are none are refused") {
  auto mixture = two_components<double>();
  auto covariances = mixture.covariances();
  covariances[1](0, 1) = std::nan("");
  CHECK_THROWS_WITH_AS(
      mixture.set_parameters(mixture.weights(), mixture.means(), covariances),
      "GaussianMixture: the covariance of component 1 has nan at row 0, column 1, wanted finite values",
      vade::ValueError);
  covariances[1](0, 1) = 0.5;
  CHECK_THROWS_AS(mixture.set_parameters(mixture.weights(), mixture.means(), covariances), vade::ValueError);
  covariances[1] = vade::Matrix<double>::Ones(3, 3);
  CHECK_THROWS_AS(mixture.set_parameters(mixture.weights(), mixture.means(), covariances), vade::ValueError);
  covariances[1] = vade::Matrix<double>::Identity(2, 2);
  CHECK_THROWS_AS(mixture.set_parameters(mixture.weights(), mixture.means(), covariances), vade::ShapeError);
  covariances.pop_back();
  CHECK_THROWS_AS(mixture.set_parameters(mixture.weights(), mixture.means(), covariances), vade::ShapeError);
  vade::Matrix<double> x = mixture.sample(50, 1).rows;
  x.col(2) = x.col(1);
  CHECK_THROWS_AS(mixture.fit(x, {.clusters = 1, .variance_floor = 0}), vade::ValueError);
  CHECK_NOTHROW(mixture.fit(x, {.clusters = 1}));
}
