// vade: models as files.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/exact_text.hpp>
#include <vade/core/parse_number.hpp>
#include <vade/core/printable.hpp>
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

/// Reads what a writer wrote. Nothing in the file is believed: it must have its checksums, options that pass their check, and
/// exactly the tensors that these options lead to. All of that is checked before a model is made.
class ModelFileReader {
 public:
  /// `options` are the keys, without "vade.", that this kind of model adds to those of `ModelFileWriter`.
  /// @throws FileError for a file that cannot be read, has no checksums, is of another kind, or has a key of another one
  ModelFileReader(const std::filesystem::path& path, const std::string& model,
                  std::string_view posterior = DiagonalPosterior::name, std::span<const std::string_view> options = {})
      : path_(path.string()), file_(SafetensorsFile::load(path)) {
    if (text("model") != model) refuse("holds a model of kind \"", printable(text("model")), "\", wanted \"", model, "\"");
    if (text("version") != "1") refuse("has format version ", printable(text("version")), ", wanted 1");
    if (!file_.has_checksums())
      refuse("has no checksums, which a model must have; a program that changes a model computes them anew (docs/guide.md)");
    const auto stored = file_.metadata().find("vade.posterior");
    const std::string kind = stored == file_.metadata().end() ? std::string(DiagonalPosterior::name) : stored->second;
    if (kind != posterior)
      refuse("its posterior is \"", printable(kind), "\", wanted \"", posterior, "\"; load it as the model that it was saved from");
    check_keys(options);
  }
  ModelFileReader(const std::filesystem::path& path, const std::string& model, std::string_view posterior,
                  std::initializer_list<std::string_view> options)
      : ModelFileReader(path, model, posterior, std::span(options.begin(), options.size())) {}

  /// An option as text. @throws FileError if it is missing
  const std::string& text(const std::string& key) const {
    const auto found = file_.metadata().find("vade." + key);
    if (found == file_.metadata().end()) refuse("has no metadata \"vade.", key, "\", so it is not a model of this library");
    return found->second;
  }

  /// An option as a number. @throws FileError
  template <class Number = Index>
  Number number(const std::string& key) const {
    return parse<Number>(key, text(key));
  }

  /// The options that every model has. @throws FileError for a missing or malformed one, and one that is out of range
  NetworkOptions network() const {
    NetworkOptions options{.inputs = number("inputs"), .hidden = {}, .latent = number("latent")};
    const std::string_view widths = text("hidden");
    for (std::size_t begin = 0, end = 0; end != std::string_view::npos; begin = end + 1) {
      end = widths.find(',', begin);
      options.hidden.push_back(parse<Index>("hidden", widths.substr(begin, end - begin)));
    }
    const std::string& likelihood = text("likelihood");
    if (likelihood != "bernoulli" && likelihood != "gaussian")
      refuse("vade.likelihood is \"", printable(likelihood), "\", wanted bernoulli or gaussian");
    options.likelihood = likelihood == "bernoulli" ? Likelihood::bernoulli : Likelihood::gaussian;
    options.observation_variance = number<double>("observation_variance");
    if (file_.metadata().contains("vade.learn_observation_variance")) {
      const std::string& learns = text("learn_observation_variance");
      if (learns != "true")
        refuse("vade.learn_observation_variance is \"", printable(learns), "\", wanted \"true\", or no such key");
      options.learn_observation_variance = true;
    }
    options.seed = number<std::uint64_t>("seed");
    as_file_error([&] { options.check(); });
    return options;
  }

  /// `make()`, the model, where the tensors of the file are exactly those that `for_each_shape(visit)` announces by
  /// `visit(name, rows, columns)`. Before that nothing is allocated but names. @throws FileError for a missing tensor, another
  /// type or shape, a tensor that was not announced, and for what `make` refuses
  auto make(const auto& for_each_shape, const auto& make) const -> decltype(make()) {
    return as_file_error([&] {
      std::vector<std::string> names;
      for_each_shape([&](std::string name, Index rows, Index columns) {
        file_.check_matrix(name, rows, columns);
        names.push_back(std::move(name));
      });
      file_.check_names(names);
      return make();
    });
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
  [[noreturn]] void refuse(const auto&... parts) const { throw FileError(detail::message(path_, ": ", parts...)); }

  template <class Number>
  Number parse(const std::string& key, std::string_view digits) const {
    Number value{};
    if (!is_number(digits, value)) refuse("vade.", key, " is \"", printable(text(key)), "\", wanted a number");
    return value;
  }

  /// What options refuse is what the file says.
  auto as_file_error(const auto& call) const -> decltype(call()) {
    try {
      return call();
    } catch (const ValueError& error) {
      refuse(error.what());
    } catch (const ResourceError& error) {
      refuse(error.what());
    } catch (const std::bad_alloc&) {
      refuse("there is not enough memory for the model");
    }
  }

  /// A key that this version does not have may change what the model is.
  void check_keys(std::span<const std::string_view> options) const {
    static constexpr std::string_view common[] = {"model", "version", "inputs", "hidden", "latent", "likelihood",
                                                  "observation_variance", "learn_observation_variance", "seed", "posterior"};
    for (const auto& [key, value] : file_.metadata()) {
      if (!key.starts_with("vade.")) continue;
      const std::string_view name = std::string_view(key).substr(5);
      if (std::ranges::find(common, name) == std::end(common) && std::ranges::find(options, name) == options.end())
        refuse("has metadata \"", printable(key), "\", which no model of this kind and version has");
    }
  }

  std::string path_;
  SafetensorsFile file_;
};

}  // namespace vade
