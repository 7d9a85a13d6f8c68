#include <vade/mixture/gaussian_mixture.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

namespace {

/// The mixture that most tests draw from: K = 3 in two dimensions.
template <vade::Real T>
vade::GaussianMixture<T> three_components() {
  vade::RowVector<T> weights(3);
  vade::Matrix<T> means(3, 2), variances(3, 2);
  weights << T(0.5), T(0.3), T(0.2);
  means << 0, 0, 6, 1, -2, 7;
  variances << 1, T(0.25), T(0.5), 2, T(1.5), 1;
  vade::GaussianMixture<T> mixture;
  mixture.set_parameters(weights, means, variances);
  return mixture;
}

/// log p(x) by the formula, one row at a time.
double direct_log_prob(const vade::GaussianMixture<double>& mixture, const vade::RowVector<double>& x) {
  std::vector<double> terms;
  for (vade::Index k = 0; k < mixture.clusters(); ++k) {
    double term = std::log(mixture.weights()(k));
    for (vade::Index j = 0; j < mixture.latent(); ++j) {
      const double difference = x(j) - mixture.means()(k, j);
      const double variance = mixture.variances()(k, j);
      term -= 0.5 * (std::log(2 * 3.14159265358979323846 * variance) + difference * difference / variance);
    }
    terms.push_back(term);
  }
  return vade::exponential_sum<double>(terms).log();
}

template <vade::Real T>
std::vector<vade::Index> by_weight(const vade::GaussianMixture<T>& mixture) {
  std::vector<vade::Index> order(static_cast<std::size_t>(mixture.clusters()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](vade::Index a, vade::Index b) { return mixture.weights()(a) > mixture.weights()(b); });
  return order;
}

}  // namespace

TEST_CASE_TEMPLATE("a fit recovers the mixture that the data are drawn from", T, float, double) {
  const vade::GaussianMixture<T> truth = three_components<T>();
  const auto data = truth.sample(20000, 4);
  vade::GaussianMixture<T> mixture;
  const auto report = mixture.fit(data.rows, {.clusters = 3, .tolerance = 1e-7});
  CHECK(report.converged);
  CHECK(report.revived == 0);
  CHECK(report.iterations == static_cast<int>(report.log_likelihood.size()));
  const std::vector<vade::Index> order = by_weight(mixture);
  for (vade::Index k = 0; k < 3; ++k) {
    const vade::Index found = order[static_cast<std::size_t>(k)];
    CHECK(std::abs(mixture.weights()(found) - truth.weights()(k)) < T(0.01));
    for (vade::Index j = 0; j < 2; ++j) {
      CHECK(std::abs(mixture.means()(found, j) - truth.means()(k, j)) < T(0.05));
      CHECK(static_cast<double>(mixture.variances()(found, j)) ==
            doctest::Approx(static_cast<double>(truth.variances()(k, j))).epsilon(0.06));
    }
  }
  const vade::Labels labels = mixture.predict(data.rows);
  int right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += order[static_cast<std::size_t>(data.labels[i])] == labels[i];
  CHECK(right > 19900);
}

TEST_CASE("the likelihood never falls with a floor of 0") {
  const auto data = three_components<double>().sample(2000, 1);
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    vade::GaussianMixture<double> mixture;
    const auto report = mixture.fit(
        data.rows, {.clusters = 6, .max_iterations = 60, .tolerance = 0, .variance_floor = 0, .seed = seed});
    REQUIRE(report.log_likelihood.size() == 60);
    for (std::size_t i = 1; i < report.log_likelihood.size(); ++i)
      CHECK(report.log_likelihood[i] >= report.log_likelihood[i - 1] - 1e-12);
    CHECK(mixture.mean_log_likelihood(data.rows) >= report.log_likelihood.back() - 1e-12);
  }
}

