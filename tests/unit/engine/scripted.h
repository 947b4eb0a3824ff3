#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "base/error.h"
#include "engine/ports.h"

namespace instantexec::engine::test {

// Answers requests as it is told to; time passes only while somebody waits.
class Scripted final : public Cluster, public Clock {
 public:
  Result<ClusterInfo> info() override { return ClusterInfo{}; }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool /*refresh*/) override { return known; }
  RequestId submit(Request request) override {
    Response out = answer(request);
    out.id = ++last_;
    ready_.emplace_back(std::move(out));
    return last_;
  }
  WatchId watch(WatchRequest /*request*/) override { return 0; }
  void cancel_watch(WatchId /*id*/) override {}
  ClusterEvent wait(Instant deadline) override {
    if (ready_.empty()) {
      now_ = deadline;
      return DeadlinePassed{};
    }
    ClusterEvent out = std::move(ready_.front());
    ready_.pop_front();
    return out;
  }
  [[nodiscard]] std::size_t capacity() const override { return 4; }
  Instant now() override { return now_; }
  Timestamp wall() override { return {}; }

  std::function<Response(const Request&)> answer;
  std::shared_ptr<const model::ApiCatalog> known;  // the kinds it serves

 private:
  std::deque<Response> ready_;
  Instant now_;
  RequestId last_ = 0;
};

// The answer with that status: 2xx is committed, 0 and 5xx are not known, all else is a rejection. 418 breaks
// the rule that an answer has an error unless it is committed.
inline Response reply(int status, model::Object object = {}) {
  Response out;
  out.http_status = status;
  const bool good = status / 100 == 2;
  out.outcome = good                           ? Outcome::kCommitted
                : status == 0 || status >= 500 ? Outcome::kUnknown
                                               : Outcome::kRejected;
  out.object = std::move(object);
  if (!good && status != 418) out.error = make_error(errors::kInternal, "answer " + std::to_string(status));
  return out;
}

}  // namespace instantexec::engine::test
