#include <vade/data/views.hpp>

#include <memory>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

using vade::Dataset;
using vade::Index;
using vade::Matrix;
using vade::Views;

namespace {

template <class V>
Matrix<double> drawn(const V& views, const std::vector<Index>& rows, Index width, double strength = 1,
                     std::uint32_t epoch = 0) {
  Matrix<double> out(static_cast<Index>(rows.size()), width);
  views.draw(rows, strength, 7, epoch, vade::MatrixView<double>(out.data(), out.rows(), width));
  return out;
}

}  // namespace

TEST_CASE("A view by neighbours is one of the nearest rows, each in its turn, and fewer of them at less strength") {
  const Matrix<double> x = reference::normal_matrix(30, 2, 1);
  const Dataset data = Dataset::from_matrix(x);
  const Views<double> views(data, vade::NeighbourAugmentation{.neighbours = 4});
  const vade::IndexMatrix nearest = vade::nearest_neighbours<double>(x, 4).rows;
  for (const double strength : {0.0, 0.5, 1.0}) {
    std::set<Index> seen;
    for (std::uint32_t epoch = 0; epoch < 60; ++epoch) {
      const Matrix<double> view = drawn(views, {11}, 2, strength, epoch);
      for (Index k = 0; k < 4; ++k)
        if (view.row(0) == x.row(nearest(11, k))) seen.insert(k);
    }
    CHECK(seen.size() == (strength == 1.0 ? 4 : strength == 0.5 ? 2 : 1));
    CHECK(*seen.rbegin() == static_cast<Index>(seen.size()) - 1);
  }
}

TEST_CASE("Neighbours that are known are not looked for again, and must be those of the data") {
  const Matrix<double> x = reference::normal_matrix(30, 2, 1);
  const Dataset data = Dataset::from_matrix(x);
  const auto known = std::make_shared<const vade::Neighbours>(vade::nearest_neighbours<double>(x, 7));
  const vade::NeighbourAugmentation found{.neighbours = 4}, given{.neighbours = 4, .known = known};
  CHECK(drawn(Views<double>(data, given), {3, 11}, 2) == drawn(Views<double>(data, found), {3, 11}, 2));
  const vade::AdversarialAugmentation near{.neighbours = 4}, near_given{.neighbours = 4, .known = known};
  CHECK(drawn(Views<double>(data, near_given), {3, 11}, 2) == drawn(Views<double>(data, near), {3, 11}, 2));
  CHECK_THROWS_WITH_AS(Views<double>(data, vade::NeighbourAugmentation{.neighbours = 8, .known = known}),
                       doctest::Contains("7 neighbours are known of each row, wanted 8"), vade::ShapeError);
  CHECK_THROWS_AS(Views<double>(Dataset::from_matrix(reference::normal_matrix(29, 2, 1)), given), vade::ShapeError);
  const auto changed = [&](auto&& change) {
    vade::Neighbours neighbours = *known;
    change(neighbours);
    return std::make_shared<const vade::Neighbours>(neighbours);
  };
  const auto without = changed([](auto& n) { n.distances.resize(0, 0); });
  CHECK_NOTHROW(Views<double>(data, vade::NeighbourAugmentation{.neighbours = 4, .known = without}));
  CHECK_THROWS_AS(Views<double>(data, vade::AdversarialAugmentation{.neighbours = 4, .known = without}), vade::ShapeError);
  const auto nan = changed([](auto& n) { n.distances(3, 1) = std::nan(""); });
  CHECK_THROWS_AS(Views<double>(data, vade::AdversarialAugmentation{.neighbours = 4, .known = nan}), vade::ValueError);
  for (const Index none : {Index{-1}, Index{30}}) {
    const auto outside = changed([none](auto& n) { n.rows(29, 6) = static_cast<std::decay_t<decltype(n.rows(0, 0))>>(none); });
    CHECK_THROWS_WITH_AS(Views<double>(data, vade::NeighbourAugmentation{.neighbours = 4, .known = outside}),
                         doctest::Contains("a known neighbour is none of the 30 rows"), vade::ValueError);
  }
}

TEST_CASE("Only values in [0, 1] can be shaded: told before anything is drawn, and whatever the view shows of them") {
  Matrix<double> x = Matrix<double>::Constant(3, 16, 0.5);
  x(2, 0) = 1.2;  // in a corner, that views leave out
  const Dataset data = Dataset::from_matrix(x, vade::ImageShape{4, 4});
  const vade::ImageAugmentation shaded{.shift = 3, .shade = 1};
  CHECK_THROWS_WITH_AS(Views<double>(data, shaded), doctest::Contains("the values go from 0.5 to 1.2, wanted [0, 1]"),
                       vade::ValueError);
  CHECK_NOTHROW(Views<double>(data.slice(0, 2), shaded));
  CHECK_NOTHROW(Views<double>(data, vade::ImageAugmentation{.shift = 3}));
  Matrix<double> out(1, 16);
  for (std::uint32_t epoch = 0; epoch < 20; ++epoch)
    CHECK_THROWS_AS(vade::augment<double>(data, std::vector<Index>{2}, shaded, 1, epoch, vade::MatrixView<double>(out.data(), 1, 16)),
                    vade::ValueError);
}

TEST_CASE("A view depends on seed, epoch and row, not on its place in the batch") {
  const Dataset data = Dataset::from_matrix(reference::normal_matrix(30, 2, 1));
  for (const vade::Augmentation& kind : {vade::Augmentation(vade::NeighbourAugmentation{.neighbours = 9}),
                                        vade::Augmentation(vade::NoiseCorruption{.noise = 0.3})}) {
    const Views<double> views(data, kind);
    const Matrix<double> together = drawn(views, {3, 8, 21}, 2), alone = drawn(views, {8}, 2);
    CHECK(together.row(1) == alone.row(0));
    bool changes = false;
    for (std::uint32_t epoch = 1; epoch < 9; ++epoch) changes = changes || drawn(views, {8}, 2, 1, epoch) != alone;
    CHECK(changes);
  }
}

