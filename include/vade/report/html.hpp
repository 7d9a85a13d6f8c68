// vade: a report as one HTML file.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <vade/core/checks.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/io/png.hpp>
#include <vade/report/detail/font.hpp>

/// The file stands alone: pictures are inside it, no script, nothing is fetched, and no time is written, so that equal
/// reports are equal files. All text is escaped: names of clusters, files and columns may hold anything.
namespace vade::report {

/// A heading with, as far as present: a paragraph, a table, a picture and its caption.
struct ReportSection {
  std::string title{};
  std::string text{};                              ///< blank lines part paragraphs
  std::vector<std::string> columns{};              ///< head of the table
  std::vector<std::vector<std::string>> rows{};    ///< of the table, each as wide as the head, if there is one
  std::optional<Image> image{};
  std::string caption{};
};

namespace detail {

/// `text` with its lines ended by LF alone.
inline std::string with_line_feeds(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r')
      result += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n')
      result += '\n';
  return result;
}

/// `bytes` are what UTF-8 writes for `code`, and HTML allows that in text.
inline bool is_html_character(char32_t code, std::string_view bytes) {
  const std::size_t wanted = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  if (bytes.size() != wanted || static_cast<unsigned char>(bytes[0]) > 0xF4 || code > 0x10FFFF) return false;
  if (code >= 0xD800 && code <= 0xDFFF) return false;  // halves of UTF-16
  return code == '\n' || code == '\t' || (code >= 0x20 && code < 0x7F) || code >= 0xA0;
}

}  // namespace detail

/// `text` with & < > " ' replaced by references, safe in content and in quoted attributes. CR LF and CR become LF; control
/// characters that HTML forbids, and bytes that are not UTF-8, become U+FFFD.
inline std::string escape_html(std::string_view text) {
  std::string result;
  const std::string lines = detail::with_line_feeds(text);
  for (std::string_view rest = lines; !rest.empty();) {
    const std::string_view before = rest;
    const char32_t code = detail::take_character(rest);
    const std::string_view bytes = before.substr(0, before.size() - rest.size());
    switch (detail::is_html_character(code, bytes) ? code : U'\uFFFD') {
      case U'&': result += "&amp;"; break;
      case U'<': result += "&lt;"; break;
      case U'>': result += "&gt;"; break;
      case U'"': result += "&quot;"; break;
      case U'\'': result += "&#39;"; break;
      case U'\uFFFD': result += "\uFFFD"; break;
      default: result += bytes;
    }
  }
  return result;
}

/// Base 64 of RFC 4648, with padding.
inline std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = (group << 8) | (j < count ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) result += j <= count ? letters[(group >> (18 - 6 * j)) & 63u] : '=';
  }
  return result;
}

namespace detail {

inline constexpr std::string_view report_style =
    ":root{color-scheme:light}"
    "body{margin:0;background:#fff;color:#22262b;font:17px/1.6 system-ui,-apple-system,'Segoe UI',sans-serif}"
    "main{max-width:60rem;margin:0 auto;padding:3rem 1.5rem 5rem}"
    "h1{font-size:2rem;line-height:1.2;margin:0 0 2.5rem}"
    "h2{font-size:1.3rem;margin:3.5rem 0 .8rem;padding-top:1.2rem;border-top:1px solid #e2e5e9}"
    "p{max-width:42rem;margin:.6rem 0}"
    ".wide{overflow-x:auto}"
    "table{border-collapse:collapse;margin:1.2rem 0;font-variant-numeric:tabular-nums}"
    "th,td{padding:.35rem 1.4rem .35rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #e2e5e9}"
    "th{color:#686e76;font-weight:600}"
    "figure{margin:1.5rem 0}"
    "img{display:block;max-width:100%;height:auto}"
    "figcaption{color:#686e76;font-size:.9rem;margin-top:.6rem}";

inline void append_table(std::string& html, const ReportSection& section) {
  const auto line = [&html](const std::vector<std::string>& cells, std::string_view tag) {
    html += "<tr>";
    for (const std::string& cell : cells) {
      html.append("<").append(tag).append(tag == "th" ? " scope=\"col\">" : ">");
      html.append(escape_html(cell)).append("</").append(tag).append(">");
    }
    html += "</tr>\n";
  };
  html += "<div class=\"wide\"><table>\n";
  if (!section.columns.empty()) {
    html += "<thead>";
    line(section.columns, "th");
    html += "</thead>\n";
  }
  html += "<tbody>\n";
  for (const auto& row : section.rows) line(row, "td");
  html += "</tbody></table></div>\n";
}

inline void append_paragraphs(std::string& html, std::string_view any) {
  const std::string lines = with_line_feeds(any);
  std::string_view text = lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    if (end > 0) html += "<p>" + escape_html(text.substr(0, end)) + "</p>\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

}  // namespace detail

/// The report as UTF-8 text. O(bytes).
/// @throws ShapeError for a table row that is not as wide as its head or for a malformed image, ValueError as
/// `encode_png`
inline std::string html_report(std::string_view title, std::span<const ReportSection> sections) {
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += "<title>" + escape_html(title) + "</title>\n";
  html.append("<style>").append(detail::report_style).append("</style>\n</head>\n<body>\n<main>\n");
  html += "<h1>" + escape_html(title) + "</h1>\n";
  for (const ReportSection& section : sections) {
    html += "<section>\n";
    if (!section.title.empty()) html += "<h2>" + escape_html(section.title) + "</h2>\n";
    detail::append_paragraphs(html, section.text);
    const std::size_t wide = !section.columns.empty() ? section.columns.size()
                             : section.rows.empty()   ? 0
                                                      : section.rows.front().size();
    for (std::size_t r = 0; r < section.rows.size(); ++r)
      check_same_count("html_report", vade::detail::message("cells in row ", r, " of '", section.title, "'"),
                       static_cast<Index>(section.rows[r].size()), static_cast<Index>(wide));
    if (wide > 0) detail::append_table(html, section);
    if (section.image) {
      const std::string name = escape_html(section.caption.empty() ? section.title : section.caption);
      html += "<figure><img width=\"" + std::to_string(section.image->width) + "\" height=\"" +
              std::to_string(section.image->height) + "\" alt=\"" + name + "\" src=\"data:image/png;base64,";
      html += base64(encode_png(*section.image)) + "\">";
      if (!section.caption.empty()) html += "<figcaption>" + name + "</figcaption>";
      html += "</figure>\n";
    }
    html += "</section>\n";
  }
  html += "</main>\n</body>\n</html>\n";
  return html;
}

/// Writes the report to `path`, whole or not at all.
/// @throws as `html_report`; FileError where the file cannot be written
inline void write_html_report(const std::filesystem::path& path, std::string_view title,
                              std::span<const ReportSection> sections) {
  const std::string html = html_report(title, sections);
  write_file_atomically(path, std::as_bytes(std::span(html)));
}

}  // namespace vade::report
