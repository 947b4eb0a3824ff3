#include "analyze/features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "base/text.h"

namespace instantexec::analyze {
namespace {

// Words by which commit messages say "this repairs something", matched as whole words.
constexpr std::array<std::string_view, 12> kFixWords{"fix",    "fixes",   "fixed",  "bug",
                                                     "bugfix", "hotfix",  "repair", "defect",
                                                     "revert", "reverts", "patch",  "regression"};

bool says_fix(std::string_view message) {
  const std::string text = to_lower(message);
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    if (c >= 'a' && c <= 'z') {
      word += c;
      continue;
    }
    if (std::find(kFixWords.begin(), kFixWords.end(), word) != kFixWords.end()) return true;
    word.clear();
  }
  return false;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

std::string subsystem_of(const std::string& path) {
  const auto slash = path.find('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

// Shannon entropy of the shares of changed lines, divided by its maximum for that many files.
double normalised_entropy(const std::vector<model::FileChange>& files) {
  double total = 0;
  for (const auto& file : files) total += file.added + file.deleted;
  if (files.size() < 2 || total <= 0) return 0;
  double entropy = 0;
  for (const auto& file : files) {
    const double share = (file.added + file.deleted) / total;
    if (share > 0) entropy -= share * std::log2(share);
  }
  return entropy / std::log2(static_cast<double>(files.size()));
}

}  // namespace

ChangeFeatures compute_features(const model::Change& change, const model::ChangeHistory& history) {
  ChangeFeatures features;
  std::set<std::string> folders;
  std::set<std::string> subsystems;
  for (const auto& file : change.files) {
    folders.insert(folder_of(file.path));
    subsystems.insert(subsystem_of(file.path));
    features.la += file.added;
    features.ld += file.deleted;
  }
  features.ns = static_cast<double>(subsystems.size());
  features.nd = static_cast<double>(folders.size());
  features.nf = static_cast<double>(change.files.size());
  features.entropy = normalised_entropy(change.files);
  features.fix = says_fix(change.message);
  for (const auto& file : history.files) {
    features.lt += file.lines;
    features.nuc += file.prior_changes;
    features.age += static_cast<double>(file.age.count()) / 86'400'000.0;
    features.ndev = std::max(features.ndev, static_cast<double>(file.authors));
  }
  if (!history.files.empty()) {
    const auto count = static_cast<double>(history.files.size());
    features.lt /= count;
    features.nuc /= count;
    features.age /= count;
  }
  features.exp = history.author_changes;
  features.rexp = history.author_recent_changes;
  features.sexp = history.author_subsystem_changes;
  return features;
}

}  // namespace instantexec::analyze
