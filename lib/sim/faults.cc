#include "sim/faults.h"

#include <memory>
#include <utility>
#include <variant>

namespace instantexec::sim {
namespace {

using engine::ApplyRequest;
using engine::CreateRequest;
using engine::DeleteRequest;
using engine::GetRequest;
using engine::ListRequest;
using engine::LogsRequest;
using engine::PatchRequest;
using engine::ReplaceRequest;

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

std::string verb_of(const engine::Request& request) {
  return std::visit(
      Overloaded{[](const GetRequest&) { return "get"; }, [](const ListRequest&) { return "list"; },
                 [](const ApplyRequest&) { return "apply"; }, [](const CreateRequest&) { return "create"; },
                 [](const ReplaceRequest&) { return "replace"; }, [](const PatchRequest&) { return "patch"; },
                 [](const DeleteRequest&) { return "delete"; }, [](const LogsRequest&) { return "logs"; }},
      request);
}

model::Gvk gvk_of(const engine::Request& request) {
  return std::visit(Overloaded{[](const LogsRequest&) {
                                 return model::Gvk{"", "v1", "Pod"};
                               },
                               [](const auto& typed) {
                                 if constexpr (requires { typed.body; }) {
                                   return typed.body.gvk();
                                 } else {
                                   return typed.gvk;
                                 }
                               }},
                    request);
}

model::ObjectRef ref_of(const engine::Request& request) {
  const model::Gvk gvk = gvk_of(request);
  return std::visit(Overloaded{[&](const LogsRequest& logs) {
                                 return model::ObjectRef{gvk.group, gvk.kind, logs.ns, logs.pod};
                               },
                               [&](const ListRequest& list) {
                                 return model::ObjectRef{gvk.group, gvk.kind, list.ns, ""};
                               },
                               [&](const auto& typed) {
                                 if constexpr (requires { typed.body; }) {
                                   return typed.body.ref();
                                 } else {
                                   return model::ObjectRef{gvk.group, gvk.kind, typed.ns, typed.name};
                                 }
                               }},
                    request);
}

bool dry_run_of(const engine::Request& request) {
  return std::visit(
      [](const auto& typed) {
        if constexpr (requires { typed.dry_run; }) {
          return typed.dry_run;
        } else {
          return false;
        }
      },
      request);
}

std::function<Fault(const RequestInfo&)> at_request(std::uint64_t k, Fault fault) {
  return [k, fault](const RequestInfo& info) { return info.index == k ? fault : Fault{}; };
}

std::function<Fault(const RequestInfo&)> at_match(std::string verb, std::string kind, int n, Fault fault) {
  return [verb = std::move(verb), kind = std::move(kind), left = n, fault](const RequestInfo& info) mutable {
    const bool match = (verb.empty() || info.verb == verb) && (kind.empty() || info.ref.kind == kind);
    return match && --left == 0 ? fault : Fault{};
  };
}

}  // namespace instantexec::sim
