#include "vcs/git_repository.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "os/files.h"
#include "os/process.h"
#include "vcs/errors.h"
#include "vcs/git_output.h"

namespace instantexec::vcs {
namespace {

// The tree without any file, known to every git repository of SHA-1 object format.
constexpr const char* kEmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
constexpr std::size_t kMaxUntracked = 2000;

class Git {
 public:
  explicit Git(GitOptions options) : options_(std::move(options)) {}

  // Runs a read-only command. The repository may be hostile: nothing its configuration names is run.
  [[nodiscard]] Result<os::ProcessResult> run(std::vector<std::string> args) const {
    os::Command command;
    command.program = options_.git;
    command.args = {"--no-pager", "--no-optional-locks",      "-c", "core.fsmonitor=false",
                    "-c",         "core.hooksPath=/dev/null", "-c", "core.quotePath=false"};
    if (options_.trust_owner) command.args.insert(command.args.end(), {"-c", "safe.directory=*"});
    command.args.insert(command.args.end(), {"-C", options_.folder});
    command.args.insert(command.args.end(), std::make_move_iterator(args.begin()),
                        std::make_move_iterator(args.end()));
    command.max_output = std::size_t{64} * 1024 * 1024;
    command.timeout = options_.timeout;
    return os::run_process(command);
  }

  // Its output; a non-zero exit is error vcs.git-failed with what git said.
  [[nodiscard]] Result<std::string> output(std::vector<std::string> args) const {
    const std::string name = args.empty() ? "git" : "git " + args.front();
    IE_TRY_ASSIGN(auto result, run(std::move(args)));
    if (result.ok()) return std::move(result.out);
    return fail(errors::kGitFailed, fmt::format("{} ended with {}: {}", name, result.describe(),
                                                sanitise_line(trim(result.err), 300)));
  }

  // First line of the output, or nothing when the command failed.
  [[nodiscard]] std::optional<std::string> line(std::vector<std::string> args) const {
    auto result = run(std::move(args));
    if (!result || !result->ok()) return std::nullopt;
    return std::string(trim(result->out));
  }

  [[nodiscard]] const GitOptions& options() const { return options_; }

 private:
  GitOptions options_;
};

class GitRepository : public engine::Repository {
 public:
  GitRepository(Git git, std::string root) : git_(std::move(git)), root_(std::move(root)) {}

  Result<model::Change> change(const std::string& recorded_base) override {
    model::Change change;
    change.head = git_.line({"rev-parse", "--verify", "--quiet", "HEAD^{commit}"}).value_or("");
    IE_TRY_ASSIGN(const std::string untracked, git_.output({"ls-files", "--others", "--exclude-standard",
                                                            "-z", "--full-name", "--", root_}));
    const std::vector<std::string> new_files = parse_names(untracked);
    change.dirty = !new_files.empty() || differs_from_head(change);
    choose_base(recorded_base, change);
    IE_TRY_ASSIGN(const std::string diff,
                  git_.output({"diff", "--raw", "--numstat", "-z", "-M", "--no-ext-diff", "--no-textconv",
                               change.base.empty() ? kEmptyTree : change.base, "--"}));
    change.files = parse_diff(diff);
    add_untracked(new_files, change);
    if (!change.head.empty() && !change.base.empty()) {
      change.message =
          git_.line({"log", "--format=%B", "-n", "100", change.base + ".." + change.head}).value_or("");
      if (change.message.size() > 65'536) change.message.resize(65'536);
    }
    return change;
  }

  Result<model::ChangeHistory> history(const model::Change& change, std::size_t max_commits) override {
    const std::string& start = change.base.empty() ? change.head : change.base;
    if (start.empty() || change.base.empty()) return with_lines({}, change);
    IE_TRY_ASSIGN(const std::string output,
                  git_.output({"log", std::string(kLogFormat), "--name-only", "--no-renames", "-n",
                               std::to_string(max_commits), start, "--"}));
    const auto log = parse_log(output);
    const std::string author = git_.line({"log", "-1", "--format=%ae", change.head}).value_or("");
    auto history = summarise_log(log, change, author, git_.options().now);
    history.complete =
        log.size() < max_commits && git_.line({"rev-parse", "--is-shallow-repository"}) == "false";
    return with_lines(std::move(history), change);
  }

  Result<std::string> read_file(const std::string& path, std::size_t limit) override {
    return os::read_file_beneath(root_, path, limit);
  }

