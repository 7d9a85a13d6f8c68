#include <vade/models/model_file.hpp>

#include <locale>

#include <doctest/doctest.h>

#include "battery.hpp"

using vade::ModelFileReader;
using vade::ModelFileWriter;
using vade::Network;
using vade::NetworkOptions;

TEST_CASE("Options and parameters come back as they were written, in either precision") {
  const NetworkOptions options{.inputs = 6,
                               .hidden = {5, 4},
                               .latent = 2,
                               .likelihood = vade::Likelihood::gaussian,
                               .observation_variance = 0.1,
                               .seed = 18446744073709551615u};
  const Network<float> network(options);
  const battery::TemporaryFile file;
  ModelFileWriter<float> writer("toy", options);
  writer.add(network);
  writer.save(file.path);
  const ModelFileReader reader(file.path, "toy");
  const NetworkOptions read = reader.network();
  CHECK(read.inputs == 6);
  CHECK(read.hidden == options.hidden);
  CHECK(read.latent == 2);
  CHECK(read.likelihood == vade::Likelihood::gaussian);
  CHECK(read.observation_variance == 0.1);
  CHECK(read.seed == options.seed);
  Network<double> back({.inputs = 6, .hidden = {5, 4}, .latent = 2, .seed = 1});
  reader.read(back);
  CHECK(back.decoder.output().weight().value().cast<float>() == network.decoder.output().weight().value());
}

TEST_CASE("A model file does not depend on the locale of the program that writes it") {
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
  };
  const NetworkOptions options{
      .inputs = 6, .hidden = {1000}, .latent = 2, .likelihood = vade::Likelihood::gaussian, .observation_variance = 0.3, .seed = 12345};
  const battery::TemporaryFile file;
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  ModelFileWriter<float> writer("toy", options);
  writer.add(Network<float>(options));
  writer.save(file.path);
  const NetworkOptions read = ModelFileReader(file.path, "toy").network();
  std::locale::global(before);
  CHECK(read.observation_variance == 0.3);
  CHECK(read.hidden == options.hidden);
  CHECK(read.seed == 12345);
}

TEST_CASE("Another kind, a missing option, a word for a number, and missing tensors are told apart") {
  const NetworkOptions options{.inputs = 6, .hidden = {5}, .latent = 2};
  const battery::TemporaryFile file;
  ModelFileWriter<float> writer("toy", options);
  writer.set("clusters", "ten");
  writer.save(file.path);
  CHECK_THROWS_WITH_AS(ModelFileReader(file.path, "vade"), doctest::Contains("kind \"toy\", wanted \"vade\""),
                       vade::FileError);
  const ModelFileReader reader(file.path, "toy");
  CHECK_THROWS_WITH_AS(reader.number("clusters"), doctest::Contains("\"ten\", wanted a number"), vade::FileError);
  CHECK_THROWS_WITH_AS(reader.text("depth"), doctest::Contains("no metadata \"vade.depth\""), vade::FileError);
  CHECK_THROWS_WITH_AS(reader.network(), doctest::Contains("no tensor \"encoder.0.weight\""), vade::FileError);
  vade::SafetensorsWriter foreign;
  foreign.add("w", vade::Matrix<float>(vade::Matrix<float>::Ones(1, 1)));
  foreign.save(file.path);
  CHECK_THROWS_WITH_AS(ModelFileReader(file.path, "vade"), doctest::Contains("not a model of this library"),
                       vade::FileError);
}

TEST_CASE("Parameters that are not finite never reach the disk, and the old file stays") {
  Network<float> network({.inputs = 6, .hidden = {5}, .latent = 2});
  const battery::TemporaryFile file;
  ModelFileWriter<float> good("toy", network.options);
  good.add(network);
  good.save(file.path);
  network.decoder.output().bias().value()(0, 1) = std::numeric_limits<float>::infinity();
  ModelFileWriter<float> bad("toy", network.options);
  CHECK_THROWS_WITH_AS(bad.add(network), doctest::Contains("decoder.1.bias"), vade::ValueError);
  CHECK(ModelFileReader(file.path, "toy").network().inputs == 6);
}
