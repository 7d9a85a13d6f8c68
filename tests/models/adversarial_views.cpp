#include <vade/models/adversarial_views.hpp>

#include <doctest/doctest.h>

#include <vade/core/random.hpp>
#include <vade/models/information_maximisation.hpp>

using vade::Index;
using vade::Matrix;
using vade::Var;

namespace adversarial_views_tests {

/// Rows, views of them at different distances, and weights of logits.
struct Setup {
  Matrix<double> x{6, 4}, views{6, 4}, weights;

  explicit Setup(Index classes) : weights(4, classes) {
    vade::fill_normal(x, 1, vade::Purpose::user);
    vade::fill_normal(views, 2, vade::Purpose::user);
    vade::fill_normal(weights, 3, vade::Purpose::user);
    for (Index i = 0; i < 6; ++i) views.row(i) = x.row(i) + 0.1 * (1.0 + static_cast<double>(i)) * views.row(i).normalized();
  }

  auto log_probabilities() const {
    return [this](Var<double> rows) { return log_softmax(matmul(rows, rows.tape().constant(weights))); };
  }

  Matrix<double> turned() const {
    Matrix<double> result = views;
    vade::AdversarialViews<double>().turn(x, vade::MatrixView<double>(result.data(), 6, 4), log_probabilities());
    return result;
  }

  /// KL(p(c|x_i) ‖ p(c|y_i)).
  double divergence(const Matrix<double>& y, Index i) const {
    vade::Tape<double> tape;
    const Matrix<double> p = log_probabilities()(tape.constant(x)).value(), q = log_probabilities()(tape.constant(y)).value();
    return (p.row(i).array().exp() * (p.row(i) - q.row(i)).array()).sum();
  }
};

TEST_CASE("I.7: for two classes and linear logits the direction is that of the difference of their weights") {
  const Setup s(2);
  const Matrix<double> turned = s.turned();
  const vade::RowVector<double> normal = (s.weights.col(0) - s.weights.col(1)).transpose().normalized();
  for (Index i = 0; i < 6; ++i) {
    const vade::RowVector<double> r = turned.row(i) - s.x.row(i);
    CHECK(r.norm() == doctest::Approx(0.1 * (1.0 + static_cast<double>(i))));  // as far as the random view was
    CHECK(std::abs(r.dot(normal)) == doctest::Approx(r.norm()));
    CHECK(r.dot(normal) * (s.views.row(i) - s.x.row(i)).dot(normal) > 0);  // and on the side where it was
  }
}

TEST_CASE("I.7: with more classes the divergence grows, in every row") {
  const Setup s(5);
  const Matrix<double> turned = s.turned();
  for (Index i = 0; i < 6; ++i) CHECK(s.divergence(turned, i) > s.divergence(s.views, i));
}

TEST_CASE("Where nothing changes the prediction, a view stays where it is; shapes must agree") {
  Setup s(3);
  s.weights.setZero();
  CHECK(s.turned() == s.views);
  Matrix<double> narrow(6, 3);
  CHECK_THROWS_AS(vade::AdversarialViews<double>().turn(s.x, vade::MatrixView<double>(narrow.data(), 6, 3), s.log_probabilities()),
                  vade::ShapeError);
}

TEST_CASE("A classifier with adversarial views cuts two clouds between them, and no other parameter gets a gradient") {
  Matrix<float> x(200, 3);
  vade::fill_normal(x, 5, vade::Purpose::user);
  vade::Labels truth;
  for (Index i = 0; i < 200; ++i) {
    x(i, 1) += i % 2 == 0 ? 4.0f : -4.0f;
    truth.push_back(static_cast<vade::Label>(i % 2));
  }
  const vade::InformationMaximisationOptions options{.hidden = {16},
                                                     .clusters = 2,
                                                     .augmentation = vade::AdversarialAugmentation{.radius = 1},
                                                     .view_strength = vade::Schedule::constant(1),
                                                     .fit = {.epochs = 60, .batch = 100}};
  vade::FitReport report;
  const vade::Dataset data = vade::Dataset::from_matrix(x);
  const auto classifier = vade::InformationMaximisingClassifier<float>::fit_best(data, options, {.candidates = 3, .rung = 15}, 1,
                                                                                 {"classifier", 20}, report);
  const vade::Labels found = vade::top_columns(classifier.predict_proba(data));
  Index same = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) same += truth[i] == found[i];
  CHECK(std::max(same, 200 - same) >= 196);
}

}  // namespace adversarial_views_tests