TEST_CASE("log_prob agrees with the formula, at sizes around tiles and blocks") {
  const auto mixture = three_components<double>();
  for (const vade::Index rows : {1, 7, 8, 31, 32, 33, 500, 600}) {
    const auto x = mixture.sample(rows, 2).rows;
    const std::vector<double> values = mixture.log_prob(x);
    double sum = 0;
    for (vade::Index i = 0; i < rows; ++i) {
      CHECK(values[static_cast<std::size_t>(i)] == doctest::Approx(direct_log_prob(mixture, x.row(i))).epsilon(1e-13));
      sum += values[static_cast<std::size_t>(i)];
    }
    CHECK(mixture.mean_log_likelihood(x) == doctest::Approx(sum / static_cast<double>(rows)).epsilon(1e-13));
  }
}

TEST_CASE("responsibilities are those of Bayes' rule and sum to one, near and far") {
  const auto mixture = three_components<double>();
  vade::Matrix<double> x = mixture.sample(100, 3).rows;
  x.row(5) *= 1e3;
  x.row(6) *= 1e100;
  x.row(7) *= 1e150;
  const vade::Matrix<double> gamma = mixture.predict_proba(x);
  const vade::Labels labels = mixture.predict(x);
  const std::vector<double> values = mixture.log_prob(x);
  for (vade::Index i = 0; i < x.rows(); ++i) {
    CHECK(gamma.row(i).sum() == doctest::Approx(1.0).epsilon(1e-14));
    CHECK(gamma.row(i).minCoeff() >= 0.0);
    CHECK(std::isfinite(values[static_cast<std::size_t>(i)]));
    vade::Index best = 0;
    gamma.row(i).maxCoeff(&best);
    CHECK(labels[static_cast<std::size_t>(i)] == static_cast<vade::Label>(best));
    if (i > 4 && i < 8) continue;
    for (vade::Index k = 0; k < 3; ++k) {
      vade::GaussianMixture<double> alone;
      alone.set_parameters(vade::RowVector<double>::Ones(1), mixture.means().row(k), mixture.variances().row(k));
      const double joint = std::log(mixture.weights()(k)) + alone.log_prob(x.row(i))[0];
      CHECK(gamma(i, k) == doctest::Approx(std::exp(joint - values[static_cast<std::size_t>(i)])).epsilon(1e-11));
    }
  }
}

TEST_CASE_TEMPLATE("what is computed for a row does not depend on the rows beside it", T, float, double) {
  const auto mixture = three_components<T>();
  const vade::Matrix<T> x = mixture.sample(700, 3).rows;
  const std::vector<double> values = mixture.log_prob(x);
  const vade::Matrix<T> gamma = mixture.predict_proba(x);
  for (vade::Index i = 0; i < x.rows(); i += 23) {
    CHECK(mixture.log_prob(x.middleRows(i, 1))[0] == values[static_cast<std::size_t>(i)]);
    CHECK(mixture.predict_proba(x.middleRows(i, 1)).row(0) == gamma.row(i));
  }
}

TEST_CASE("one component is the mean and the variance of the data, plus the floor's share of it") {
  const vade::Matrix<double> x = three_components<double>().sample(777, 5).rows;
  vade::GaussianMixture<double> mixture;
  const auto report = mixture.fit(x, {.clusters = 1, .variance_floor = 0.125});
  CHECK(report.converged);
  const vade::RowVector<double> mean = x.colwise().mean();
  for (vade::Index j = 0; j < 2; ++j) {
    CHECK(mixture.means()(0, j) == doctest::Approx(mean(j)).epsilon(1e-13));
    const double variance = (x.col(j).array() - mean(j)).square().mean();
    CHECK(mixture.variances()(0, j) == doctest::Approx(1.125 * variance).epsilon(1e-13));
  }
  CHECK(mixture.weights()(0) == 1.0);
}

