#include <vade/mixture/kmeans.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include <vade/core/random.hpp>

namespace {

/// Rows around `clusters` corners that lie 10 apart, 1 wide; row i belongs to corner i mod clusters.
template <vade::Real T>
vade::Matrix<T> blobs(vade::Index rows, vade::Index features, vade::Index clusters, double width = 1.0) {
  vade::Matrix<T> x(rows, features);
  for (vade::Index i = 0; i < rows; ++i) {
    vade::RandomStream stream(5, vade::Purpose::user, 0, static_cast<std::uint32_t>(i));
    for (vade::Index j = 0; j < features; ++j)
      x(i, j) = static_cast<T>(width * stream.normal<double>() +
                               (j == i % clusters % features ? 10.0 : 0.0) * (1.0 + static_cast<double>(i % clusters)));
  }
  return x;
}

/// Squared distances by the definition, in double.
template <vade::Real T>
double direct_inertia(const vade::Matrix<T>& x, const vade::Matrix<T>& centres, const vade::Labels& labels) {
  double sum = 0;
  for (vade::Index i = 0; i < x.rows(); ++i)
    sum += (x.row(i).template cast<double>() - centres.row(labels[static_cast<std::size_t>(i)]).template cast<double>())
               .squaredNorm();
  return sum;
}

}  // namespace

TEST_CASE_TEMPLATE("k-means finds well separated clusters", T, float, double) {
  const vade::Matrix<T> x = blobs<T>(600, 4, 4);
  const vade::KMeansResult<T> result = vade::kmeans(x, {.clusters = 4, .seed = 3});
  CHECK(result.converged);
  CHECK(result.reseeded == 0);
  CHECK(result.iterations < 20);
  for (std::size_t i = 4; i < result.labels.size(); ++i) REQUIRE(result.labels[i] == result.labels[i % 4]);
  CHECK(std::set<vade::Label>(result.labels.begin(), result.labels.begin() + 4).size() == 4);
  CHECK(result.inertia == doctest::Approx(direct_inertia(x, result.centres, result.labels)).epsilon(1e-5));
}

TEST_CASE_TEMPLATE("labels are the nearest centres and centres are the means, at sizes around tiles and blocks", T,
                   float, double) {
  for (const vade::Index rows : {9, 31, 63, 64, 65, 129, 513, 2000}) {
    for (const vade::Index clusters : {1, 2, 3, 4, 5, 7}) {
      CAPTURE(rows);
      CAPTURE(clusters);
      const vade::Matrix<T> x = blobs<T>(rows, 3, 5, 4.0);
      const vade::KMeansResult<T> result = vade::kmeans(x, {.clusters = clusters, .tolerance = 0});
      CHECK(result.converged);
      vade::Matrix<double> means = vade::Matrix<double>::Zero(clusters, 3);
      vade::RowVector<double> counts = vade::RowVector<double>::Zero(clusters);
      for (vade::Index i = 0; i < rows; ++i) {
        const vade::Label label = result.labels[static_cast<std::size_t>(i)];
        const auto distance = [&](vade::Index k) { return (x.row(i) - result.centres.row(k)).squaredNorm(); };
        for (vade::Index k = 0; k < clusters; ++k) REQUIRE(distance(label) <= distance(k) * T(1.00001));
        means.row(label) += x.row(i).template cast<double>();
        counts(label) += 1;
      }
      for (vade::Index k = 0; k < clusters; ++k)
        for (vade::Index j = 0; j < 3; ++j)
          CHECK(static_cast<double>(result.centres(k, j)) == doctest::Approx(means(k, j) / counts(k)).epsilon(1e-5));
    }
  }
}

TEST_CASE("one cluster is the mean, and as many clusters as rows have no inertia") {
  const vade::Matrix<double> x = blobs<double>(40, 3, 3);
  const auto one = vade::kmeans(x, {.clusters = 1});
  CHECK((one.centres - x.colwise().mean()).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(vade::kmeans(x, {.clusters = 40}).inertia == 0.0);
}

TEST_CASE("k-means is the same bytes for any number of threads") {
  const vade::Matrix<float> x = blobs<float>(5000, 6, 9, 5.0);
  const int before = vade::default_pool().threads();
  vade::set_threads(1);
  const auto wanted = vade::kmeans(x, {.clusters = 12, .restarts = 2, .seed = 8});
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    const auto result = vade::kmeans(x, {.clusters = 12, .restarts = 2, .seed = 8});
    CHECK(result.labels == wanted.labels);
    CHECK(std::memcmp(result.centres.data(), wanted.centres.data(), sizeof(float) * 72) == 0);
    CHECK(result.inertia == wanted.inertia);
    CHECK(result.iterations == wanted.iterations);
  }
  vade::set_threads(before);
}

