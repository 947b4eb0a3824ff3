#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "sim/cluster.h"

namespace instantexec::sim {

inline model::Object object_of(const std::string& json) {
  return {model::Json::parse(json)};
}

// Sends one request and waits for its answer; events that come before it are dropped.
inline engine::Response ask(SimCluster& cluster, engine::Request request) {
  const auto id = cluster.submit(std::move(request));
  for (;;) {
    auto event = cluster.wait(cluster.now() + Duration{60'000});
    if (auto* response = std::get_if<engine::Response>(&event); response != nullptr && response->id == id) {
      return std::move(*response);
    }
    if (std::holds_alternative<engine::DeadlinePassed>(event)) {
      ADD_FAILURE() << "no answer within a minute";
      return {};
    }
  }
}

inline engine::ApplyRequest apply_of(const std::string& json, const std::string& manager = "tester",
                                     bool force = false) {
  engine::ApplyRequest out;
  out.body = object_of(json);
  out.field_manager = manager;
  out.force = force;
  return out;
}

inline std::string deployment_json(const std::string& name, int replicas, const std::string& image,
                                   const std::string& pod_labels = "") {
  return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":")" + name +
         R"(","namespace":"default"},"spec":{"replicas":)" + std::to_string(replicas) +
         R"(,"selector":{"matchLabels":{"app":")" + name +
         R"("}},"template":{"metadata":{"labels":{"app":")" + name + "\"" + pod_labels +
         R"(}},"spec":{"containers":[{"name":"app","image":")" + image + R"("}]}}}})";
}

inline std::string config_map_json(const std::string& name, const std::string& data) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
         R"(","namespace":"default"},"data":)" + data + "}";
}

}  // namespace instantexec::sim
