#include <vade/autodiff/normalisation.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <vade/testing/gradient_check.hpp>

#include "../support/reference.hpp"
#include "support.hpp"

using reference::normal_matrix;
using vade::Matrix;
using vade::RowVector;
using vade::Tape;
using vade::Var;

namespace {

template <class A>
auto normalise(const std::vector<Var<double>>& in) {
  RowVector<double> mean, variance;
  return vade::batch_normalise<A>(in[0], in[1], in[2], 1e-5, mean, variance);
}

}  // namespace

TEST_CASE("Batch normalisation: values by the definition, and the statistics of the batch") {
  const Matrix<double> x = normal_matrix(9, 70, 1), gain = normal_matrix(1, 70, 2), shift = normal_matrix(1, 70, 3);
  Tape<double> tape;
  RowVector<double> mean, variance;
  const Matrix<double> y =
      vade::batch_normalise(tape.constant(x), tape.constant(gain), tape.constant(shift), 1e-5, mean, variance).value();
  for (vade::Index j = 0; j < 70; ++j) {
    double m = 0, v = 0;
    for (vade::Index i = 0; i < 9; ++i) m += x(i, j) / 9;
    for (vade::Index i = 0; i < 9; ++i) v += (x(i, j) - m) * (x(i, j) - m) / 9;
    CHECK(mean(j) == doctest::Approx(m));
    CHECK(variance(j) == doctest::Approx(v));
    CHECK(y(4, j) == doctest::Approx(gain(0, j) * (x(4, j) - m) / std::sqrt(v + 1e-5) + shift(0, j)));
  }
}

TEST_CASE("Batch normalisation: a large mean and a far first row cost no more precision than the law says") {
  const vade::Index rows = 500;
  Matrix<float> x = normal_matrix(rows, 3, 7).cast<float>();
  x.col(1).array() += 10000;  // steps of 0.001 are left of it
  x(0, 2) = 1000;             // the pivot of the variance, as far off as a row can be
  vade::Tape<float> tape;
  RowVector<float> mean, variance;
  const Matrix<float> ones = Matrix<float>::Ones(1, 3), zeros = Matrix<float>::Zero(1, 3);
  vade::batch_normalise(tape.constant(x), tape.constant(ones), tape.constant(zeros), 1e-5f, mean, variance);
  for (vade::Index j = 0; j < 3; ++j) {
    const Eigen::ArrayXd column = x.col(j).cast<double>();
    const double m = column.mean(), v = (column - m).square().mean();
    CHECK(std::abs(static_cast<double>(mean(j)) - m) < 1e-6 * (std::abs(m) + std::sqrt(v)));
    CHECK(static_cast<double>(variance(j)) == doctest::Approx(v).epsilon(rows * 2e-7));
  }
}

TEST_CASE("A.16: batch normalisation has its adjoints of input, gain and shift, with and without activation") {
  const std::vector<Matrix<double>> at{normal_matrix(6, 67, 4), normal_matrix(1, 67, 5), normal_matrix(1, 67, 6)};
  const auto linear = vade::testing::check_gradient(at, [](auto&, const auto& in) { return normalise<vade::Identity>(in); });
  CHECK_MESSAGE(linear.passed, linear.text());
  const auto smooth = vade::testing::check_gradient(at, [](auto&, const auto& in) { return normalise<vade::Tanh>(in); });
  CHECK_MESSAGE(smooth.passed, smooth.text());
  // Rows of several bands, the last one not full.
  const std::vector<Matrix<double>> tall{normal_matrix(70, 3, 4), normal_matrix(1, 3, 5), normal_matrix(1, 3, 6)};
  const auto many = vade::testing::check_gradient(tall, [](auto&, const auto& in) { return normalise<vade::Tanh>(in); });
  CHECK_MESSAGE(many.passed, many.text());
}

