// vade: tests of io/checkpoint.hpp.
// SPDX-License-Identifier: MIT
#include <vade/io/checkpoint.hpp>

#include <cerrno>
#include <functional>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"
#include "../support/safetensors_parts.hpp"

namespace checkpoint_tests {

using tests::Folder;
using tests::message_of;
using vade::Checkpoint;
using vade::FileError;
using vade::Labels;
using vade::Matrix;
using vade::RowVector;

/// One of everything that a state can have.
struct Everything {
  Matrix<float> weights = Matrix<float>::Zero(2, 3);
  RowVector<double> means = RowVector<double>::Zero(2);
  Labels labels = Labels(3, 0);
  std::int64_t steps = 0;
  double share = 0;
  Matrix<double> frozen = {};

  void for_each_state(auto&& visit) {
    visit("weights", weights);
    visit("means", means);
    visit("labels", labels);
    visit("steps", steps);
    visit("share", share);
    visit("frozen", frozen);
  }
};

Everything some() {
  Everything state;
  state.weights << 1.5f, -0.0f, std::numeric_limits<float>::infinity(), 1e-42f, 0.1f, -7;
  state.means << 0.1, std::numeric_limits<double>::quiet_NaN();
  state.labels = {2, -1, 7};
  state.steps = (std::int64_t{1} << 60) + 1;
  state.share = 0.1;
  state.frozen = Matrix<double>::Constant(4, 2, 0.25);
  return state;
}

/// A state of the same shapes, to be restored.
Everything blank() {
  Everything state;
  state.frozen = Matrix<double>::Zero(4, 2);
  return state;
}

struct Counter {
  std::int64_t steps = 0;
  void for_each_state(auto&& visit) { visit("steps", steps); }
};

/// What opening says, after the path, once `change` has changed the parts of a checkpoint of two stages and three lines.
std::string complaint(const std::function<void(tests::SafetensorsParts&)>& change) {
  const Folder folder;
  const std::filesystem::path path = folder.path / "run";
  Everything state = some();
  {
    Checkpoint checkpoint(path, 0);
    checkpoint.check_agrees("seed", "1");
    checkpoint.save("a", state, "one");
    checkpoint.save("b", state, "two");
    checkpoint.save("b", state, "three");
  }
  tests::SafetensorsParts parts(path);
  change(parts);
  parts.save(path);
  const std::string said = message_of<FileError>([&] { Checkpoint checkpoint(path); });
  return said.starts_with(path.string() + ": ") ? said.substr(path.string().size() + 2) : said;
}

void set_log(tests::SafetensorsParts& parts, const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  parts.tensors["log"] = {vade::Dtype::u8, {static_cast<vade::Index>(text.size())}, {bytes.begin(), bytes.end()}};
}

struct Double {
  Matrix<double> weights = Matrix<double>::Zero(2, 3);
  void for_each_state(auto&& visit) { visit("weights", weights); }
};

struct More {
  double extra = 0;
  void for_each_state(auto&& visit) { visit("extra", extra); }
};

/// Bit for bit, NaN and the sign of zero included.
bool same(const auto& a, const auto& b) {
  const auto bytes = [](const auto& m) { return std::as_bytes(std::span(m.data(), static_cast<std::size_t>(m.size()))); };
  return a.rows() == b.rows() && a.cols() == b.cols() && std::ranges::equal(bytes(a), bytes(b));
}

TEST_CASE("What was saved comes back bit for bit, with the log in its order, from the file alone") {
  const Folder folder;
  Everything state = some();
  {
    Checkpoint checkpoint(folder.path / "run", 0);
    CHECK(checkpoint.steps() == 0);
    CHECK(checkpoint.left().empty());
    CHECK(checkpoint.agrees("seed", "4"));
    checkpoint.save("first", state, "one");
    checkpoint.save("second stage", state, "two, with a \"quote\" and µ");
  }
  Checkpoint checkpoint(folder.path / "run", 0);
  CHECK(checkpoint.steps() == 2);
  REQUIRE(checkpoint.holds("second stage"));
  Everything back = blank();
  checkpoint.restore("second stage", back);
  CHECK(same(back.weights, state.weights));
  CHECK(same(back.means, state.means));
  CHECK(same(back.frozen, state.frozen));
  CHECK(back.labels == state.labels);
  CHECK(back.steps == state.steps);
  CHECK(back.share == state.share);
  const auto left = [&] { return std::vector<std::string>(checkpoint.left().begin(), checkpoint.left().end()); };
  const std::vector<std::string> both{"one", "two, with a \"quote\" and µ"};
  CHECK(left() == both);
  checkpoint.take();
  CHECK(left() == std::vector{both[1]});
  checkpoint.take();
  CHECK(left().empty());
  checkpoint.rewind();
  CHECK(left() == both);
}

TEST_CASE("Names and lines that a file could not give back are refused, and nothing is saved") {
  const Folder folder;
  Everything state = some();
  Checkpoint checkpoint(folder.path / "run", 0);
  CHECK(message_of<vade::ValueError>([&] { checkpoint.save("run/1", state, "line"); }) ==
        (folder.path / "run").string() + ": the state of \"run/1\" after \"line\", wanted a name without \"/\" and one line");
  CHECK_THROWS_AS(checkpoint.save("run", state, "two\nlines"), vade::ValueError);
  CHECK(checkpoint.steps() == 0);
  CHECK(folder.files() == 0);
}

TEST_CASE("What is asked before the first step must have been asked before it") {
  const Folder folder;
  Everything state = some();
  Checkpoint checkpoint(folder.path / "run", 0);
  CHECK_NOTHROW(checkpoint.check_began_with("bend", "0"));
  checkpoint.save("fit", state, "line");
  CHECK_NOTHROW(checkpoint.check_began_with("bend", "0"));
  CHECK_THROWS_AS(checkpoint.check_began_with("bend", "1"), vade::ValueError);
  CHECK(message_of<vade::ValueError>([&] { checkpoint.check_began_with("stretch", "0"); }) ==
        (folder.path / "run").string() + ": was begun without stretch, got 0");
}

TEST_CASE("What was asked is remembered, and something else is refused with both") {
  const Folder folder;
  Everything state;
  {
    Checkpoint checkpoint(folder.path / "run", 0);
    checkpoint.check_agrees("batch", "250");
    CHECK_FALSE(checkpoint.agrees("batch", "100"));
    checkpoint.save("fit", state, "line");
  }
  Checkpoint checkpoint(folder.path / "run");
  CHECK_NOTHROW(checkpoint.check_agrees("batch", "250"));
  CHECK(message_of<vade::ValueError>([&] { checkpoint.check_agrees("batch", "100"); }) ==
        (folder.path / "run").string() + ": was begun with batch 250, got 100");
}

TEST_CASE("Nothing is written before the time has come, and everything by write()") {
  const Folder folder;
  Everything state = some();
  Checkpoint checkpoint(folder.path / "run", 1e9);
  checkpoint.write();
  CHECK(folder.files() == 0);
  checkpoint.save("fit", state, "one");
  checkpoint.save("fit", state, "two");
  CHECK(folder.files() == 0);
  checkpoint.write();
  CHECK(Checkpoint(folder.path / "run").steps() == 2);
}

TEST_CASE("States that nothing goes on from are forgotten; remove() leaves no file and knows nothing") {
  const Folder folder;
  Everything state = some();
  Checkpoint checkpoint(folder.path / "run", 0);
  checkpoint.check_agrees("seed", "1");
  for (const char* name : {"a", "b", "c"}) checkpoint.save(name, state, name);
  checkpoint.drop("a");
  checkpoint.save("c", state, "again");
  {
    const Checkpoint written(folder.path / "run");
    CHECK_FALSE(written.holds("a"));
    CHECK(written.holds("b"));
    CHECK(written.steps() == 4);
  }
  checkpoint.keep_only("c");
  CHECK_FALSE(checkpoint.holds("b"));
  CHECK(checkpoint.holds("c"));
  checkpoint.remove();
  CHECK(folder.files() == 0);
  CHECK(checkpoint.steps() == 0);
  CHECK_FALSE(checkpoint.holds("c"));
  CHECK(checkpoint.agrees("seed", "2"));
  CHECK_NOTHROW(checkpoint.remove());
}

TEST_CASE("Damaged files, other files and states of other shapes are refused with names") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "run";
  Everything state = some();
  Checkpoint(path, 0).save("fit", state, "one");

