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

TEST_CASE("Numbers that are too small for a double are zeros") {
  const std::string long_zero = "0." + std::string(400, '0') + "1", long_one = "1" + std::string(400, '0');
  for (const std::string& tiny : {std::string("1e-400"), std::string("4.9e-325"), std::string("-1e-999"), long_zero,
                                  "-" + long_zero, long_one + "e-900", std::string("1e-99999999999999999999")}) {
    const Matrix<double> x = read("7\n" + tiny + "\n").data.images.matrix<double>();
    CHECK(x(1, 0) == 0.0);
    CHECK(std::signbit(x(1, 0)) == (tiny[0] == '-'));
  }
  for (const std::string zero : {"0e99999999999999999999", "-0.0e-99999999999999999999"})
    CHECK(read("7\n" + zero + "\n").data.images.matrix<double>()(1, 0) == 0.0);
  CHECK(read("7\n4.95e-324\n").data.images.matrix<double>()(1, 0) > 0);
  for (const std::string& huge : {std::string("1e400"), std::string("-1e+309"), long_one, "0." + std::string(400, '0') + "1e900",
                                  std::string("1e99999999999999999999")})
    CHECK(complaint("7\n" + huge + "\n").find("wanted a finite number") != std::string::npos);
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
  CHECK_THROWS_AS(vade::read_csv("/nowhere/table.csv"), vade::FileError);
}

TEST_CASE("The first line is names if no cell of it is a number, a row if all are, and refused if it could be either") {
  CHECK(read("a,b\n1,2\n").columns == std::vector<std::string>{"a", "b"});
  CHECK(read("a,,b\n1,2,3\n").columns.size() == 3);
  CHECK(complaint("1,x\n3,4\n") ==
        "table.csv: line 1, column 2: got 'x' beside numbers in the first line, wanted numbers or names alone (or set header)");
  CHECK(complaint("1,2,\n3,4,5\n").starts_with("table.csv: line 1, column 3: got '' beside numbers"));
  CHECK(complaint("id,2019,2020\n1,2,3\n").starts_with("table.csv: line 1, column 1: got 'id' beside numbers"));
  CHECK(complaint("1e999\n1\n") == "table.csv: line 1, column 1: got '1e999', wanted a finite number");
  // The label's cell has no say.
  CHECK(read("1,setosa\n2,rosa\n", {.label_column = 1}).data.images.rows() == 2);
  CHECK(read("a,7\n2,8\n", {.label_column = 1}).columns == std::vector<std::string>{"a"});
}

TEST_CASE("The option says what the first line is, whatever it looks like") {
  const CsvTable years = read("2019,2020\n1,2\n", {.header = true});
  CHECK(years.columns == std::vector<std::string>{"2019", "2020"});
  CHECK(years.data.images.rows() == 1);
  CHECK(read("id,2020\n1,2\n", {.header = true}).columns == std::vector<std::string>{"id", "2020"});
  CHECK(read("1,2\n3,4\n", {.header = false}).data.images.rows() == 2);
  CHECK(complaint("a,b\n1,2\n", {.header = false}) == "table.csv: line 1, column 1: got 'a', wanted a finite number");
}

TEST_CASE("Text, numbers and classes share the allowed bytes, and a line has at most 2^20 cells") {
  const std::string rows = "1,2\n3,4\n";  // 8 bytes of text, and 16 of numbers and 4 of a label for each row
  CHECK(complaint(rows, {.bytes = 48}) == tests::nothing_thrown);
  CHECK(complaint(rows, {.bytes = ~std::uint64_t{0}}) == tests::nothing_thrown);
  CHECK(complaint(rows, {.bytes = 47}) == "table.csv: line 2: text and numbers take more than the allowed 47 bytes");
  std::string labels;
  for (int i = 0; i < 100; ++i) labels += "1," + std::to_string(i) + "\n";
  CHECK(complaint(labels, {.label_column = 1, .bytes = 10000}).ends_with("take more than the allowed 10000 bytes"));
  CHECK(complaint(labels, {.label_column = 1, .bytes = 20000}) == tests::nothing_thrown);
  std::string wide(std::size_t{2} << 20, ',');
  for (std::size_t i = 0; i < wide.size(); i += 2) wide[i] = '1';
  wide.back() = '\n';
  CHECK(read(wide).data.images.columns() == Index{1} << 20);
  wide.back() = ',';
  CHECK(complaint(wide) == "table.csv: line 1, column 1048577: more than 1048576 cells in a line");
}

TEST_CASE("Long files are read whole") {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i) + "," + std::to_string(2 * i) + "\n";
  const vade::Dataset data = read(text).data.images;
  REQUIRE(data.rows() == 50000);
  CHECK(data.matrix<double>()(49999, 1) == 99998);
}

}  // namespace csv_tests
