#include "manifest/yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "manifest/errors.h"
#include "manifest/reader.h"
#include "manifest/text_check.h"
#include "manifest/tree_builder.h"

namespace instantexec::manifest {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

using OnFlaw = TreeBuilder::OnFlaw;

model::SourcePosition position_of(std::string_view text, std::size_t offset, std::uint32_t first_line) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + first_line;
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

// One text, or a part of one. `limits` is then what they leave to the parts after it.
Stream read_part(std::string_view text, std::string_view file, Limits& limits, OnFlaw on_flaw,
                 std::uint32_t first_line = 1) {
  TreeBuilder builder(file, limits, on_flaw);
  const auto finish = [&limits](TreeBuilder& used) {
    limits = used.left();
    return used.take();
  };
  if (text.size() > limits.bytes) {
    builder.fail(errors::kTooLarge, {}, fmt::format("more than {} bytes", limits.bytes));
    return finish(builder);
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (const auto bad = find_bad_character(text)) {
    builder.fail(errors::kEncoding, position_of(text, bad->offset, first_line), bad->message);
    return finish(builder);
  }
  if (is_json(text)) {
    // A flow mapping of YAML may begin like JSON; what is not JSON is read as YAML.
    TreeBuilder json(file, limits, on_flaw);
    read_json(text, json, first_line);
    const Limits left = json.left();
    Stream stream = json.take();
    if (!stream.problem || stream.problem->rule != errors::kSyntax.name) {
      limits = left;
      return stream;
    }
    read_yaml(text, builder, first_line);
    Stream yaml = finish(builder);
    if (!yaml.problem || yaml.problem->rule != errors::kSyntax.name) return yaml;
    limits = left;
    return stream;
  }
  read_yaml(text, builder, first_line);
  return finish(builder);
}

bool begins_document(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line.find_first_of(" \t\r\n") == 3);
}

bool begins_json_object(std::string_view line) {
  return line.starts_with('{');
}

// The text in parts, each from a line with which one begins to the next such line.
std::vector<std::string_view> parts_at(std::string_view text, bool (*begins)(std::string_view)) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  for (auto line = text.find('\n'); line != std::string_view::npos; line = text.find('\n', line + 1)) {
    if (!begins(text.substr(line + 1, 4))) continue;
    out.push_back(text.substr(begin, line + 1 - begin));
    begin = line + 1;
  }
  out.push_back(text.substr(begin));
  return out;
}

// Reads a text part by part, each of them whatever becomes of the others.
class LenientReader {
 public:
  LenientReader(std::string_view file, const Limits& limits) : file_(file), limits_(limits) {}

  void read(std::string_view text) {
    for (const std::string_view document : parts_at(text, begins_document)) {
      const std::uint32_t first_line = line_;
      Limits left = limits_;
      Stream stream = read_part(document, file_, left, OnFlaw::kNote, first_line);
      const auto objects = is_json(document) ? parts_at(document, begins_json_object)
                                             : std::vector<std::string_view>{document};
      if (stream.problem && objects.size() > 1) {
        for (const std::string_view object : objects) {
          Stream one = read_part(object, file_, limits_, OnFlaw::kNote, line_);
          take(std::move(one), object);
        }
      } else {
        limits_ = left;
        take(std::move(stream), document);
      }
      if (exhausted_) return;
    }
  }

  [[nodiscard]] LenientStream result() { return std::move(out_); }

 private:
  void take(Stream stream, std::string_view text) {
    line_ += static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
    std::move(stream.documents.begin(), stream.documents.end(), std::back_inserter(out_.documents));
    if (!stream.problem || exhausted_) return;
    exhausted_ =
        (limits_.nodes == 0 || limits_.documents == 0) && stream.problem->rule == errors::kTooLarge.name;
    if (exhausted_) stream.problem->message = "more documents, keys and values than are read of one text";
    out_.problems.push_back(*std::move(stream.problem));
  }

  std::string_view file_;
  Limits limits_;
  LenientStream out_;
  std::uint32_t line_ = 1;
  bool exhausted_ = false;  // nothing is left of what the limits allow
};

}  // namespace

Stream read_stream(std::string_view text, std::string_view file, const Limits& limits) {
  Limits left = limits;
  return read_part(text, file, left, OnFlaw::kFail);
}

LenientStream read_leniently(std::string_view text, std::string_view file, const Limits& limits) {
  Limits left = limits;
  Stream whole = read_part(text, file, left, OnFlaw::kNote);
  if (!whole.problem) return {std::move(whole.documents), {}};
  if (text.size() > limits.bytes) return {{}, {*std::move(whole.problem)}};
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  LenientReader reader(file, limits);
  reader.read(text);
  return reader.result();
}

Error error_of(const model::Finding& problem) {
  return make_error(code_named(problem.rule), fmt::format("{}: {}", problem.at.to_string(), problem.message),
                    problem.hint);
}

Result<std::vector<Document>> parse_yaml(std::string_view text, std::string_view file, const Limits& limits) {
  Stream stream = read_stream(text, file, limits);
  if (!stream.problem) return std::move(stream.documents);
  return fail(error_of(*stream.problem));
}

}  // namespace instantexec::manifest
