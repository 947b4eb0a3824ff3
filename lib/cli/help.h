#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/flags.h"
#include "cli/options.h"

// The verbs, which flags mean something to each of them, and their help.
namespace instantexec::cli {

struct VerbRow {
  Verb verb;
  const char* name;
  const char* description;
  const char* flags;     // that mean something to it: long names, separated by blanks
  bool cluster;          // takes the flags that say which cluster, and as whom
  const char* examples;  // lines of arguments
};

// In the order in which the help names them.
[[nodiscard]] std::span<const VerbRow> verb_rows();
[[nodiscard]] const VerbRow* find_verb(std::string_view name);

// Declares what stands after a verb without a dash.
void declare_arguments(CLI::App& app, Verb verb, RawOptions& raw);

// Help as the parser writes it, with the flags that may have a value as people write them: "--wait[=false]"
// for "--wait{true}". Columns stay.
[[nodiscard]] std::string plain_flags(std::string help);

// The help of one verb: what it does, the flags that mean something to it, examples.
[[nodiscard]] std::string verb_help(const VerbRow& verb, const std::string& program);

// A flag that was given and means nothing to the verb: "--stage".
[[nodiscard]] std::optional<std::string> foreign_flag(const CLI::App& app, const VerbRow& verb);

// What stands below the help of the whole program.
[[nodiscard]] std::string program_footer(const std::string& program);

}  // namespace instantexec::cli
