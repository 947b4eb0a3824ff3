#include "simulation/objects.h"

#include <algorithm>
#include <utility>

namespace instantexec::simulation {

using model::Json;

model::Object config(const std::string& name, const std::string& value) {
  return {Json{{"apiVersion", "v1"},
               {"kind", "ConfigMap"},
               {"metadata", {{"name", name}, {"namespace", "default"}}},
               {"data", {{"key", value}}}}};
}

model::Object secret(const std::string& name, const std::string& value) {
  static const char* const kEncoded[] = {"MA==", "MQ==", "Mg==", "Mw=="};
  const std::size_t number = value.empty() ? 0 : static_cast<std::size_t>(value[0] - '0') % 4;
  return {Json{{"apiVersion", "v1"},
               {"kind", "Secret"},
               {"metadata", {{"name", name}, {"namespace", "default"}}},
               {"data", {{"key", kEncoded[number]}}}}};
}

model::Object gate(bool open) {
  return {Json{{"apiVersion", "v1"},
               {"kind", "Service"},
               {"metadata", {{"name", "gate"}, {"namespace", "default"}}},
               {"spec",
                {{"type", open ? "ClusterIP" : "LoadBalancer"},
                 {"selector", {{"app", "web"}}},
                 {"ports", Json::array({Json{{"port", 80}, {"name", "http"}}})}}}}};
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

model::Object stateful_set(const std::string& name, const std::string& image) {
  model::Object out = deployment(name, image, 2);
  out.json["kind"] = "StatefulSet";
  out.json["spec"]["serviceName"] = name;
  return out;
}

model::Object definition() {
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

std::vector<model::Manifest> manifests(const std::vector<model::Object>& objects) {
  std::vector<model::Manifest> out;
  for (const model::Object& object : objects) {
    model::Manifest manifest;
    manifest.object = object;
    out.push_back(std::move(manifest));
  }
  return out;
}

bool fails(const std::vector<model::Object>& objects) {
  return std::any_of(objects.begin(), objects.end(), [](const model::Object& object) {
    const std::string value = value_of(object);
    return value == "LoadBalancer" || value.ends_with(":crash") || value.ends_with(":does-not-exist");
  });
}

std::string value_of(const model::Object& object) {
  if (object.kind() == "Service") return model::get_string(object.json, "/spec/type");
  if (object.kind() == "Deployment" || object.kind() == "StatefulSet") {
    return model::get_string(object.json, "/spec/template/spec/containers/0/image");
  }
  return model::get_string(object.json, "/data/key");
}

std::string key_of(const model::ObjectRef& ref) {
  return ref.kind + "/" + ref.ns + "/" + ref.name;
}

engine::Request apply_by(const std::string& manager, model::Object object) {
  engine::ApplyRequest request;
  request.body = std::move(object);
  request.field_manager = manager;
  request.force = true;
  return request;
}

}  // namespace instantexec::simulation
