// vade: tests of autodiff/products.hpp.
// SPDX-License-Identifier: MIT
#include <vade/autodiff/products.hpp>

#include "support.hpp"

#include <vade/autodiff/structure.hpp>

namespace {

using tests::check_operation;
using tests::Operation;
using tests::outcome;
using tests::random_matrix;
using vade::Index;
using vade::Matrix;
using vade::Parameter;
using vade::ShapeError;
using vade::Tape;
using vade::Var;

template <class A>
struct Affine {
  auto operator()(auto&, const auto& in) const { return vade::affine<A>(in[0], in[1], in[2]); }
};
template <class A>
struct ComposedAffine {
  auto operator()(auto&, const auto& in) const { return vade::activate<A>(vade::matmul(in[0], in[1]) + in[2]); }
};

/// x `[rows x inputs]`, w, b, such that no pre-activation is within 0.01 of the corner of relu.
tests::Points layer(Index rows, Index inputs, Index outputs, std::uint64_t seed) {
  tests::Points points{random_matrix(rows, inputs, seed), random_matrix(inputs, outputs, seed + 1),
                       random_matrix(1, outputs, seed + 2)};
  for (Index j = 0; j < outputs; ++j)
    while (((points[0] * points[1]).col(j).array() + points[2](0, j)).abs().minCoeff() < 0.01) points[2](0, j) += 0.015;
  return points;
}

}  // namespace

TEST_CASE("A.7: matmul is the product, with its gradients, for every shape") {
  for (const Index rows : {1, 3})
    for (const Index inner : {1, 4})
      for (const Index columns : {1, 5}) {
        const Matrix<double> x = random_matrix(rows, inner, 1), w = random_matrix(inner, columns, 2);
        check_operation({x, w}, [](auto&, const auto& in) { return matmul(in[0], in[1]); });
        const Operation<double> operation = [](auto&, const auto& in) { return matmul(in[0], in[1]); };
        CHECK(tests::distance(outcome<double>({x, w}, operation).value, x * w) < 1e-14);
      }
}

TEST_CASE("matmul keeps its gradients for tiny and large entries") {
  for (const double scale : {1e-5, 1e4})
    check_operation({random_matrix(2, 3, 1, -scale, scale), random_matrix(3, 2, 2)},
                    [](auto&, const auto& in) { return matmul(in[0], in[1]); }, {.absolute = 1e-8});
}

TEST_CASE("Both factors may be the same variable") {
  check_operation({random_matrix(3, 3, 1)}, [](auto&, const auto& in) { return matmul(in[0], in[0]); });
  check_operation({random_matrix(1, 1, 2, 0.5, 1)}, [](auto&, const auto& in) { return matmul(in[0], in[0]); });
  check_operation({random_matrix(2, 4, 3)}, [](auto&, const auto& in) { return matmul(in[0], transpose(in[0])); });
}

TEST_CASE("A.7: adjoints of a product are ȳ wᵀ and xᵀ ȳ") {
  const Matrix<double> x = random_matrix(4, 3, 1), w = random_matrix(3, 5, 2);
  Matrix<double> bar(4, 5);
  vade::fill_normal(bar, 5, vade::Purpose::user);  // the weights of `outcome`
  const auto got = outcome<double>({x, w}, [](auto&, const auto& in) { return matmul(in[0], in[1]); });
  CHECK(tests::distance(got.gradients[0], bar * w.transpose()) < 1e-14);
  CHECK(tests::distance(got.gradients[1], x.transpose() * bar) < 1e-14);
}

