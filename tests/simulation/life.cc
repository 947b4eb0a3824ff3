#include "simulation/life.h"

#include <algorithm>
#include <utility>

#include "simulation/objects.h"

namespace instantexec::simulation {
namespace {

using Fault = sim::Fault;

const char* const kNames[] = {"a", "b", "c", "d"};
constexpr Duration kServerLimit{60'000};  // after which nothing is under way any more

Fault random_fault(std::uint32_t kind, std::uint32_t delay) {
  static constexpr int kRefusals[] = {429, 500, 503, 504};
  Fault out;
  out.delay = Duration{delay};
  switch (kind) {
    case 0:
    case 1:
      out.kind = Fault::Kind::kDie;
      break;
    case 2:
    case 3:
      out.kind = Fault::Kind::kDieAfterCommit;
      break;
    case 4:
      out.kind = Fault::Kind::kDropAnswer;
      break;
    case 5:
      out.kind = Fault::Kind::kDropRequest;
      break;
    case 6:
      out.kind = Fault::Kind::kLateCommit;
      break;
    case 7:
      out.kind = Fault::Kind::kAnswer;
      out.http_status = kRefusals[delay % 4];
      break;
    case 8:
      out.kind = Fault::Kind::kRefuseConnection;
      break;
    case 9:
      out.kind = Fault::Kind::kSlowAnswer;
      break;
    default:
      out.kind = Fault::Kind::kInterrupt;
      break;
  }
  return out;
}

const char* name_of(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::kNone:
      return "none";
    case Fault::Kind::kRefuseConnection:
      return "refused connection";
    case Fault::Kind::kDropRequest:
      return "dropped request";
    case Fault::Kind::kDropAnswer:
      return "dropped answer";
    case Fault::Kind::kLateCommit:
      return "late commit";
    case Fault::Kind::kAnswer:
      return "error answer";
    case Fault::Kind::kNoWebhook:
      return "no webhook";
    case Fault::Kind::kDelay:
      return "delay";
    case Fault::Kind::kSlowAnswer:
      return "slow answer";
    case Fault::Kind::kDie:
      return "kill before sending";
    case Fault::Kind::kDieAfterCommit:
      return "kill before the answer";
    case Fault::Kind::kInterrupt:
      return "interrupt";
  }
  return "none";
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  lives += other.lives;
  steps += other.steps;
  processes += other.processes;
  requests += other.requests;
  foreign += other.foreign;
  for (const auto& [name, count] : other.met) met[name] += count;
  for (const auto& [name, count] : other.ends) ends[name] += count;
  return *this;
}

Life::Life(std::uint32_t seed)
    : random_(seed),
      processes_(server_, random_),
      invariants_("web", "default"),
      heavy_(one_in(5)),
      hiding_(seed + 1) {
  options_.release = "web";
  options_.ns = "default";
  options_.timeout = std::chrono::seconds(20);
  options_.lock_timeout = std::chrono::seconds(100);
  for (const char* name : kNames)
    declared_[std::string("ConfigMap/default/") + name] = config(name, "").ref();
  declared_["Secret/default/s"] = secret("s", "").ref();
  declared_["Service/default/gate"] = gate(true).ref();
  declared_["Deployment/default/web"] = deployment("web", "").ref();
  for (const auto& [key, ref] : declared_) invariants_.may_hold(key);
  server_.store().listen([this](const sim::Change& change) { record(change); });
  server_.faults.on_request = [this](const sim::RequestInfo& info) { return on_request(info); };
  as_kubectl(apply_by("someone", config("theirs", "1")));
  counts_.lives = 1;
  remember();
}

void Life::run(int steps) {
  for (int i = 0; i < steps && broken_.empty() && !over_; ++i) step();
  broken_.insert(broken_.end(), invariants_.broken().begin(), invariants_.broken().end());
}

void Life::step() {
  ++counts_.steps;
  touched_.clear();
  disturbed_ = false;
  was_incomplete_ = text_at(invariants_.head(), "/phase") == "rollback-incomplete";
  faults_.clear();
  const bool back = revision_before_ > 0 && one_in(6);
  const Objects wanted = release();
  std::vector<Job> jobs = {back ? rollback_job() : deploy_job(wanted)};
  if (one_in(7)) {
    jobs.push_back(one_in(2) ? recover_job() : deploy_job(release()));
    jobs.back().fate.starts_after = Duration{roll(2) * roll(200)};
    disturbed_ = true;
  }
  if (!one_in(4)) disturb(jobs);
  if (one_in(20)) outage();
  if (hiding_() % 12 == 0) hide_kind();
  if (one_in(3)) others();
  const bool alone = !disturbed_ && touched_.empty();
  const auto words = go(std::move(jobs));
  if (alone && touched_.empty()) check_undisturbed(words.front(), fails(wanted), back);
  settle(words);
}

Life::Objects Life::release() {
  Objects out = {config("a", std::to_string(roll(4)))};
  for (const char* name : {"b", "c", "d"}) {
    if (one_in(3)) out.push_back(config(name, std::to_string(roll(4))));
  }
  if (one_in(3)) out.push_back(secret("s", std::to_string(roll(3))));
  // One that never gets its address: the release is written and then fails.
  if (one_in(3)) out.push_back(gate(!one_in(2)));
  if (heavy_ && !one_in(3)) {
    const char* images[] = {"registry.example/web:1", "registry.example/web:2", "registry.example/web:crash"};
    out.push_back(deployment("web", images[roll(3)]));
  }
  return out;
}

// --- processes ---

Job Life::job(const std::string& what, std::function<Result<model::DeployReport>(engine::Environment)> work) {
  const std::string name = "p" + std::to_string(++names_);
  trace_ += name + " is a " + what + "\n";
  return {name, {}, [work = std::move(work)](engine::Environment environment) {
            const auto result = work(std::move(environment));
            return result ? std::string(to_string(result->result))
                          : "error: " + std::string(result.error().code->name);
          }};
}

Job Life::deploy_job(const Objects& wanted) {
  engine::ReleaseOptions options = options_;
  options.description = "wish " + std::to_string(wishes_.size());
  wishes_[options.description] = wanted;
  std::string what = "deploy of";
  for (const model::Object& object : wanted) what += " " + object.name() + "=" + value_of(object);
  return job(what, [options, wanted](engine::Environment environment) {
    return engine::deploy(std::move(environment), options, manifests(wanted));
  });
}

Job Life::rollback_job() {
  return job("rollback", [options = options_](engine::Environment environment) {
    return engine::rollback(std::move(environment), options, 0);
  });
}

Job Life::recover_job() {
  const bool resume = one_in(5);
  return job(resume ? "recover --resume" : "recover",
             [options = options_, resume](engine::Environment environment) {
               return engine::recover(std::move(environment), options, {resume});
             });
}

std::vector<std::string> Life::go(std::vector<Job> jobs) {
  const auto words = processes_.run(jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    trace_ += "  " + jobs[i].name + ": " + words[i] + " at " +
              std::to_string(server_.now().since_start.count()) + "\n";
    ++counts_.processes;
    ++counts_.ends[words[i]];
    if (words[i] == "stuck") broke(jobs[i].name + " waits for something that cannot come");
  }
  return words;
}

void Life::disturb(std::vector<Job>& jobs) {
  for (std::uint32_t i = 0, count = 1 + roll(2); i < count; ++i)
    disturb(jobs[roll(static_cast<std::uint32_t>(jobs.size()))]);
}

void Life::disturb(Job& job) {
  disturbed_ = true;
  // A release is over in a tenth of a second when nothing holds it up, else it takes up to half a minute.
  const auto moment = [this] { return Duration{1 + (one_in(3) ? roll(30'000) : roll(160))}; };
  const std::uint32_t kind = roll(16);
  std::string what;
  if (kind < 12) {
    Planned planned{job.name, 1 + roll(45), random_fault(kind, roll(25'000))};
    what = std::string(name_of(planned.fault.kind)) + " at request " + std::to_string(planned.number);
    ++counts_.met[name_of(planned.fault.kind)];
    faults_.push_back(std::move(planned));
  } else if (kind < 14) {
    job.fate.paused_after = moment();
    job.fate.paused_for = Duration{1000 + roll(90'000)};
    what = "stopped after " + std::to_string(job.fate.paused_after.count()) + " ms for " +
           std::to_string(job.fate.paused_for.count());
    ++counts_.met["pause"];
  } else if (kind == 14) {
    job.fate.killed_after = moment();
    what = "killed after " + std::to_string(job.fate.killed_after.count()) + " ms";
    ++counts_.met["kill"];
  } else {
    job.fate.interrupted_after = moment();
    what = "interrupted after " + std::to_string(job.fate.interrupted_after.count()) + " ms";
    ++counts_.met["interrupt"];
  }
  trace_ += "  " + job.name + " to be hit by: " + what + "\n";
}

void Life::outage() {
  disturbed_ = true;
  down_from_ = server_.now() + Duration{roll(100)};
  down_until_ = down_from_ + Duration{1000 + roll(100'000)};
  down_silently_ = one_in(2);
  ++counts_.met["outage"];
  trace_ += "  no API server for " + std::to_string((down_until_ - down_from_).count()) + " ms\n";
}

// As when the conversion webhook of a kind is down.
void Life::hide_kind() {
  static constexpr const char* kKinds[] = {"ConfigMap", "Secret", "Service", "Deployment"};
  disturbed_ = true;
  hidden_ = kKinds[hiding_() % 4];
  hidden_from_ = server_.now() + Duration{hiding_() % 200};
  hidden_until_ = hidden_from_ + Duration{1000 + hiding_() % 200'000};
  ++counts_.met["hidden kind"];
  trace_ += "  nothing of kind " + hidden_ + " can be read or written for " +
            std::to_string((hidden_until_ - hidden_from_).count()) + " ms\n";
}

sim::Fault Life::on_request(const sim::RequestInfo& info) {
  ++counts_.requests;
  const std::uint64_t number = ++requests_[info.client];
  const bool writes = !info.dry_run && info.verb != "get" && info.verb != "list" && info.verb != "logs";
  if (writes && !info.ref.kind.ends_with("Review")) {
    invariants_.see({Entry::Kind::kSent, server_.now().since_start.count(), info.client, info.verb,
                     key_of(info.ref), nullptr, nullptr});
  }
  if (server_.now() >= down_from_ && server_.now() < down_until_) {
    Fault fault;
    fault.kind = down_silently_ ? Fault::Kind::kDropRequest : Fault::Kind::kRefuseConnection;
    return fault;
  }
  const bool record = info.ref.name.starts_with("instantexec");
  const bool hidden = info.ref.kind == hidden_ && !record;
  if (hidden && server_.now() >= hidden_from_ && server_.now() < hidden_until_) {
    Fault fault;
    fault.kind = Fault::Kind::kAnswer;
    fault.http_status = 500;
    return fault;
  }
  for (const Planned& planned : faults_) {
    if (planned.client == info.client && planned.number == number) return planned.fault;
  }
  return {};
}

void Life::record(const sim::Change& change) {
  const auto json = [](const sim::Snapshot& snapshot) {
    return snapshot ? State(snapshot, &snapshot->json) : State();
  };
  const model::Object& object = change.after ? *change.after : *change.before;
  invariants_.see({Entry::Kind::kChanged, server_.now().since_start.count(),
                   by_kubectl_ ? "kubectl" : server_.actor(), "", key_of(object.ref()), json(change.before),
                   json(change.after)});
}

// --- after a step ---

bool Life::unfinished() const {
  const std::string phase = text_at(invariants_.head(), "/phase");
  return phase == "applying" || phase == "rolling-back" || phase == "committing";
}

// Somebody recovers, perhaps after being killed at it as well; then all is said and done.
void Life::settle(const std::vector<std::string>& words) {
  if (words.size() == 1 && words.front() == "partly_undone" && !unfinished())
    broke("partly undone was said, and nothing is left to be done");
  if (disturbed_ && unfinished()) {
    for (std::uint32_t i = 0, count = roll(3); i < count; ++i) {
      std::vector<Job> jobs = {recover_job()};
      disturb(jobs);
      go(std::move(jobs));
    }
  }
  down_until_ = down_from_ = hidden_until_ = hidden_from_ = Instant{};
  faults_.clear();
  const bool by_deploy = unfinished() && one_in(4);
  if (by_deploy) {
    // Whoever deploys next cleans up first.
    const auto word = go({deploy_job(release())}).front();
    if (unfinished()) broke("a deploy after a crash ended as " + word + " and left work unfinished");
  }
  const std::string last = go({recover_job()}).front();
  // What others deleted cannot come back, however often that is tried.
  const bool lost = !touched_.empty() || was_incomplete_;
  const bool fine = last == "deployed" || last == "rolled_back" || last == "nothing_to_do" ||
                    (lost && last == "rollback_incomplete");
  if (!fine) broke("the last recovery ended as " + last);
  if (unfinished()) broke("work is left unfinished after a recovery");
  server_.run_for(kServerLimit);
  if (!by_deploy && words.size() == 1) check_words(words);
  check_state();
  remember();
}

void Life::remember() {
  before_.clear();
  for (const auto& [key, ref] : declared_) {
    if (const State now = state_of(key)) before_[key] = canonical(*now, "someone");
  }
  revision_before_ = in_force();
  commits_before_ = invariants_.commits();
}

State Life::state_of(const std::string& key) {
  const sim::Snapshot snapshot = server_.get(declared_.at(key));
  return snapshot ? State(snapshot, &snapshot->json) : State();
}

std::int64_t Life::in_force() const {
  const Json& head = invariants_.head();
  return head.is_object() ? head.value("revision", std::int64_t{0}) : 0;
}

}  // namespace instantexec::simulation