TEST_CASE("Lloyd's iterations agree with scikit-learn from the same start") {
  // sklearn.cluster.KMeans(2, init=[[0, 0], [1, 1]], n_init=1, algorithm='lloyd') 1.2.1 on these rows:
  // cluster_centers_ [[1, 0.5], [8, 8.5]], inertia_ 5.0, n_iter_ 3
  vade::Matrix<double> x(6, 2), start(2, 2);
  x << 0, 0, 1, 1, 2, 0.5, 7, 8, 8, 9, 9, 8.5;
  start << 0, 0, 1, 1;
  const auto result = vade::kmeans_from<double>(x, start);
  CHECK(result.centres(0, 0) == doctest::Approx(1.0));
  CHECK(result.centres(0, 1) == doctest::Approx(0.5));
  CHECK(result.centres(1, 0) == doctest::Approx(8.0));
  CHECK(result.centres(1, 1) == doctest::Approx(8.5));
  CHECK(result.inertia == doctest::Approx(5.0));
  CHECK(result.labels == vade::Labels{0, 0, 0, 1, 1, 1});
  CHECK(result.iterations == 3);
}

TEST_CASE("inertia never rises with the iterations") {
  const vade::Matrix<double> x = blobs<double>(400, 3, 6, 6.0);
  vade::Matrix<double> start = x.topRows(6);
  double last = std::numeric_limits<double>::infinity();
  for (int iterations = 1; iterations < 15; ++iterations) {
    const auto result = vade::kmeans_from<double>(x, start, {.max_iterations = iterations, .tolerance = 0});
    CHECK(result.inertia <= last * (1 + 1e-13));
    last = result.inertia;
  }
}

TEST_CASE("more restarts never end with a higher inertia") {
  const vade::Matrix<double> x = blobs<double>(300, 2, 9, 2.0);
  double last = std::numeric_limits<double>::infinity();
  for (int restarts = 1; restarts < 6; ++restarts) {
    const double inertia = vade::kmeans(x, {.clusters = 9, .restarts = restarts, .seed = 2}).inertia;
    CHECK(inertia <= last);
    last = inertia;
  }
}

TEST_CASE("an empty cluster moves to the row that is farthest from its centre, and is counted") {
  vade::Matrix<double> x(5, 1), start(2, 1);
  x << 0, 1, 2, 3, 40;
  start << 1, 1000;  // the second centre gets no row
  const auto result = vade::kmeans_from<double>(x, start);
  CHECK(result.reseeded == 1);
  CHECK(result.labels == vade::Labels{0, 0, 0, 0, 1});
  CHECK(result.centres(1, 0) == 40.0);

  vade::Matrix<double> three(3, 1);
  three << 1, 1000, 2000;
  CHECK(vade::kmeans_from<double>(x, three).reseeded == 2);
}

TEST_CASE_TEMPLATE("an offset of a million moves the centres and nothing else", T, float, double) {
  vade::Matrix<T> x = blobs<T>(400, 3, 3);
  for (vade::Index i = 0; i < x.size(); ++i) x.data()[i] = std::round(x.data()[i] * T(4)) / T(4);  // exact when shifted
  const auto near = vade::kmeans(x, {.clusters = 3, .seed = 1});
  const vade::Matrix<T> far_away = (x.array() + T(1e6)).matrix();
  const auto far = vade::kmeans(far_away, {.clusters = 3, .seed = 1});
  CHECK(far.labels == near.labels);
  CHECK((far.centres.array() - T(1e6) - near.centres.array()).abs().maxCoeff() < T(0.07));
}