TEST_CASE("EM agrees with scikit-learn from the same start") {
  // sklearn.mixture.GaussianMixture(2, covariance_type='diag', weights_init=[.5, .5], means_init=[[0, 0], [3, 3]],
  // precisions_init=[[1, 1], [1, 1]], reg_covar=1e-6, tol=0, max_iter=4).fit(x), version 1.2.1: weights_, means_,
  // covariances_, score(x), aic(x), bic(x).
  vade::Matrix<double> x(8, 2), means(2, 2);
  x << 0, 0.5, 1, -0.5, 0.25, 1, 2, 1.5, 3, 2.5, 3.5, 4, 2.5, 3, 1.5, 2;
  means << 0, 0, 3, 3;
  vade::GaussianMixture<double> mixture;
  const auto report = mixture.fit_from(x, vade::RowVector<double>::Constant(2, 0.5), means,
                                       vade::Matrix<double>::Ones(2, 2), {.max_iterations = 4, .tolerance = 0});
  CHECK(report.iterations == 4);
  CHECK_FALSE(report.converged);
  const std::vector<double> wanted = {0.3766070416589272, 0.6233929583410729, 0.4224087100928505, 0.3411168411286332,
                                      2.501901704939754,  2.601141020132165,  0.1864951666436203, 0.399611001023447,
                                      0.5004783081963761, 0.7424633656964746, -2.689697077353209, 61.03515323765134,
                                      61.75012711276986};
  const std::vector<double> got = {mixture.weights()(0),
                                   mixture.weights()(1),
                                   mixture.means()(0, 0),
                                   mixture.means()(0, 1),
                                   mixture.means()(1, 0),
                                   mixture.means()(1, 1),
                                   mixture.variances()(0, 0),
                                   mixture.variances()(0, 1),
                                   mixture.variances()(1, 0),
                                   mixture.variances()(1, 1),
                                   mixture.mean_log_likelihood(x),
                                   mixture.aic(x),
                                   mixture.bic(x)};
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(wanted[i]).epsilon(1e-9));
  CHECK(mixture.free_parameters() == 9);
}

TEST_CASE("the order of the rows does not matter") {
  const vade::Matrix<double> x = three_components<double>().sample(1500, 5).rows;
  vade::RandomStream stream(1, vade::Purpose::user);
  const auto order = vade::random_permutation(x.rows(), stream);
  vade::Matrix<double> mixed(x.rows(), x.cols());
  for (vade::Index i = 0; i < x.rows(); ++i) mixed.row(i) = x.row(order[static_cast<std::size_t>(i)]);
  const auto start = three_components<double>();
  vade::GaussianMixture<double> a, b;
  a.fit_from(x, start.weights(), start.means(), start.variances(), {.max_iterations = 10, .tolerance = 0});
  b.fit_from(mixed, start.weights(), start.means(), start.variances(), {.max_iterations = 10, .tolerance = 0});
  CHECK((a.means() - b.means()).cwiseAbs().maxCoeff() < 1e-11);
  CHECK((a.variances() - b.variances()).cwiseAbs().maxCoeff() < 1e-11);
}

TEST_CASE("a fit is the same bytes for any number of threads") {
  const vade::Matrix<float> x = three_components<float>().sample(5000, 5).rows;
  const int before = vade::default_pool().threads();
  vade::set_threads(1);
  vade::GaussianMixture<float> wanted;
  const auto report = wanted.fit(x, {.clusters = 7, .restarts = 2, .max_iterations = 12, .tolerance = 0});
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    vade::GaussianMixture<float> mixture;
    CHECK(mixture.fit(x, {.clusters = 7, .restarts = 2, .max_iterations = 12, .tolerance = 0}).log_likelihood ==
          report.log_likelihood);
    CHECK(std::memcmp(mixture.means().data(), wanted.means().data(), 14 * sizeof(float)) == 0);
    CHECK(std::memcmp(mixture.variances().data(), wanted.variances().data(), 14 * sizeof(float)) == 0);
    CHECK(mixture.log_prob(x) == wanted.log_prob(x));
  }
  vade::set_threads(before);
}

