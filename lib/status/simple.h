#pragma once

#include "status/rule.h"

// Rules of kinds judged by their own status alone. Internal to the module.
namespace instantexec::status {

[[nodiscard]] Assessment assess_exists(const Input& input);
[[nodiscard]] Assessment assess_webhooks(const Input& input);
[[nodiscard]] Assessment assess_cron_job(const Input& input);
[[nodiscard]] Assessment assess_claim(const Input& input);
[[nodiscard]] Assessment assess_volume(const Input& input);
[[nodiscard]] Assessment assess_service(const Input& input);
[[nodiscard]] Assessment assess_ingress(const Input& input);
[[nodiscard]] Assessment assess_autoscaler(const Input& input);
[[nodiscard]] Assessment assess_disruption_budget(const Input& input);
[[nodiscard]] Assessment assess_crd(const Input& input);
[[nodiscard]] Assessment assess_api_service(const Input& input);
[[nodiscard]] Assessment assess_namespace(const Input& input);
[[nodiscard]] Assessment assess_quota(const Input& input);
[[nodiscard]] Assessment assess_signing_request(const Input& input);

}  // namespace instantexec::status