  SUBCASE("other shapes") {
    const Checkpoint checkpoint(path);
    Everything wider = blank();
    wider.weights = Matrix<float>::Zero(2, 4);
    CHECK(message_of<FileError>([&] { checkpoint.restore("fit", wider); }) ==
          path.string() + ": weights of fit is F32 [2 x 3], wanted F32 [2 x 4]");
    Everything longer = blank();
    longer.labels.resize(4);
    CHECK(message_of<FileError>([&] { checkpoint.restore("fit", longer); }).find("labels of fit is I32 [3]") != std::string::npos);
  }
  SUBCASE("other precision, missing parts") {
    Double precise;
    More more;
    const Checkpoint checkpoint(path);
    CHECK(message_of<FileError>([&] { checkpoint.restore("fit", precise); }).find("wanted F64 [2 x 3]") != std::string::npos);
    CHECK(message_of<FileError>([&] { checkpoint.restore("none", precise); }) == path.string() + ": has no state of none");
    CHECK(message_of<FileError>([&] { checkpoint.restore("fit", more); }) == path.string() + ": the state of fit has no extra");
  }
  SUBCASE("a file cut short") {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
    CHECK_THROWS_AS(Checkpoint{path}, FileError);
  }
  SUBCASE("a model file") {
    vade::SafetensorsWriter model;
    model.add("weights", state.frozen);
    model.save(path);
    CHECK(message_of<FileError>([&] { Checkpoint checkpoint(path); }) == path.string() + ": is no checkpoint");
  }
}