TEST_CASE_TEMPLATE("an offset of a million moves the means and nothing else", T, float, double) {
  vade::Matrix<T> x = three_components<T>().sample(3000, 6).rows;
  x = (x.array() * T(4)).round().matrix();  // exact when shifted, in single precision, too
  const vade::Matrix<T> far_away = (x.array() + T(1e6)).matrix();
  vade::GaussianMixture<T> near, far;
  const auto a = near.fit(x, {.clusters = 3, .tolerance = 1e-8});
  const auto b = far.fit(far_away, {.clusters = 3, .tolerance = 1e-8});
  CHECK(a.log_likelihood.back() == doctest::Approx(b.log_likelihood.back()).epsilon(1e-9));
  CHECK((far.means().array() - T(1e6) - near.means().array()).abs().maxCoeff() < T(0.07));
  CHECK((far.variances() - near.variances()).cwiseAbs().maxCoeff() < T(1e-4));
}

TEST_CASE("single precision data far from the mean have no negative variance (scikit-learn#30382)") {
  vade::Matrix<float> x(400, 1);
  for (vade::Index i = 0; i < 400; ++i) {
    vade::RandomStream stream(2, vade::Purpose::user, 0, static_cast<std::uint32_t>(i));
    x(i, 0) = (i % 2 == 0 ? 5000.0f : -5000.0f) + 0.1f * stream.normal<float>();
  }
  vade::GaussianMixture<float> mixture;
  mixture.fit(x, {.clusters = 2, .variance_floor = 0});
  for (vade::Index k = 0; k < 2; ++k) {
    CHECK(mixture.variances()(k, 0) > 0.007f);
    CHECK(mixture.variances()(k, 0) < 0.013f);
  }
}

TEST_CASE("identical rows are an error with several clusters or floor 0, and fine with a floor") {
  const vade::Matrix<double> x = vade::Matrix<double>::Constant(20, 2, 3.5);
  vade::GaussianMixture<double> mixture;
  CHECK_THROWS_AS(mixture.fit(x, {.clusters = 2}), vade::ValueError);
  CHECK_THROWS_WITH_AS(mixture.fit(x, {.clusters = 1, .variance_floor = 0}),
                       "GaussianMixture: component 0 has variance 0 in dimension 0, wanted a positive one (raise "
                       "variance_floor)",
                       vade::ValueError);
  CHECK_FALSE(mixture.fitted());
  mixture.fit(x, {.clusters = 1});
  CHECK(mixture.means()(0, 1) == 3.5);
  CHECK(mixture.variances()(0, 1) == 1e-6);
}

TEST_CASE("a component that lost all rows is revived at a badly explained row, and counted") {
  const auto truth = three_components<double>();
  const vade::Matrix<double> x = truth.sample(2000, 5).rows;
  vade::Matrix<double> means = truth.means();
  means.row(2) << 1e6, 1e6;  // explains nothing
  vade::GaussianMixture<double> mixture;
  const auto report = mixture.fit_from(x, truth.weights(), means, truth.variances(), {.tolerance = 1e-6});
  CHECK(report.revived == 1);
  CHECK(report.converged);
  CHECK(mixture.mean_log_likelihood(x) == doctest::Approx(truth.mean_log_likelihood(x)).epsilon(0.01));
}

TEST_CASE("what was revived is estimated: nothing is revived after the last M step") {
  vade::Matrix<double> x(400, 1);
  vade::fill_normal(x, 3, vade::Purpose::user);
  x(399, 0) = 1000;
  vade::Matrix<double> means(3, 1);
  means << -1, 1, 1e9;  // the last explains nothing
  for (const int iterations : {1, 2, 3}) {
    vade::GaussianMixture<double> mixture;
    const auto report = mixture.fit_from(x, vade::RowVector<double>::Constant(3, 1.0 / 3), means,
                                         vade::Matrix<double>::Ones(3, 1), {.max_iterations = iterations});
    CHECK(report.revived == (iterations == 1 ? 0 : 1));
    CHECK(mixture.weights()(2) < 0.01);  // none, or the outlier
    CHECK(mixture.mean_log_likelihood(x) > report.log_likelihood.back());
  }
}

