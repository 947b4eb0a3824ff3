#include "status/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace instantexec::status {
namespace {

bool one_of(const std::string& value, const std::vector<std::string>& values) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

bool holds_one_of(const std::string& text, const std::vector<std::string>& parts) {
  const std::string lower = to_lower(text);
  return parts.empty() || std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
           return lower.find(to_lower(part)) != std::string::npos;
         });
}

// Numbers compare as numbers, everything else as text.
bool same(const model::Json& a, const model::Json& b) {
  if (a.is_number() && b.is_number()) return a == b;
  if (a.is_structured() || b.is_structured() || (a.is_string() && b.is_string())) return a == b;
  return scalar_text(a) == scalar_text(b);
}

const model::Json* value_of(const Operand& operand, const model::Object& object) {
  if (operand.path) {
    const auto found = select(object.json, *operand.path);
    if (!found.empty()) return found.front();
  }
  return operand.literal.is_null() ? nullptr : &operand.literal;
}

bool within(const Expression& test, const model::Json& value, const model::Object& object) {
  if (!test.equals.empty()) {
    const bool any = std::any_of(test.equals.begin(), test.equals.end(), [&](const Operand& operand) {
      const model::Json* other = value_of(operand, object);
      return other != nullptr && same(value, *other);
    });
    if (!any) return false;
  }
  const auto number = [&](const std::optional<Operand>& bound) -> std::optional<double> {
    const model::Json* other = value_of(*bound, object);
    if (other == nullptr || !other->is_number() || !value.is_number()) return std::nullopt;
    return other->get<double>();
  };
  if (test.below) {
    const auto bound = number(test.below);
    if (!bound || value.get<double>() >= *bound) return false;
  }
  if (test.at_least) {
    const auto bound = number(test.at_least);
    if (!bound || value.get<double>() < *bound) return false;
  }
  const std::string text = scalar_text(value);
  const bool begins = std::any_of(test.starts_with.begin(), test.starts_with.end(),
                                  [&](const std::string& start) { return text.starts_with(start); });
  return (test.starts_with.empty() || begins) && holds_one_of(text, test.contains);
}

std::optional<Seen> path_holds(const Expression& test, const model::Object& object) {
  std::vector<const model::Json*> values = select(object.json, test.path);
  if (values.empty() && test.otherwise) values.push_back(&*test.otherwise);
  if (test.exists && *test.exists == values.empty()) return std::nullopt;
  const bool compares = !test.equals.empty() || test.below || test.at_least || !test.contains.empty() ||
                        !test.starts_with.empty();
  if (!compares) return Seen{};
  const auto good = [&](const model::Json* value) { return within(test, *value, object); };
  const auto found = std::find_if(values.begin(), values.end(), good);
  if (found == values.end()) return std::nullopt;
  if (test.every && !std::all_of(values.begin(), values.end(), good)) return std::nullopt;
  const std::string text = scalar_text(**found);
  return Seen{(*found)->is_string() ? text : "", fmt::format("{} is {}", test.path.text, text), {}};
}

std::optional<Condition> condition_in(const model::Json& list, const Expression& test,
                                      std::int64_t generation) {
  if (!list.is_array()) return std::nullopt;
  for (const model::Json& item : list) {
    auto condition = read_condition(item, generation);
    if (condition && condition->type == test.type) return condition;
  }
  return std::nullopt;
}

std::optional<Seen> condition_holds(const Expression& test, const model::Object& object) {
  std::optional<Seen> out;
  for (const model::Json* list : select(object.json, test.path)) {
    const auto found = condition_in(*list, test, object.generation());
    const bool good = found && one_of(found->status, test.status) && one_of(found->reason, test.reason) &&
                      holds_one_of(found->message, test.message);
    if (!good && test.every) return std::nullopt;
    if (good && !out) {
      out =
          Seen{found->reason.empty() ? found->type : found->reason,
               found->message.empty() ? fmt::format("{} is {}", found->type, found->status) : found->message,
               found->since};
    }
  }
  return out;
}

// What keeps an expression from holding: the first test that does not hold.
Seen missing_of(const Expression& test, const model::Object& object) {
  switch (test.op) {
    case Expression::Op::kAll:
    case Expression::Op::kAny:
      for (const Expression& operand : test.operands) {
        if (!holds(operand, object)) return missing_of(operand, object);
      }
      break;
    case Expression::Op::kCondition: {
      Seen out{"NotReady",
               fmt::format("waiting for condition {} to be {}", test.type, join(test.status, " or ")),
               {}};
      for (const model::Json* list : select(object.json, test.path)) {
        const auto found = condition_in(*list, test, object.generation());
        if (!found) continue;
        if (!found->reason.empty()) out.reason = found->reason;
        if (!found->message.empty()) out.message = found->message;
      }
      return out;
    }
    case Expression::Op::kPath: {
      const auto values = select(object.json, test.path);
      const std::string text = values.empty() ? "" : scalar_text(*values.front());
      const bool word = !values.empty() && values.front()->is_string() && !text.empty();
      return {word ? text : "NotReady",
              text.empty() ? fmt::format("waiting for {}", test.path.text)
                           : fmt::format("{} is {}", test.path.text, text),
              {}};
    }
    case Expression::Op::kNot:
      if (const auto seen = holds(test.operands.front(), object); seen && !seen->reason.empty()) return *seen;
      break;
  }
  return {"NotReady", "not as its rule asks", {}};
}

