#include <vade/data/csv.hpp>

#include <string>

#include <doctest/doctest.h>

#include <vade/io/atomic_file.hpp>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"

using vade::CsvOptions;
using vade::CsvTable;
using vade::Index;
using vade::Matrix;

namespace csv_tests {

struct File {
  tests::Folder folder;
  std::filesystem::path path = folder.path / "table.csv";

  explicit File(const std::string& text) { vade::write_file_atomically(path, text); }
};

CsvTable read(const std::string& text, const CsvOptions& options = {}) { return vade::read_csv(File(text).path, options); }

/// What the reader says, without the name of the folder.
std::string complaint(const std::string& text, const CsvOptions& options = {}) {
  const File file(text);
  const std::string words = tests::message_of([&] { vade::read_csv(file.path, options); });
  const std::string folder = file.folder.path.string() + "/";
  return words.starts_with(folder) ? words.substr(folder.size()) : words;
}

TEST_CASE("Rows of numbers come back to the last bit, with and without names, whatever ends the lines") {
  Matrix<double> wanted(2, 3);
  wanted << 0.1, -2e-300, 3, 1.7976931348623157e308, 0, 5e-324;
  const std::string rows = "0.1,-2e-300,+3\n1.7976931348623157e308,-0,5e-324\n";
  CHECK(read(rows).data.images.matrix<double>() == wanted);
  CHECK(read(rows).columns.empty());
  CHECK(read(rows.substr(0, rows.size() - 1)).data.images.matrix<double>() == wanted);  // no newline at the end
}

TEST_CASE("Names may be quoted, and so may numbers; blanks around cells, CR LF, a byte order mark and empty last lines are passed") {
  const CsvTable table = read("\xEF\xBB\xBF" "a,\"b, \"\"c\"\"\"\r\n\"1.5\", 2 \r\n3,\t4\r\n\r\n\n");
  CHECK(table.columns == std::vector<std::string>{"a", "b, \"c\""});
  Matrix<double> wanted(2, 2);
  wanted << 1.5, 2, 3, 4;
  CHECK(table.data.images.matrix<double>() == wanted);
  CHECK(table.data.labels.empty());
}

TEST_CASE("A column of labels may be any, and hold any text; classes have numbers in the order of the file") {
  const std::string text = "x;kind;y\n1;iris setosa;2\n3;7;4\n5;iris setosa;6\n";
  const CsvTable table = read(text, {.separator = ';', .label_column = 1});
  CHECK(table.columns == std::vector<std::string>{"x", "y"});
  CHECK(table.classes == std::vector<std::string>{"iris setosa", "7"});
  CHECK(table.data.labels == vade::Labels{0, 1, 0});
  CHECK(table.data.images.columns() == 2);
  CHECK(read("1,2,9\n3,4,8\n", {.label_column = -1}).data.labels == vade::Labels{0, 1});
  CHECK(complaint("1,2\n", {.label_column = 2}) == "CsvOptions: label_column is 2, wanted a value in [-2, 1]");
  CHECK(complaint("1\n2\n", {.label_column = 0}) == "table.csv: no columns of numbers beside the labels");
}

TEST_CASE("A cell that is no whole finite number is refused by line and column, and never guessed") {
  CHECK(complaint("1,2\n3,1.5abc\n") == "table.csv: line 2, column 2: got '1.5abc', wanted a finite number");
  CHECK(complaint("a,b\n1,\n") == "table.csv: line 2, column 2: got '', wanted a finite number");
  CHECK(complaint("1,2\n1,nan\n") == "table.csv: line 2, column 2: got 'nan', wanted a finite number");
  CHECK(complaint("1,inf\n1,2\n") == "table.csv: line 1, column 2: got 'inf', wanted a finite number");
  CHECK(complaint("1\n1e999\n") == "table.csv: line 2, column 1: got '1e999', wanted a finite number");
  CHECK(complaint("1\n0x10\n") == "table.csv: line 2, column 1: got '0x10', wanted a finite number");
  CHECK(complaint("1\n1,5\n") == "table.csv: line 2, column 2: the line has 2 cells, wanted 1");
  CHECK(complaint("1,2\n3\n") == "table.csv: line 2, column 2: the line has 1 cells, wanted 2");
  CHECK(complaint("1,2\n\n3,4\n") == "table.csv: line 2, column 2: the line has 1 cells, wanted 2");
  CHECK(complaint("a\n\"1\n\"x\n") == "table.csv: line 2, column 1: got 'x' after a quoted cell, wanted a separator or the end of the line");
  CHECK(complaint("a\n\"1\n") == "table.csv: line 2, column 1: a quoted cell without its second quote");
  CHECK(complaint("a\n\"1\n\"\n2,3\n") == "table.csv: line 2, column 1: got '1\n', wanted a finite number");
}

TEST_CASE("Empty files, names alone, missing files and too much text are refused") {
  CHECK(complaint("") == "table.csv: no rows of numbers");
  CHECK(complaint("\n\r\n") == "table.csv: no rows of numbers");
  CHECK(complaint("a,b\n") == "table.csv: no rows of numbers");
  CHECK(complaint("1,2\n3,4\n", {.bytes = 7}) == "table.csv: more than the allowed 7 bytes");
  CHECK(complaint("1,2\n3,4\n", {.bytes = 8}) == tests::nothing_thrown);
  CHECK_THROWS_AS(vade::read_csv("/nowhere/table.csv"), vade::FileError);
}

TEST_CASE("Long files are read whole") {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i) + "," + std::to_string(2 * i) + "\n";
  const vade::Dataset data = read(text).data.images;
  REQUIRE(data.rows() == 50000);
  CHECK(data.matrix<double>()(49999, 1) == 99998);
}

}  // namespace csv_tests
