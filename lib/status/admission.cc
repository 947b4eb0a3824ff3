#include "status/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "status/simple.h"

namespace instantexec::status {

void ReadyServices::cover(std::string_view ns) {
  covered_.emplace(ns);
}

void ReadyServices::add(const model::Object& object) {
  const model::Gvk gvk = object.gvk();
  if (gvk.group.empty() && gvk.kind == "Service") {
    if (model::get_string(object.json, "/spec/type") == "ExternalName")
      ready_.emplace(object.ns(), object.name());
  } else if (gvk.group == "discovery.k8s.io" && gvk.kind == "EndpointSlice" && has_ready_endpoint(object)) {
    ready_.emplace(object.ns(),
                   model::get_string(object.json, "/metadata/labels/kubernetes.io~1service-name"));
  }
}

bool ReadyServices::lacks(const std::string& ns, const std::string& service) const {
  return covered_.contains(ns) && !ready_.contains({ns, service});
}

std::vector<WebhookService> webhook_services(const model::Object& object) {
  std::vector<WebhookService> out;
  const model::Gvk gvk = object.gvk();
  if (gvk.group != "admissionregistration.k8s.io" || !gvk.kind.ends_with("WebhookConfiguration")) return out;
  for (const model::Json& webhook : model::get_array(object.json, "/webhooks")) {
    const model::Json& service = model::get_object(webhook, "/clientConfig/service");
    WebhookService one{model::get_string(webhook, "/name"), model::get_string(service, "/namespace"),
                       model::get_string(service, "/name"),
                       model::get_string(webhook, "/failurePolicy", "Fail") != "Ignore"};
    if (!one.ns.empty() && !one.name.empty()) out.push_back(std::move(one));
  }
  return out;
}

bool has_ready_endpoint(const model::Object& slice) {
  const model::Json& endpoints = model::get_array(slice.json, "/endpoints");
  return std::any_of(endpoints.begin(), endpoints.end(), [](const model::Json& endpoint) {
    // An unset `ready` means ready (discovery.k8s.io/v1).
    return model::get_bool(endpoint, "/conditions/ready", true) &&
           !model::get_array(endpoint, "/addresses").empty();
  });
}

// It is there and in force; that nobody answers for it is said, and harms the objects it is asked about.
Assessment assess_webhooks(const Input& input) {
  constexpr std::size_t kMaxEvidence = 5;
  Assessment out = assess_exists(input);
  if (input.context.services == nullptr) return out;
  for (const WebhookService& service : webhook_services(input.object)) {
    if (!input.context.services->lacks(service.ns, service.name)) continue;
    const std::string text = fmt::format(
        "webhook {} calls Service {}/{}, which has no ready endpoint: {}", service.webhook, service.ns,
        service.name, service.refuses ? "what it is to be asked about is refused" : "nothing is asked of it");
    if (out.status.evidence.empty() || (service.refuses && out.status.message.ends_with("asked of it"))) {
      out.status.reason = "NoReadyEndpoint";
      out.status.message = clean(text);
      out.status.hint = clean(fmt::format("kubectl -n {} get endpointslices -l kubernetes.io/service-name={}",
                                          shell_word(service.ns), shell_word(service.name)));
    }
    if (out.status.evidence.size() < kMaxEvidence)
      out.status.evidence.push_back({input.object.ref(), clean(text)});
  }
  return out;
}

}  // namespace instantexec::status
