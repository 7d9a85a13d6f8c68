// vade: tests of io/checkpoint.hpp.
// SPDX-License-Identifier: MIT
#include <vade/io/checkpoint.hpp>

#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "../support/folder.hpp"
#include "../support/message_of.hpp"

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
  Everything back;
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
    Everything wider;
    wider.weights = Matrix<float>::Zero(2, 4);
    CHECK(message_of<FileError>([&] { checkpoint.restore("fit", wider); }) ==
          path.string() + ": weights of fit is F32 [2 x 3], wanted F32 [2 x 4]");
    Everything longer;
    longer.labels.resize(4);
    CHECK(message_of<FileError>([&] { checkpoint.restore("fit", longer); }).find("labels of fit is I32 [3]") != std::string::npos);
  }
  SUBCASE("other precision, missing parts") {
    Double precise;
    More more;
    const Checkpoint checkpoint(path);
    CHECK(message_of<FileError>([&] { checkpoint.restore("fit", precise); }).find("wanted F64 [2 x 3]") != std::string::npos);
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
    CHECK(message_of<FileError>([&] { Checkpoint checkpoint(path); }) == path.string() + ": is no checkpoint of version 1");
  }
}

TEST_CASE("Where nothing can be written, the file of before stays, and the error says where") {
  const Folder folder;
  Everything state = some();
  Checkpoint checkpoint(folder.path / "missing" / "run", 0);
  CHECK(message_of<FileError>([&] { checkpoint.save("fit", state, "one"); }).find("missing") != std::string::npos);
  std::filesystem::create_directory(folder.path / "missing");
  checkpoint.write();  // the step was not lost
  CHECK(Checkpoint(checkpoint.path()).steps() == 1);
}

}  // namespace checkpoint_tests
