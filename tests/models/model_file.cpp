#include <vade/models/model_file.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <locale>
#include <string>

#include <doctest/doctest.h>

#include "../support/message_of.hpp"
#include "../support/safetensors_parts.hpp"
#include "battery.hpp"

using vade::ModelFileReader;
using vade::ModelFileWriter;
using vade::Network;
using vade::NetworkOptions;

namespace model_file_tests {

using vade::Index;
using vade::Matrix;

/// What a model of one network does to load.
Network<float> make_network(const ModelFileReader& reader) {
  const NetworkOptions options = reader.network();
  return reader.make([&](auto&& visit) { Network<float>::for_each_shape(options, visit); }, [&] {
    Network<float> network(options);
    reader.read(network);
    return network;
  });
}

const NetworkOptions toy_options{.inputs = 6, .hidden = {5, 4}, .latent = 2, .likelihood = vade::Likelihood::gaussian};

void save_toy(const std::filesystem::path& path) {
  ModelFileWriter<float> writer("toy", toy_options);
  writer.add(Network<float>(toy_options));
  writer.save(path);
}

/// What loading the toy says, after the path, once `change` has changed its parts.
std::string complaint(const std::function<void(tests::SafetensorsParts&)>& change) {
  const battery::TemporaryFile file;
  save_toy(file.path);
  tests::SafetensorsParts parts(file.path);
  change(parts);
  parts.save(file.path);
  const std::string said =
      tests::message_of<vade::FileError>([&] { make_network(ModelFileReader(file.path, "toy")); });
  return said.starts_with(file.path.string() + ": ") ? said.substr(file.path.string().size() + 2) : said;
}

}  // namespace model_file_tests

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
  CHECK_THROWS_WITH_AS(ModelFileReader(file.path, "toy"),
                       doctest::Contains("has metadata \"vade.clusters\", which no model of this kind and version has"),
                       vade::FileError);
  const ModelFileReader reader(file.path, "toy", vade::DiagonalPosterior::name, {"clusters"});
  CHECK_THROWS_WITH_AS(reader.number("clusters"), doctest::Contains("\"ten\", wanted a number"), vade::FileError);
  CHECK_THROWS_WITH_AS(reader.text("depth"), doctest::Contains("no metadata \"vade.depth\""), vade::FileError);
  CHECK_THROWS_WITH_AS(model_file_tests::make_network(reader), doctest::Contains("no tensor \"encoder.0.weight\""), vade::FileError);
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

TEST_CASE("Every tensor of a model file has the name, type and shape that the options lead to, and no other is there") {
  using model_file_tests::complaint;
  using Parts = tests::SafetensorsParts;
  const auto shape = [](Parts& parts, const std::string& name, std::vector<vade::Index> sizes) {
    auto& tensor = parts.tensors.at(name);
    tensor.shape = std::move(sizes);
    tensor.bytes.resize(static_cast<std::size_t>(*vade::detail::tensor_bytes(tensor.dtype, tensor.shape)));
  };
  CHECK(complaint([](Parts&) {}) == tests::nothing_thrown);
  CHECK(complaint([](Parts& parts) { parts.tensors["encoder.7.weight"] = parts.tensors["encoder.0.weight"]; }) ==
        "has a tensor \"encoder.7.weight\" that was not wanted");
  CHECK(complaint([](Parts& parts) { parts.tensors["\x1b[2J\n"] = parts.tensors["encoder.0.weight"]; }) ==
        "has a tensor \"\\x1b[2J\\n\" that was not wanted");
  for (const std::string name : {"encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.head.weight", "encoder.head.bias",
                                 "decoder.0.weight", "decoder.0.bias", "decoder.2.weight", "decoder.2.bias"}) {
    CAPTURE(name);
    CHECK(complaint([&](Parts& parts) { parts.tensors.erase(name); }) == "has no tensor \"" + name + "\"");
    CHECK(complaint([&](Parts& parts) { shape(parts, name, {0, 0}); }).starts_with("tensor \"" + name + "\" is [0 x 0], wanted ["));
    CHECK(complaint([&](Parts& parts) {
            auto& tensor = parts.tensors.at(name);
            tensor.shape.insert(tensor.shape.begin(), 1);
          }).starts_with("tensor \"" + name + "\" is [1 x "));
    CHECK(complaint([&](Parts& parts) { parts.tensors.at(name).dtype = vade::Dtype::i32; }) ==
          "tensor \"" + name + "\" is I32, wanted F32 or F64");
  }
}

TEST_CASE("Sizes that a file only claims are refused before anything of these sizes is made") {
  using model_file_tests::complaint;
  using Parts = tests::SafetensorsParts;
  // Made first, the networks of these files would take more memory than any machine has, and the error would be another.
  const auto claim = [](vade::Index latent) {
    return [latent](Parts& parts) {
      parts.metadata["vade.latent"] = std::to_string(latent);
      parts.tensors["decoder.0.weight"] = {vade::Dtype::f32, {latent, 0}, {}};
    };
  };
  for (const vade::Index latent : {vade::Index{262144}, vade::Index{1} << 29})
    CHECK(complaint(claim(latent)) == vade::detail::message("tensor \"encoder.head.weight\" is [4 x 4], wanted ",
                                                            vade::shape_text(4, 2 * latent)));
  CHECK(complaint([](Parts& parts) { parts.metadata["vade.latent"] = "1099511627776"; }).find("latent is 1099511627776, wanted") == 16);
  CHECK(complaint([](Parts& parts) { parts.metadata["vade.inputs"] = "9223372036854775807"; }).find("inputs is 922") == 16);
  CHECK(complaint([](Parts& parts) { parts.metadata["vade.hidden"] = "5,1099511627776"; }).find("hidden width is 1099") == 16);
}

