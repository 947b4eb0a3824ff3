#include "sim/refusal.h"

#include <fmt/format.h>

#include <utility>

namespace instantexec::sim {

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
