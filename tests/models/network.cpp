#include <vade/models/network.hpp>

#include <new>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/reference.hpp"

using reference::normal_matrix;
using vade::Index;
using vade::Matrix;
using vade::Network;
using vade::Tape;

TEST_CASE("The decoder mirrors the encoder, names are unique, and no two layers start with equal weights") {
  const Network<double> network({.inputs = 9, .hidden = {7, 5}, .latent = 2, .seed = 3});
  std::set<std::string> names;
  std::set<double> first_weights;
  Index weights = 0;
  network.for_each_parameter([&](const vade::Parameter<double>& p) {
    names.insert(p.name());
    if (p.name().ends_with("weight")) {
      ++weights;
      first_weights.insert(p.value()(0, 0));
    }
  });
  CHECK(names.size() == 12);
  CHECK(static_cast<Index>(first_weights.size()) == weights);
  CHECK(network.decoder.inputs() == 2);
  CHECK(network.decoder.outputs() == 9);
  CHECK(network.decoder.hidden()[0].outputs() == 5);
  CHECK(network.decoder.hidden()[1].outputs() == 7);
}

TEST_CASE("The noise of a row depends on its number, not on the batch that it is in") {
  Tape<float> tape;
  const std::vector<Index> rows{4, 9, 2}, other{9};
  const Matrix<float> together = vade::posterior_noise(tape, rows, 5, 1, 3).value();
  const Matrix<float> alone = vade::posterior_noise(tape, other, 5, 1, 3).value();
  CHECK(together.row(1) == alone.row(0));
  CHECK(together.row(0) != together.row(1));
  CHECK(alone != vade::posterior_noise(tape, other, 5, 1, 4).value());
  CHECK(alone != vade::posterior_noise(tape, other, 5, 2, 3).value());
}

namespace {

template <class T, class Posterior>
void check_shapes(const vade::NetworkOptions& options) {
  std::vector<std::string> announced, made;
  Network<T, Posterior>::for_each_shape(
      options, [&](const std::string& name, Index rows, Index columns) { announced.push_back(name + vade::shape_text(rows, columns)); });
  const Network<T, Posterior> network(options);
  network.for_each_parameter(
      [&](const vade::Parameter<T>& p) { made.push_back(p.name() + vade::shape_text(p.rows(), p.cols())); });
  CHECK(announced == made);
}

}  // namespace

TEST_CASE("The shapes that a network announces are those of its parameters, in their order") {
  for (const std::vector<Index>& hidden : {std::vector<Index>{4}, {4, 3}, {1, 6, 2}})
    for (const Index latent : {1, 2, 5}) {
      const vade::NetworkOptions plain{.inputs = 7, .hidden = hidden, .latent = latent};
      const vade::NetworkOptions learned{.inputs = 7, .hidden = hidden, .latent = latent,
                                         .likelihood = vade::Likelihood::gaussian, .learn_observation_variance = true};
      check_shapes<float, vade::DiagonalPosterior>(plain);
      check_shapes<float, vade::FullPosterior>(plain);
      check_shapes<double, vade::DiagonalPosterior>(learned);
    }
}

TEST_CASE("A network that needs more memory than there is, is a ValueError with sizes and bytes") {
  const Index many = Index{1} << 29;
  CHECK_THROWS_WITH_AS((Network<float>({.inputs = 784, .hidden = {many}, .latent = 10})),
                       doctest::Contains("Network: inputs 784, hidden [536870912], latent 10 need 858993460004 parameters, "
                                         "3.43597384e+12 bytes: wanted at most 4294967296 parameters"),
                       vade::ValueError);
  CHECK_THROWS_AS((Network<double, vade::FullPosterior>({.inputs = 784, .hidden = {512}, .latent = many})), vade::ValueError);
  CHECK_THROWS_WITH_AS((vade::detail::make_parameters<float>("Toy", "width 3", [](auto&& visit) { visit(std::string("w"), Index{3}, Index{1}); },
                                                             [] { throw std::bad_alloc(); })),
                       "Toy: width 3 need 3 parameters, 12 bytes: there is not enough memory", vade::ResourceError);
}
