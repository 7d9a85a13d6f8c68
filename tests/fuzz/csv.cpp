// vade fuzzing: whatever bytes a table has, plain or gzip, it is read as what it says, or refused.
// SPDX-License-Identifier: MIT
#include <vade/data/csv.hpp>

#include <charconv>
#include <string>

#include <doctest/doctest.h>

#include "gzip.hpp"
#include "replay.hpp"
#include "rows.hpp"
#include "target.hpp"

namespace fuzz_csv {

constexpr std::uint64_t most = 1 << 24;

/// Each way to read that a seed has, and some more.
std::vector<vade::CsvOptions> ways() {
  return {{.bytes = most},
          {.label_column = -1, .bytes = most},
          {.separator = ';', .decimal = ',', .bytes = most},
          {.separator = ' ', .header = false, .keep_index = true, .bytes = most},
          {.separator = '\t', .header = true, .leave_out = {0}, .comment = '#', .bytes = most},
          {.label_column = "kind", .leave_out = {"id"}, .keep_index = true, .bytes = most}};
}

/// The numbers as text, to read again.
std::string text_of(const vade::Dataset& data) {
  std::string text;
  for (vade::Index i = 0; i < data.rows(); ++i)
    data.with_row(i, [&](auto row) {
      for (std::size_t j = 0; j < row.size(); ++j) {
        char digits[32];
        const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<double>(row[j])).ptr;
        text.append(j == 0 ? "" : ",").append(digits, end);
      }
      text += '\n';
    });
  return text;
}

std::string table_of(const std::string& path, const vade::CsvOptions& options) {
  const vade::CsvTable table = vade::read_csv(path, options);
  const vade::Dataset& data = table.data.images;
  std::string seen = fuzz::look_at(data);
  fuzz::require(table.columns.empty() || static_cast<vade::Index>(table.columns.size()) == data.columns(),
                "each column has a name, or none");
  fuzz::require(table.data.labels.size() == (options.label_column ? static_cast<std::size_t>(data.rows()) : 0),
                "each row has a label, or none");
  std::vector<bool> is_used(table.classes.size(), false);
  for (const vade::Label label : table.data.labels) is_used.at(static_cast<std::size_t>(label)) = true;
  fuzz::require(std::ranges::find(is_used, false) == is_used.end(), "each class is that of a row");
  const std::string text = text_of(data);
  const fuzz::TemporaryFile copy(std::as_bytes(std::span(text)));
  const vade::Dataset again = vade::read_csv(copy.path(), {.header = false, .keep_index = true}).data.images;
  fuzz::require(again.fingerprint() == data.fingerprint(), "numbers come back as they were written");
  for (const std::string& name : table.columns) seen += ',' + name;
  for (const std::string& name : table.classes) seen += ';' + name;
  return seen;
}

void use(std::span<const std::byte> bytes) {
  const fuzz::PlainAndGzip files(bytes);
  bool read = false;
  for (const vade::CsvOptions& options : ways())
    if (files.answer([&](const std::string& path) { return table_of(path, options); })) read = true;
  if (!read) throw vade::FileError("refused");
}

std::vector<fuzz::Bytes> seeds() {
  std::vector<fuzz::Bytes> files;
  for (const std::string text :
       {"1,2\n3,4\n", "a,b\n1,2.5e-3\n-3,+4\n", "1,2,rose\r\n3,4,iris\r\n5,6,rose",
        "sep=;\na;\"b \"\"c\"\"\"\n1,5;2\n\"3\" ; 4\n\n", "  1   2e3\n-3\t 4  \n",
        "# made by x\nid\tx\n7\t1\n# more\n9\t1e-400\n", "id,x,kind,y\n7,1,rose,2\n9,3,iris,4\n",
        "\xEF\xBB\xBF"
        "0.1,0.25\n1e308,5e-324\n"}) {
    const auto bytes = std::as_bytes(std::span(text));
    files.emplace_back(bytes.begin(), bytes.end());
  }
  files.push_back(fuzz::gzip_of(files[1]));
  return files;
}

const fuzz::Registered entered({"csv", use, seeds});

}  // namespace fuzz_csv

TEST_CASE("Whatever bytes a table has, it is read as what it says, or refused") { fuzz::check_replay("csv"); }