  Result<std::vector<std::string>> list_files() override {
    IE_TRY_ASSIGN(const std::string output, git_.output({"ls-files", "--cached", "--others",
                                                         "--exclude-standard", "--deduplicate", "-z"}));
    std::vector<std::string> names = parse_names(output);
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  // The branch others merge into: what the remote calls its HEAD, else the first usual name that exists.
  [[nodiscard]] std::optional<std::string> default_branch() const {
    if (auto remote = git_.line({"symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"})) return remote;
    static constexpr std::array kNames{"refs/remotes/origin/main", "refs/remotes/origin/master",
                                       "refs/heads/main", "refs/heads/master"};
    for (const char* name : kNames) {
      if (git_.line({"rev-parse", "--verify", "--quiet", name})) return name;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool differs_from_head(const model::Change& change) const {
    if (change.head.empty()) return false;
    const auto result = git_.run({"diff", "--quiet", "--no-ext-diff", "--no-textconv", "HEAD", "--"});
    return result && result->exit_code == 1;
  }

  void choose_base(const std::string& recorded, model::Change& change) const {
    if (change.head.empty()) {
      change.base_reason = "the repository has no commit yet; every file is new";
      return;
    }
    if (is_commit_id(recorded)) {
      if (auto commit = git_.line({"rev-parse", "--verify", "--quiet", recorded + "^{commit}"})) {
        change.base = *commit;
        change.base_reason = "the commit of the last release";
        return;
      }
    }
    const auto branch = default_branch();
    const auto merge_base = branch ? git_.line({"merge-base", "HEAD", *branch}) : std::nullopt;
    if (merge_base && *merge_base != change.head) {
      change.base = *merge_base;
      change.base_reason =
          "the merge base with " + sanitise_line(branch->substr(branch->find('/', 5) + 1), 100);
    } else if (change.dirty) {
      change.base = change.head;
      change.base_reason = "HEAD; the change is what is not committed yet";
    } else if (auto parent = git_.line({"rev-parse", "--verify", "--quiet", "HEAD^1"})) {
      change.base = *parent;
      change.base_reason = "the commit before HEAD";
    } else {
      change.base_reason = "HEAD has no parent here; every file is new";
    }
  }

  void add_untracked(const std::vector<std::string>& names, model::Change& change) const {
    for (const auto& name : names) {
      if (change.files.size() >= kMaxUntracked) return;
      model::FileChange file;
      file.status = model::FileStatus::kAdded;
      file.path = name;
      if (const auto text = os::read_file_beneath(root_, name)) {
        file.added = static_cast<std::uint32_t>(std::count(text->begin(), text->end(), '\n'));
      }
      change.files.push_back(std::move(file));
    }
  }

  // Adds how long each file was before the change: its length now, less what was added, plus what was
  // deleted.
  Result<model::ChangeHistory> with_lines(model::ChangeHistory history, const model::Change& change) {
    for (auto& entry : history.files) {
      const auto it =
          std::find_if(change.files.begin(), change.files.end(), [&](const model::FileChange& file) {
            return file.old_path == entry.path || file.path == entry.path;
          });
      if (it == change.files.end() || it->status == model::FileStatus::kAdded || it->binary) continue;
      const auto text = os::read_file_beneath(root_, it->path);
      const auto now = text ? static_cast<std::uint32_t>(std::count(text->begin(), text->end(), '\n')) : 0;
      entry.lines = now + it->deleted - std::min(it->added, now + it->deleted);
    }
    return history;
  }

  Git git_;
  std::string root_;
};

// The root of the work tree.
Result<std::string> find_root(const Git& git) {
  IE_TRY_ASSIGN(const auto result, git.run({"rev-parse", "--show-toplevel"}));
  if (result.ok()) return std::string(trim(result.out));
  const std::string said = sanitise_line(trim(result.err), 300);
  if (said.find("dubious ownership") != std::string::npos) {
    return fail(errors::kNoRepository,
                fmt::format("git does not read {}: {}", sanitise_line(git.options().folder), said),
                "git config --global --add safe.directory <folder>");
  }
  return fail(errors::kNoRepository,
              fmt::format("{} is not in a git work tree", sanitise_line(git.options().folder)));
}

}  // namespace

Result<std::unique_ptr<engine::Repository>> open_git_repository(GitOptions options) {
  Git git(std::move(options));
  IE_TRY_ASSIGN(std::string root, find_root(git));
  GitOptions at_root = git.options();
  at_root.folder = root;
  return std::make_unique<GitRepository>(Git(std::move(at_root)), std::move(root));
}

Result<std::string> head_commit(const GitOptions& options) {
  const Git git(options);
  IE_TRY(find_root(git));
  return git.line({"rev-parse", "--verify", "--quiet", "HEAD^{commit}"}).value_or("");
}

}  // namespace instantexec::vcs
