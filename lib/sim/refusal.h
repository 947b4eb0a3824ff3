#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "engine/ports.h"

namespace instantexec::sim {

// Why the server refuses a request: the parts of metav1.Status that clients read.
struct Refusal {
  int code = 500;
  std::string reason;  // "NotFound"; empty as the server leaves it for some 500s
  std::string message;
  std::vector<engine::StatusCause> causes;
  // A body that does not fit the schema: the server answers 500, and the adapters take it for a rejection.
  bool by_schema = false;
};

// The answer a client's adapter makes of a refusal.
[[nodiscard]] engine::Response to_response(Refusal refusal);

template <typename T>
using Answer = tl::expected<T, Refusal>;
using Verdict = tl::expected<void, Refusal>;

[[nodiscard]] tl::unexpected<Refusal> refuse(int code, std::string reason, std::string message);

// The server's standard refusals; `resource` is the plural with its group: "deployments.apps".
[[nodiscard]] tl::unexpected<Refusal> not_found(std::string_view resource, std::string_view name);
[[nodiscard]] tl::unexpected<Refusal> already_exists(std::string_view resource, std::string_view name);
[[nodiscard]] tl::unexpected<Refusal> conflict(std::string_view resource, std::string_view name,
                                               std::string_view why);
[[nodiscard]] tl::unexpected<Refusal> stale(std::string_view resource, std::string_view name);

// A value as the server's messages show a text: "value".
[[nodiscard]] std::string in_quotes(std::string_view text);

// Findings of hand-written validation; one 422 with all of them. Paths as the server writes them:
// "spec.template.spec.containers[0].image".
struct FieldErrors {
  std::vector<engine::StatusCause> causes;

  void invalid(std::string field, std::string_view value, std::string_view why);
  void required(std::string field, std::string_view why);
  void forbidden(std::string field, std::string_view why);
  void duplicate(std::string field, std::string_view value);
  void unsupported(std::string field, std::string_view value, std::string_view allowed);
  void wrong_type(std::string field, std::string_view why);
  void too_long(std::string field, std::size_t limit);
  void too_many(std::string field, std::size_t count, std::size_t limit);
  void not_found(std::string field, std::string_view value);
};
[[nodiscard]] tl::unexpected<Refusal> invalid(std::string_view kind_and_group, std::string_view name,
                                              FieldErrors errors);

}  // namespace instantexec::sim
