#include <vade/data/csv.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <locale>
#include <string>
#include <vector>

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

CsvTable read(const std::string& text, const CsvOptions& options = {}) {
  return vade::read_csv(File(text).path, options);
}

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

TEST_CASE(
    "Names may be quoted, and so may numbers; blanks around cells, CR LF, a byte order mark and empty last lines are "
    "passed") {
  const CsvTable table = read(
      "\xEF\xBB\xBF"
      "a,\"b, \"\"c\"\"\"\r\n\"1.5\", 2 \r\n3,\t4\r\n\r\n\n");
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
  CHECK(complaint("1\n2\n", {.label_column = 0}) ==
        "table.csv: line 1, column 1: no columns of numbers beside the labels and what is left out");
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
  for (const std::string& huge : {std::string("1e400"), std::string("-1e+309"), long_one,
                                  "0." + std::string(400, '0') + "1e900", std::string("1e99999999999999999999")})
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
  CHECK(complaint("a\n\"1\n\"x\n") ==
        "table.csv: line 2, column 1: got 'x' after a quoted cell, wanted a separator or the end of the line");
  CHECK(complaint("a\n\"1\n") == "table.csv: line 2, column 1: a quoted cell without its second quote");
  CHECK(complaint("a\n\"1\n\"\n2,3\n") == "table.csv: line 2, column 1: got '1\\n', wanted a finite number");
}

TEST_CASE("Empty files, names alone, missing files and too much text are refused") {
  CHECK(complaint("") == "table.csv: no rows of numbers");
  CHECK(complaint("\n\r\n") == "table.csv: no rows of numbers");
  CHECK(complaint("a,b\n") == "table.csv: no rows of numbers");
  CHECK(complaint("1,2\n3,4\n", {.bytes = 7}) == "table.csv: 8 bytes, more than the allowed 7");
  CHECK_THROWS_AS(vade::read_csv("/nowhere/table.csv"), vade::FileError);
}

TEST_CASE("The first line is names if no cell of it is a number, a row if all are, and refused if it could be either") {
  CHECK(read("a,b\n1,2\n").columns == std::vector<std::string>{"a", "b"});
  CHECK(read("a,,b\n1,2,3\n").columns.size() == 3);
  CHECK(complaint("1,x\n3,4\n") ==
        "table.csv: line 1, column 2: got 'x' beside numbers in the first line, wanted numbers or names alone (or set "
        "header)");
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
  const vade::Dataset data = read(text, {.keep_index = true}).data.images;
  REQUIRE(data.rows() == 50000);
  CHECK(data.matrix<double>()(49999, 1) == 99998);
}

TEST_CASE("Columns are left out, and the labels named, by name or by number") {
  const std::string text = "id,x,kind,y\n7,1,rose,2\n9,3,iris,4\n";
  Matrix<double> wanted(2, 2);
  wanted << 1, 2, 3, 4;
  for (const CsvOptions& options :
       {CsvOptions{.label_column = "kind", .leave_out = {"id"}}, CsvOptions{.label_column = 2, .leave_out = {0}},
        CsvOptions{.label_column = std::string("kind"), .leave_out = {0, "id"}},
        CsvOptions{.label_column = -2, .leave_out = {-4}},
        CsvOptions{.label_column = vade::CsvColumn::parse("-2"), .leave_out = {vade::CsvColumn::parse("id")}}}) {
    const CsvTable table = read(text, options);
    CHECK(table.data.images.matrix<double>() == wanted);
    CHECK(table.columns == std::vector<std::string>{"x", "y"});
    CHECK(table.classes == std::vector<std::string>{"rose", "iris"});
  }
  CHECK(read("note,x\nany words,1\n,2\n", {.leave_out = {"note"}}).data.images.columns() == 1);
  CHECK(read("2019,kind,2020\n1,a,2\n", {.label_column = "kind"}).columns == std::vector<std::string>{"2019", "2020"});
}

TEST_CASE("Columns that are not there, or are meant twice, are refused") {
  const std::string text = "x,y,x\n1,2,3\n";
  CHECK(complaint(text, {.label_column = "kind"}) ==
        "CsvOptions: label_column: no column has the name 'kind', the first line is 'x', 'y', 'x'");
  CHECK(complaint(text, {.leave_out = {"x"}}) ==
        "CsvOptions: leave_out: two columns have the name 'x', wanted the number of one");
  CHECK(complaint(text, {.leave_out = {3}}) == "CsvOptions: leave_out is 3, wanted a value in [-3, 2]");
  CHECK(complaint(text, {.label_column = "y", .leave_out = {1}}) ==
        "CsvOptions: column 'y' is both label_column and in leave_out");
  CHECK(complaint(text, {.label_column = "y", .header = false}) ==
        "CsvOptions: an option names a column, but header says that the first line is no names");
  CHECK(
      complaint("x,y\n1,2\n", {.leave_out = {0, 1}}).starts_with("table.csv: line 1, column 1: no columns of numbers"));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += (i == 0 ? "column " : ",column ") + std::to_string(i);
  CHECK(complaint(many + "\n", {.label_column = std::string(1 << 20, 'x')}).size() < 500);
  CHECK_THROWS_AS(vade::CsvColumn(~std::uint64_t{0}), vade::ValueError);
}

