#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/deploy_report.h"
#include "model/run_report.h"

// What several renderers derive from a report. Internal to the module.
namespace instantexec::report {

// It did what was asked (deployed, nothing to do, dry run; of a recovery also: went back).
[[nodiscard]] bool succeeded(const model::DeployReport& report);
// The run ended with exit code 0 or 10.
[[nodiscard]] bool succeeded(const model::RunReport& report);

// "healthy", "unhealthy", or "unknown" when nothing was waited for.
[[nodiscard]] std::string_view health_word(const model::DeployReport& report);
// Objects of the release that are in the cluster as wanted; 0 unless it was deployed.
[[nodiscard]] std::size_t resources_deployed(const model::DeployReport& report);
[[nodiscard]] bool rollback_available(const model::DeployReport& report);

// What the cluster is like now: "revision 3 is in force again, values, identity, ownership and health
// verified".
[[nodiscard]] std::string state_sentence(const model::DeployReport& report);
// The command that helps next, or "".
[[nodiscard]] std::string next_command(const model::DeployReport& report);
// A command with the flags that reach the same cluster, which `recover` has: the command line that recovers.
// Where that is empty, `where` follows the verb: " -n demo --release shop".
[[nodiscard]] std::string same_cluster(const std::string& recover, const std::string& verb,
                                       const std::string& where);
// "1 created, 2 configured"
[[nodiscard]] std::string count_actions(const model::DeployReport& report);

// One word for the run: "succeeded", "failed", "rejected", "rolled_back" …, by its exit code.
[[nodiscard]] std::string_view result_word(const model::RunReport& report);

}  // namespace instantexec::report
