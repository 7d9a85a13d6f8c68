// One program for every platform: it writes files, reads them, trains, is cut off, goes on, saves, loads and answers.
// Prints a checksum for each result, so that platforms can be compared, and ends with 1 where something is wrong.
// SPDX-License-Identifier: MIT
#ifdef _WIN32
#include <windows.h>  // its macros must not reach the library
#endif

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <zlib.h>

#include <vade/data/csv.hpp>
#include <vade/data/idx.hpp>
#include <vade/data/npy.hpp>
#include <vade/io/atomic_file.hpp>
#include <vade/io/checkpoint.hpp>
#include <vade/models/fit_vade.hpp>

namespace fs = std::filesystem;

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  ++failures;
  std::printf("FAILED: %s\n", what);
}

unsigned long checksum(std::span<const std::byte> bytes) {
  return ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
}

void tell(const char* what, std::span<const std::byte> bytes) { std::printf("%s %08lx\n", what, checksum(bytes)); }

std::vector<std::byte> bytes_of(const fs::path& path) { return vade::read_file(path, 1 << 20); }

bool same_rows(const vade::Dataset& data, const vade::Matrix<float>& rows) { return data.matrix<float>() == rows; }

/// 90 rows of 8 values k / 64, of three kinds: exact in text, in bytes of either order, and in single precision.
vade::Matrix<float> rows_of_three_kinds() {
  vade::Matrix<float> x(90, 8);
  for (vade::Index i = 0; i < x.rows(); ++i)
    for (vade::Index j = 0; j < x.cols(); ++j)
      x(i, j) = static_cast<float>((j % 3 == i % 3 ? 48 : 4) + (7 * i + 5 * j) % 13) / 64;
  return x;
}

void write_gzip(const fs::path& path, std::span<const std::byte> content) {
  std::vector<Bytef> out(content.size() + 1000);
  z_stream stream = {};
  check(::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib begins");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  check(::deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib ends");
  const std::size_t size = out.size() - stream.avail_out;
  ::deflateEnd(&stream);
  vade::write_file_atomically(path, std::as_bytes(std::span(out.data(), size)));
}

void test_readers(const fs::path& folder, const vade::Matrix<float>& rows) {
  vade::write_npy(folder / "rows.npy", rows);
  check(same_rows(vade::read_npy(folder / "rows.npy"), rows), "NPY is read as it was written");
  write_gzip(folder / "rows.npy.gz", bytes_of(folder / "rows.npy"));
  check(same_rows(vade::read_npy(folder / "rows.npy.gz"), rows), "compressed NPY is read as it was written");
  tell("npy", bytes_of(folder / "rows.npy"));

  std::string text;
  for (vade::Index i = 0; i < rows.rows(); ++i)
    for (vade::Index j = 0; j < rows.cols(); ++j)
      text += std::to_string(rows(i, j)) + (j + 1 < rows.cols() ? "," : "\r\n");
  vade::write_file_atomically(folder / "rows.csv", text);
  check(same_rows(vade::read_csv(folder / "rows.csv").data.images, rows), "CSV is read as it was written");

  vade::IdxArray array;
  array.type = vade::IdxType::i32;
  array.shape = {3};
  const std::int32_t numbers[] = {1, -2, 1 << 20};
  const auto bytes = std::as_bytes(std::span(numbers));
  array.bytes.assign(bytes.begin(), bytes.end());
  vade::write_idx(folder / "numbers.idx", array);
  check(vade::read_idx(folder / "numbers.idx").bytes == array.bytes, "IDX is read as it was written");
  tell("idx", bytes_of(folder / "numbers.idx"));
}

vade::Vade<float> new_model() {
  return vade::Vade<float>({.network = {.inputs = 8, .hidden = {8}, .latent = 2, .seed = 3}, .clusters = 3});
}

void test_model(const fs::path& folder, const vade::Matrix<float>& rows) {
  const vade::Dataset data = vade::Dataset::from_matrix(rows);
  vade::VadeFitOptions options;
  options.start = vade::AutoencoderStart{.fit = {.epochs = 6, .batch = 30}, .mixture_restarts = 2};
  options.fit = {.epochs = 6, .batch = 30};
  vade::Vade<float> model = new_model();
  model.fit(data, options);
  model.save(folder / "model.safetensors");
  tell("model", bytes_of(folder / "model.safetensors"));
  std::string labels;
  for (const vade::Label label : model.predict(data)) labels += std::to_string(label);
  tell("labels", std::as_bytes(std::span(labels)));

  const vade::Vade<float> same = vade::Vade<float>::load(folder / "model.safetensors");
  check(same.predict_proba(data) == model.predict_proba(data), "a loaded model answers as the saved one");

  vade::StopSource stop;
  vade::Observer observer;
  observer.on_epoch = [&](const vade::EpochRecord& epoch) {
    if (epoch.stage == "vade" && epoch.epoch == 3) stop.request_stop();
  };
  {
    vade::Checkpoint checkpoint(folder / "run.checkpoint", 0);
    check(new_model().fit(data, options, observer, stop.get_token(), &checkpoint).stop == vade::StopReason::cancelled,
          "a fit can be cancelled");
  }
  vade::Checkpoint checkpoint(folder / "run.checkpoint", 0);
  check(checkpoint.steps() > 0, "a cancelled fit leaves a checkpoint");
  vade::Vade<float> resumed = new_model();
  resumed.fit(data, options, {}, {}, &checkpoint);
  resumed.save(folder / "resumed.safetensors");
  check(bytes_of(folder / "resumed.safetensors") == bytes_of(folder / "model.safetensors"),
        "a fit that was cut off ends with the same bytes");
  checkpoint.remove();
  check(!fs::exists(folder / "run.checkpoint"), "a checkpoint can be removed");
}

void test_errors(const fs::path& folder) {
  try {
    vade::Vade<float>::load(folder / "none.safetensors");
    check(false, "a file that is not there is an error");
  } catch (const vade::FileError& error) {
    check(std::string(error.what()).ends_with("No such file or directory"), error.what());
  }
  try {
    vade::write_file_atomically(folder, "x");
    check(false, "a folder is not replaced by a file");
  } catch (const vade::FileError&) {
  }
}

}  // namespace

int main(int count, char** words) {
  try {
    // No code page of Windows needs to have these letters.
    const fs::path folder = fs::path(count > 1 ? words[1] : ".") / fs::path(u8"größe-样本");
    fs::remove_all(folder);
    fs::create_directories(folder);
    const vade::Matrix<float> rows = rows_of_three_kinds();
    test_readers(folder, rows);
    test_model(folder, rows);
    test_errors(folder);
    const auto left = std::distance(fs::directory_iterator(folder), fs::directory_iterator());
    check(left == 6, "nothing but the files that were asked for is left");
    fs::remove_all(folder);
  } catch (const std::exception& error) {
    check(false, error.what());
  }
  std::printf("%s\n", failures == 0 ? "passed" : "failed");
  return failures == 0 ? 0 : 1;
}