TEST_CASE("A first line of numbers that may be names is refused until the option says what it is") {
  const std::string ask =
      "table.csv: line 1, column 1: the first line may be names or numbers: set header = true or header = false";
  CHECK(complaint("0,1,2\n0.1,0.2,0.3\n0.4,0.5,0.6\n") == ask);
  CHECK(complaint("0,1,2\n5,5,5\n") == ask);
  CHECK(complaint("1,2,3\n5,5,5\n") == ask);
  CHECK(complaint("2019,2020\n5,5\n0.5,1\n") == ask);
  CHECK(complaint("0\n0.5\n") == ask);
  CHECK(complaint("0,1,2,3\n0.1,0.2,0.3,a\n", {.label_column = 3}) == ask);
  CHECK(complaint("kind,0,1,2\na,7,7,7\n", {.label_column = 0}) == ask);
  CHECK(read("0,1,2\n0.1,0.2,0.3\n", {.header = true}).data.images.rows() == 1);
  CHECK(read("0,1,2\n0.1,0.2,0.3\n", {.header = false}).data.images.rows() == 2);
  for (const char* const row : {"2019,2020\n5,5\n", "0,1\n1,0\n", "0.0,1.0,2.0\n0.5,1,2\n", "3,1,2\n0.5,1,2\n",
                                "0,1,1\n0.5,1,2\n", "1\n0.5\n", "10,11,12\n1,2,-3\n", "7\n"})
    CHECK_MESSAGE(complaint(row) == tests::nothing_thrown, row);
}

TEST_CASE(
    "A first column without a name, and a column that counts the rows, are refused until the options say what they "
    "are") {
  const std::string pandas = ",a,b\n4,0.2,0.3\n2,0.5,0.6\n";
  CHECK(complaint(pandas) ==
        "table.csv: line 1, column 1: the column has no name and may be an index: set leave_out = {0}, or keep_index = "
        "true");
  CHECK(complaint("Unnamed: 0,a\n4,0.2\n").starts_with("table.csv: line 1, column 1: the column has no name"));
  CHECK(complaint("\"\",a\n4,0.2\n").starts_with("table.csv: line 1, column 1: the column has no name"));
  CHECK(read(pandas, {.leave_out = {0}}).columns == std::vector<std::string>{"a", "b"});
  CHECK(read(pandas, {.keep_index = true}).data.images.columns() == 3);
  CHECK(read(pandas, {.label_column = 0}).data.images.columns() == 2);

  CHECK(complaint("a,id,b\n1,0,3\n7,1,2\n5,2,1\n") ==
        "table.csv: column 2 'id' counts the rows and may be an index: set leave_out = {1}, or keep_index = true");
  CHECK(complaint("r,1,7.5\ns,2,3.5\nt,3,0.5\n", {.label_column = 0}) ==
        "table.csv: column 2 counts the rows and may be an index: set leave_out = {1}, or keep_index = true");
  CHECK(read("id,a\n0,3\n1,2\n2,1\n", {.leave_out = {"id"}}).data.images.columns() == 1);
  CHECK(read("id,a\n0,3\n1,2\n2,1\n", {.keep_index = true}).data.images.columns() == 2);
  CHECK(read("0\n1\n2\n").data.images.rows() == 3);           // the only column
  CHECK(read("0,5\n1,4\n").data.images.columns() == 2);       // two rows count by chance
  CHECK(read("2,5\n3,4\n4,7\n").data.images.columns() == 2);  // from another number
  CHECK(read("0,5\n1,4\n3,7\n").data.images.columns() == 2);
}

