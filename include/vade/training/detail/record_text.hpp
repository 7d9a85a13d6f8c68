// vade: an epoch's record as a line of text, and back.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vade/core/errors.hpp>
#include <vade/core/exact_text.hpp>
#include <vade/core/parse_number.hpp>
#include <vade/core/printable.hpp>
#include <vade/training/report.hpp>

namespace vade::detail {

/// Fields with tabulators between them: stage, epoch, epochs, loss, learning rate, gradient norm, seconds, rows per second;
/// then the terms as "name=value", and the alarms, each after a "!".
inline std::string record_text(const EpochRecord& record) {
  std::string text = record.stage + "\t" + std::to_string(record.epoch) + "\t" + std::to_string(record.epochs);
  for (const double value :
       {record.loss, record.learning_rate, record.gradient_norm, record.seconds, record.rows_per_second})
    text += "\t" + exact_text(value);
  for (const NamedValue& term : record.terms) text += "\t" + term.name + "=" + exact_text(term.value);
  for (const std::string& alarm : record.alarms) text += "\t!" + alarm;
  return text;
}

/// What `record_text` was given. `where`, such as the path of a file, starts messages. @throws FileError for any other text
inline EpochRecord record_from_text(std::string_view text, const std::string& where) {
  const auto wrong = [&] { return FileError(where + ": not the record of an epoch: \"" + printable(text) + "\""); };
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0, end = 0; end != std::string_view::npos; begin = end + 1) {
    end = text.find('\t', begin);
    fields.push_back(text.substr(begin, end - begin));
  }
  const auto number = [&](std::string_view field, auto value) {
    if (!is_number(field, value)) throw wrong();
    return value;
  };
  if (fields.size() < 8) throw wrong();
  EpochRecord record{.stage = std::string(fields[0]),
                     .epoch = number(fields[1], 0),
                     .epochs = number(fields[2], 0),
                     .loss = number(fields[3], 0.0),
                     .learning_rate = number(fields[4], 0.0),
                     .gradient_norm = number(fields[5], 0.0),
                     .seconds = number(fields[6], 0.0),
                     .rows_per_second = number(fields[7], 0.0)};
  for (std::size_t i = 8; i < fields.size(); ++i) {
    const std::string_view field = fields[i];
    const std::size_t equals = field.find('=');
    if (field.starts_with('!'))
      record.alarms.emplace_back(field.substr(1));
    else if (equals != std::string_view::npos)
      record.terms.push_back({std::string(field.substr(0, equals)), number(field.substr(equals + 1), 0.0)});
    else
      throw wrong();
  }
  return record;
}

}  // namespace vade::detail