TEST_CASE("a component of weight 0 has no row, however far the others are") {
  vade::RowVector<double> weights(2);
  weights << 1, 0;
  vade::Matrix<double> means(2, 1), x(3, 1);
  means << 0, 100;
  x << 100, -1e150, 3;
  vade::GaussianMixture<double> mixture;
  mixture.set_parameters(weights, means, vade::Matrix<double>::Ones(2, 1));
  CHECK(mixture.predict(x) == vade::Labels{0, 0, 0});
  CHECK(mixture.predict_proba(x).col(1).isZero(0));
  CHECK(mixture.log_prob(x)[0] == doctest::Approx(-5000 - 0.5 * std::log(2 * 3.14159265358979323846)));
}

TEST_CASE("components that cannot be revived any more keep a finite mixture") {
  vade::Matrix<double> x(40, 1), means(3, 1);
  for (vade::Index i = 0; i < 40; ++i) x(i, 0) = static_cast<double>(i % 2);
  means << 0.5, 1e9, -1e9;
  vade::GaussianMixture<double> mixture;
  const auto report = mixture.fit_from(x, vade::RowVector<double>::Constant(3, 1.0 / 3), means,
                                       vade::Matrix<double>::Ones(3, 1), {.max_iterations = 50});
  CHECK(report.revived >= 1);
  CHECK(report.revived <= 3);
  CHECK(mixture.weights().sum() == doctest::Approx(1.0));
  CHECK(std::isfinite(mixture.mean_log_likelihood(x)));
}

TEST_CASE("samples have the moments of the mixture, and each row its own draw") {
  const auto mixture = three_components<double>();
  const auto sample = mixture.sample(40000, 9);
  for (vade::Label k = 0; k < 3; ++k) {
    double count = 0;
    vade::RowVector<double> sum = vade::RowVector<double>::Zero(2), squares = sum;
    for (vade::Index i = 0; i < 40000; ++i) {
      if (sample.labels[static_cast<std::size_t>(i)] != k) continue;
      const vade::RowVector<double> deviation = sample.rows.row(i) - mixture.means().row(k);
      count += 1;
      sum += deviation;
      squares += deviation.cwiseAbs2();
    }
    CHECK(count / 40000 == doctest::Approx(mixture.weights()(k)).epsilon(0.03));
    for (vade::Index j = 0; j < 2; ++j) {
      CHECK(std::abs(sum(j) / count) < 4 * std::sqrt(mixture.variances()(k, j) / count));
      CHECK(squares(j) / count == doctest::Approx(mixture.variances()(k, j)).epsilon(0.06));
    }
  }
  CHECK(mixture.sample(10, 9).rows == sample.rows.topRows(10));
  CHECK(mixture.sample(10, 8).rows != sample.rows.topRows(10));
  CHECK(mixture.sample(0, 1).rows.rows() == 0);
}

TEST_CASE("BIC prefers the true number of components") {
  const vade::Matrix<double> x = three_components<double>().sample(3000, 5).rows;
  std::vector<double> bic;
  for (vade::Index clusters = 1; clusters <= 5; ++clusters) {
    vade::GaussianMixture<double> mixture;
    mixture.fit(x, {.clusters = clusters, .restarts = 2, .tolerance = 1e-5});
    bic.push_back(mixture.bic(x));
  }
  CHECK(std::min_element(bic.begin(), bic.end()) - bic.begin() == 2);
}

TEST_CASE("parameters that are taken out and put in again give the same mixture") {
  const vade::Matrix<float> x = three_components<float>().sample(500, 5).rows;
  vade::GaussianMixture<float> a, b;
  a.fit(x, {.clusters = 3});
  b.set_parameters(a.weights(), a.means(), a.variances());
  CHECK(a.log_prob(x) == b.log_prob(x));
  CHECK(a.sample(5, 1).rows == b.sample(5, 1).rows);
}

