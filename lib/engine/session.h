#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/environment.h"
#include "engine/lock_keeper.h"
#include "engine/ports.h"

namespace instantexec::engine {

// How long after an interruption answers to what was sent before are still waited for.
inline constexpr Duration kLastAnswers{3'000};

// The one wait point of an operation. Everything that takes time goes through here, so that whatever the
// engine waits for, the lock is renewed, warnings are shown once and an interruption is noticed.
class Session {
 public:
  explicit Session(Environment environment);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  [[nodiscard]] Cluster& cluster() { return environment_.cluster; }
  [[nodiscard]] Clock& clock() { return environment_.clock; }
  [[nodiscard]] Instant now() { return environment_.clock.now(); }
  [[nodiscard]] Timestamp wall() { return environment_.clock.wall(); }
  // The clock that the times in objects are of: the server's, or ours while it has not answered yet.
  [[nodiscard]] Timestamp server_time() { return cluster().server_time().value_or(wall()); }
  [[nodiscard]] const std::string& holder() const { return environment_.holder; }
  [[nodiscard]] LocalFiles* files() { return environment_.files; }
  [[nodiscard]] const std::string& recover_command() const { return environment_.recover_command; }

  // The next event that is not the lock's own business, or DeadlinePassed.
  ClusterEvent next(Instant deadline);
  // Sends one request and waits for its answer; after an interruption no longer than kLastAnswers, counted
  // from it, and then the outcome is unknown, or the request not sent. Other events keep for next().
  Response call(Request request);
  // As call(). Sends all requests, as many at once as the cluster takes, and returns the answers in their
  // order. Safe reads and dry-runs that got no answer, or 429 or 5xx, are repeated for up to half a minute,
  // after 500 for eight seconds.
  std::vector<Response> call_all(std::vector<Request> requests);
  // The same without repetitions.
  std::vector<Response> call_all_once(std::vector<Request> requests);
  // Without repetitions, and for at most so long, or until another interruption. Late answers are dropped.
  std::vector<Response> call_all_within(std::vector<Request> requests, Duration limit);
  // Lets time pass; an interruption ends it early.
  void pause(Duration length);

  void emit(const model::Event& event) { environment_.events.emit(event); }
  // Shows a warning unless the same text was shown before.
  void warn(const std::string& text);
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  // How often the user asked to stop.
  [[nodiscard]] int interruptions() const { return interruptions_; }
  [[nodiscard]] bool interrupted() const { return interruptions_ > 0; }

  // Hands over the lock to be renewed; null takes it away.
  void keep(std::unique_ptr<LockKeeper> keeper) { keeper_ = std::move(keeper); }
  [[nodiscard]] LockKeeper* keeper() { return keeper_.get(); }
  // Whether writing is still safe: the lock is held and was renewed recently enough. Without a lock it is
  // not.
  [[nodiscard]] bool may_write();
  // The same, but waits while the lock is neither safe nor lost, because the API server does not answer: for
  // up to two minutes, or until an interruption.
  bool await_lock();
  // The lock was taken away, or could not be renewed for longer than await_lock waits.
  [[nodiscard]] bool lock_lost();

  // Why the API server does not let the lock be renewed, when it has refused that twice in a row; null: it
  // does. There is time left then to put something back before the lock is no longer safe.
  [[nodiscard]] const Error* lock_refusal() const;
  // Whether a webhook that cannot be called may be one that the release has just brought. Else it is somebody
  // else's, which passes, and does not count as a refusal.
  void suspect_webhooks(bool suspect) { suspects_webhooks_ = suspect; }

  // The last request was not answered at all.
  [[nodiscard]] bool silent() const { return silent_; }

 private:
  // Until when answers are waited for.
  [[nodiscard]] Instant patience() const;
  ClusterEvent pump(Instant deadline);
  void note(const Response& response);
  std::vector<Response> send_all(std::vector<Request> requests, int repetitions_allowed);

  Environment environment_;
  std::unique_ptr<LockKeeper> keeper_;
  std::deque<ClusterEvent> backlog_;
  std::set<std::string> shown_;
  std::vector<std::string> warnings_;
  bool suspects_webhooks_ = false;
  int interruptions_ = 0;
  Instant interrupted_at_;
  bool silent_ = false;
};

// May be repeated without changing anything: reads, dry-runs and reviews.
[[nodiscard]] bool harmless(const Request& request);
// Server-side apply has no verb for "create only". A resourceVersion that no object can have does it: a
// missing object is created, an existing one gives 409 and is left alone (seen on Kubernetes 1.36).
inline constexpr const char* kMustNotExist = "1";
// What went wrong with a request, for people.
[[nodiscard]] std::string words_of(const Response& response);
// The server may answer differently soon: no answer, 429, 5xx, a webhook that could not be called.
[[nodiscard]] bool transient(const Response& response);
// It was refused for a reason that lies in the request or in who sends it, or by admission: 400, 403, 413,
// 422, a webhook that could not be called. Nothing was done, and another try at once would end alike.
[[nodiscard]] bool refused_outright(const Response& response);
// Of those the 403 that is due to who sends it, not to admission.
[[nodiscard]] bool lacks_right(const Response& response);
// How long to wait before the n-th repetition (from 1): 0.25 s doubling up to 8 s.
[[nodiscard]] Duration backoff(int repetition);
// Repetitions after which a transient failure counts as final: about half a minute.
inline constexpr int kMaxRepetitions = 8;
// The same for reads and dry-runs after 500, about eight seconds: etcd changing its leader passes sooner, and
// a webhook that is broken is worth saying at once.
inline constexpr int kMaxRepetitionsAfter500 = 5;

}  // namespace instantexec::engine
