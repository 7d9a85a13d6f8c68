// vade: the HTML report stands alone and trusts no text.
// SPDX-License-Identifier: MIT
#include <vade/report/html.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include <unistd.h>

using namespace vade::report;

namespace {

std::string encoded(std::string_view text) { return base64(std::as_bytes(std::span(text))); }

vade::Image dot() { return {1, 1, {1, 2, 3}}; }

}  // namespace

TEST_CASE("the five dangerous characters are escaped, and control characters replaced") {
  CHECK(escape_html("a & b < c > d \" e ' f") == "a &amp; b &lt; c &gt; d &quot; e &#39; f");
  CHECK(escape_html("&amp;") == "&amp;amp;");
  CHECK(escape_html(std::string_view("a\0b\x1B\n\tc", 7)) == "a\uFFFDb\uFFFD\n\tc");
  CHECK(escape_html("\u03BC \u00E4") == "\u03BC \u00E4");
}

TEST_CASE("lines end in LF, and what is not UTF-8, or forbidden, is replaced") {
  CHECK(escape_html("a\r\nb\rc\n") == "a\nb\nc\n");
  CHECK(escape_html("a\x7F" "b\xC2\x85" "c") == "a\uFFFDb\uFFFDc");
  CHECK(escape_html("\xF0\x9F\x98\x80 \u00A0 \uFFFD") == "\xF0\x9F\x98\x80 \u00A0 \uFFFD");
  // A byte alone, one cut short, "<" and a letter too long, half of a pair of UTF-16, beyond Unicode.
  for (const char* text :
       {"\x80", "\xE2", "\xC0\xBC", "\xE0\x81\x81", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF9\x90\x80\x80"}) {
    const std::string escaped = escape_html(text);
    CHECK(escaped.starts_with("\uFFFD"));
    CHECK(escaped.size() % 3 == 0);
    for (std::size_t i = 0; i < escaped.size(); i += 3) CHECK(escaped.substr(i, 3) == "\uFFFD");
  }
  const std::vector<ReportSection> sections{{.title = "t", .text = "one\r\n\r\ntwo\r\nlines"}};
  CHECK(html_report("r", sections).find("<p>one</p>\n<p>two\nlines</p>") != std::string::npos);
}

TEST_CASE("base 64 gives the test vectors of RFC 4648") {
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foob") == "Zm9vYg==");
  CHECK(encoded("fooba") == "Zm9vYmE=");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xFF\xEF\xBE") == "/+++");
}

TEST_CASE("every text is escaped wherever it stands") {
  const std::string evil = "<script>alert('x')</script>\"&";
  const std::vector<ReportSection> sections{{evil, evil + "\n\n" + evil, {evil, evil}, {{evil, evil}}, dot(), evil}};
  const std::string html = html_report(evil, sections);
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("alert('") == std::string::npos);
  std::size_t count = 0;
  for (std::size_t at = html.find("&lt;script&gt;"); at != std::string::npos; at = html.find("&lt;script&gt;", at + 1))
    ++count;
  CHECK(count == 2 + 1 + 2 + 2 + 2 + 2);  // title twice, heading, paragraphs, head, row, alt and caption
}

TEST_CASE("nothing is fetched and nothing runs") {
  const std::vector<ReportSection> sections{{.title = "a", .image = dot()}};
  const std::string html = html_report("report", sections);
  for (const char* word : {"http:", "https:", "<script", "<link", "url(", "@import", "onload"})
    CHECK(html.find(word) == std::string::npos);
  CHECK(html.find("src=\"data:image/png;base64,iVBORw0KGgo") != std::string::npos);
  CHECK(html == html_report("report", sections));
}

TEST_CASE("a section shows what it has, and no empty parts") {
  const std::vector<ReportSection> only_title{{.title = "t"}};
  const std::string bare = html_report("report", only_title);
  for (const char* part : {"<p>", "<table>", "<figure>", "<img"}) CHECK(bare.find(part) == std::string::npos);
  const std::vector<ReportSection> full{
      {.title = "t", .text = "one\n\ntwo", .columns = {"h"}, .rows = {{"c"}}, .image = dot(), .caption = "cap"}};
  const std::string html = html_report("report", full);
  CHECK(html.find("<p>one</p>\n<p>two</p>") != std::string::npos);
  CHECK(html.find("<th scope=\"col\">h</th>") != std::string::npos);
  CHECK(html.find("<td>c</td>") != std::string::npos);
  CHECK(html.find("alt=\"cap\"") != std::string::npos);
  CHECK(html.find("<figcaption>cap</figcaption>") != std::string::npos);
  const std::vector<ReportSection> headless{{.rows = {{"a", "b"}, {"c", "d"}}}};
  CHECK(html_report("report", headless).find("<thead>") == std::string::npos);
}

TEST_CASE("a crooked table or picture is refused") {
  const std::vector<ReportSection> crooked{{.title = "t", .columns = {"a", "b"}, .rows = {{"1", "2"}, {"1"}}}};
  CHECK_THROWS_WITH_AS(html_report("r", crooked), "html_report: cells in row 1 of 't': got 1, wanted 2",
                       vade::ShapeError);
  const std::vector<ReportSection> headless{{.rows = {{"1", "2"}, {"1"}}}};
  CHECK_THROWS_AS(html_report("r", headless), vade::ShapeError);
  const std::vector<ReportSection> broken{{.image = vade::Image{2, 2, {0}}}};
  CHECK_THROWS_AS(html_report("r", broken), vade::ShapeError);
}

TEST_CASE("the file holds the report, and a bad path is an error") {
  const auto folder = std::filesystem::temp_directory_path() / ("vade-html-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::vector<ReportSection> sections{{.title = "t", .text = "text"}};
  write_html_report(folder / "r.html", "report", sections);
  std::ifstream file(folder / "r.html", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  CHECK(text == html_report("report", sections));
  CHECK_THROWS_AS(write_html_report(folder / "no" / "r.html", "report", sections), vade::FileError);
  std::filesystem::remove_all(folder);
}