Assessment verdict(model::HealthStatus status, const Seen& seen, const Input& input) {
  Assessment out = in_progress(seen.reason.empty() ? model::to_string(status) : seen.reason,
                               seen.message.empty() ? "as its rule says" : seen.message);
  out.status.status = status;
  if (status == model::HealthStatus::kFailed || status == model::HealthStatus::kSuspended) {
    out.status.hint = describe_command(input.object);
  }
  return out;
}

// A failure that has not lasted long enough is none yet.
Assessment after_grace(Assessment out, Duration grace, Timestamp since, const Input& input) {
  const Context& context = input.context;
  if (out.status.status != model::HealthStatus::kFailed || context.now == Timestamp{}) return out;
  const Timestamp counts = std::max(std::min(since, context.now), context.applied_at) + grace;
  if (counts <= context.now) return out;
  out.status.status = model::HealthStatus::kInProgress;
  out.status.hint.clear();
  out.changes_at = counts;
  return out;
}

std::optional<Assessment> guard(const CustomRule& rule, const Input& input) {
  if (rule.generation != CustomRule::Generation::kRequired || observed_generation(input.object)) {
    return std::nullopt;
  }
  return in_progress("WaitingForController", "the controller has not yet seen the change");
}

}  // namespace

std::optional<Seen> holds(const Expression& expression, const model::Object& object) {
  switch (expression.op) {
    case Expression::Op::kAll: {
      Seen out;
      for (const Expression& operand : expression.operands) {
        auto seen = holds(operand, object);
        if (!seen) return std::nullopt;
        const Timestamp since = std::max(out.since, seen->since);
        if (out.message.empty()) out = *std::move(seen);
        out.since = since;
      }
      return out;
    }
    case Expression::Op::kAny:
      for (const Expression& operand : expression.operands) {
        if (auto seen = holds(operand, object)) return seen;
      }
      return std::nullopt;
    case Expression::Op::kNot:
      return holds(expression.operands.front(), object) ? std::nullopt : std::optional(Seen{});
    case Expression::Op::kCondition:
      return condition_holds(expression, object);
    case Expression::Op::kPath:
      return path_holds(expression, object);
  }
  return std::nullopt;
}

namespace {

bool ignores_status(const Expression& test) {
  if (test.op == Expression::Op::kCondition) return false;
  const std::string_view path = test.path.text;
  if (test.op == Expression::Op::kPath) return !path.starts_with("status") && !path.starts_with("$.status");
  return std::all_of(test.operands.begin(), test.operands.end(), ignores_status);
}

// The verdict of a case that holds.
Assessment decided(const RuleCase& one, Seen seen, const Input& input) {
  if (!one.reason.empty()) seen.reason = one.reason;
  if (!one.message.empty()) seen.message = one.message;
  if (one.message_from) {
    const auto texts = select(input.object.json, *one.message_from);
    if (!texts.empty() && !scalar_text(*texts.front()).empty()) seen.message = scalar_text(*texts.front());
  }
  return after_grace(verdict(one.status, seen, input), one.grace, seen.since, input);
}

}  // namespace

std::optional<Assessment> suspended_by_spec(const CustomRule& rule, const Input& input) {
  for (const RuleCase& one : rule.cases) {
    if (one.status != model::HealthStatus::kSuspended || !ignores_status(one.when)) continue;
    if (auto seen = holds(one.when, input.object)) return decided(one, *std::move(seen), input);
  }
  return std::nullopt;
}

std::optional<Assessment> by_rule(const CustomRule& rule, const Input& input) {
  if (auto early = guard(rule, input)) return early;
  const Expression* wanted = nullptr;
  for (const RuleCase& one : rule.cases) {
    if (one.status == model::HealthStatus::kCurrent && wanted == nullptr) wanted = &one.when;
    auto seen = holds(one.when, input.object);
    if (seen) return decided(one, *std::move(seen), input);
  }
  if (!rule.otherwise) return std::nullopt;
  if (*rule.otherwise != model::HealthStatus::kInProgress || wanted == nullptr) {
    return verdict(*rule.otherwise, {"", "no case of its rule holds", {}}, input);
  }
  return verdict(*rule.otherwise, missing_of(*wanted, input.object), input);
}

bool CustomRule::applies_to(const model::Gvk& gvk) const {
  const bool group = std::any_of(groups.begin(), groups.end(), [&](const std::string& pattern) {
    if (!pattern.starts_with("*.")) return pattern == gvk.group;
    return gvk.group.size() > pattern.size() - 1 && gvk.group.ends_with(pattern.substr(1));
  });
  return group && (kinds.empty() || std::find(kinds.begin(), kinds.end(), gvk.kind) != kinds.end());
}

}  // namespace instantexec::status