TEST_CASE("Affine views and noise are those of augment and corrupt, by the share of their strength") {
  std::vector<std::uint8_t> bytes(5 * 36);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 % 256);
  const Dataset images = Dataset::from_bytes(bytes, 5, 36, vade::ImageShape{6, 6});
  const std::vector<Index> rows{4, 0, 2};
  Matrix<double> wanted(3, 36);
  const vade::MatrixView<double> out(wanted.data(), 3, 36);
  const vade::ImageAugmentation affine{.rotation_degrees = 20, .shear = 0.2, .scale = 0.1, .shift = 1};
  vade::augment<double>(images, rows, affine.scaled(0.5), 7, 2, out);
  CHECK(drawn(Views<double>(images, affine), rows, 36, 0.5, 2) == wanted);
  images.gather<double>(rows, out);
  const vade::RowVector<double> hidden = vade::RowVector<double>::Constant(36, vade::image_background(images));
  vade::corrupt<double>(out, rows, {.noise = 0.1, .mask = 0.2}, 7, 2, hidden);
  CHECK(drawn(Views<double>(images, vade::NoiseCorruption{.noise = 0.2, .mask = 0.4}), rows, 36, 0.5, 2) == wanted);
}

TEST_CASE("Views that make no sense are refused before any is drawn") {
  const Dataset data = Dataset::from_matrix(reference::normal_matrix(6, 2, 1));
  CHECK_THROWS_WITH_AS(Views<double>(data, vade::ImageAugmentation{}), doctest::Contains("wanted images"),
                       vade::ValueError);
  CHECK_THROWS_WITH_AS(Views<double>(data, vade::NeighbourAugmentation{.neighbours = 0}),
                       doctest::Contains("neighbours is 0"), vade::ValueError);
  CHECK_THROWS_AS(Views<double>(data, vade::NeighbourAugmentation{.neighbours = 6}), vade::ValueError);
  CHECK_THROWS_AS(Views<double>(data, vade::NoiseCorruption{.mask = 2}), vade::ValueError);
  const Views<double> views(data, vade::NeighbourAugmentation{.neighbours = 2});
  CHECK_THROWS_WITH_AS(drawn(views, {6}, 2), doctest::Contains("row is 6"), vade::ValueError);
  CHECK_THROWS_AS(drawn(views, {1}, 3), vade::ShapeError);
}

TEST_CASE("Adversarial views lie at a share of the distance of a neighbour, in a random direction where no model is asked") {
  const Matrix<double> x = reference::normal_matrix(30, 4, 3);
  const Dataset data = Dataset::from_matrix(x);
  const Views<double> views(data, vade::AdversarialAugmentation{.radius = 0.4, .neighbours = 5});
  CHECK(views.adversarial());
  CHECK(!Views<double>(data, vade::NeighbourAugmentation{.neighbours = 5}).adversarial());
  const Matrix<double> distances = vade::nearest_neighbours<double>(x, 5).distances;
  const Matrix<double> one = drawn(views, {7, 20}, 4, 0.5, 1), other = drawn(views, {20, 7}, 4, 0.5, 1);
  CHECK((one.row(0) - x.row(7)).norm() == doctest::Approx(0.5 * 0.4 * distances(7, 4)));
  CHECK((one.row(1) - x.row(20)).norm() == doctest::Approx(0.5 * 0.4 * distances(20, 4)));
  CHECK(one.row(0) == other.row(1));  // whatever the batch
  CHECK(drawn(views, {7, 20}, 4, 0.5, 2) != one);
  CHECK_THROWS_AS(Views<double>(data, vade::AdversarialAugmentation{.radius = -1}), vade::ValueError);
  CHECK_THROWS_AS(Views<double>(data, vade::AdversarialAugmentation{.neighbours = 30}), vade::ValueError);
}

TEST_CASE("What a NoiseCorruption hides has the value of the background in images, and the mean of its column in rows") {
  const Matrix<double> x = reference::normal_matrix(300, 4, 1).array() + 7.0;
  const Matrix<double> view = drawn(Views<double>(Dataset::from_matrix(x), vade::NoiseCorruption{.mask = 0.5}), {0, 1, 2, 3, 4}, 4);
  int hidden = 0;
  for (Index i = 0; i < 5; ++i)
    for (Index j = 0; j < 4; ++j)
      if (view(i, j) != x(i, j)) ++hidden, CHECK(view(i, j) == doctest::Approx(x.col(j).mean()).epsilon(1e-12));
  CHECK(hidden > 4);
  // In other units the views are the same.
  const Matrix<double> other = (1e3 * x.array() + 1e6).matrix();
  const Matrix<double> of_other = drawn(Views<double>(Dataset::from_matrix(other), vade::NoiseCorruption{.mask = 0.5}), {0, 1, 2, 3, 4}, 4);
  CHECK(of_other.isApprox((1e3 * view.array() + 1e6).matrix(), 1e-12));
  Matrix<double> bright = Matrix<double>::Constant(3, 20, 0.75);
  bright.middleCols(6, 8).setZero();
  const auto images = Dataset::from_matrix(bright, vade::ImageShape{4, 5});
  CHECK((drawn(Views<double>(images, vade::NoiseCorruption{.mask = 1}), {0, 1}, 20).array() == 0.75).all());
}
