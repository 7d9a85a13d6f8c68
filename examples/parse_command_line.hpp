// What every program here does with its command line.
#pragma once

#include <functional>
#include <iostream>
#include <optional>

#include <CLI/CLI.hpp>

/// Parses, then calls `check`, which may throw CLI::ValidationError for options that do not go together. Returns the exit
/// code where the program should end at once: 0 after --help, 2 after a mistake, with one line that says what.
inline std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv, const std::function<void()>& check = {}) {
  try {
    app.parse(argc, argv);
    if (check) check();
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << error.what() << " (try --help)\n";
    return 2;
  }
  return std::nullopt;
}
