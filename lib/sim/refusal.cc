#include "sim/refusal.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "sim/errors.h"

namespace instantexec::sim {

const ErrorCode& errors::code_of(int http_status, bool by_admission) {
  switch (http_status) {
    case 400:
    case 413:
    case 422:
      return kInvalid;
    case 401:
      return kForbidden;
    case 403:
      return by_admission ? kAdmissionDenied : kForbidden;
    case 404:
      return kNotFound;
    case 409:
      return kConflict;
    case 429:
      return kUnavailable;
    default:
      return http_status >= 500 ? kUnavailable : kRejected;
  }
}

engine::Response to_response(Refusal refusal) {
  engine::Response out;
  out.http_status = refusal.code;
  const bool rejected = refusal.code < 500 || refusal.by_schema;
  out.outcome = rejected ? engine::Outcome::kRejected : engine::Outcome::kUnknown;
  const bool by_admission = refusal.message.find("forbidden: User \"") == std::string::npos;
  const ErrorCode& code = refusal.by_schema ? errors::kInvalid : errors::code_of(refusal.code, by_admission);
  out.error = make_error(code, sanitise(refusal.message));
  out.error->reason = std::move(refusal.reason);
  out.error->http_status = refusal.code;
  out.causes = std::move(refusal.causes);
  for (auto& cause : out.causes) cause.message = sanitise_line(cause.message);
  return out;
}

tl::unexpected<Refusal> refuse(int code, std::string reason, std::string message) {
  return tl::unexpected<Refusal>(Refusal{code, std::move(reason), std::move(message), {}});
}

tl::unexpected<Refusal> not_found(std::string_view resource, std::string_view name) {
  return refuse(404, "NotFound", fmt::format("{} \"{}\" not found", resource, name));
}

tl::unexpected<Refusal> already_exists(std::string_view resource, std::string_view name) {
  return refuse(409, "AlreadyExists", fmt::format("{} \"{}\" already exists", resource, name));
}

tl::unexpected<Refusal> conflict(std::string_view resource, std::string_view name, std::string_view why) {
  return refuse(409, "Conflict",
                fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource, name, why));
}

tl::unexpected<Refusal> stale(std::string_view resource, std::string_view name) {
  return conflict(
      resource, name,
      "the object has been modified; please apply your changes to the latest version and try again");
}

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", text);
}

void FieldErrors::invalid(std::string field, std::string_view value, std::string_view why) {
  causes.push_back({"FieldValueInvalid", std::move(field), fmt::format("Invalid value: {}: {}", value, why)});
}

void FieldErrors::required(std::string field, std::string_view why) {
  causes.push_back({"FieldValueRequired", std::move(field),
                    why.empty() ? "Required value" : fmt::format("Required value: {}", why)});
}

void FieldErrors::forbidden(std::string field, std::string_view why) {
  causes.push_back({"FieldValueForbidden", std::move(field), fmt::format("Forbidden: {}", why)});
}

void FieldErrors::duplicate(std::string field, std::string_view value) {
  causes.push_back({"FieldValueDuplicate", std::move(field), fmt::format("Duplicate value: {}", value)});
}

void FieldErrors::unsupported(std::string field, std::string_view value, std::string_view allowed) {
  causes.push_back({"FieldValueNotSupported", std::move(field),
                    fmt::format("Unsupported value: {}: supported values: {}", value, allowed)});
}

void FieldErrors::wrong_type(std::string field, std::string_view why) {
  causes.push_back({"FieldValueTypeInvalid", std::move(field), fmt::format("Invalid value: {}", why)});
}

void FieldErrors::too_long(std::string field, std::size_t limit) {
  causes.push_back(
      {"FieldValueTooLong", std::move(field), fmt::format("Too long: may not be more than {} bytes", limit)});
}

void FieldErrors::too_many(std::string field, std::size_t count, std::size_t limit) {
  causes.push_back({"FieldValueTooMany", std::move(field),
                    fmt::format("Too many: {}: must have at most {} items", count, limit)});
}

void FieldErrors::not_found(std::string field, std::string_view value) {
  causes.push_back({"FieldValueNotFound", std::move(field), fmt::format("Not found: {}", value)});
}

tl::unexpected<Refusal> invalid(std::string_view kind_and_group, std::string_view name, FieldErrors errors) {
  std::string list;
  for (const auto& cause : errors.causes) {
    if (!list.empty()) list += ", ";
    list += cause.field + ": " + cause.message;
  }
  if (errors.causes.size() > 1) list = "[" + list + "]";
  Refusal out{422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", kind_and_group, name, list),
              std::move(errors.causes)};
  return tl::unexpected<Refusal>(std::move(out));
}

}  // namespace instantexec::sim
