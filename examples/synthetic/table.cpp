#include "table.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include <nlohmann/json.hpp>

#include <vade/core/checks.hpp>

namespace synthetic {

namespace {

using Json = nlohmann::ordered_json;

std::vector<double> each(const Entry& entry, const auto& value) {
  std::vector<double> values;
  for (const Outcome& outcome : entry.outcomes) values.push_back(value(outcome));
  return values;
}

std::vector<double> bounds(const Entry& entry) {
  return each(entry, [](const Outcome& o) { return o.bound; });
}

std::vector<double> distances(const Entry& entry) {
  return each(entry, [](const Outcome& o) { return o.energy.statistic; });
}

std::vector<double> minus(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> values;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) values.push_back(a[i] - b[i]);
  return values;
}

Json json_of(const std::vector<double>& values) {
  const Interval i = interval(values);
  return {{"mean", i.mean}, {"half_width_95", std::isnan(i.half) ? Json(nullptr) : Json(i.half)}, {"values", values}};
}

std::string text(const std::vector<double>& values, int digits) {
  const Interval i = interval(values);
  char line[80];
  if (std::isnan(i.half))
    std::snprintf(line, sizeof line, "%.*f", digits, i.mean);
  else
    std::snprintf(line, sizeof line, "%.*f ± %.*f", digits, i.mean, digits, i.half);
  return line;
}

/// The entry of the same density with the other posterior, or none.
const Entry* partner(const std::vector<Entry>& entries, const Entry& diagonal) {
  for (const Entry& entry : entries)
    if (entry.density.which == diagonal.density.which && entry.posterior == "full" && diagonal.posterior == "diagonal")
      return &entry;
  return nullptr;
}

}  // namespace

Interval interval(const std::vector<double>& values) {
  vade::check_between("interval", "number of values", values.size(), std::size_t{1}, std::size_t{10});
  // Student's t at 0.975, for 1 to 9 degrees of freedom.
  constexpr std::array<double, 9> quantiles{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262};
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  if (values.size() == 1) return {mean, std::numeric_limits<double>::quiet_NaN()};
  return {mean, quantiles.at(values.size() - 2) * std::sqrt(squares / (n - 1) / n)};
}

Json to_json(const std::vector<Entry>& entries) {
  Json json = Json::array();
  for (const Entry& entry : entries) {
    Json row{{"experiment", entry.density.name}, {"posterior", entry.posterior},
             {"latent", entry.latent},           {"rows", entry.rows},
             {"epochs", entry.epochs},           {"observation_variance", observation_variance(entry.density)},
             {"seeds", entry.outcomes.size()}};
    row["bound"] = json_of(bounds(entry));
    row["true_log_density"] = json_of(entry.truth);
    row["missing"] = json_of(minus(entry.truth, bounds(entry)));
    row["kl"] = json_of(each(entry, [](const Outcome& o) { return o.kl; }));
    row["energy_distance"] = json_of(distances(entry));
    row["energy_null_95"] = json_of(each(entry, [](const Outcome& o) { return o.energy.null_quantile(0.95); }));
    row["p_value"] = json_of(each(entry, [](const Outcome& o) { return o.energy.p_value; }));
    row["seconds"] = json_of(each(entry, [](const Outcome& o) { return o.seconds; }));
    if (const Entry* full = partner(entries, entry)) {
      row["full_minus_diagonal"] = {{"bound", json_of(minus(bounds(*full), bounds(entry)))},
                                    {"energy_distance", json_of(minus(distances(*full), distances(entry)))}};
    }
    json.push_back(std::move(row));
  }
  return json;
}

std::string to_markdown(const std::vector<Entry>& entries) {
  std::string page =
      "| experiment | J | posterior | bound, nats | missing to log p(x) | energy distance | 95 % of the null below | "
      "told from real (p < 0.05) | s |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const Entry& entry : entries) {
    int told = 0;
    for (const Outcome& outcome : entry.outcomes) told += outcome.energy.p_value < 0.05 ? 1 : 0;
    const auto null = each(entry, [](const Outcome& o) { return o.energy.null_quantile(0.95); });
    const auto seconds = each(entry, [](const Outcome& o) { return o.seconds; });
    page += "| " + std::string(entry.density.name) + " | " + std::to_string(entry.latent) + " | " + entry.posterior +
            " | " + text(bounds(entry), 3) + " | " + text(minus(entry.truth, bounds(entry)), 3) + " | " +
            text(distances(entry), 4) + " | " + text({interval(null).mean}, 4) + " | " + std::to_string(told) + " of " +
            std::to_string(entry.outcomes.size()) + " | " + text({interval(seconds).mean}, 0) + " |\n";
  }
  std::string differences;
  for (const Entry& entry : entries)
    if (const Entry* full = partner(entries, entry))
      differences += "| " + std::string(entry.density.name) + " | " + std::to_string(entry.latent) + " | " +
                     text(minus(bounds(*full), bounds(entry)), 3) + " | " +
                     text(minus(distances(*full), distances(entry)), 4) + " |\n";
  if (!differences.empty())
    page += "\n| full minus diagonal | J | bound, nats | energy distance |\n|---|---|---|---|\n" + differences;
  return page;
}

}  // namespace synthetic
