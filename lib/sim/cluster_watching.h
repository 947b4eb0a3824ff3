#pragma once

#include <map>

#include "sim/cluster.h"

namespace instantexec::sim {

struct SimCluster::Watching {
  engine::WatchId id = 0;
  engine::WatchRequest request;
  bool connected = false;
  std::map<model::ObjectRef, Snapshot>
      known;  // what the server has sent; the client may not have seen it yet
};

}  // namespace instantexec::sim
