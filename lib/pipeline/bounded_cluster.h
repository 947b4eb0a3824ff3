#pragma once

#include <optional>

#include "engine/ports.h"

namespace instantexec::pipeline {

// A cluster whose waiting ends at a deadline: from then on wait() answers Interrupted (signal 0), which stops
// whatever works on it. Lets a stage keep its limit without every callee knowing about it. Everything else is
// passed on.
class BoundedCluster : public engine::Cluster {
 public:
  BoundedCluster(engine::Cluster& inner, engine::Clock& clock, Instant deadline)
      : inner_(inner), clock_(clock), deadline_(deadline) {}

  Result<engine::ClusterInfo> info() override { return inner_.info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    return inner_.catalog(refresh);
  }
  engine::RequestId submit(engine::Request request) override { return inner_.submit(std::move(request)); }
  engine::WatchId watch(engine::WatchRequest request) override { return inner_.watch(std::move(request)); }
  void cancel_watch(engine::WatchId id) override { inner_.cancel_watch(id); }
  engine::ClusterEvent wait(Instant deadline) override;
  [[nodiscard]] std::optional<Timestamp> server_time() override { return inner_.server_time(); }
  [[nodiscard]] std::size_t capacity() const override { return inner_.capacity(); }

  // The deadline ended a wait.
  [[nodiscard]] bool expired() const { return expired_; }
  // The signal that ended a wait, if one did.
  [[nodiscard]] std::optional<int> interrupted_by() const { return signal_; }

 private:
  engine::Cluster& inner_;
  engine::Clock& clock_;
  Instant deadline_;
  bool expired_ = false;
  std::optional<int> signal_;
};

}  // namespace instantexec::pipeline
