#include "engine/lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/errors.h"
#include "engine/record_error.h"
#include "journal/secrets.h"
#include "model/marks.h"

namespace instantexec::engine {
namespace {

// For the answer to giving the lock back.
constexpr Duration kGiveBack{10'000};
constexpr Duration kGiveBackSoon{1'500};

using model::Json;

constexpr Duration kPollEvery{2000};
// For an API server to notice that an admission policy is gone.
constexpr Duration kForgottenWithin{15'000};

class Acquisition {
 public:
  Acquisition(Session& session, const LockWish& wish)
      : session_(session), wish_(wish), deadline_(session.now() + wish.timeout) {}

  Result<LockTaken> run(std::optional<model::Object> known) {
    bool as_known = known.has_value();
    while (true) {
      if (session_.interrupted()) return fail(errors::kInterrupted, "interrupted while waiting for the lock");
      if (!known) {
        as_known = false;
        Result<model::Object> found = read();
        if (session_.interrupted()) continue;
        if (!found) return fail(std::move(found.error()));
        known = std::move(*found);
      }
      const model::Object lease = std::move(*known);
      known.reset();
      if (!takeable(lease)) {
        IE_TRY(wait(lease));
        continue;
      }
      const Instant sent = session_.now();
      Response response = session_.call(request(lease));
      if (response.ok()) {
        session_.keep(
            std::make_unique<LockKeeper>(std::move(response.object), session_.holder(), clock(), sent));
        return LockTaken{as_known, !lease_holder(lease).empty()};
      }
      // Lost a race: among many clients that happens often, so it counts against the time only. Whoever loses
      // again and again slows down.
      if (response.http_status == 409) {
        if (++races_ <= kMaxRepetitions) continue;
        if (session_.now() >= deadline_) return give_up(response);
        session_.pause(std::min(kPollEvery, deadline_ - session_.now()));
        continue;
      }
      if (refused_outright(response)) {
        // A refusal says nothing about a Lease that somebody else has by now.
        Result<model::Object> now = read();
        if (!now) return give_up(response);
        if (now->resource_version() != lease.resource_version()) {
          known = std::move(*now);
          as_known = false;
          if (++races_ <= kMaxRepetitions) continue;
          return give_up(response);
        }
        if (!lacks_right(response) && makes_way()) {
          session_.pause(kPollEvery);
          continue;
        }
      }
      // Not known: the next look tells.
      if (transient(response)) {
        if (++attempts_ > kMaxRepetitions) return give_up(response);
        session_.pause(backoff(attempts_));
        continue;
      }
      return give_up(response);
    }
  }

 private:
  Clock& clock() { return session_.clock(); }

  // Whether what refuses the Lease may be gone in a moment.
  bool makes_way() {
    if (!way_made_until_ && wish_.make_way) {
      way_made_until_ = session_.now();
      if (wish_.make_way()) *way_made_until_ = session_.now() + kForgottenWithin;
    }
    return way_made_until_ && session_.now() < *way_made_until_;
  }

  [[nodiscard]] tl::unexpected<Error> give_up(const Response& response) const {
    return fail(
        record_error(response, "the lock was not taken").with_context("locking release " + wish_.release));
  }

  // An absent Lease is an object without a name.
  Result<model::Object> read() {
    auto responses =
        session_.call_all({GetRequest{lease_gvk(), wish_.ns, journal::lease_name(wish_.release)}});
    Response& response = responses.front();
    if (response.not_found()) return model::Object{};
    if (response.ok()) return std::move(response.object);
    Error error = response.error ? *response.error : make_error(errors::kReadFailed, "the lock was not read");
    return fail(std::move(error).with_context("locking release " + wish_.release));
  }

  bool takeable(const model::Object& lease) {
    const std::string holder = lease_holder(lease);
    if (lease.name().empty() || holder.empty() || holder == session_.holder()) return true;
    // Seen before and unchanged for all its length: its holder is gone.
    const auto seconds =
        model::get_int(lease.json, "/spec/leaseDurationSeconds", kLeaseLength.count() / 1000);
    const Duration length = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, 3600));
    if (lease.resource_version() != seen_version_) {
      seen_version_ = lease.resource_version();
      free_at_ = session_.now() + length;
      return false;
    }
    return session_.now() >= free_at_;
  }

  Status wait(const model::Object& lease) {
    const std::string holder = sanitise_line(lease_holder(lease), 300);
    if (session_.now() >= deadline_) {
      return fail(errors::kLocked,
                  fmt::format("release {} is locked by {} (last renewed {})", wish_.release, holder,
                              sanitise_line(model::get_string(lease.json, "/spec/renewTime"), 40)));
    }
    if (!announced_) session_.emit(model::Note{"waiting for the lock held by " + holder});
    announced_ = true;
    const Instant next = std::min({session_.now() + kPollEvery, deadline_, free_at_});
    session_.pause(next - session_.now());
    return {};
  }

  Request request(const model::Object& lease) {
    const std::string now = format_rfc3339_micro(session_.wall());
    Json spec{{"holderIdentity", session_.holder()},
              {"leaseDurationSeconds", kLeaseLength.count() / 1000},
              {"acquireTime", now},
              {"renewTime", now},
              {"leaseTransitions", lease_epoch(lease) + 1}};
    if (!lease.name().empty()) {
      ReplaceRequest replace{lease, "", false};
      replace.body.json["spec"] = std::move(spec);
      return replace;
    }
    CreateRequest create;
    create.body.json = Json{{"apiVersion", lease_gvk().api_version()},
                            {"kind", lease_gvk().kind},
                            {"metadata",
                             {{"name", journal::lease_name(wish_.release)},
                              {"namespace", wish_.ns},
                              {"labels", {{std::string(model::marks::kRelease), wish_.release}}}}},
                            {"spec", std::move(spec)}};
    return create;
  }

  Session& session_;
  const LockWish& wish_;
  Instant deadline_;
  std::string seen_version_;
  Instant free_at_;  // when it was seen unchanged for all its length
  int attempts_ = 0;
  int races_ = 0;
  bool announced_ = false;
  std::optional<Instant> way_made_until_;  // make_way was called
};

}  // namespace

Result<LockTaken> acquire_lock(Session& session, const LockWish& wish, std::optional<model::Object> known) {
  session.emit(model::PhaseStarted{model::Phase::kLocking, 0});
  return Acquisition(session, wish).run(std::move(known));
}

void release_lock(Session& session) {
  LockKeeper* keeper = session.keeper();
  if (keeper == nullptr) return;
  const bool ours = session.may_write();
  ReplaceRequest replace{keeper->lease(), "", false};
  session.keep(nullptr);
  if (!ours) return;
  // Kept, not deleted: it carries the epoch.
  replace.body.json["spec"]["holderIdentity"] = "";
  // Another run can wait for the lock to expire; a user who wants to stop does not wait for an answer.
  session.call_all_within({std::move(replace)}, session.interrupted() ? kGiveBackSoon : kGiveBack);
}

}  // namespace instantexec::engine
