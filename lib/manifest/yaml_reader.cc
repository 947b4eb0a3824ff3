#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <istream>
#include <optional>
#include <streambuf>
#include <string>
#include <vector>

#include "base/text.h"
#include "manifest/errors.h"
#include "manifest/reader.h"
#include "manifest/text_check.h"

// The only file that calls yaml-cpp, and the only one that sees its exceptions. yaml-cpp bounds its own
// recursion (500 levels, since 0.7); everything else it leaves open is closed here or in TreeBuilder.
namespace instantexec::manifest {
namespace {

using model::SourcePosition;

SourcePosition position_of(const YAML::Mark& mark, std::uint32_t first_line) {
  if (mark.line < 0 || mark.column < 0) return {};
  return {static_cast<std::uint32_t>(mark.line) + first_line, static_cast<std::uint32_t>(mark.column) + 1};
}

// Reads from memory and pretends to be at its end once the builder has failed, so that yaml-cpp stops early.
class Source : public std::streambuf {
 public:
  Source(std::string_view text, const TreeBuilder& builder) : left_(text), builder_(builder) {}

 protected:
  int_type underflow() override {
    constexpr std::size_t kChunk = 4096;
    if (left_.empty() || builder_.failed()) return traits_type::eof();
    chunk_ = left_.substr(0, kChunk);
    left_.remove_prefix(chunk_.size());
    setg(chunk_.data(), chunk_.data(), chunk_.data() + chunk_.size());
    return traits_type::to_int_type(*gptr());
  }

 private:
  std::string_view left_;
  std::string chunk_;
  const TreeBuilder& builder_;
};

ScalarTag scalar_tag(std::string_view tag) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "?") return ScalarTag::kPlain;
  if (!tag.starts_with(kCore))
    return ScalarTag::kString;  // "!" is a quoted scalar; unknown tags keep the text
  const std::string_view name = tag.substr(kCore.size());
  if (name == "int") return ScalarTag::kInt;
  if (name == "float") return ScalarTag::kFloat;
  if (name == "bool") return ScalarTag::kBool;
  if (name == "null") return ScalarTag::kNull;
  if (name == "binary") return ScalarTag::kBinary;
  if (name == "timestamp") return ScalarTag::kTimestamp;
  return ScalarTag::kString;
}

bool quoted(std::string_view text) {
  return text.starts_with('\'') || text.starts_with('"');
}

// Where the scalar ends that begins with a quote; nothing when it is not closed.
std::optional<std::size_t> closing_quote(std::string_view text) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || !text.substr(i + 1).starts_with(quote)) return i;
      ++i;  // '' stands for one quote
    }
  }
  return std::nullopt;
}

