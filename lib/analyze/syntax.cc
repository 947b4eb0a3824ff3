#include "analyze/syntax.h"

#include <tree_sitter/api.h>
#include <tree_sitter/languages.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace instantexec::analyze {
namespace {

const TSLanguage* grammar_of(Language language) {
  switch (language) {
    case Language::kYaml:
      return tree_sitter_yaml();
    case Language::kJson:
      return tree_sitter_json();
    case Language::kGo:
      return tree_sitter_go();
    case Language::kPython:
      return tree_sitter_python();
    case Language::kJavaScript:
      return tree_sitter_javascript();
    case Language::kTypeScript:
      return tree_sitter_typescript();
    case Language::kTsx:
      return tree_sitter_tsx();
    case Language::kJava:
      return tree_sitter_java();
    case Language::kC:
      return tree_sitter_c();
    case Language::kCpp:
      return tree_sitter_cpp();
    case Language::kRust:
      return tree_sitter_rust();
    case Language::kBash:
      return tree_sitter_bash();
    case Language::kText:
    case Language::kUnknown:
      return nullptr;
  }
  return nullptr;
}

// Node types of all grammars together; a name means the same thing wherever it occurs.
constexpr std::array<std::string_view, 11> kFunctionTypes{"function_declaration",
                                                          "function_definition",
                                                          "function_item",
                                                          "function_expression",
                                                          "method_declaration",
                                                          "method_definition",
                                                          "func_literal",
                                                          "arrow_function",
                                                          "constructor_declaration",
                                                          "lambda_expression",
                                                          "generator_function_declaration"};

constexpr std::array<std::string_view, 18> kNestingTypes{
    "if_statement",          "for_statement",
    "while_statement",       "switch_statement",
    "try_statement",         "for_in_statement",
    "do_statement",          "with_statement",
    "case_statement",        "expression_switch_statement",
    "type_switch_statement", "select_statement",
    "if_expression",         "for_expression",
    "while_expression",      "loop_expression",
    "match_expression",      "enhanced_for_statement"};

template <std::size_t kCount>
bool is_one_of(std::string_view type, const std::array<std::string_view, kCount>& types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

// Hostile input can make a parser super-linear, so its steps are counted: the parser calls back every hundred
// operations, and honest source needs far fewer calls than one for each two bytes.
struct Budget {
  std::size_t calls_left;
};

bool out_of_budget(TSParseState* state) {
  auto* budget = static_cast<Budget*>(state->payload);
  if (budget->calls_left == 0) return true;
  --budget->calls_left;
  return false;
}

const char* read_text(void* payload, uint32_t byte, TSPoint /*position*/, uint32_t* bytes_read) {
  const auto* text = static_cast<const std::string_view*>(payload);
  *bytes_read = byte < text->size() ? static_cast<uint32_t>(text->size() - byte) : 0;
  return *bytes_read == 0 ? "" : text->data() + byte;
}

using Tree = std::unique_ptr<TSTree, decltype(&ts_tree_delete)>;

Tree parse(const TSLanguage* grammar, std::string_view text) {
  const std::unique_ptr<TSParser, decltype(&ts_parser_delete)> parser(ts_parser_new(), &ts_parser_delete);
  if (!ts_parser_set_language(parser.get(), grammar)) return {nullptr, &ts_tree_delete};
  Budget budget{20'000 + text.size() / 2};
  TSInput input{};
  input.payload = &text;
  input.read = &read_text;
  input.encoding = TSInputEncodingUTF8;
  TSParseOptions options{};
  options.payload = &budget;
  options.progress_callback = &out_of_budget;
  return {ts_parser_parse_with_options(parser.get(), nullptr, input, options), &ts_tree_delete};
}

std::size_t line_count(TSNode node) {
  return static_cast<std::size_t>(ts_node_end_point(node).row - ts_node_start_point(node).row) + 1;
}

class Counter {
 public:
  // Visits every node once, without recursion: trees can be as deep as the text is long.
  SyntaxCounts count(const TSTree* tree) {
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    bool more = true;
    while (more) {
      const bool descend = enter(ts_tree_cursor_current_node(&cursor));
      if (descend && ts_tree_cursor_goto_first_child(&cursor)) continue;
      leave();
      while (more && !ts_tree_cursor_goto_next_sibling(&cursor)) {
        more = ts_tree_cursor_goto_parent(&cursor);
        if (more) leave();
      }
    }
    ts_tree_cursor_delete(&cursor);
    return counts_;
  }

 private:
  enum class Kind : std::uint8_t { kOther, kFunction, kNesting, kError };

  // Counts the node; false: what is inside does not matter.
  bool enter(TSNode node) {
    const std::string_view type = ts_node_type(node);
    Kind kind = Kind::kOther;
    bool descend = true;
    const bool within_error = !open_.empty() && open_.back() == Kind::kError;
    const std::size_t bytes = ts_node_end_byte(node) - ts_node_start_byte(node);
    if (ts_node_is_error(node) || ts_node_is_missing(node)) {
      kind = Kind::kError;
      if (!within_error) counts_.error_bytes += bytes;
    } else if (ts_node_is_named(node)) {
      // A macro can make an error of all that is around it; whole constructs in there are understood.
      if (within_error && (ts_node_named_child_count(node) > 0 || ts_node_is_extra(node))) {
        counts_.error_bytes -= bytes;
      }
      if (type.find("comment") != std::string_view::npos) {
        counts_.comment_lines += line_count(node);
        descend = false;
      } else if (is_one_of(type, kFunctionTypes)) {
        kind = Kind::kFunction;
        ++counts_.functions;
        counts_.longest_function = std::max(counts_.longest_function, line_count(node));
        outer_nesting_.push_back(nesting_);
        nesting_ = 0;
      } else if (is_one_of(type, kNestingTypes)) {
        kind = Kind::kNesting;
        counts_.deepest_nesting = std::max(counts_.deepest_nesting, ++nesting_);
      }
    }
    open_.push_back(kind);
    return descend;
  }

  void leave() {
    const Kind kind = open_.back();
    open_.pop_back();
    if (kind == Kind::kNesting) --nesting_;
    if (kind == Kind::kFunction) {
      nesting_ = outer_nesting_.back();
      outer_nesting_.pop_back();
    }
  }

  SyntaxCounts counts_;
  std::size_t nesting_ = 0;
  std::vector<std::size_t> outer_nesting_;
  std::vector<Kind> open_;
};

}  // namespace

std::optional<SyntaxCounts> count_syntax(Language language, std::string_view text) {
  const TSLanguage* grammar = grammar_of(language);
  if (grammar == nullptr) return std::nullopt;
  const Tree tree = parse(grammar, text);
  if (tree == nullptr) return std::nullopt;
  return Counter{}.count(tree.get());
}

}  // namespace instantexec::analyze
