#include "unit/engine/world.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "engine/errors.h"
#include "plan/diff.h"

namespace instantexec::engine::test {
namespace {

using model::Json;

// Owners of fields, without times and subresources.
Json owners(const model::Object& object) {
  std::map<std::string, Json> out;
  for (const Json& entry : model::get_array(object.json, "/metadata/managedFields")) {
    if (!model::get_string(entry, "/subresource").empty()) continue;
    out[model::get_string(entry, "/manager") + "/" + model::get_string(entry, "/operation")] =
        model::get_object(entry, "/fieldsV1");
  }
  return out;
}

sim::ServerOptions options_of(const World& world) {
  sim::ServerOptions out;
  out.api.allow = [&world](const Json& attributes) {
    if (!world.allow) return true;
    return model::get_string(attributes, "/verb") != "*" && world.allow(attributes);
  };
  return out;
}

bool in_picture(const model::Object& object) {
  static const std::set<std::string> kLeftOut = {"Event", "Endpoints", "Lease", "Node"};
  const bool record =
      object.kind() == "Secret" && model::get_string(object.json, "/type").find("instantexec") == 0;
  const bool made = !model::get_array(object.json, "/metadata/ownerReferences").empty();
  return !record && !made && !kLeftOut.contains(object.kind());
}

}  // namespace

std::vector<std::string> RecordingSink::phases() const {
  std::vector<std::string> out;
  for (const auto& event : events) {
    if (const auto* phase = std::get_if<model::PhaseStarted>(&event))
      out.emplace_back(to_string(phase->phase));
  }
  return out;
}

std::string RecordingSink::texts() const {
  std::string out;
  for (const auto& event : events) {
    if (const auto* note = std::get_if<model::Note>(&event)) out += note->text + "\n";
    if (const auto* warning = std::get_if<model::WarningRaised>(&event)) out += warning->text + "\n";
  }
  return out;
}

Result<std::string> RecordingFiles::save_evidence(const std::string& title,
                                                  const std::vector<EvidenceFile>& files) {
  if (on_evidence) on_evidence();
  if (full) return fail(errors::kWriteFailed, "no space left");
  bundles.push_back({title, files});
  return "evidence/" + std::to_string(bundles.size());
}

Result<std::string> RecordingFiles::save_state(const UnfinishedState& state) {
  if (full) return fail(errors::kWriteFailed, "no space left");
  states[state.ns + "/" + state.release] = state;
  return "state/" + state.release;
}

void RecordingFiles::forget_state(const std::string& release, const std::string& ns) {
  states.erase(ns + "/" + release);
}

World::World() : server(options_of(*this)) {
  options.release = "web";
  options.ns = "default";
  options.timeout = std::chrono::minutes(2);
  restart();
}

void World::restart() {
  client_.reset();
  sim::ClientOptions client;
  client.name = "process " + std::to_string(++processes_);
  client.on_death = [] { throw Killed(); };
  client_ = std::make_unique<sim::SimCluster>(server, std::move(client));
}

Environment World::environment() {
  Cluster& cluster = through == nullptr ? *client_ : *through;
  return {cluster, clock_,
          sink,    "holder " + std::to_string(processes_),
          files,   files == nullptr ? "" : "recover the test"};
}

Result<model::DeployReport> World::deploy(const std::vector<model::Object>& objects) {
  return engine::deploy(environment(), options, manifests(objects));
}

std::string World::deploy_word(const std::vector<model::Object>& objects) {
  return word(deploy(objects));
}

Result<model::DeployReport> World::recover(bool resume) {
  return engine::recover(environment(), options, {resume});
}

Picture World::picture() const {
  Picture out;
  auto& store = const_cast<sim::SimServer&>(server).store();
  for (const auto& [ref, snapshot] : store.all()) {
    if (!in_picture(*snapshot)) continue;
    Json json = plan::canonical(*snapshot);
    json["uid"] = snapshot->uid();
    json["owners"] = owners(*snapshot);
    out.emplace(ref, std::move(json));
  }
  return out;
}

sim::Snapshot World::get(const std::string& kind, const std::string& name, const std::string& group) const {
  return server.get({group, kind, "default", name});
}

void World::foreign_apply(model::Object object, const std::string& manager) {
  ApplyRequest request;
  request.body = std::move(object);
  request.field_manager = manager;
  request.force = true;
  const Response response = server.act(request);
  ASSERT_TRUE(response.ok()) << response.error->message;
}

void World::foreign_delete(const model::Object& object) {
  DeleteRequest request;
  request.gvk = object.gvk();
  request.ns = object.ns();
  request.name = object.name();
  ASSERT_TRUE(server.act(request).ok());
}

model::Object config(const std::string& name, const std::string& value) {
  return {Json{{"apiVersion", "v1"},
               {"kind", "ConfigMap"},
               {"metadata", {{"name", name}, {"namespace", "default"}}},
               {"data", {{"key", value}}}}};
}

model::Object secret(const std::string& name, const std::string& value) {
  return {Json{{"apiVersion", "v1"},
               {"kind", "Secret"},
               {"metadata", {{"name", name}, {"namespace", "default"}}},
               {"stringData", {{"key", value}}}}};
}

model::Object deployment(const std::string& name, const std::string& image, int replicas) {
  const Json labels{{"app", name}};
  return {Json{{"apiVersion", "apps/v1"},
               {"kind", "Deployment"},
               {"metadata", {{"name", name}, {"namespace", "default"}}},
               {"spec",
                {{"replicas", replicas},
                 {"selector", {{"matchLabels", labels}}},
                 {"template",
                  {{"metadata", {{"labels", labels}}},
                   {"spec", {{"containers", Json::array({Json{{"name", "app"}, {"image", image}}})}}}}}}}}};
}

model::Object service(const std::string& name) {
  return {Json{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", {{"name", name}, {"namespace", "default"}}},
      {"spec",
       {{"selector", {{"app", name}}}, {"ports", Json::array({Json{{"port", 80}, {"name", "http"}}})}}}}};
}

model::Object widget_definition() {
  return {*model::parse_json(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
    "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
    "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
    "properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}})")};
}

model::Object widget() {
  return {*model::parse_json(R"({"apiVersion":"example.com/v1","kind":"Widget",
    "metadata":{"name":"w","namespace":"default"},"spec":{"size":1}})")};
}

model::Object never_ready(const std::string& name) {
  auto out = service(name);
  out.json["spec"]["type"] = "LoadBalancer";
  return out;
}

std::vector<model::Manifest> manifests(const std::vector<model::Object>& objects) {
  std::vector<model::Manifest> out;
  std::uint32_t line = 1;
  for (const model::Object& object : objects) {
    model::Manifest manifest;
    manifest.object = object;
    manifest.range = {"release.yaml", {line, 1}, {}};
    line += 10;
    out.push_back(std::move(manifest));
  }
  return out;
}

bool nightly() {
  return std::getenv("INSTANTEXEC_NIGHTLY") != nullptr;
}

std::vector<std::uint64_t> moments(std::uint64_t requests, std::uint64_t some, std::uint64_t shift) {
  const std::uint64_t stride = nightly() ? 1 : std::max<std::uint64_t>(1, requests / some);
  std::vector<std::uint64_t> out;
  for (std::uint64_t k = 1 + shift % stride; k <= requests; k += stride) out.push_back(k);
  return out;
}

std::string word(const Result<model::DeployReport>& result) {
  if (!result) return "error: " + std::string(result.error().code->name);
  return std::string(to_string(result->result));
}

std::string differences(const Picture& before, const Picture& after) {
  std::string out;
  for (const auto& [ref, json] : before) {
    const auto found = after.find(ref);
    if (found == after.end()) {
      out += ref.to_string() + " is gone\n";
    } else if (found->second != json) {
      out += ref.to_string() + ": " + Json::diff(json, found->second).dump() + "\n";
    }
  }
  for (const auto& [ref, json] : after) {
    if (!before.contains(ref)) out += ref.to_string() + " is new\n";
  }
  return out;
}

}  // namespace instantexec::engine::test
