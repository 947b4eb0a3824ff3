#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "manifest/errors.h"
#include "manifest/reader.h"

namespace instantexec::manifest {
namespace {

using model::Json;
using model::SourcePosition;

// Walks the text for nlohmann's lexer and tells how far it has come.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    ++at_;
    *reached_ = at_;
    return *this;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** reached_;
};

class JsonEvents {
 public:
  JsonEvents(std::string_view text, TreeBuilder& builder, std::uint32_t first_line)
      : end_(text.data() + text.size()),
        reached_(text.data()),
        token_(text.data()),
        position_{first_line, 1},
        builder_(builder) {}

  [[nodiscard]] Cursor cursor() { return {token_, &reached_}; }
  [[nodiscard]] Cursor end() { return {end_, &reached_}; }

  // nlohmann's SAX interface; false stops the parser.
  bool null() { return value(Json(nullptr)); }
  bool boolean(bool flag) { return value(Json(flag)); }
  bool number_integer(Json::number_integer_t number) { return value(Json(number)); }
  bool number_unsigned(Json::number_unsigned_t number) {
    const bool fits = number <= static_cast<Json::number_unsigned_t>(INT64_MAX);
    return value(fits ? Json(static_cast<std::int64_t>(number)) : Json(static_cast<double>(number)));
  }
  bool number_float(Json::number_float_t number, const std::string& /*text*/) {
    return value(json_number(number));
  }
  bool string(std::string& text) { return value(Json(std::move(text))); }
  bool binary(Json::binary_t& /*bytes*/) { return false; }  // not in text
  bool start_object(std::size_t /*size*/) {
    builder_.begin_map(token_start(), 0);
    return !builder_.failed();
  }
  bool start_array(std::size_t /*size*/) {
    builder_.begin_sequence(token_start(), 0);
    return !builder_.failed();
  }
  bool key(std::string& text) {
    builder_.key(token_start(), text);
    return !builder_.failed();
  }
  bool end_object() { return end_collection(); }
  bool end_array() { return end_collection(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/, const Json::exception& error) {
    skip(" \t\r\n,:");
    const bool range = error.id == 406;  // out_of_range: a number too large for a float
    builder_.fail(range ? errors::kUnsupported : errors::kSyntax, position_,
                  range ? "a number too large for JSON readers" : "not valid JSON");
    return false;
  }

  // After a value: moves to the next one. False at the end of the text.
  bool next_value() {
    skip(" \t\r\n");
    return token_ != end_;
  }
  [[nodiscard]] SourcePosition here() const { return position_; }

 private:
  bool value(Json json) {
    builder_.value(token_start(), std::move(json));
    return !builder_.failed();
  }
  bool end_collection() {
    advance_to(reached_);
    builder_.end_collection();
    return !builder_.failed();
  }
  void advance_to(const char* to) {
    for (; token_ < to; ++token_) {
      ++position_.column;
      if (*token_ == '\n') position_ = {position_.line + 1, 1};
    }
  }
  void skip(std::string_view characters) {
    while (token_ != end_ && characters.find(*token_) != std::string_view::npos) advance_to(token_ + 1);
  }
  // An event comes when its last character was read, so the token began after the separators that follow the
  // one before it.
  SourcePosition token_start() {
    skip(" \t\r\n,:]}");
    const SourcePosition start = position_;
    advance_to(reached_);
    return start;
  }

  const char* end_;
  const char* reached_;
  const char* token_;
  SourcePosition position_;
  TreeBuilder& builder_;
};

}  // namespace

void read_json(std::string_view text, TreeBuilder& builder, std::uint32_t first_line) {
  JsonEvents events(text, builder, first_line);
  while (!builder.failed() && events.next_value()) {
    builder.begin_document(events.here());
    // strict = false: another value may follow.
    if (!Json::sax_parse(events.cursor(), events.end(), &events, Json::input_format_t::json, false)) return;
    builder.end_document();
  }
}

}  // namespace instantexec::manifest
