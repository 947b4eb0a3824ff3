#pragma once

#include <memory>
#include <utility>

#include "engine/ports.h"

namespace instantexec::engine::test {

// Passes everything on to a cluster; a test overrides what it wants to be otherwise.
class Passing : public Cluster {
 public:
  explicit Passing(Cluster& real) : real_(real) {}
  Result<ClusterInfo> info() override { return real_.info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    return real_.catalog(refresh);
  }
  RequestId submit(Request request) override { return real_.submit(std::move(request)); }
  WatchId watch(WatchRequest request) override { return real_.watch(std::move(request)); }
  void cancel_watch(WatchId id) override { real_.cancel_watch(id); }
  ClusterEvent wait(Instant deadline) override { return real_.wait(deadline); }
  [[nodiscard]] std::size_t capacity() const override { return real_.capacity(); }

 protected:
  Cluster& real_;
};

}  // namespace instantexec::engine::test
