#include "kube/rest_client.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/text.h"
#include "kube/api_errors.h"
#include "kube/rest.h"
#include "net/errors.h"
#include "net/proxy.h"
#include "os/clock.h"

namespace instantexec::kube {
namespace {

constexpr double kWindowStart = 200;
constexpr double kWindowMax = 400;
constexpr double kWindowMin = 8;
constexpr Duration kCutInterval{1'000};
// Without multiplexing every call in flight is a connection.
constexpr std::size_t kWindowHttp1 = 32;
constexpr std::size_t kMaxAnswer = std::size_t{512} << 20U;
// From a write being asked for until it leaves. The engine asks for one only while it holds the lock; what
// leaves later, after a wait or because the process was stopped, could meet the next holder's writes
// (engine/lock_keeper.h). A later try is the engine's to make.
constexpr Duration kLeavesWithin{3'000};
constexpr Duration kLongestHold{30'000};
// A watch that does not even begin to answer is on a dead connection.
constexpr Duration kWatchFirstByte{15'000};

bool is_connection_trouble(const Error& error) {
  return error.code == &net::errors::kConnect || error.code == &net::errors::kTimeout ||
         error.code == &net::errors::kConnectionLost || error.code == &net::errors::kProxy;
}

std::function<double()> system_random() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

}  // namespace

Result<net::Endpoint> endpoint_of(const RestConfig& config) {
  net::Endpoint out;
  IE_TRY_ASSIGN(out.base, net::parse_url(config.server));
  if (config.proxy_url.empty()) {
    IE_TRY_ASSIGN(out.proxy, net::proxy_for(out.base, net::read_proxy_environment()));
  } else {
    IE_TRY_ASSIGN(out.proxy, net::normalise_proxy(config.proxy_url));
  }
  out.ca_pem = config.ca_pem;
  out.insecure = config.insecure;
  out.tls_server_name = config.tls_server_name;
  out.compression = !config.disable_compression;
  return out;
}

Result<std::unique_ptr<RestClient>> make_rest_client(RestConfig config, Authenticator& authenticator,
                                                     RestClientOptions options,
                                                     net::TransportOptions transport_options) {
  IE_TRY_ASSIGN(net::Endpoint endpoint, endpoint_of(config));
  IE_TRY_ASSIGN(auto transport, net::make_transport(std::move(endpoint), std::move(transport_options)));
  return std::make_unique<RestClient>(std::move(transport), std::move(config), authenticator,
                                      std::move(options));
}

RestClient::RestClient(std::unique_ptr<net::Transport> transport, RestConfig config,
                       Authenticator& authenticator, RestClientOptions options)
    : transport_(std::move(transport)),
      config_(std::move(config)),
      authenticator_(authenticator),
      options_(std::move(options)),
      window_(kWindowStart) {
  if (!options_.now) options_.now = &os::monotonic_now;
  if (!options_.random) options_.random = system_random();
}

CallId RestClient::start(ApiCall call) {
  const CallId id = next_id_++;
  Pending& pending = calls_[id];
  pending.call = std::move(call);
  pending.begun = now();
  // Whoever asks for a write decided it after the last event it was given. A process that was stopped in
  // between decided it then, not now.
  pending.decided = pending.call.write ? awake_.value_or(pending.begun) : pending.begun;
  send(id, pending);
  return id;
}

void RestClient::cancel(CallId id) {
  const auto it = calls_.find(id);
  if (it != calls_.end()) {
    transport_->cancel(it->second.transfer);
    by_transfer_.erase(it->second.transfer);
    calls_.erase(it);
  }
  std::erase_if(ready_, [id](const CallEvent& event) {
    return std::visit(
        [id](const auto& value) {
          if constexpr (requires { value.id; }) {
            return value.id == id;
          } else {
            return false;
          }
        },
        event);
  });
}

std::vector<CallEvent> RestClient::poll(Instant deadline) {
  while (ready_.empty()) {
    send_due();
    const Instant time = now();
    const Instant until = next_due(deadline);
    for (net::NetEvent& event : transport_->poll(std::max(Duration{0}, until - time))) take(std::move(event));
    if (ready_.empty() && now() >= deadline) break;
  }
  std::vector<CallEvent> out(std::make_move_iterator(ready_.begin()), std::make_move_iterator(ready_.end()));
  ready_.clear();
  return out;
}

Result<net::HttpResponse> RestClient::run(ApiCall call) {
  return finish(start(std::move(call)));
}

Result<net::HttpResponse> RestClient::finish(CallId id) {
  constexpr Duration kSlice{60'000};
  std::deque<CallEvent> others;
  std::optional<Result<net::HttpResponse>> result;
  while (!result) {
    for (CallEvent& event : poll(now() + kSlice)) {
      auto* done = std::get_if<CallDone>(&event);
      auto* failed = std::get_if<CallFailed>(&event);
      if (done != nullptr && done->id == id) {
        result = std::move(done->response);
      } else if (failed != nullptr && failed->id == id) {
        result = fail(std::move(failed->error));
      } else if (std::holds_alternative<CallWake>(event)) {
        // The descriptor stays readable until its owner reads it, so dropping the event loses nothing.
        if (!result) result = fail(errors::kInterrupted, "interrupted while waiting for " + config_.server);
      } else {
        others.push_back(std::move(event));
      }
    }
  }
  cancel(id);  // only when interrupted is there anything to cancel
  ready_.insert(ready_.begin(), std::make_move_iterator(others.begin()),
                std::make_move_iterator(others.end()));
  return std::move(*result);
}

Duration RestClient::silence(CallId id) const {
  const auto it = calls_.find(id);
  return it == calls_.end() || it->second.transfer == 0 ? Duration{0}
                                                        : transport_->silence(it->second.transfer);
}

void RestClient::abandon_connection(CallId id) {
  const auto it = calls_.find(id);
  if (it != calls_.end() && it->second.transfer != 0) transport_->abandon_connection(it->second.transfer);
}

std::size_t RestClient::capacity() const {
  const auto window = static_cast<std::size_t>(window_);
  return multiplexed_ ? window : std::min(window, kWindowHttp1);
}

void RestClient::log(int level, const std::string& text) const {
  if (options_.log) options_.log(level, text);
}

void RestClient::send(CallId id, Pending& pending) {
  auto request = prepare(pending);
  if (!request) {
    finish_with(id, CallFailed{id, std::move(request.error()), net::Sent::kNot});
    return;
  }
  if (pending.call.write) {
    request->leave_within = pending.decided + kLeavesWithin - now();
    if (request->leave_within <= Duration{0}) {
      Error late = make_error(net::errors::kConnectionLost, "not sent: it was held up for too long");
      finish_with(id, CallFailed{id, std::move(late), net::Sent::kNot});
      return;
    }
  }
  pending.transfer = transport_->start(std::move(*request));
  by_transfer_[pending.transfer] = id;
}

Result<net::HttpRequest> RestClient::prepare(Pending& pending) {
  const ApiCall& call = pending.call;
  net::HttpRequest request;
  request.method = call.method;
  request.target = call.target;
  request.body = call.body;
  request.replay = call.write ? net::Replay::kNever : net::Replay::kHarmless;
  request.timeout = call.timeout;
  request.stream = call.watch;
  if (call.watch) request.first_byte_timeout = kWatchFirstByte;
  request.max_body = kMaxAnswer;
  request.headers.push_back({"Accept", call.accept});
  if (!call.body.empty()) request.headers.push_back({"Content-Type", call.content_type});
  if (!call.if_none_match.empty()) request.headers.push_back({"If-None-Match", call.if_none_match});
  pending.credentials_sent = false;
  if (!config_.is_https()) return request;
  IE_TRY_ASSIGN(Credentials credentials, authenticator_.credentials());
  pending.generation = credentials.generation;
  pending.credentials_sent = !credentials.authorization.empty() || !credentials.client_cert_pem.empty();
  request.authorization = std::move(credentials.authorization);
  if (!credentials.client_cert_pem.empty()) {
    if (!identity_ || identity_generation_ != credentials.certificate_generation) {
      identity_ = std::make_shared<net::ClientIdentity>(
          net::ClientIdentity{credentials.client_cert_pem, std::move(credentials.client_key_pem)});
      identity_generation_ = credentials.certificate_generation;
    }
    request.identity = identity_;
  }
  attach_impersonation(request);
  return request;
}

void RestClient::attach_impersonation(net::HttpRequest& request) const {
  const Impersonation& as = config_.impersonate;
  if (as.empty()) return;
  request.headers.push_back({"Impersonate-User", as.user});
  if (!as.uid.empty()) request.headers.push_back({"Impersonate-Uid", as.uid});
  for (const std::string& group : as.groups) request.headers.push_back({"Impersonate-Group", group});
  for (const auto& [key, values] : as.extra) {
    // Keys become part of a header name; the server undoes the percent-escapes and folds case.
    const std::string name = "Impersonate-Extra-" + net::escape_all(to_lower(key));
    for (const std::string& value : values) request.headers.push_back({name, value});
  }
}

void RestClient::send_due() {
  const Instant time = now();
  std::vector<CallId> due;
  for (const auto& [id, pending] : calls_) {
    if (pending.transfer == 0 && pending.due <= time) due.push_back(id);
  }
  for (const CallId id : due) {
    Pending& pending = calls_.at(id);
    if (pending.held) {
      finish_with(id, CallDone{id, std::move(*pending.held)});
    } else {
      send(id, pending);
    }
  }
}

Instant RestClient::next_due(Instant deadline) const {
  // An event that is ready ends the waiting at once.
  if (!ready_.empty()) return now();
  Instant next = deadline;
  for (const auto& [id, pending] : calls_) {
    if (pending.transfer == 0) next = std::min(next, pending.due);
  }
  return next;
}

void RestClient::take(net::NetEvent event) {
  if (std::holds_alternative<net::WakeReadable>(event)) {
    ready_.emplace_back(CallWake{});
    return;
  }
  const net::TransferId transfer = std::visit(
      [](const auto& value) -> net::TransferId {
        if constexpr (requires { value.id; }) {
          return value.id;
        } else {
          return 0;
        }
      },
      event);
  const auto it = by_transfer_.find(transfer);
  if (it == by_transfer_.end()) return;
  const CallId id = it->second;
  if (std::holds_alternative<net::StreamStarted>(event)) {
    reached_ = true;
    log(6, calls_.at(id).call.method + " " + calls_.at(id).call.target + " 200, streaming");
    ready_.emplace_back(CallOpened{id});
  } else if (auto* chunk = std::get_if<net::BodyChunk>(&event)) {
    ready_.emplace_back(CallChunk{id, std::move(chunk->bytes)});
  } else if (auto* done = std::get_if<net::TransferDone>(&event)) {
    by_transfer_.erase(it);
    on_done(id, std::move(done->response));
  } else if (auto* failed = std::get_if<net::TransferFailed>(&event)) {
    by_transfer_.erase(it);
    on_failed(id, std::move(failed->error), failed->sent);
  }
}

void RestClient::on_done(CallId id, net::HttpResponse response) {
  Pending& pending = calls_.at(id);
  reached_ = true;
  note_capacity(response);
  note_time(response);
  log(6, pending.call.method + " " + sanitise_line(pending.call.target, 2000) + " " +
             std::to_string(response.status) + " in " + format_duration(now() - pending.begun));
  if (renew_credentials(id, pending, response.status)) return;
  Attempt attempt;
  attempt.outcome = engine::Outcome::kUnknown;
  attempt.http_status = response.status;
  attempt.retry_after = parse_retry_after(response);
  attempt.reached_before = true;
  if (response.status >= 400 && retry(id, pending, attempt)) return;
  if (hold(pending, attempt, response)) return;
  finish_with(id, CallDone{id, std::move(response)});
}

void RestClient::on_failed(CallId id, Error error, net::Sent sent) {
  Pending& pending = calls_.at(id);
  log(6, pending.call.method + " " + sanitise_line(pending.call.target, 2000) + " failed in " +
             format_duration(now() - pending.begun) + ": " + error.to_string());
  Attempt attempt;
  attempt.outcome = sent == net::Sent::kNot ? engine::Outcome::kNotSent : engine::Outcome::kUnknown;
  attempt.connection_trouble = is_connection_trouble(error);
  attempt.reached_before = reached_;
  if (retry(id, pending, attempt)) return;
  finish_with(id, CallFailed{id, std::move(error), sent});
}

// A 401 is a refusal, so a write may be sent again as well: once, with whatever the authenticator gives now.
bool RestClient::renew_credentials(CallId id, Pending& pending, int http_status) {
  if (http_status != 401 || !pending.credentials_sent || pending.credentials_renewed) return false;
  if (!authenticator_.invalidate(pending.generation)) return false;
  log(7, "401: asking for fresh credentials (" + authenticator_.describe() + ")");
  pending.credentials_renewed = true;
  pending.transfer = 0;
  send(id, pending);
  return true;
}

bool RestClient::retry(CallId id, Pending& pending, const Attempt& attempt) {
  const auto delay = retry_delay(pending.call, attempt, pending.retry, budget_, options_.random());
  if (!delay || (pending.call.write && now() + *delay > pending.decided + kLeavesWithin)) return false;
  log(7, "call " + std::to_string(id) + ": try " + std::to_string(pending.retry.tries + 1) + " after " +
             format_duration(*delay));
  pending.transfer = 0;
  pending.due = now() + *delay;
  return true;
}

// Whoever wants the write may not want it any more by the time the server has asked for. So the refusal is
// passed on, but not before that time.
bool RestClient::hold(Pending& pending, const Attempt& attempt, net::HttpResponse& response) {
  if (!pending.call.write || response.status != 429 || !attempt.retry_after) return false;
  pending.transfer = 0;
  pending.due = now() + std::min(*attempt.retry_after, kLongestHold);
  pending.held = std::move(response);
  return true;
}

// A Date is cut to whole seconds and is older by the time the answer took, so the latest reading is the best.
void RestClient::note_time(const net::HttpResponse& response) {
  const auto date = parse_http_date(trim(response.header("Date")));
  const auto known = server_time();
  if (!date || (known && *date <= *known)) return;
  date_ = date;
  date_read_ = now();
}

std::optional<Timestamp> RestClient::server_time() const {
  if (!date_) return std::nullopt;
  return *date_ + (now() - date_read_);
}

void RestClient::note_capacity(const net::HttpResponse& response) {
  if (response.version == net::HttpVersion::kHttp1) multiplexed_ = false;
  if (response.version == net::HttpVersion::kHttp2) multiplexed_ = true;
  if (response.status == 429) {
    // One overload refuses many requests at once; it counts once.
    if (last_cut_ && now() - *last_cut_ < kCutInterval) return;
    last_cut_ = now();
    window_ = std::max(kWindowMin, window_ / 2);
  } else if (response.status < 400) {
    window_ = std::min(kWindowMax, window_ + 4 / window_);
  }
}

void RestClient::finish_with(CallId id, CallEvent event) {
  calls_.erase(id);
  ready_.push_back(std::move(event));
}

}  // namespace instantexec::kube