TEST_CASE("a row whose squared distances overflow is refused by number, and the log-density is exact up to there") {
  vade::GaussianMixture<double> one;
  one.set_parameters(vade::RowVector<double>::Ones(1), vade::Matrix<double>::Zero(1, 2), vade::Matrix<double>::Ones(1, 2));
  vade::Matrix<double> x = vade::Matrix<double>::Zero(1000, 2);
  x(3, 0) = 1e151;
  x.row(4).setConstant(1e150);
  x(5, 1) = -1.4e153;
  const std::vector<double> values = one.log_prob(x);
  CHECK(values[3] == doctest::Approx(-5e301).epsilon(1e-14).scale(0));
  CHECK(values[4] == doctest::Approx(-1e300).epsilon(1e-14).scale(0));
  CHECK(values[5] == doctest::Approx(-9.8e305).epsilon(1e-14).scale(0));
  auto mixture = three_components<double>();
  x(900, 1) = 1e200;
  x(701, 0) = -1e308;
  const auto refused = [&](const auto& call, const std::string& who) {
    CHECK_THROWS_WITH_AS(call(),
                         (who + ": row 701 of x is so far from all components that its squared distances overflow, wanted "
                                "smaller values")
                             .c_str(),
                         vade::ValueError);
  };
  refused([&] { mixture.predict(x); }, "predict");
  refused([&] { mixture.predict_proba(x); }, "predict_proba");
  refused([&] { mixture.log_prob(x); }, "log_prob");
  refused([&] { mixture.mean_log_likelihood(x); }, "mean_log_likelihood");
  refused([&] { one.predict_proba(x); }, "predict_proba");
}

TEST_CASE("options are given to the constructor, as those of a model are, or to fit, and are kept") {
  const vade::Matrix<double> x = three_components<double>().sample(300, 5).rows;
  vade::GaussianMixture<double> a({.clusters = 3, .restarts = 2, .seed = 4}), b;
  CHECK(a.options().clusters == 3);
  CHECK_FALSE(a.fitted());
  const auto report = a.fit(x);
  CHECK(b.fit(x, {.clusters = 3, .restarts = 2, .seed = 4}).log_likelihood == report.log_likelihood);
  CHECK(b.options().seed == 4);
  CHECK(b.fit(x).log_likelihood == report.log_likelihood);
  CHECK_THROWS_AS(b.fit(x, {.clusters = 301}), vade::ValueError);
  CHECK(b.options().clusters == 3);
  CHECK_THROWS_WITH_AS(vade::GaussianMixture<double>({.clusters = 0}),
                       doctest::Contains("GaussianMixture: clusters is 0"), vade::ValueError);
}

TEST_CASE("a mixture and k-means take column-major matrices and expressions") {
  const vade::Matrix<double> x = three_components<double>().sample(200, 5).rows;
  const Eigen::MatrixXd columns = x;
  vade::GaussianMixture<double> a({.clusters = 3}), b({.clusters = 3}), c({.clusters = 3});
  const auto wanted = a.fit(x).log_likelihood;
  CHECK(b.fit(columns).log_likelihood == wanted);
  CHECK(c.fit(0.5 * (x + x)).log_likelihood == wanted);
  CHECK(b.predict(columns) == a.predict(x));
  CHECK(b.predict(0.5 * (x + x)) == a.predict(x));
  CHECK(vade::kmeans(columns, {.clusters = 3}).labels == vade::kmeans(x, {.clusters = 3}).labels);
  CHECK(vade::kmeans(0.5 * (x + x), {.clusters = 3}).labels == vade::kmeans(x, {.clusters = 3}).labels);
}

TEST_CASE("a restart that collapses is left out and counted: more restarts do not make success less likely") {
  vade::Matrix<double> x(44, 2);
  vade::fill_normal(x, 3, vade::Purpose::user);
  x.bottomRows(4).setConstant(1.5);  // without a floor, a component of these four rows has no variance
  const auto fits = [&](int restarts, std::uint64_t seed, int* collapsed) {
    vade::GaussianMixture<double> mixture({.clusters = 4, .restarts = restarts, .variance_floor = 0, .seed = seed});
    try {
      *collapsed += mixture.fit(x).collapsed;
      return true;
    } catch (const vade::ValueError& error) {
      CHECK(std::string(error.what()).find("has variance 0") != std::string::npos);
      return false;
    }
  };
  int failures_of_one = 0, failures_of_five = 0, collapsed = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const bool one = fits(1, seed, &collapsed), five = fits(5, seed, &collapsed);
    failures_of_one += !one;
    failures_of_five += !five;
    CHECK(five >= one);
  }
  CHECK(failures_of_one > 0);
  CHECK(failures_of_five < failures_of_one);
  CHECK(collapsed > 0);
}

