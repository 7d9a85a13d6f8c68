#include <vade/models/mixture_parameters.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

TEST_CASE("π of the parameters is a softmax: positive, sums to one, log(weights) gives the weights back") {
  vade::MixtureParameters<double> mixture(3, 2);
  mixture.weight_logits.value() << std::log(0.2), std::log(0.5), std::log(0.3);
  CHECK(mixture.weights()(1) == doctest::Approx(0.5));
  CHECK(mixture.weights().sum() == doctest::Approx(1));
  mixture.weight_logits.value().array() += 1000;  // only differences count
  CHECK(mixture.weights()(0) == doctest::Approx(0.2));
}

TEST_CASE("M.12: two halves of a cluster have its weight, its mean and its variances together") {
  vade::MixtureParameters<double> mixture(3, 2);
  mixture.weight_logits.value() << std::log(0.6), std::log(0.399), std::log(0.001);
  mixture.means.value() << 1, 2, 3, 4, 9, 9;
  mixture.log_variances.value() << std::log(0.5), std::log(3.0), 0, 0, 1, 1;
  mixture.split(0, 2);
  const auto& m = mixture.means.value();
  const auto v = mixture.log_variances.value().array().exp().eval();
  const vade::RowVector<double> pi = mixture.weights();
  CHECK(pi(0) == doctest::Approx(pi(2)));
  CHECK((pi(0) + pi(2)) / pi(1) == doctest::Approx(0.6 / 0.399));
  for (const vade::Index j : {0, 1}) {
    const double mean = 0.5 * (m(0, j) + m(2, j));
    CHECK(mean == doctest::Approx(static_cast<double>(j + 1)));
    const double variance = 0.5 * (v(0, j) + v(2, j) + std::pow(m(0, j) - mean, 2) + std::pow(m(2, j) - mean, 2));
    CHECK(variance == doctest::Approx(j == 0 ? 0.5 : 3.0));
  }
  CHECK(m(2, 1) - m(0, 1) == doctest::Approx(std::sqrt(6.0)));  // apart along the widest axis alone
  CHECK(m(2, 0) == m(0, 0));
  CHECK(m.row(1) == vade::RowVector<double>{{3, 4}});
}

TEST_CASE("The shapes that a mixture announces are those of its parameters, in their order") {
  std::vector<std::string> announced, made;
  vade::MixtureParameters<double>::for_each_shape(3, 2, [&](const std::string& name, vade::Index rows, vade::Index columns) {
    announced.push_back(name + vade::shape_text(rows, columns));
  });
  const vade::MixtureParameters<double> mixture(3, 2);
  mixture.for_each_parameter([&](const auto& p) { made.push_back(p.name() + vade::shape_text(p.rows(), p.cols())); });
  CHECK(announced == made);
}
