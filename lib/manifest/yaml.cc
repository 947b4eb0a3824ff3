#include "manifest/yaml.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "manifest/errors.h"
#include "manifest/reader.h"
#include "manifest/text_check.h"
#include "manifest/tree_builder.h"

namespace instantexec::manifest {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

model::SourcePosition position_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(offset - line_begin + 1)};
}

// kubectl decides the same way (yaml.GuessJSONStream), with '[' beside '{'.
bool is_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

const ErrorCode& code_named(std::string_view name) {
  for (const ErrorCode* code :
       {&errors::kEncoding, &errors::kTooLarge, &errors::kDuplicateKey, &errors::kUnsupported}) {
    if (code->name == name) return *code;
  }
  return errors::kSyntax;
}

}  // namespace

Stream read_stream(std::string_view text, std::string_view file, const Limits& limits) {
  TreeBuilder builder(file, limits);
  if (text.size() > limits.bytes) {
    builder.fail(errors::kTooLarge, {}, fmt::format("more than {} bytes", limits.bytes));
    return builder.take();
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (const auto bad = find_bad_character(text)) {
    builder.fail(errors::kEncoding, position_of(text, bad->offset), bad->message);
    return builder.take();
  }
  if (is_json(text)) {
    // A flow mapping of YAML may begin like JSON; what is not JSON is read as YAML.
    TreeBuilder json(file, limits);
    read_json(text, json);
    Stream stream = json.take();
    if (!stream.problem || stream.problem->rule != errors::kSyntax.name) return stream;
    read_yaml(text, builder);
    Stream yaml = builder.take();
    return yaml.problem && yaml.problem->rule == errors::kSyntax.name ? stream : yaml;
  }
  read_yaml(text, builder);
  return builder.take();
}

Result<std::vector<Document>> parse_yaml(std::string_view text, std::string_view file, const Limits& limits) {
  Stream stream = read_stream(text, file, limits);
  if (!stream.problem) return std::move(stream.documents);
  const model::Finding& problem = *stream.problem;
  return fail(code_named(problem.rule), fmt::format("{}: {}", problem.at.to_string(), problem.message),
              problem.hint);
}

}  // namespace instantexec::manifest