TEST_CASE("A state is restored into the shapes that it must have: the file decides none of them") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "run";
  Everything state = some();
  Checkpoint(path, 0).save("fit", state, "one");
  for (const std::vector<vade::Index>& shape : {std::vector<vade::Index>{1, 2}, {3, 2}, {5, 2}, {2, 4}, {8}, {4, 2, 1}, {0, 0}, {0, 2}}) {
    tests::SafetensorsParts parts(path);
    auto& frozen = parts.tensors.at("fit/frozen");
    frozen.shape = shape;
    frozen.bytes.resize(static_cast<std::size_t>(*vade::detail::tensor_bytes(frozen.dtype, shape)));
    parts.save(folder.path / "changed");
    const Checkpoint checkpoint(folder.path / "changed");
    Everything back = blank();
    CHECK(message_of<FileError>([&] { checkpoint.restore("fit", back); }) ==
          (folder.path / "changed").string() + ": frozen of fit is F64 " + vade::sizes_text(shape) + ", wanted F64 [4 x 2]");
    CHECK(back.weights.isZero());  // nothing is changed before everything is checked
    Everything without;
    if (shape != std::vector<vade::Index>{0, 0}) CHECK_THROWS_AS(checkpoint.restore("fit", without), FileError);
  }
  tests::SafetensorsParts parts(path);
  parts.tensors["fit/evil"] = parts.tensors["fit/labels"];
  parts.save(folder.path / "changed");
  Everything back = blank();
  CHECK(message_of<FileError>([&] { Checkpoint(folder.path / "changed").restore("fit", back); })
            .ends_with(": the state of fit has a part evil that was not wanted"));
}