TEST_CASE("Cells may be apart by semicolons, tabulators or runs of blanks, and fractions behind a comma") {
  Matrix<double> wanted(2, 2);
  wanted << 1.5, 2e3, -3, 4;
  CHECK(read("1,5;2e3\n-3;4,0\n", {.separator = ';', .decimal = ','}).data.images.matrix<double>() == wanted);
  CHECK(read("a\tb c\n1.5\t 2e3\n-3\t4 \n", {.separator = '\t'}).data.images.matrix<double>() == wanted);
  CHECK(read("a\tb c\n1.5\t 2e3\n-3\t4 \n", {.separator = '\t'}).columns == std::vector<std::string>{"a", "b c"});
  CHECK(read("  1.5   2e3\n-3\t 4  \n", {.separator = ' '}).data.images.matrix<double>() == wanted);
  CHECK(read("x \"y z\"\r\n1.5 \"2e3\" \r\n-3 4\r\n", {.separator = ' '}).columns ==
        std::vector<std::string>{"x", "y z"});
  CHECK(complaint("1 \"2\"3\n", {.separator = ' '})
            .starts_with("table.csv: line 1, column 2: got '3' after a quoted cell"));
  CHECK(read("sep=;\r\n1.5;2e3\r\n-3;4\r\n").data.images.matrix<double>() == wanted);
  CHECK(read("\xEF\xBB\xBFsep=\t\n1,5\t2e3\n-3\t4\n", {.decimal = ','}).data.images.matrix<double>() == wanted);
  CHECK(complaint("sep=;\n1|2\n", {.separator = '|'}) ==
        "table.csv: line 1, column 1: the line says that ';' separates cells, but separator is '|'");
  CHECK(complaint("sep=;\na;b\n1;x\n") == "table.csv: line 3, column 2: got 'x', wanted a finite number");
  CHECK(read("# made by x\na,b\n  # more\n1.5,2e3\n-3,4\n#\n", {.comment = '#'}).data.images.matrix<double>() ==
        wanted);
  CHECK(read("a, b\n\"1.5\", \"2e3\"\n \"-3\" ,\t\"4\" \n").data.images.matrix<double>() == wanted);
  CHECK(complaint("1;2\n", {.separator = ';', .decimal = ';'}) == "CsvOptions: decimal is ';', wanted '.' or ','");
  CHECK(complaint("1,2\n", {.decimal = ','}) == "CsvOptions: separator and decimal are both ','");
  CHECK(complaint("1,2\n", {.separator = '.'}) == "CsvOptions: separator is '.', wanted another character");
  CHECK(complaint("1,2\n", {.comment = ','}) == "CsvOptions: separator and comment are both ','");
  CHECK(complaint("1.5;2\n", {.separator = ';', .header = false, .decimal = ','})
            .find("got '1.5', wanted a finite number") != std::string::npos);
}

TEST_CASE("Where a line cannot be read, the message says what the file looks like and which option reads it") {
  const std::string number = "wanted a finite number; the line looks ";
  CHECK(complaint("a;b\n1;2\n").ends_with(number + "separated by ';': set separator = ';'"));
  CHECK(complaint("a b\n1  2\n").ends_with(number + "separated by blanks: set separator = ' '"));
  CHECK(complaint("a\tb\n1\t2\n").ends_with(number + "separated by tabulators: set separator = '\\t'"));
  CHECK(complaint("a|b\n1|2\n").ends_with(number + "separated by '|': set separator = '|'"));
  CHECK(complaint("a;b c;kind\n1;2;setosa\n", {.label_column = -1})
            .ends_with("; the line looks separated by ';': set separator = ';'"));
  CHECK(complaint("1;2;setosa\n", {.label_column = -1})
            .ends_with("; the line looks separated by ';': set separator = ';'"));
  CHECK(
      complaint("1,5;2,5\n3,5;4,5\n")
          .ends_with(
              "; the line looks separated by ';', written with decimal commas: set separator = ';' and decimal = ','"));
  CHECK(complaint("1,5;2,5\n", {.separator = ';', .header = false})
            .ends_with("; it looks like a number with a decimal comma: set decimal = ','"));
  CHECK(complaint("1;2\n", {.separator = '\t', .header = false})
            .ends_with("; the line looks separated by ';': set separator = ';'"));
  CHECK(
      complaint("# made by x\na,b\n1,2\n") ==
      "table.csv: line 2, column 2: the line has 2 cells, wanted 1; the line looks like a comment: set comment = '#'");
  CHECK(complaint("1,2\n\"1,234\",5\n")
            .ends_with("got '1,234', wanted a finite number; it looks like a number with ',' between thousands: write "
                       "it without, "
                       "or set decimal = ',' if that is its fraction"));
  CHECK(complaint("1,2\n\"1,234,567.5\",5\n")
            .ends_with("; it looks like a number with ',' between thousands: write it without"));
  CHECK(complaint("1;2\n1.234,5;5\n", {.separator = ';', .decimal = ','})
            .ends_with("with '.' between thousands: write it without"));
  CHECK(complaint("1,2\n1 234,5\n").ends_with("; it looks like a number with ' ' between thousands: write it without"));
  CHECK(complaint("x,y\na,1,2\n")
            .ends_with("wanted 2; names lack one column, as write.table of R has it: give that column a name, too"));
  CHECK(complaint("1,2\n3,x y\n") == "table.csv: line 2, column 2: got 'x y', wanted a finite number");
}