TEST_CASE("Options in a model file are exactly what a writer writes") {
  using model_file_tests::complaint;
  using Parts = tests::SafetensorsParts;
  for (const std::string hidden : {"5,4,", ",5,4", "5,,4", "", ",", "5, 4", "5;4", "5,4x", "+5,4", "5,0x4", "5,4e0"}) {
    CAPTURE(hidden);
    CHECK(complaint([&](Parts& parts) { parts.metadata["vade.hidden"] = hidden; }) ==
          "vade.hidden is \"" + hidden + "\", wanted a number");
  }
  for (const std::string learns : {"false", "0", "1", "TRUE", ""})
    CHECK(complaint([&](Parts& parts) { parts.metadata["vade.learn_observation_variance"] = learns; }) ==
          "vade.learn_observation_variance is \"" + learns + "\", wanted \"true\", or no such key");
  CHECK(complaint([](Parts& parts) { parts.metadata["vade.learn_observation_variance"] = "true"; }) ==
        "has no tensor \"observation.log_variance\"");
  CHECK(complaint([](Parts& parts) { parts.metadata["vade.depth"] = "1"; }) ==
        "has metadata \"vade.depth\", which no model of this kind and version has");
  CHECK(complaint([](Parts& parts) { parts.metadata["format"] = "np"; }) == tests::nothing_thrown);
  for (const std::string variance : {"0", "-1", "nan", "inf", "1e-300", "1e300", "1,5"}) {
    CAPTURE(variance);
    CHECK(complaint([&](Parts& parts) { parts.metadata["vade.observation_variance"] = variance; }) != tests::nothing_thrown);
  }
  CHECK(complaint([](Parts& parts) { parts.metadata["vade.seed"] = std::string(1000, 'x'); }).size() < 150);
}

TEST_CASE("A model without checksums is refused, as a checkpoint is: a bit that flips would not be noticed") {
  const battery::TemporaryFile file;
  model_file_tests::save_toy(file.path);
  const auto whole = vade::read_file(file.path, 1 << 20);
  const auto bare = tests::without_metadata(whole, [](const std::string& key) { return vade::detail::is_reserved_key(key); });
  vade::write_file_atomically(file.path, std::span(bare));
  CHECK_FALSE(vade::SafetensorsFile::load(file.path).has_checksums());  // as a file of another tool, it can be read
  CHECK_THROWS_WITH_AS(ModelFileReader(file.path, "toy"), doctest::Contains("has no checksums, which a model must have"),
                       vade::FileError);
  const auto without_one = tests::without_metadata(whole, [](const std::string& key) { return key == "vade.crc32.tensor.encoder.0.bias"; });
  vade::write_file_atomically(file.path, std::span(without_one));
  CHECK_THROWS_AS(ModelFileReader(file.path, "toy"), vade::FileError);
}

TEST_CASE("A model whose tensors Python has changed loads once the guide's function has sealed it, and not before") {
  if (std::system("python3 -c 'import json, struct, zlib' > /dev/null 2>&1") != 0) return;  // no Python here
  const auto guide_path = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "docs" / "guide.md";
  std::ifstream guide_file(guide_path);
  const std::string guide((std::istreambuf_iterator<char>(guide_file)), {});
  const std::string fence = "```python\n";
  const std::size_t begin = guide.find(fence);
  REQUIRE(begin != std::string::npos);
  const std::string recipe = guide.substr(begin + fence.size(), guide.find("\n```", begin) - begin - fence.size());

  const battery::TemporaryFile file;
  model_file_tests::save_toy(file.path);
  const vade::Matrix<float> before = model_file_tests::make_network(ModelFileReader(file.path, "toy")).decoder.output().bias().value();
  const auto python = [&](const std::string& name, const std::string& program) {
    const auto script = file.folder / name;
    std::ofstream(script) << program;
    return std::system(("python3 -B '" + script.string() + "' '" + file.path.string() + "'").c_str());
  };
  // As numpy would, where it is installed: other bytes for a tensor, the metadata as they were.
  REQUIRE(python("change.py", R"(
import json, struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
start = 8 + struct.unpack("<Q", data[:8])[0]
at = start + json.loads(data[8:start])["decoder.2.bias"]["data_offsets"][0]
data[at:at + 4] = struct.pack("<f", 0.25)
open(sys.argv[1], "wb").write(data)
)") == 0);
  CHECK_THROWS_WITH_AS(ModelFileReader(file.path, "toy"),
                       doctest::Contains("tensor \"decoder.2.bias\" is damaged: its checksum is "), vade::FileError);
  CHECK_THROWS_WITH_AS(ModelFileReader(file.path, "toy"),
                       doctest::Contains("; a program that changes a file computes its checksums anew (docs/guide.md)"),
                       vade::FileError);
  REQUIRE(python("seal.py", recipe + "\nimport sys\nseal(sys.argv[1])\n") == 0);
  const vade::Matrix<float> after = model_file_tests::make_network(ModelFileReader(file.path, "toy")).decoder.output().bias().value();
  CHECK(after(0, 0) == 0.25f);
  CHECK(after.rightCols(5) == before.rightCols(5));
  CHECK(vade::SafetensorsFile::load(file.path).has_checksums());
}
