#include "status/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace instantexec::status {
namespace {

constexpr std::size_t kMaxDepth = 20;  // of all, any, not
constexpr std::size_t kMaxRules = 5000;
constexpr std::size_t kMaxValues = 256;  // of equals

// One mapping of the document. The first mistake anywhere is kept; later ones follow from it.
class Reader {
 public:
  Reader(const model::Json& json, std::string place, std::optional<Error>& mistake)
      : json_(json), place_(std::move(place)), mistake_(mistake) {
    if (!json.is_object()) wrong("must be a mapping");
  }

  const model::Json* get(std::string_view key) {
    known_.emplace_back(key);
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(std::string(key));
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }
  bool has(std::string_view key) { return get(key) != nullptr; }

  std::string text(std::string_view key) {
    const model::Json* value = get(key);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    wrong_at(key, "must be a text");
    return {};
  }

  // A scalar or a list of scalars, as texts: conditions' "True" may be written as a boolean. With `blank` a
  // text may be empty.
  std::vector<std::string> texts(std::string_view key, bool titled = false, bool blank = false) {
    std::vector<std::string> out;
    const model::Json* value = get(key);
    if (value == nullptr) return out;
    const auto add = [&](const model::Json& item) {
      std::string text = scalar_text(item);
      const bool written = !text.empty() || (blank && item.is_string());
      if (!written) wrong_at(key, "must be a text or a list of texts");
      if (titled && item.is_boolean()) text = item.get<bool>() ? "True" : "False";
      out.push_back(std::move(text));
    };
    if (!value->is_array()) add(*value);
    if (value->is_array()) std::for_each(value->begin(), value->end(), add);
    if (out.empty()) wrong_at(key, "must not be empty");
    return out;
  }

  bool flag(std::string_view key, bool otherwise) {
    const model::Json* value = get(key);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) wrong_at(key, "must be true or false");
    return value->is_boolean() && value->get<bool>();
  }

  std::optional<Duration> duration(std::string_view key) {
    const model::Json* value = get(key);
    if (value == nullptr) return std::nullopt;
    const auto out = parse_duration(scalar_text(*value));
    if (!out) wrong_at(key, "must be a number of seconds or a duration such as 90s or 5m");
    return out ? std::optional(*out) : std::nullopt;
  }

  std::optional<JsonPath> path(std::string_view key) {
    if (!has(key)) return std::nullopt;
    auto out = parse_json_path(text(key));
    if (!out) wrong_at(key, "is no path; write status.phase, status.items[*].state, status['a.b']");
    return out;
  }

  std::string place_of(std::string_view key) const { return fmt::format("{}.{}", place_, key); }
  const std::string& place() const { return place_; }
  std::optional<Error>& mistake() { return mistake_; }

  void wrong(std::string_view what) {
    if (!mistake_) mistake_ = make_error(errors::kInvalidRule, fmt::format("{} {}", place_, what));
  }
  void wrong_at(std::string_view key, std::string_view what) {
    if (!mistake_) mistake_ = make_error(errors::kInvalidRule, fmt::format("{} {}", place_of(key), what));
  }