TEST_CASE_TEMPLATE("A.8: affine has its gradients, and equals product, bias and activation one after the other", A,
                   vade::Identity, vade::Relu, vade::Sigmoid, vade::Tanh, vade::Softplus) {
  std::uint64_t seed = 1;
  for (const Index rows : {1, 4})
    for (const Index inputs : {1, 3})
      for (const Index outputs : {1, 6, 33}) {
        const tests::Points points = layer(rows, inputs, outputs, seed += 3);
        check_operation(points, Affine<A>{}, {.allow_zero = true});
        const auto fused = outcome<double>(points, Affine<A>{}),
                   composed = outcome<double>(points, ComposedAffine<A>{});
        CHECK(tests::distance(fused.value, composed.value) < 1e-14);
        for (std::size_t k = 0; k < 3; ++k) CHECK(tests::distance(fused.gradients[k], composed.gradients[k]) < 1e-13);
      }
}

TEST_CASE_TEMPLATE("affine equals its composition over several tiles, for any number of threads", A, vade::Identity,
                   vade::Relu, vade::Sigmoid, vade::Tanh, vade::Softplus) {
  // 300 x 50 x 170 multiply-adds are shared among the threads; columns are cut at 64 in the backward sweep.
  tests::Points points{random_matrix(300, 50, 1), random_matrix(50, 170, 2), random_matrix(1, 170, 3)};
  std::vector<Matrix<float>> narrow;
  for (const Matrix<double>& point : points) narrow.push_back(point.cast<float>());
  vade::set_threads(1);
  const auto wide_once = outcome<double>(points, Affine<A>{}), wide = outcome<double>(points, ComposedAffine<A>{});
  const auto narrow_once = outcome<float>(narrow, Affine<A>{}),
             short_wide = outcome<float>(narrow, ComposedAffine<A>{});
  CHECK(tests::distance(wide_once.value, wide.value) < 1e-13);
  CHECK(tests::distance(narrow_once.value, short_wide.value) < 1e-5);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(tests::distance(wide_once.gradients[k], wide.gradients[k]) < 1e-13);
    CHECK(tests::distance(narrow_once.gradients[k], short_wide.gradients[k]) < 1e-5);
  }
  for (const int threads : {2, 3, 7}) {
    vade::set_threads(threads);
    const auto again = outcome<float>(narrow, Affine<A>{});
    CHECK(tests::same_bytes(again.value, narrow_once.value));
    for (std::size_t k = 0; k < 3; ++k) CHECK(tests::same_bytes(again.gradients[k], narrow_once.gradients[k]));
  }
}

TEST_CASE_TEMPLATE("affine keeps finite values and gradients where it saturates", A, vade::Identity, vade::Relu,
                   vade::Sigmoid, vade::Tanh, vade::Softplus) {
  for (const Index outputs : {1, 5, 16, 33}) {
    Matrix<float> b(1, outputs);
    for (Index j = 0; j < outputs; ++j) b(0, j) = (j % 2 == 0 ? 1.0f : -1.0f) * (j % 3 == 0 ? 1e4f : 95.0f);
    const auto got = outcome<float>(
        {random_matrix(3, 2, 1).cast<float>(), random_matrix(2, outputs, 2).cast<float>(), b}, Affine<A>{});
    CHECK(got.value.allFinite());
    for (const Matrix<float>& gradient : got.gradients) CHECK(gradient.allFinite());
  }
}

TEST_CASE("A relu unit at exactly zero passes nothing back") {
  const tests::Points points{Matrix<double>::Zero(3, 2), random_matrix(2, 4, 1), Matrix<double>::Zero(1, 4)};
  const auto got = outcome<double>(points, Affine<vade::Relu>{});
  CHECK(got.value.isZero(0));
  for (const Matrix<double>& gradient : got.gradients) CHECK(gradient.isZero(0));
}

TEST_CASE("One variable may be input, weight and bias at once, and one bias serve two layers") {
  check_operation({random_matrix(1, 1, 1, 0.5, 1)},
                  [](auto&, const auto& in) { return vade::affine<vade::Tanh>(in[0], in[0], in[0]); });
  check_operation({random_matrix(3, 3, 2), random_matrix(1, 3, 3)},
                  [](auto&, const auto& in) { return vade::affine<vade::Sigmoid>(in[0], in[0], in[1]); });
  check_operation({random_matrix(2, 3, 4), random_matrix(3, 3, 5), random_matrix(1, 3, 6)}, [](auto&, const auto& in) {
    return vade::affine<vade::Tanh>(vade::affine<vade::Softplus>(in[0], in[1], in[2]), in[1], in[2]);
  });
}