TEST_CASE("fewer distinct rows than clusters are an error that says so") {
  vade::Matrix<float> x = vade::Matrix<float>::Constant(50, 3, 0.1f);
  CHECK(vade::kmeans(x, {.clusters = 1}).inertia == doctest::Approx(0.0));
  CHECK_THROWS_WITH_AS(vade::kmeans(x, {.clusters = 3}),
                       "kmeans: x has only 1 distinct rows, wanted at least clusters = 3", vade::ValueError);
  x.row(7).setZero();
  CHECK(vade::kmeans(x, {.clusters = 2}).inertia < 1e-9);
  CHECK_THROWS_AS(vade::kmeans(x, {.clusters = 3}), vade::ValueError);
}

TEST_CASE("assign_labels gives each row the nearest centre, whatever rows are beside it") {
  const vade::Matrix<float> x = blobs<float>(300, 5, 4, 6.0);
  const vade::Matrix<float> centres = blobs<float>(6, 5, 4, 6.0);
  const vade::Labels labels = vade::assign_labels<float>(x, centres);
  for (vade::Index i = 0; i < x.rows(); i += 17)
    CHECK(vade::assign_labels<float>(x.middleRows(i, 1), centres)[0] == labels[static_cast<std::size_t>(i)]);
  const vade::Matrix<float> twins = centres.row(2).replicate(4, 1);
  CHECK(vade::assign_labels<float>(x.topRows(1), twins)[0] == 0);
  CHECK(vade::assign_labels<float>(vade::Matrix<float>(0, 5), centres).empty());
}

TEST_CASE("a block of columns of a wider matrix needs no copy and gives the same result") {
  const vade::Matrix<double> wide = blobs<double>(200, 7, 4);
  const vade::Matrix<double> narrow = wide.middleCols(2, 3);
  const auto a = vade::kmeans<double>(wide.middleCols(2, 3), {.clusters = 3});
  const auto b = vade::kmeans(narrow, {.clusters = 3});
  CHECK(a.labels == b.labels);
  CHECK(a.inertia == b.inertia);
}

TEST_CASE("k-means refuses bad options and bad data") {
  vade::Matrix<double> x = blobs<double>(10, 2, 2);
  CHECK_THROWS_WITH_AS(vade::kmeans(x, {.clusters = 11}), "kmeans: x has 10 rows, wanted at least clusters = 11",
                       vade::ValueError);
  CHECK_THROWS_AS(vade::kmeans(x, {.clusters = 0}), vade::ValueError);
  CHECK_THROWS_AS(vade::kmeans(x, {.clusters = 2, .restarts = 0}), vade::ValueError);
  CHECK_THROWS_AS(vade::kmeans(x, {.clusters = 2, .max_iterations = 0}), vade::ValueError);
  CHECK_THROWS_AS(vade::kmeans(x, {.clusters = 2, .tolerance = -1}), vade::ValueError);
  CHECK_THROWS_AS(vade::kmeans(x, {.clusters = 2, .tolerance = std::nan("")}), vade::ValueError);
  CHECK_THROWS_AS(vade::kmeans(vade::Matrix<double>(10, 0), {.clusters = 2}), vade::ShapeError);
  CHECK_THROWS_AS(vade::kmeans_from<double>(x, vade::Matrix<double>::Zero(2, 3)), vade::ShapeError);
  CHECK_THROWS_AS(vade::assign_labels<double>(x, vade::Matrix<double>::Zero(2, 3)), vade::ShapeError);
  x(4, 1) = std::nan("");
  CHECK_THROWS_WITH_AS(vade::kmeans(x, {.clusters = 2}), "kmeans: x has nan at row 4, column 1, wanted finite values",
                       vade::ValueError);
  CHECK_THROWS_AS(vade::assign_labels<double>(x, vade::Matrix<double>::Zero(2, 2)), vade::ValueError);
  x(4, 1) = 1e300;
  CHECK_THROWS_AS(vade::kmeans(x, {.clusters = 2}), vade::ValueError);
}

TEST_CASE("assign_labels refuses squares that overflow, and names no wrong centre") {
  vade::Matrix<float> x(1, 1), centres(2, 1);
  x << 3e19f;
  centres << 0, 1e19f;
  CHECK_THROWS_WITH_AS(vade::assign_labels<float>(x, centres),
                       "assign_labels: squared distances of row 0 overflow, wanted smaller values in x and centres", vade::ValueError);
  x << 2e19f;
  CHECK(vade::assign_labels<float>(x, centres) == vade::Labels{1});
}