TEST_CASE("A.16: the adjoints of batch normalisation are the formulas of the page") {
  const Matrix<double> x = normal_matrix(70, 5, 1), gain = normal_matrix(1, 5, 2), shift = normal_matrix(1, 5, 3);
  Matrix<double> h(70, 5);
  vade::fill_normal(h, 5, vade::Purpose::user);  // the weights of `outcome`
  const auto got = tests::outcome<double>({x, gain, shift}, [](auto&, const auto& in) {
    return normalise<vade::Identity>(in);
  });
  for (vade::Index j = 0; j < 5; ++j) {
    const Eigen::ArrayXd centred = x.col(j).array() - x.col(j).mean();
    const double r = 1 / std::sqrt(centred.square().mean() + 1e-5);
    const Eigen::ArrayXd hat = centred * r, own = h.col(j).array();
    const Eigen::ArrayXd wanted = gain(0, j) * r * (own - own.mean() - hat * (own * hat).mean());
    CHECK((got.gradients[0].col(j).array() - wanted).abs().maxCoeff() < 1e-12);
    CHECK(got.gradients[1](0, j) == doctest::Approx((own * hat).sum()).epsilon(1e-12));
    CHECK(got.gradients[2](0, j) == doctest::Approx(own.sum()).epsilon(1e-12));
  }
}

TEST_CASE("Batch normalisation: values and adjoints are the same bytes for 1, 2, 3 and 7 threads") {
  const int threads_before = vade::default_pool().threads();
  const std::vector<Matrix<float>> at{normal_matrix(170, 67, 4).cast<float>(), normal_matrix(1, 67, 5).cast<float>(),
                                      normal_matrix(1, 67, 6).cast<float>()};
  const tests::Operation<float> operation = [](auto&, const auto& in) {
    RowVector<float> mean, variance;
    return vade::batch_normalise<vade::Tanh>(in[0], in[1], in[2], 1e-5f, mean, variance);
  };
  vade::set_threads(1);
  const auto wanted = tests::outcome<float>(at, operation);
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    const auto got = tests::outcome<float>(at, operation);
    CHECK(tests::same_bytes(got.value, wanted.value));
    for (std::size_t k = 0; k < 3; ++k) CHECK(tests::same_bytes(got.gradients[k], wanted.gradients[k]));
  }
  vade::set_threads(threads_before);
}

TEST_CASE("Batch normalisation: a constant column gives the shift, and finite gradients") {
  Matrix<double> x = normal_matrix(5, 2, 1);
  x.col(1).setConstant(3);
  const std::vector<Matrix<double>> at{x, Matrix<double>::Ones(1, 2), Matrix<double>::Constant(1, 2, 0.5)};
  vade::Parameter<double> p("x", x);
  Tape<double> tape;
  RowVector<double> mean, variance;
  const auto y = vade::batch_normalise(tape.parameter(p), tape.constant(at[1]), tape.constant(at[2]), 1e-5, mean, variance);
  CHECK(y.value().col(1).isConstant(0.5, 1e-12));
  tape.backward(sum(square(y)));
  CHECK(p.gradient().allFinite());
}

TEST_CASE("Batch normalisation: fewer than two rows, an epsilon that is not positive and other shapes are refused") {
  Tape<double> tape;
  RowVector<double> mean, variance;
  const Var<double> one = tape.constant(normal_matrix(1, 3, 1)), many = tape.constant(normal_matrix(4, 3, 1));
  const Var<double> row = tape.constant(normal_matrix(1, 3, 2)), wide = tape.constant(normal_matrix(1, 4, 2));
  const Var<double> none = tape.constant(Matrix<double>(0, 3));
  CHECK_THROWS_WITH_AS(vade::batch_normalise(one, row, row, 1e-5, mean, variance),
                       "batch_normalise: rows of the batch: got 1, wanted at least 2", vade::ValueError);
  CHECK_THROWS_WITH_AS(vade::batch_normalise(none, row, row, 1e-5, mean, variance),
                       doctest::Contains("rows of the batch: got 0, wanted at least 2"), vade::ValueError);
  for (const double bad : {0.0, -1e-5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(vade::batch_normalise(many, row, row, bad, mean, variance),
                         doctest::Contains("batch_normalise: epsilon is "), vade::ValueError);
  CHECK_THROWS_WITH_AS(vade::batch_normalise(many, wide, row, 1e-5, mean, variance),
                       doctest::Contains("gain is [1 x 4], wanted [1 x 3]"), vade::ShapeError);
}
