#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/lock.h"
#include "engine/undo.h"
#include "journal/secrets.h"
#include "unit/engine/world.h"

// The undo of an operation, without the deploy before it.
namespace instantexec::engine::test {

inline const std::string kGood = "registry.example/web:1";
inline const std::string kBetter = "registry.example/web:2";

// An operation of which somebody saved what there was, and that was then written in some way.
struct Undoing {
  World world;
  std::optional<Session> session;
  std::optional<ReleaseStore> store;
  std::optional<Operation> operation;
  UndoTask task;

  // What is in the cluster now is what the operation found.
  void begin(Cluster* cluster = nullptr) {
    world.options.timeout = std::chrono::seconds(20);
    const Environment environment = world.environment();
    session.emplace(cluster == nullptr
                        ? environment
                        : Environment{*cluster, environment.clock, world.sink, environment.holder});
    EXPECT_TRUE(acquire_lock(*session, {"web", "default", Duration{0}}, std::nullopt));
    store.emplace(*session, "web", "default", nullptr);
    operation.emplace(Operation{
        *session, world.options, *store, {}, *world.client().catalog(false), session->now(), false, {}});
    journal::Head& head = operation->stored.head;
    head.release = "web";
    head.ns = "default";
    head.phase = journal::Phase::kApplying;
    head.operation.emplace();
    head.operation->id = "op";
    head.operation->kind = "deploy";
    head.operation->revision = 1;
    head.operation->field_manager = "me";
    EXPECT_TRUE(store->save_head(operation->stored));
  }
  [[nodiscard]] std::optional<model::Object> live(const model::Object& object) const {
    const auto found = world.server.get(object.ref());
    return found ? std::optional<model::Object>(*found) : std::nullopt;
  }
  // The operation writes the object.
  void write(model::Object object, bool force = false) {
    const auto before = live(object);
    if (!before) object.json["metadata"]["annotations"]["instantexec.dev/created-by"] = "op";
    const Response done = world.server.act(ApplyRequest{object, "me", force, false, {}});
    EXPECT_TRUE(done.ok()) << done.error->message;
    task.saved.push_back({object.gvk(), object.ref(), before, done.object});
  }
  Result<model::DeployReport> undo() { return undo_operation(*operation, task); }
};

// The cluster without the list of what it serves.
struct NoCatalog final : Cluster {
  Cluster* real = nullptr;

  Result<ClusterInfo> info() override { return real->info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool /*refresh*/) override {
    return fail(instantexec::errors::kInternal, "no catalog");
  }
  RequestId submit(Request request) override { return real->submit(std::move(request)); }
  WatchId watch(WatchRequest request) override { return real->watch(std::move(request)); }
  void cancel_watch(WatchId id) override { real->cancel_watch(id); }
  ClusterEvent wait(Instant deadline) override { return real->wait(deadline); }
  [[nodiscard]] std::size_t capacity() const override { return real->capacity(); }
};

// An answer with that status to a request that is not carried out.
inline sim::Fault status(int code) {
  sim::Fault out;
  out.kind = sim::Fault::Kind::kAnswer;
  out.http_status = code;
  return out;
}

// The lines as one text.
inline std::string all(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace instantexec::engine::test
