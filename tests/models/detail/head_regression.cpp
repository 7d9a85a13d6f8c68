#include <vade/models/detail/head_regression.hpp>

#include <utility>

#include <doctest/doctest.h>

using vade::GaussianEncoder;
using vade::Index;
using vade::Matrix;
using vade::RowSource;
using vade::Tape;

namespace {

Matrix<double> normal(Index rows, Index columns, std::uint64_t seed) {
  Matrix<double> m(rows, columns);
  vade::fill_normal(m, seed, vade::Purpose::user);
  return m;
}

}  // namespace

TEST_CASE("A head that can reach the targets reaches them, and leaves the log-variances alone") {
  const Matrix<double> x = normal(700, 5, 1);  // more than one batch of rows
  GaussianEncoder<double> teacher("t", 5, {12, 8}, 3, 7, 0), student = teacher;
  const Matrix<double> wanted = [&] {
    Tape<double> tape;
    return Matrix<double>(std::as_const(teacher)(tape.constant(x)).mean.value());
  }();
  student.head().weight().value() = normal(8, 6, 2);
  student.head().bias().value() = normal(1, 6, 3);
  const Matrix<double> variances_before = student.head().weight().value().rightCols(3);
  vade::detail::regress_head(student, RowSource<double>(x), wanted);
  Tape<double> tape;
  const Matrix<double> got = std::as_const(student)(tape.constant(x)).mean.value();
  CHECK((got - wanted).norm() < 0.01 * wanted.norm());  // the ridge keeps it from being exact
  CHECK(student.head().weight().value().rightCols(3) == variances_before);
}

TEST_CASE("The head is the ridge solution of the normal equations") {
  const Matrix<double> x = normal(60, 4, 5), targets = normal(60, 2, 6);
  GaussianEncoder<double> encoder("e", 4, {6}, 2, 9, 0);
  vade::detail::regress_head(encoder, RowSource<double>(x), targets);
  Tape<double> tape;
  Matrix<double> features(60, 7);
  features.leftCols(6) = std::as_const(encoder).trunk()(tape.constant(x)).value();
  features.col(6).setOnes();
  Matrix<double> gram = features.transpose() * features;
  gram.diagonal().array() += 1e-4 * gram.diagonal().mean();
  Matrix<double> solution(7, 2);
  solution << encoder.head().weight().value().leftCols(2), encoder.head().bias().value().leftCols(2);
  CHECK((gram * solution - features.transpose() * targets).norm() < 1e-9 * targets.norm());
}

TEST_CASE("Targets of another shape are refused") {
  GaussianEncoder<double> encoder("e", 4, {6}, 2, 9, 0);
  const Matrix<double> x = normal(10, 4, 1);
  CHECK_THROWS_WITH_AS(vade::detail::regress_head(encoder, RowSource<double>(x), normal(9, 2, 2)),
                       "regress_head: targets is [9 x 2], wanted [10 x 2]", vade::ShapeError);
}
