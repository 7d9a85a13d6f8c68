#include <vade/models/row_source.hpp>

#include <limits>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <vade/core/random.hpp>

using vade::Dataset;
using vade::Index;
using vade::Likelihood;
using vade::Matrix;
using vade::RowSource;

TEST_CASE("A matrix, a block of its rows and a data set are the same source") {
  Matrix<float> x(5, 3);
  vade::fill_normal(x, 1, vade::Purpose::user);
  const Dataset data = Dataset::from_matrix(x);
  Matrix<float> a(2, 3), b(2, 3), c(2, 3);
  const auto view = [](Matrix<float>& m) { return vade::MatrixView<float>(m.data(), m.rows(), m.cols()); };
  RowSource<float>(x).copy(2, view(a));
  RowSource<float>(data).copy(2, view(b));
  const vade::MatrixRef<float> rows = x.middleRows(1, 4);
  RowSource<float>(rows).copy(1, view(c));
  CHECK(a == b);
  CHECK(a == c);
  CHECK(RowSource<float>(data).count() == 5);
  CHECK(RowSource<float>(rows).count() == 4);
  CHECK(RowSource<float>(rows).width() == 3);
}

TEST_CASE("Whatever is rows in succession in memory is passed as it is: a map, a block of rows, one row") {
  const auto rows_of = [](const RowSource<float>& source) {  // as a model's member function takes it
    Matrix<float> out(source.count(), source.width());
    source.copy(0, vade::MatrixView<float>(out.data(), out.rows(), out.cols()));
    return out;
  };
  Matrix<float> x(5, 3);
  vade::fill_normal(x, 1, vade::Purpose::user);
  const std::vector<float> numbers(x.data(), x.data() + x.size());
  CHECK(rows_of(vade::ConstMatrixView<float>(numbers.data(), 5, 3)) == x);
  CHECK(rows_of(vade::MatrixView<float>(x.data(), 5, 3)) == x);
  CHECK(rows_of(x.middleRows(1, 2)) == x.middleRows(1, 2));
  CHECK(rows_of(x.row(3)) == x.row(3));
  CHECK(rows_of(vade::RowVector<float>(x.row(3))) == x.row(3));
  static_assert(!std::is_constructible_v<RowSource<float>, const Eigen::MatrixXi&>, "whole numbers");
}

TEST_CASE("A column-major matrix, one of the other precision, an expression and an array are read as a row-major copy") {
  const auto rows_of = [](const RowSource<float>& source) {
    Matrix<float> out(source.count(), source.width());
    const RowSource<float> copy = source;  // refers to the same evaluated rows
    copy.copy(0, vade::MatrixView<float>(out.data(), out.rows(), out.cols()));
    return out;
  };
  Matrix<float> x(5, 3);
  vade::fill_normal(x, 1, vade::Purpose::user);
  CHECK(rows_of(Eigen::MatrixXf(x)) == x);
  CHECK(rows_of(Matrix<double>(x.cast<double>())) == x);
  CHECK(rows_of(2 * x) == Matrix<float>(2 * x));
  CHECK(rows_of(x.array() / 3) == Matrix<float>(x / 3));
  CHECK(rows_of(Eigen::ArrayXXf(x.array())) == x);
  const Matrix<double> huge = Matrix<double>::Constant(1, 3, 1e39);
  CHECK_THROWS_AS(RowSource<float>(huge).check("t", 3, Likelihood::gaussian), vade::ValueError);
}

TEST_CASE("A matrix with gaps in memory is refused") {
  const Matrix<float> x = Matrix<float>::Zero(4, 6);
  const vade::MatrixRef<float> left = x.leftCols(3);
  CHECK_THROWS_AS(RowSource<float>{left}, vade::ShapeError);
  CHECK_THROWS_WITH_AS(RowSource<float>(x.rightCols(5)), doctest::Contains("gaps"), vade::ShapeError);
  CHECK_NOTHROW(RowSource<float>(x.block(2, 1, 1, 4)));  // one row has none
  using EverySecond = Eigen::Map<const Matrix<float>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
  CHECK_THROWS_AS(RowSource<float>(EverySecond(x.data(), 1, 3, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(6, 2))),
                  vade::ShapeError);
}

TEST_CASE("Range is checked under a Bernoulli likelihood, finiteness always; bytes are in range as they are") {
  Matrix<float> x = Matrix<float>::Constant(3, 2, 0.5f);
  CHECK_NOTHROW(RowSource<float>(x).check("t", 2, Likelihood::bernoulli));
  x(1, 1) = -0.1f;
  CHECK_THROWS_WITH_AS(RowSource<float>(x).check("t", 2, Likelihood::bernoulli), doctest::Contains("row 1, column 1"),
                       vade::ValueError);
  CHECK_NOTHROW(RowSource<float>(x).check("t", 2, Likelihood::gaussian));
  const Dataset data = Dataset::from_matrix(x);
  CHECK_THROWS_WITH_AS(RowSource<float>(data).check("t", 2, Likelihood::bernoulli),
                       doctest::Contains("row 1, column 1"), vade::ValueError);
  CHECK_NOTHROW(RowSource<float>(data).check("t", 2, Likelihood::gaussian));
  CHECK_NOTHROW(RowSource<float>(Dataset::from_bytes({0, 255}, 1, 2)).check("t", 2, Likelihood::bernoulli));
  CHECK_THROWS_AS(RowSource<float>(x).check("t", 3, Likelihood::gaussian), vade::ShapeError);
}

TEST_CASE("Doubles that no float holds are refused as data of a model in float, and not of one in double") {
  Matrix<double> x = Matrix<double>::Constant(3, 2, static_cast<double>(std::numeric_limits<float>::max()));
  x(0, 1) = static_cast<double>(std::numeric_limits<float>::lowest());
  const auto check = [&]<class T>(T) { RowSource<T>(Dataset::from_matrix(x)).check("t", 2, Likelihood::gaussian); };
  CHECK_NOTHROW(check(float{}));
  for (const double value : {1e39, -1e39}) {
    x(2, 1) = value;
    CHECK_THROWS_WITH_AS(check(float{}),
                         doctest::Contains("at row 2, column 1, wanted values in [-3.40282347e+38, 3.40282347e+38]"),
                         vade::ValueError);
    CHECK_NOTHROW(check(double{}));
  }
}

TEST_CASE("Batches cover all rows once, in order, the last one shorter") {
  Matrix<double> x(7, 1);
  for (Index i = 0; i < 7; ++i) x(i, 0) = static_cast<double>(i);
  Matrix<double> seen = Matrix<double>::Zero(7, 1);
  std::vector<Index> sizes;
  vade::for_each_batch(RowSource<double>(x), 3, [&](vade::Var<double> rows, Index first) {
    seen.middleRows(first, rows.rows()) += rows.value();
    sizes.push_back(rows.rows());
    CHECK_FALSE(rows.needs_gradient());
  });
  CHECK(seen == x);
  CHECK(sizes == std::vector<Index>{3, 3, 1});
}