class Events : public YAML::EventHandler {
 public:
  Events(std::string_view text, TreeBuilder& builder, std::uint32_t first_line)
      : text_(text), builder_(builder), first_line_(first_line) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    last_offset_ = offset(mark);
    if (documents_++ > 0 && !separated(last_offset_)) {
      builder_.fail(errors::kSyntax, position(mark), "text after the end of the document",
                    "check indentation and brackets here, or begin a new document with ---");
      return;
    }
    builder_.begin_document(position(mark));
  }
  void OnDocumentEnd() override {
    if (ends_in_open_quote())
      builder_.fail(errors::kSyntax, last_position(), "a quoted value has no closing quote");
    builder_.end_document();
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (in_block_map() && !has_colon()) {
      builder_.fail(errors::kSyntax, last_position(), "a key without ':'");
    }
    last_offset_ = offset(mark);
    const auto text = null_as_text();
    builder_.scalar(position(mark), anchor, text.value_or(""), text ? ScalarTag::kString : ScalarTag::kPlain);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    last_offset_ = offset(mark);
    builder_.alias(position(mark), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    last_offset_ = offset(mark);
    last_plain_size_ = value.size();
    const bool whole = is_utf8(value);  // yaml-cpp takes \N and \_ for bytes
    builder_.scalar(position(mark), anchor, whole ? value : with_whole_escapes(value), scalar_tag(tag));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    last_offset_ = offset(mark);
    builder_.begin_sequence(position(mark), anchor);
  }
  void OnSequenceEnd() override { builder_.end_collection(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    last_offset_ = offset(mark);
    flow_.push_back(style == YAML::EmitterStyle::Flow);
    builder_.begin_map(position(mark), anchor);
  }
  void OnMapEnd() override {
    flow_.pop_back();
    builder_.end_collection();
  }

 private:
  [[nodiscard]] SourcePosition position(const YAML::Mark& mark) const {
    return position_of(mark, first_line_);
  }
  [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const {
    return mark.pos < 0 ? text_.size() : std::min(static_cast<std::size_t>(mark.pos), text_.size());
  }
  [[nodiscard]] bool in_block_map() const { return builder_.value_due() && !flow_.empty() && !flow_.back(); }
  [[nodiscard]] std::string_view rest() const { return text_.substr(last_offset_); }

  // yaml-cpp takes the end of the input for a closing quote.
  [[nodiscard]] bool ends_in_open_quote() const {
    const std::string_view left = last_scalar();
    return quoted(left) && !closing_quote(left);
  }
  [[nodiscard]] SourcePosition last_position() const {
    const std::string_view before = text_.substr(0, last_offset_);
    const auto line = std::count(before.begin(), before.end(), '\n') + first_line_;
    const auto begin = before.rfind('\n') + 1;  // npos + 1 is 0
    return {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(before.size() - begin + 1)};
  }

  // From the last scalar on, without the anchor and tag before it.
  [[nodiscard]] std::string_view last_scalar() const {
    std::string_view left = rest();
    while (left.starts_with('&') || left.starts_with('!')) {
      left.remove_prefix(std::min(left.find_first_of(" \t\r\n"), left.size()));
      left.remove_prefix(std::min(left.find_first_not_of(" \t\r\n"), left.size()));
    }
    return left;
  }

  // yaml-cpp drops the tag of a null-like scalar; the one that changes its meaning is !!str.
  [[nodiscard]] std::optional<std::string_view> null_as_text() const {
    constexpr std::string_view kTag = "!!str ";
    if (!rest().starts_with(kTag)) return std::nullopt;
    const std::string_view text =
        trim(rest().substr(kTag.size(), rest().find_first_of("\r\n,]}:#") - kTag.size()));
    const bool null = text == "~" || text == "null" || text == "Null" || text == "NULL";
    return null ? std::optional(text) : std::nullopt;
  }

  // yaml-cpp takes a last line without a colon for a key without a value. `? key` may stand without one.
  [[nodiscard]] bool has_colon() const {
    const std::string_view before = text_.substr(0, last_offset_);
    const auto previous = before.find_last_not_of(" \t\r\n");
    if (previous != std::string_view::npos && before[previous] == '?') return true;
    std::string_view left = last_scalar();
    if (left.starts_with('*')) return true;
    const std::size_t size = quoted(left) ? closing_quote(left).value_or(left.size()) + 1 : last_plain_size_;
    left = left.substr(std::min(size, left.size()));
    const auto next = left.find_first_not_of(" \t");
    return next != std::string_view::npos && left[next] == ':';
  }

  // yaml-cpp reads what is left over after a complete document as another document. A real one begins with
  // "---" or follows "...".
  [[nodiscard]] bool separated(std::size_t at) const {
    if (text_.substr(at).starts_with("---")) return true;
    std::string_view before = text_.substr(0, at);
    while (!before.empty()) {
      const auto newline = before.find_last_of('\n');
      const auto begin = newline == std::string_view::npos ? 0 : newline + 1;
      const std::string_view line = trim(before.substr(begin));
      if (line.starts_with("...")) return true;
      if (!line.empty() && line.front() != '#' && line.front() != '%') return false;
      before = before.substr(0, newline == std::string_view::npos ? 0 : newline);
    }
    return false;
  }

  std::string_view text_;
  TreeBuilder& builder_;
  std::uint32_t first_line_;
  std::vector<bool> flow_;  // style of every open mapping
  std::size_t documents_ = 0;
  std::size_t last_plain_size_ = 0;
  std::size_t last_offset_ = 0;
};

}  // namespace

void read_yaml(std::string_view text, TreeBuilder& builder, std::uint32_t first_line) {
  Source source(text, builder);
  std::istream stream(&source);
  Events events(text, builder, first_line);
  try {
    YAML::Parser parser(stream);
    while (!builder.failed() && parser.HandleNextDocument(events)) {
    }
  } catch (const YAML::DeepRecursion& error) {
    builder.fail(errors::kTooLarge, position_of(error.mark, first_line), "nested too deeply");
  } catch (const YAML::Exception& error) {
    builder.fail(errors::kSyntax, position_of(error.mark, first_line), sanitise_line(error.msg, 200));
  } catch (const std::exception& error) {
    builder.fail(errors::kSyntax, {}, sanitise_line(error.what(), 200));
  }
}

}  // namespace instantexec::manifest