TEST_CASE("A counter that could not be counted up is refused") {
  const Folder folder;
  for (const std::int64_t steps : {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
                                   std::int64_t{-1}, (std::int64_t{1} << 62) + 1, std::int64_t{1} << 62, std::int64_t{0}}) {
    CAPTURE(steps);
    const std::filesystem::path path = folder.path / std::to_string(steps);
    Counter counter{steps};
    Checkpoint(path, 0).save("fit", counter, "one");
    Counter back;
    const std::string said = message_of<FileError>([&] { Checkpoint(path).restore("fit", back); });
    if (steps < 0 || steps > std::int64_t{1} << 62)
      CHECK(said == path.string() + ": steps of fit is " + std::to_string(steps) + ", wanted a counter from 0 to 2^62");
    else
      CHECK(back.steps == steps);
  }
}

TEST_CASE("A log that was changed, and a state of another log, are refused") {
  using Parts = tests::SafetensorsParts;
  CHECK(complaint([](Parts&) {}) == tests::nothing_thrown);
  CHECK(complaint([](Parts& parts) { set_log(parts, "one\ntwo\nthree"); }) == "its log ends inside line 3: \"three\"");
  for (const std::string log : {"", "one\n", "one\ntwo\n", "one\ntwo\nthree\nfour\n", "one\ntwo\n\nthree\n", "one\ntwo\nThree\n", "two\none\nthree\n"}) {
    CAPTURE(log);
    const std::string said = complaint([&](Parts& parts) { set_log(parts, log); });
    CHECK((said.starts_with("its log has the lines (count, checksum) ") || said.find(" is of another log: ") != std::string::npos));
  }
  CHECK(complaint([](Parts& parts) { parts.metadata.erase("log"); }).find("wanted a count") != std::string::npos);
  CHECK(complaint([](Parts& parts) { parts.metadata["log"] = "2 00000000"; }).find("wanted 2 00000000") != std::string::npos);
  CHECK(complaint([](Parts& parts) { parts.metadata.erase("after.a"); }) == "the state of a does not say after which line it was saved");
  CHECK(complaint([](Parts& parts) { parts.metadata["after.a"] = parts.metadata["after.b"]; }) == tests::nothing_thrown);
  CHECK(complaint([](Parts& parts) { parts.metadata["after.a"] = "0 00000000"; }).find("the state of a is of another log") == 0);
  CHECK(complaint([](Parts& parts) { parts.metadata["after.b"] = "3 00000000"; }).find("the state of b is of another log") == 0);
}

TEST_CASE("Nothing else may be in a checkpoint") {
  using Parts = tests::SafetensorsParts;
  CHECK(complaint([](Parts& parts) { parts.tensors["more"] = parts.tensors["log"]; }) ==
        "has a tensor \"more\", which no checkpoint has");
  CHECK(complaint([](Parts& parts) { parts.tensors.erase("log"); }) == "has no tensor \"log\"");
  CHECK(complaint([](Parts& parts) { parts.tensors["log"].dtype = vade::Dtype::i8; }) == "its log is I8 [14], wanted bytes in one dimension");
  CHECK(complaint([](Parts& parts) { parts.tensors["log"].shape = {1, 14}; }) == "its log is U8 [1 x 14], wanted bytes in one dimension");
  CHECK(complaint([](Parts& parts) {
          parts.tensors["log"].dtype = vade::Dtype::f16;
          parts.tensors["log"].shape = {7};
        }) == "its log is F16 [7], wanted bytes in one dimension");
  CHECK(complaint([](Parts& parts) { parts.metadata["vade.other"] = "1"; }) == "has metadata \"vade.other\", which no checkpoint has");
  CHECK(complaint([](Parts& parts) { parts.metadata["vade.checkpoint"] = "3"; }) == "is a checkpoint of version 3, wanted 1 or 2");
  const std::string odd = complaint([](Parts& parts) { parts.tensors["\x1b[2J" + std::string(300, 'x')] = parts.tensors["log"]; });
  CHECK(odd.size() < 200);
  CHECK(odd.find('\x1b') == std::string::npos);
}

