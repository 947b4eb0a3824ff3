#include "sim/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace instantexec::sim {
namespace {

using engine::Response;
using model::Json;

model::Object node(std::size_t index) {
  const std::string name = fmt::format("sim-node-{}", index + 1);
  const Json room{{"cpu", "256"}, {"memory", "1Ti"}, {"ephemeral-storage", "1Ti"}, {"pods", "2000"}};
  return {Json{
      {"apiVersion", "v1"},
      {"kind", "Node"},
      {"metadata",
       {{"name", name},
        {"labels",
         {{"kubernetes.io/hostname", name},
          {"kubernetes.io/os", "linux"},
          {"kubernetes.io/arch", "amd64"},
          {"topology.kubernetes.io/zone", fmt::format("sim-{}", static_cast<char>('a' + index % 26))}}}}},
      {"spec", Json::object()},
      {"status",
       {{"capacity", room},
        {"allocatable", room},
        {"conditions",
         Json::array({Json{{"type", "Ready"}, {"status", "True"}, {"reason", "KubeletReady"}}})}}}}};
}

}  // namespace

bool AuditEntry::write() const {
  return !dry_run && verb != "get" && verb != "list" && verb != "logs" && !ref.kind.ends_with("Review");
}

SimServer::SimServer(ServerOptions options)
    : options_(std::move(options)),
      api_(store_, registry_, options_.api),
      control_(api_, timeline_, options_.pace, options_.start) {
  furnish();
}

void SimServer::furnish() {
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    api_.create({Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}}}, wall());
  }
  for (std::size_t i = 0; i < options_.nodes; ++i) api_.create(node(i), wall());
  control_.enabled = options_.controllers;
  control_.load_balancer = options_.load_balancer;
  run_for(options_.pace.controller * 2);
}

void SimServer::run_for(Duration length) {
  const Instant end = now() + length;
  while (timeline_.next() && *timeline_.next() <= end) timeline_.run_next();
  timeline_.skip_to(end);
}

bool SimServer::run_until(const std::function<bool()>& condition, Duration at_most) {
  const Instant end = now() + at_most;
  while (!condition()) {
    if (!timeline_.next() || *timeline_.next() > end) {
      timeline_.skip_to(end);
      return condition();
    }
    timeline_.run_next();
  }
  return true;
}

Response SimServer::handle(const std::string& client, const engine::Request& request) {
  AuditEntry entry{client, verb_of(request), ref_of(request), dry_run_of(request), 0, false};
  const std::uint64_t before = store_.revision();
  actor_ = client;
  Response out = api_.handle(request, wall());
  actor_.clear();
  entry.http_status = out.http_status;
  entry.changed = store_.revision() != before;
  audit_.push_back(std::move(entry));
  return out;
}

Response SimServer::act(const engine::Request& request) {
  return api_.handle(request, wall());
}

std::vector<AuditEntry> SimServer::writes() const {
  std::vector<AuditEntry> out;
  std::copy_if(audit_.begin(), audit_.end(), std::back_inserter(out),
               [](const AuditEntry& entry) { return entry.write(); });
  return out;
}

}  // namespace instantexec::sim