TEST_CASE("A file of another format is named, and text with a NUL is refused") {
  const auto bytes = [](const auto& text) { return std::string(text, sizeof text - 1); };
  CHECK(complaint("PK\x03\x04") ==
        "table.csv: not a table of text; it is a zip archive, such as numpy.savez, PyTorch and Excel write: unpack it, "
        "or save each "
        "array by numpy.save");
  CHECK(complaint(bytes("\x93NUMPY\x01\0")).ends_with("it is an NPY file, an array of numpy: read_npy reads it"));
  for (const std::string& text : {bytes("\xff\xfe\x31\0,\0"), bytes("\xfe\xff\0\x31\0,"), bytes("1\0,\0\x32\0\n\0")})
    CHECK(complaint(text).find("text in UTF-16") != std::string::npos);
  CHECK(complaint(bytes("1,2\n3\0,4\n")) == "table.csv: byte 5 is 0, which no text holds");
}

TEST_CASE("Messages quote at most 80 bytes of a cell, and nothing that controls a terminal") {
  const std::string huge(std::size_t{1} << 20, 'x');
  CHECK(complaint("1,2\n" + huge + ",3\n") ==
        "table.csv: line 2, column 1: got '" + std::string(80, 'x') + "... (1048576 bytes)', wanted a finite number");
  CHECK(complaint("1\n\x1b[2J\n").find("got '\\x1b[2J', wanted") != std::string::npos);
  CHECK(complaint("Größe,b\n1,2,3\n", {.label_column = "größe"}).ends_with("the first line is 'Größe', 'b'"));
}

TEST_CASE("Numbers and messages are the same under a locale with decimal commas and groups of digits") {
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  const Matrix<double> x = read("1.5,2\n3,4.5\n").data.images.matrix<double>();
  std::string sevens;
  for (int i = 0; i < 2000; ++i) sevens += "7\n";
  const std::string refused = complaint(sevens + "1,2\n");
  std::locale::global(before);
  CHECK((x(0, 0) == 1.5 && x(1, 1) == 4.5));
  CHECK(refused == "table.csv: line 2001, column 2: the line has 2 cells, wanted 1");
}

TEST_CASE("An exponent at the edge of 64 bits is no overflow") {
  CHECK(read("7\n1e-9223372036854775808\n").data.images.matrix<double>()(1, 0) == 0);
  CHECK(complaint("7\n1e9223372036854775807\n").ends_with("wanted a finite number"));
}

TEST_CASE("A file without end, or larger than allowed, is refused before it is read") {
  const File file("1,2\n");
  std::filesystem::resize_file(file.path, std::uintmax_t{1} << 36);  // sparse
  CHECK(tests::message_of([&] {
          vade::read_csv(file.path);
        }).ends_with(": 68719476736 bytes, more than the allowed 4294967296"));
  std::filesystem::resize_file(file.path, std::uintmax_t{1} << 31);
  CHECK(tests::message_of([&] { vade::read_csv(file.path); }).ends_with(": byte 4 is 0, which no text holds"));
  if (std::filesystem::exists("/dev/zero"))
    CHECK(tests::message_of([&] { vade::read_csv("/dev/zero"); }) == "/dev/zero: byte 0 is 0, which no text holds");
}

TEST_CASE(
    "A table that is cut, or that grows, while it is read is an error, and so is a pipe that no program writes to") {
  std::string rows;
  for (int i = 0; i < 60000; ++i) rows += "5,7\n";
  static std::filesystem::path path;
  static std::uintmax_t changed;
  for (const bool grows : {false, true}) {
    const File file(rows);
    path = file.path;
    changed = grows ? rows.size() + 4 : 120000;  // at the end of a line: what is left is a table
    vade::file_system.read = [](int number, void* bytes, std::size_t size) {
      const std::ptrdiff_t count = vade::FileSystem().read(number, bytes, size);
      std::filesystem::resize_file(path, changed);
      return count;
    };
    const std::string what = tests::message_of([&] { vade::read_csv(file.path); });
    vade::file_system = {};
    CHECK(what.starts_with(path.string() + ": changed while it was read: it had 240000 bytes"));
  }
  const tests::Folder folder;
  path = folder.path / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(tests::message_of([&] { vade::read_csv(path); }) == path.string() + ": a pipe that no program writes to");
}

TEST_CASE("A table may come through a pipe") {
  int ends[2] = {};
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "1,2\n3,4\n", 8) == 8);
  ::close(ends[1]);
  CHECK(vade::read_csv("/dev/fd/" + std::to_string(ends[0])).data.images.rows() == 2);
  ::close(ends[0]);
}

}  // namespace csv_tests