TEST_CASE("a mixture without parameters says so") {
  const vade::GaussianMixture<double> mixture;
  const vade::Matrix<double> x = vade::Matrix<double>::Zero(2, 2);
  CHECK_THROWS_WITH_AS(mixture.predict(x), "predict: the mixture has no parameters, wanted fit or set_parameters first",
                       vade::StateError);
  CHECK_THROWS_AS(mixture.predict_proba(x), vade::StateError);
  CHECK_THROWS_AS(mixture.log_prob(x), vade::StateError);
  CHECK_THROWS_AS(mixture.mean_log_likelihood(x), vade::StateError);
  CHECK_THROWS_AS(mixture.aic(x), vade::StateError);
  CHECK_THROWS_AS(mixture.sample(1, 0), vade::StateError);
  CHECK_THROWS_AS(mixture.means(), vade::StateError);
  CHECK_THROWS_AS(mixture.weights(), vade::StateError);
  CHECK_THROWS_AS(mixture.variances(), vade::StateError);
}

TEST_CASE("data and parameters that do not fit are refused, and the mixture stays as it was") {
  auto mixture = three_components<double>();
  const auto before = mixture.means();
  vade::Matrix<double> x = mixture.sample(20, 1).rows;
  CHECK_THROWS_AS(mixture.predict(vade::Matrix<double>::Zero(4, 3)), vade::ShapeError);
  CHECK_THROWS_AS(mixture.mean_log_likelihood(vade::Matrix<double>(0, 2)), vade::ValueError);
  CHECK(mixture.predict(vade::Matrix<double>(0, 2)).empty());
  CHECK_THROWS_WITH_AS(mixture.fit(x, {.clusters = 21}),
                       "GaussianMixture: x has 20 rows, wanted at least clusters = 21", vade::ValueError);
  CHECK_THROWS_AS(mixture.fit(vade::Matrix<double>(20, 0), {.clusters = 2}), vade::ShapeError);
  CHECK_THROWS_AS(mixture.fit(x, {.clusters = 0}), vade::ValueError);
  CHECK_THROWS_AS(mixture.fit(x, {.clusters = 2, .restarts = 0}), vade::ValueError);
  CHECK_THROWS_AS(mixture.fit(x, {.clusters = 2, .max_iterations = 0}), vade::ValueError);
  CHECK_THROWS_AS(mixture.fit(x, {.clusters = 2, .tolerance = -1}), vade::ValueError);
  CHECK_THROWS_AS(mixture.fit(x, {.clusters = 2, .variance_floor = std::nan("")}), vade::ValueError);
  vade::Matrix<double> variances = mixture.variances();
  variances(1, 1) = 0;
  CHECK_THROWS_AS(mixture.set_parameters(mixture.weights(), before, variances), vade::ValueError);
  CHECK_THROWS_AS(mixture.set_parameters(mixture.weights() * 2, before, mixture.variances()), vade::ValueError);
  CHECK_THROWS_AS(mixture.set_parameters(mixture.weights(), before.topRows(2), mixture.variances()), vade::ShapeError);
  const vade::Matrix<double> wide = vade::Matrix<double>::Zero(9, 3);
  CHECK_THROWS_AS(mixture.fit_from(wide, mixture.weights(), before, mixture.variances(), {}), vade::ShapeError);
  x(3, 1) = std::nan("");
  CHECK_THROWS_WITH_AS(mixture.fit(x, {.clusters = 2}),
                       "GaussianMixture: x has nan at row 3, column 1, wanted finite values", vade::ValueError);
  CHECK_THROWS_AS(mixture.predict(x), vade::ValueError);
  x(3, 1) = 1e200;
  CHECK_THROWS_AS(mixture.fit(x, {.clusters = 2}), vade::ValueError);
  CHECK(mixture.means() == before);
}