TEST_CASE("A layer's output may be used several times") {
  check_operation(layer(3, 2, 4, 50), [](auto&, const auto& in) {
    const auto y = vade::affine<vade::Tanh>(in[0], in[1], in[2]);
    return y * y + exp(y) + sum(y);
  });
}

TEST_CASE("Constant inputs, weights or biases leave the other gradients right") {
  const tests::Points points = layer(3, 2, 4, 60);
  const auto all = outcome<double>(points, Affine<vade::Tanh>{});
  for (std::size_t only = 0; only < 3; ++only) {
    const auto got = outcome<double>({points[only]}, [&](auto& tape, const auto& in) {
      const auto part = [&](std::size_t k) { return k == only ? in[0] : tape.constant(points[k]); };
      return vade::affine<vade::Tanh>(part(0), part(1), part(2));
    });
    CHECK(tests::distance(got.gradients[0], all.gradients[only]) < 1e-14);
  }
}

TEST_CASE("After the backward sweep a layer's adjoint is that of its pre-activation") {
  Parameter<double> b("b", random_matrix(1, 3, 1));
  Tape<double> tape;
  const Var<double> x = tape.constant(random_matrix(2, 2, 2)), w = tape.constant(random_matrix(2, 3, 3));
  const Var<double> y = vade::affine<vade::Sigmoid>(x, w, tape.parameter(b));
  tape.backward(sum(y));
  const Matrix<double> wanted = y.value().array() * (1 - y.value().array());
  CHECK(tests::distance(Matrix<double>(y.adjoint()), wanted) < 1e-15);
  CHECK(tests::distance(b.gradient(), wanted.colwise().sum()) < 1e-14);
}

TEST_CASE("Shapes that do not fit are refused when recorded, with all of them in the message") {
  Tape<float> tape;
  const auto of = [&](Index rows, Index columns) { return tape.constant(Matrix<float>::Zero(rows, columns)); };
  CHECK_THROWS_WITH_AS(matmul(of(2, 3), of(2, 3)),
                       "matmul: operands are [2 x 3] and [2 x 3], wanted equal inner dimensions", ShapeError);
  const std::string wanted = ", wanted [B x M], [M x N], [1 x N]";
  CHECK_THROWS_WITH_AS(vade::affine(of(2, 3), of(4, 5), of(1, 5)),
                       ("affine: x is [2 x 3], w is [4 x 5], b is [1 x 5]" + wanted).c_str(), ShapeError);
  CHECK_THROWS_WITH_AS(vade::affine(of(2, 3), of(3, 5), of(1, 4)),
                       ("affine: x is [2 x 3], w is [3 x 5], b is [1 x 4]" + wanted).c_str(), ShapeError);
  CHECK_THROWS_WITH_AS(vade::affine(of(2, 3), of(3, 5), of(2, 5)),
                       ("affine: x is [2 x 3], w is [3 x 5], b is [2 x 5]" + wanted).c_str(), ShapeError);
}

TEST_CASE("A.8: a batch without rows adds nothing to the gradient of a bias") {
  vade::Parameter<double> w("w", Matrix<double>::Ones(3, 4)), b("b", Matrix<double>::Ones(1, 4));
  vade::Tape<double> tape;
  const auto y = vade::affine<vade::Tanh>(tape.constant(Matrix<double>(0, 3)), tape.parameter(w), tape.parameter(b));
  tape.backward(sum(y));
  CHECK(b.gradient() == Matrix<double>::Zero(1, 4));
  CHECK(w.gradient() == Matrix<double>::Zero(3, 4));
}
