#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/repository.h"
#include "manifest/load.h"
#include "pipeline/pipeline.h"
#include "sim/cluster.h"
#include "sim/server.h"

namespace instantexec::pipeline::test {

// A repository in memory: one change and the bytes of its files.
class FakeRepository final : public engine::Repository {
 public:
  model::Change the_change;
  std::map<std::string, std::string> files;

  Result<model::Change> change(const std::string& recorded_base) override {
    asked_base = recorded_base;
    return the_change;
  }
  Result<model::ChangeHistory> history(const model::Change&, std::size_t) override {
    return model::ChangeHistory{};
  }
  Result<std::string> read_file(const std::string& path, std::size_t) override {
    const auto it = files.find(path);
    if (it == files.end()) return fail(errors::kInvalidInput, "no such file");
    return it->second;
  }
  Result<std::vector<std::string>> list_files() override {
    std::vector<std::string> names;
    for (const auto& [name, text] : files) names.push_back(name);
    return names;
  }

  // Adds a file that the change touches.
  void touch(const std::string& path, std::string text) {
    model::FileChange file;
    file.path = path;
    file.added = 1;
    the_change.files.push_back(file);
    files[path] = std::move(text);
  }

  std::string asked_base;
};

// Keeps the events of a run.
class Recorder final : public engine::EventSink {
 public:
  void emit(const model::Event& event) override { events.push_back(event); }
  std::vector<model::Event> events;
};

// A complete, well-kept Deployment in namespace demo.
inline std::string web(const std::string& image = "registry.example/web:1.0.0") {
  return R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: demo}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: )" +
         image + R"(
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: 8080}}
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 64Mi}}
)";
}

// A simulated cluster with namespace demo, and everything a run needs.
struct World {
  sim::SimServer server;
  sim::SimCluster client{server};
  Recorder events;
  FakeRepository repository;

  World() {
    engine::CreateRequest request;
    request.body.json = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "demo"}}}};
    server.act(request);
    repository.the_change.base = "0123456789";
  }

  PipelineContext context(const std::string& yaml) {
    PipelineContext out;
    out.stages = {model::StageId::kAnalysis, model::StageId::kValidation, model::StageId::kDeployment};
    out.release.release = "shop";
    out.release.ns = "demo";
    auto manifests = manifest::manifests_from(std::vector<manifest::SourceFile>{{"web.yaml", yaml, false}});
    out.manifests = std::move(manifests.objects);
    out.input_findings = std::move(manifests.findings);
    return out;
  }
  PipelinePorts ports() { return {client, events, &repository, &client, "test", {}}; }

  model::RunReport run(PipelineContext context) {
    return InstantExecutionPipeline(std::move(context), ports()).run_pipeline();
  }
  // Writes by clients, dry-runs left out.
  [[nodiscard]] std::size_t writes() const { return server.writes().size(); }
};

}  // namespace instantexec::pipeline::test
