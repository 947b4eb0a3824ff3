#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/object.h"

// Admission webhooks and the Services that answer for them.
namespace instantexec::status {

// Which Services can answer, as far as their namespaces are known. A value.
class ReadyServices {
 public:
  // All Services and EndpointSlices of the namespace are known, or there are none.
  void cover(std::string_view ns);
  // A Service or an EndpointSlice; others are ignored.
  void add(const model::Object& object);
  // The namespace is known, and no endpoint of the Service is ready. One of type ExternalName has none.
  [[nodiscard]] bool lacks(const std::string& ns, const std::string& service) const;

 private:
  std::set<std::string, std::less<>> covered_;
  std::set<std::pair<std::string, std::string>> ready_;  // namespace and name
};

// One that a webhook calls. What a URL leads to is none.
struct WebhookService {
  std::string webhook;
  std::string ns;
  std::string name;
  bool refuses = true;  // failurePolicy Fail, the default: what cannot be asked about is refused
};

// The Services that the webhooks of a Validating- or MutatingWebhookConfiguration call; none of other kinds.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#service-reference
[[nodiscard]] std::vector<WebhookService> webhook_services(const model::Object& object);

// Some address of the EndpointSlice is ready.
[[nodiscard]] bool has_ready_endpoint(const model::Object& slice);

}  // namespace instantexec::status