  // Reports keys nobody asked for.
  void finish() {
    if (!json_.is_object()) return;
    for (const auto& [key, value] : json_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const auto near = nearest(key, known_);
      wrong(fmt::format("may not have the key \"{}\"{}", sanitise_line(key, 60),
                        near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
    }
  }

 private:
  const model::Json& json_;
  std::string place_;
  std::optional<Error>& mistake_;
  std::vector<std::string> known_;
};

Operand read_operand(Reader& reader, std::string_view key, const model::Json& value) {
  Operand out;
  if (value.is_object()) {
    Reader inner(value, reader.place_of(key), reader.mistake());
    out.path = inner.path("path");
    if (const model::Json* otherwise = inner.get("default")) out.literal = *otherwise;
    if (!out.path) inner.wrong("needs a path");
    inner.finish();
  } else {
    out.literal = value;
  }
  if (out.literal.is_array()) reader.wrong_at(key, "must be a value");
  return out;
}

std::optional<Operand> read_bound(Reader& reader, std::string_view key) {
  const model::Json* value = reader.get(key);
  if (value == nullptr) return std::nullopt;
  Operand out = read_operand(reader, key, *value);
  if (!out.path && !out.literal.is_number()) reader.wrong_at(key, "must be a number or {path: …}");
  return out;
}

Expression read_expression(const model::Json& json, const std::string& place, std::size_t depth,
                           std::optional<Error>& mistake);

std::vector<Expression> read_list(Reader& reader, std::string_view key, std::size_t depth) {
  std::vector<Expression> out;
  const model::Json* list = reader.get(key);
  if (list == nullptr) return out;
  if (!list->is_array() || list->empty()) {
    reader.wrong_at(key, "must be a list of tests");
    return out;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    out.push_back(read_expression((*list)[i], fmt::format("{}[{}]", reader.place_of(key), i), depth + 1,
                                  reader.mistake()));
  }
  return out;
}

void read_condition_test(Reader& reader, Expression& out) {
  out.op = Expression::Op::kCondition;
  out.type = reader.text("condition");
  out.status = reader.texts("status", true);
  if (out.status.empty()) out.status = {"True"};
  out.reason = reader.texts("reason");
  out.message = reader.texts("message");
  out.every = reader.flag("every", false);
  out.path = reader.path("in").value_or(*parse_json_path("status.conditions"));
}

void read_path_test(Reader& reader, Expression& out) {
  out.op = Expression::Op::kPath;
  out.path = reader.path("path").value_or(JsonPath{});
  if (reader.has("exists")) out.exists = reader.flag("exists", true);
  if (const model::Json* equals = reader.get("equals")) {
    const auto add = [&](const model::Json& item) {
      out.equals.push_back(read_operand(reader, "equals", item));
    };
    if (!equals->is_array()) add(*equals);
    if (equals->is_array()) std::for_each(equals->begin(), equals->end(), add);
    if (out.equals.empty()) reader.wrong_at("equals", "must not be an empty list");
    if (out.equals.size() > kMaxValues) reader.wrong_at("equals", "has too many values");
  }
  out.below = read_bound(reader, "below");
  out.at_least = read_bound(reader, "atLeast");
  out.contains = reader.texts("contains");
  out.starts_with = reader.texts("startsWith");
  if (const model::Json* otherwise = reader.get("default")) out.otherwise = *otherwise;
  out.every = reader.flag("every", false);
  if (!out.exists && out.equals.empty() && !out.below && !out.at_least && out.contains.empty() &&
      out.starts_with.empty()) {
    reader.wrong("needs one of exists, equals, below, atLeast, contains, startsWith");
  }
}

Expression read_expression(const model::Json& json, const std::string& place, std::size_t depth,
                           std::optional<Error>& mistake) {
  Expression out;
  Reader reader(json, place, mistake);
  if (depth > kMaxDepth) {
    reader.wrong("is nested too deeply");
    return out;
  }
  const bool kinds[] = {reader.has("all"), reader.has("any"), reader.has("not"), reader.has("condition"),
                        reader.has("path")};
  if (std::count(std::begin(kinds), std::end(kinds), true) != 1) {
    reader.wrong("must have exactly one of all, any, not, condition, path");
    return out;
  }
  if (kinds[0]) out.operands = read_list(reader, "all", depth);
  if (kinds[1]) {
    out.op = Expression::Op::kAny;
    out.operands = read_list(reader, "any", depth);
  }
  if (kinds[2]) {
    out.op = Expression::Op::kNot;
    out.operands.push_back(read_expression(*reader.get("not"), reader.place_of("not"), depth + 1, mistake));
  }
  if (kinds[3]) read_condition_test(reader, out);
  if (kinds[4]) read_path_test(reader, out);
  reader.finish();
  return out;
}

std::optional<model::HealthStatus> read_status(Reader& reader, std::string_view key) {
  using enum model::HealthStatus;
  const std::string word = reader.text(key);
  for (const auto status : {kCurrent, kInProgress, kFailed, kSuspended, kUnknown}) {
    if (word == model::to_string(status)) return status;
  }
  reader.wrong_at(key, "must be Current, InProgress, Failed, Suspended or Unknown");
  return std::nullopt;
}

RuleCase read_case(const model::Json& json, const std::string& place, std::optional<Error>& mistake) {
  RuleCase out;
  Reader reader(json, place, mistake);
  out.status = read_status(reader, "status").value_or(out.status);
  out.reason = reader.text("reason");
  out.message = reader.text("message");
  out.message_from = reader.path("messageFrom");
  out.grace = reader.duration("grace").value_or(kDefaultGrace);
  if (const model::Json* when = reader.get("when")) {
    out.when = read_expression(*when, reader.place_of("when"), 0, mistake);
  } else {
    reader.wrong("needs \"when\"");
  }
  reader.finish();
  return out;
}

void read_body(Reader& reader, CustomRule& out) {
  static constexpr std::array<std::pair<std::string_view, CustomRule::Generation>, 3> kGuards{
      {{"observed", CustomRule::Generation::kObserved},
       {"required", CustomRule::Generation::kRequired},
       {"ignored", CustomRule::Generation::kIgnored}}};
  if (reader.has("generation")) {
    const std::string word = reader.text("generation");
    const auto* const found =
        std::find_if(kGuards.begin(), kGuards.end(), [&](const auto& guard) { return guard.first == word; });
    if (found == kGuards.end()) {
      reader.wrong_at("generation", "must be observed, required or ignored");
    } else {
      out.generation = found->second;
    }
  }
  if (reader.has("otherwise")) {
    const bool conventions = reader.text("otherwise") == "conventions";
    out.otherwise = conventions ? std::nullopt : read_status(reader, "otherwise");
  }
  out.docs = reader.text("docs");
  if (const model::Json* cases = reader.get("cases"); cases != nullptr && cases->is_array()) {
    for (std::size_t i = 0; i < cases->size(); ++i) {
      out.cases.push_back(
          read_case((*cases)[i], fmt::format("{}[{}]", reader.place_of("cases"), i), reader.mistake()));
    }
  } else if (cases != nullptr) {
    reader.wrong_at("cases", "must be a list");
  }
  if (out.cases.empty() && !reader.has("otherwise")) reader.wrong("needs cases");
  reader.finish();
}

std::vector<std::string> one_or_more(Reader& reader, std::string_view one, std::string_view more,
                                     bool blank = false) {
  auto out = reader.texts(one, false, blank);
  for (std::string& text : reader.texts(more, false, blank)) out.push_back(std::move(text));
  return out;
}

CustomRule read_rule(const model::Json& json, const std::string& place, std::string_view origin,
                     std::optional<Error>& mistake) {
  CustomRule out;
  Reader reader(json, place, mistake);
  out.groups = one_or_more(reader, "group", "groups", true);  // the core group is written ""
  out.kinds = one_or_more(reader, "kind", "kinds");
  if (out.groups.empty()) reader.wrong("needs a group");
  read_body(reader, out);
  out.name = fmt::format("{} {}/{}", origin, out.groups.empty() ? "" : out.groups.front(),
                         out.kinds.empty() ? "*" : join(out.kinds, ","));
  return out;
}

}  // namespace

Result<std::vector<CustomRule>> read_rules(const model::Json& document, std::string_view origin) {
  std::optional<Error> mistake;
  const model::Json* list = &document;
  if (document.is_object()) {
    Reader root(document, "the document", mistake);
    list = root.get("rules");
    root.finish();
  }
  if (mistake) return fail(*std::move(mistake));
  if (list == nullptr || !list->is_array()) {
    return fail(errors::kInvalidRule, "the document must be {rules: […]} or a list of rules");
  }
  if (list->size() > kMaxRules)
    return fail(errors::kInvalidRule, fmt::format("more than {} rules", kMaxRules));
  std::vector<CustomRule> out;
  for (std::size_t i = 0; i < list->size() && !mistake; ++i) {
    out.push_back(read_rule((*list)[i], fmt::format("rules[{}]", i), origin, mistake));
  }
  if (mistake) return fail(*std::move(mistake));
  return out;
}

Result<std::vector<CustomRule>> rules_of(const model::Object& object) {
  const std::string text = object.annotation(kRuleAnnotation);
  if (text.empty()) return std::vector<CustomRule>{};
  const std::string place = fmt::format("annotation {}", kRuleAnnotation);
  // What an API server takes of all annotations of an object.
  constexpr std::size_t kMaxAnnotation = std::size_t{256} << 10;
  if (text.size() > kMaxAnnotation) return fail(errors::kInvalidRule, place + " is longer than 256 KiB");
  const auto json = model::parse_json(text);
  if (!json) return fail(errors::kInvalidRule, place + " is not JSON");
  std::optional<Error> mistake;
  CustomRule rule;
  Reader reader(*json, place, mistake);
  read_body(reader, rule);
  if (mistake) return fail(*std::move(mistake));
  const model::Gvk gvk = object.gvk();
  rule.groups = {gvk.group};
  rule.kinds = {gvk.kind};
  rule.name = "annotation";
  return std::vector<CustomRule>{std::move(rule)};
}

}  // namespace instantexec::status
