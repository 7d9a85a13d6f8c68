// vade: models as files.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/exact_text.hpp>
#include <vade/core/parse_number.hpp>
#include <vade/io/safetensors.hpp>
#include <vade/models/network.hpp>

/// A model is one safetensors file: its parameters under their names, and in the metadata `vade.model`, the format
/// `vade.version` and the options, each as text; `vade.posterior` only where q(z|x) is not the diagonal one.
/// From Python: `safetensors.numpy.load_file("model.safetensors")`.
namespace vade {

/// Collects parameters and options, then writes them all or nothing.
template <Real T>
class ModelFileWriter {
 public:
  ModelFileWriter(const std::string& model, const NetworkOptions& options,
                  std::string_view posterior = DiagonalPosterior::name) {
    if (posterior != DiagonalPosterior::name) set("posterior", std::string(posterior));
    std::string hidden;
    for (const Index width : options.hidden) hidden.append(hidden.empty() ? "" : ",").append(std::to_string(width));
    set("model", model);
    set("version", "1");
    set("inputs", std::to_string(options.inputs));
    set("hidden", hidden);
    set("latent", std::to_string(options.latent));
    set("likelihood", options.likelihood == Likelihood::bernoulli ? "bernoulli" : "gaussian");
    set("observation_variance", exact_text(options.observation_variance));
    if (options.learn_observation_variance) set("learn_observation_variance", "true");
    set("seed", std::to_string(options.seed));
  }

  void set(const std::string& key, const std::string& value) { file_.set_metadata("vade." + key, value); }

  /// All parameters of anything with `for_each_parameter`. @throws ValueError for a value that is not finite
  template <class AnyNetwork>
  void add(const AnyNetwork& network) {
    network.for_each_parameter([&](const Parameter<T>& p) { file_.add(p.name(), p.value()); });
  }

  /// @throws FileError; what was there before is then untouched
  void save(const std::filesystem::path& path) const { file_.save(path); }

 private:
  SafetensorsWriter file_;
};

/// Reads what a writer wrote; refuses files of other models, missing options and tensors of other shapes.
class ModelFileReader {
 public:
  /// @throws FileError
  ModelFileReader(const std::filesystem::path& path, const std::string& model,
                  std::string_view posterior = DiagonalPosterior::name)
      : path_(path.string()), file_(SafetensorsFile::load(path)) {
    if (text("model") != model)
      throw FileError(path_ + ": holds a model of kind \"" + text("model") + "\", wanted \"" + model + "\"");
    if (text("version") != "1") throw FileError(path_ + ": has format version " + text("version") + ", wanted 1");
    const auto stored = file_.metadata().find("vade.posterior");
    const std::string kind = stored == file_.metadata().end() ? std::string(DiagonalPosterior::name) : stored->second;
    if (kind != posterior)
      throw FileError(path_ + ": its posterior is \"" + kind + "\", wanted \"" + std::string(posterior) +
                      "\"; load it as the model that it was saved from");
  }

  /// An option as text. @throws FileError if it is missing
  const std::string& text(const std::string& key) const {
    const auto found = file_.metadata().find("vade." + key);
    if (found == file_.metadata().end())
      throw FileError(path_ + ": has no metadata \"vade." + key + "\", so it is not a model of this library");
    return found->second;
  }

  /// An option as a number. @throws FileError
  template <class Number = Index>
  Number number(const std::string& key) const {
    const std::string& digits = text(key);
    return parse<Number>(key, digits.data(), digits.data() + digits.size());
  }

  /// Rows of a tensor; 0 for a scalar. @throws FileError if there is none
  Index rows(const std::string& tensor) const {
    const auto& shape = file_.tensor(tensor).shape;
    return shape.empty() ? 0 : shape.front();
  }

  /// @throws FileError
  NetworkOptions network() const {
    NetworkOptions options{.inputs = number("inputs"), .hidden = {}, .latent = number("latent")};
    std::istringstream widths(text("hidden"));
    for (std::string width; std::getline(widths, width, ',');)
      options.hidden.push_back(parse<Index>("hidden", width.data(), width.data() + width.size()));
    const std::string& likelihood = text("likelihood");
    if (likelihood != "bernoulli" && likelihood != "gaussian")
      throw FileError(path_ + ": vade.likelihood is \"" + likelihood + "\", wanted bernoulli or gaussian");
    options.likelihood = likelihood == "bernoulli" ? Likelihood::bernoulli : Likelihood::gaussian;
    options.observation_variance = number<double>("observation_variance");
    options.learn_observation_variance = file_.metadata().contains("vade.learn_observation_variance");
    options.seed = number<std::uint64_t>("seed");
    check_sizes(options);
    return options;
  }

  /// Fills the parameters of anything with `for_each_parameter` from the tensors of their names, of either precision.
  /// @throws FileError for a missing tensor, another shape, or a value that is not finite
  template <class AnyNetwork>
  void read(AnyNetwork& network) const {
    network.for_each_parameter([&]<class T>(Parameter<T>& p) {
      p.value() = file_.matrix<T>(p.name(), p.rows(), p.cols());
    });
  }

 private:
  template <class Number>
  Number parse(const std::string& key, const char* begin, const char* end) const {
    Number value{};
    if (!is_number({begin, end}, value))
      throw FileError(path_ + ": vade." + key + " is \"" + std::string(begin, end) + "\", wanted a number");
    return value;
  }

  /// The widths are those of tensors that are there: nothing large is allocated on a file's word alone.
  void check_sizes(const NetworkOptions& options) const {
    try {
      options.check();
    } catch (const ValueError& error) {
      throw FileError(path_ + ": " + error.what());
    }
    Index width = options.inputs;
    for (std::size_t i = 0; i < options.hidden.size(); ++i) {
      const std::string name = "encoder." + std::to_string(i) + ".weight";
      const auto& shape = file_.tensor(name).shape;
      if (shape != std::vector<Index>{width, options.hidden[i]})
        throw FileError(path_ + ": tensor \"" + name + "\" does not have the shape " +
                        shape_text(width, options.hidden[i]) + " that the widths in the metadata want");
      width = options.hidden[i];
    }
    if (options.latent != rows("decoder.0.weight"))
      throw FileError(path_ + ": vade.latent is " + std::to_string(options.latent) + ", but \"decoder.0.weight\" has " +
                      std::to_string(rows("decoder.0.weight")) + " rows");
  }

  std::string path_;
  SafetensorsFile file_;
};

}  // namespace vade