TEST_CASE("A checkpoint of version 1, which did not tie its states to the log, is read") {
  CHECK(complaint([](tests::SafetensorsParts& parts) {
          parts.metadata["vade.checkpoint"] = "1";
          for (const char* const key : {"log", "after.a", "after.b"}) parts.metadata.erase(key);
        }) == tests::nothing_thrown);
  CHECK(complaint([](tests::SafetensorsParts& parts) { parts.metadata["vade.checkpoint"] = "1"; }).find("which no checkpoint has") !=
        std::string::npos);
}

TEST_CASE("A path where no checkpoint can be is a FileError with the reason at once, not at the first write") {
  const Folder folder;
  const auto said = [&](const std::filesystem::path& path) {
    const std::string text = message_of<FileError>([&] { Checkpoint checkpoint(path); });
    CHECK(text.starts_with(path.string() + ": "));
    return text.substr(std::min(text.size(), path.string().size() + 2));
  };
  std::filesystem::create_symlink("loop", folder.path / "loop");
  CHECK(said(folder.path / "loop") == "cannot look up: Too many levels of symbolic links");
  CHECK(said(folder.path / std::string(256, 'x')) == "cannot look up: File name too long");
  CHECK(said(folder.path / "missing" / "run") == "cannot create a file beside it: No such file or directory");
  CHECK(said(folder.path).find("Is a directory") != std::string::npos);
  CHECK(said(folder.path / "").find("Is a directory") != std::string::npos);
  std::filesystem::create_symlink(folder.path / "missing" / "run", folder.path / "dangling");
  CHECK(said(folder.path / "dangling") == "cannot create a file beside it: No such file or directory");
  CHECK(message_of<FileError>([] { Checkpoint checkpoint(""); }) == ": cannot write: the path names no file");
  std::filesystem::create_symlink(folder.path / "later", folder.path / "link");
  CHECK_NOTHROW(Checkpoint(folder.path / "link"));
  CHECK_NOTHROW(Checkpoint(folder.path / std::string(255, 'x')));
  CHECK(folder.files() == 3);  // the links
}

TEST_CASE("A folder that may not be entered or written is a FileError") {
  const Folder folder;
  const std::filesystem::path closed = folder.path / "closed";
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  // Permissions do not bind the superuser, so that part of the test needs another user.
  std::error_code error;
  const std::filesystem::directory_iterator look(closed, error);
  const std::string entered = message_of<FileError>([&] { Checkpoint checkpoint(closed / "run"); });
  std::filesystem::permissions(closed, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const std::string written = message_of<FileError>([&] { Checkpoint checkpoint(closed / "run"); });
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
  if (error) {
    CHECK(entered == (closed / "run").string() + ": cannot look up: Permission denied");
    CHECK(written == (closed / "run").string() + ": cannot create a file beside it: Permission denied");
  }
  vade::file_system.look_up = [](const std::filesystem::path&, vade::FileStatus&) {
    errno = EACCES;
    return -1;
  };
  const std::string said = message_of<FileError>([&] { Checkpoint checkpoint(closed / "run"); });
  vade::file_system = {};
  CHECK(said == (closed / "run").string() + ": cannot look up: Permission denied");
}

TEST_CASE("Where nothing can be written any more, the step is not lost, and the error says where") {
  const Folder folder;
  Everything state = some();
  std::filesystem::create_directory(folder.path / "gone");
  Checkpoint checkpoint(folder.path / "gone" / "run", 0);
  std::filesystem::remove(folder.path / "gone");
  CHECK(message_of<FileError>([&] { checkpoint.save("fit", state, "one"); }).find("gone") != std::string::npos);
  std::filesystem::create_directory(folder.path / "gone");
  checkpoint.write();
  CHECK(Checkpoint(checkpoint.path()).steps() == 1);
}

}  // namespace checkpoint_tests
