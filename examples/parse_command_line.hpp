// What every program here does with its command line.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>

#include <CLI/CLI.hpp>

/// Parses, then calls `check`, which may throw CLI::ValidationError for options that do not go together. Returns the
/// exit code where the program should end at once: 0 after --help, 2 after a mistake, with one line that says what.
inline std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv,
                                             const std::function<void()>& check = {}) {
  app.footer(
      "Exit codes: 0 all is done; 1 something failed, as a line on stderr says; 2 wrong options; 130, 143 and 129 "
      "after\n"
      "Ctrl-C, SIGTERM and SIGHUP: training ended early, and what there was is saved. A second signal ends it at "
      "once.");
  try {
    app.parse(argc, argv);
    if (check) check();
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "%s: %s (try --help)\n", app.get_name().c_str(), error.what());
    return 2;
  }
  return std::nullopt;
}
