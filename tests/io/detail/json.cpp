#include <vade/io/detail/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <vade/core/checks.hpp>
#include <vade/core/random.hpp>
#include <vade/io/detail/safetensors_header.hpp>

#include "../../support/header_oracle.hpp"

namespace json_tests {

namespace {

/// Writes down what it is told.
struct Recorder {
  std::string events;
  bool null() { return events += "null ", true; }
  bool boolean() { return events += "boolean ", true; }
  bool number(std::string_view digits) { return events.append("#").append(digits) += ' ', true; }
  bool string(const std::string& text) { return events += "'" + text + "' ", true; }
  bool key(const std::string& text) { return events += text + ": ", true; }
  bool start_object() { return events += "{ ", true; }
  bool end_object() { return events += "} ", true; }
  bool start_array() { return events += "[ ", true; }
  bool end_array() { return events += "] ", true; }
  void malformed(std::size_t index) { events += "malformed at " + std::to_string(index); }
};

std::string events_of(std::string_view text) {
  Recorder recorder;
  const bool read = vade::detail::JsonReader(text, recorder).read();
  return recorder.events + (read ? "." : "");
}

/// What a header says, as text; or its complaint, without the place where it is malformed.
std::string text_of(const vade::detail::SafetensorsHeader& header) {
  std::string text;
  for (const auto& tensor : header.tensors) {
    text += tensor.name + "|" + tensor.dtype + "|";
    for (const auto size : tensor.shape) text += std::to_string(size) + ",";
    text += "|" + std::to_string(tensor.begin) + "-" + std::to_string(tensor.end) + "\n";
  }
  for (const auto& [key, value] : header.metadata) text += key + "=" + value + "\n";
  return text;
}

std::string without_place(const std::string& complaint) {
  return complaint.starts_with("malformed") ? "malformed" : complaint;
}

std::string by_library(std::string_view text) {
  vade::detail::HeaderEvents events;
  const bool read = vade::detail::JsonReader(text, events).read();
  return read ? text_of(events.header) : without_place(events.complaint);
}

std::string by_oracle(std::string_view text) {
  tests::HeaderOracle oracle;
  const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &oracle);
  return read ? text_of(oracle.events.header) : without_place(oracle.events.complaint);
}

const std::vector<std::string> headers = {
    R"({})",
    R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"__metadata__":{"k":"v","\u00e9\n\"":"\ud83d\ude00"}})",
    R"( { "w" : { "shape" : [ ] , "data_offsets" : [ 0 , 4 ] , "dtype" : "F32" } } )",
    R"({"a":{"dtype":"F32","shape":[1e2,-1,0.5,18446744073709551616,01],"data_offsets":[0,null]},"b":[true,false,{}]})",
    "{\"\xC3\xA9\xE2\x82\xAC\":{\"dtype\":\"\xF0\x9F\x98\x80\",\"shape\":[9223372036854775807],\"data_offsets\":[0,1]}}"};

}  // namespace

TEST_CASE("Values are told in the order of the text") {
  CHECK(events_of(R"({"a":[1,-2.5e+3,"x"],"b":{},"c":[],"d":[null,true,false]})") ==
        "{ a: [ #1 #-2.5e+3 'x' ] b: { } c: [ ] d: [ null boolean boolean ] } .");
  CHECK(events_of(" \t\r\n7 ") == "#7 .");
}

TEST_CASE("Escapes become characters, pairs of surrogates one") {
  CHECK(events_of(R"("\"\\\/\b\f\n\r\t")") == "'\"\\/\b\f\n\r\t' .");
  CHECK(events_of(R"("\u0041\u00e9\u20AC\ud83d\ude00")") == "'A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80' .");
}

TEST_CASE("What is no JSON is refused at the byte where it ends to be") {
  CHECK(events_of("") == "malformed at 0");
  CHECK(events_of("{}{}") == "{ } malformed at 2");
  CHECK(events_of("{\"a\" 1}") == "{ a: malformed at 5");
  CHECK(events_of("[1,]") == "[ #1 malformed at 3");
  CHECK(events_of("01") == "#0 malformed at 1");
  CHECK(events_of("1.") == "malformed at 2");
  CHECK(events_of("-") == "malformed at 1");
  CHECK(events_of("nul") == "malformed at 3");
  CHECK(events_of("\"a") == "malformed at 2");
  CHECK(events_of("\"\n\"") == "malformed at 1");
  CHECK(events_of("\"\xff\"") == "malformed at 1");
  CHECK(events_of(R"("\x")") == "malformed at 2");
  CHECK(events_of(R"("\ud800")") == "malformed at 7");
  CHECK(events_of(R"("\udc00")") == "malformed at 7");
  CHECK(events_of(R"("\ud800\u0041")") == "malformed at 13");
}

TEST_CASE("A header and what becomes of it by changed bytes are read as by nlohmann's parser") {
  for (const std::string& header : headers) CHECK(by_library(header) == by_oracle(header));
  CHECK(by_library(headers[1]).starts_with("a|F32|2,3,|0-24"));
  vade::RandomStream stream(1, vade::Purpose::user);
  const std::string bytes = "{}[]\",:\\0123456789-+.eEu/ntrfalsed\x01\x7f\x80\xC3\xE2\xF0\xff \t";
  int accepted = 0;
  for (int k = 0; k < 20000; ++k) {
    std::string text = headers[static_cast<std::size_t>(k) % headers.size()];
    for (int changes = 1 + k % 3; changes > 0; --changes) {
      const std::size_t at = stream.bits() % text.size();
      const char byte = bytes[stream.bits() % bytes.size()];
      switch (stream.bits() % 3) {
        case 0: text[at] = byte; break;
        case 1: text.insert(at, 1, byte); break;
        default: text.erase(at, 1);
      }
      if (text.empty()) text = "{";
    }
    const std::string got = by_library(text), expected = by_oracle(text);
    accepted += got != "malformed";
    // nlohmann's parser turns -0 into 0, and has no number above the largest double.
    if (got != expected && got.find("the number") == std::string::npos) CHECK_MESSAGE(got == expected, text);
  }
  CHECK(accepted > 1000);
}

TEST_CASE("A text that is quoted is the JSON that nlohmann's library writes, and comes back") {
  const std::string every = [] {
    std::string text = "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80/";
    for (char c = 0; c >= 0 && c < 127; ++c) text += c;
    return text + '\x7f';
  }();
  CHECK(vade::detail::quote_json(every) == nlohmann::json(every).dump());
  CHECK(events_of(vade::detail::quote_json(every)) == "'" + every + "' .");
  for (const std::string bad : {"\xff", "a\xC3", "\xED\xA0\x80"})
    CHECK_THROWS_AS(vade::detail::quote_json(bad), vade::ValueError);
}

}  // namespace json_tests
