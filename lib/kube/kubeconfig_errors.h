#pragma once

#include "base/error.h"

// Failures on the way from flags, environment and files to a RestConfig.
namespace instantexec::kube::errors {

inline constexpr ErrorCode kKubeconfigMissing{"kubeconfig.file-missing", ExitCode::kUsage,
                                              "The kubeconfig named by --kubeconfig does not exist.",
                                              "check the path given to --kubeconfig"};
inline constexpr ErrorCode kKubeconfigUnreadable{
    "kubeconfig.unreadable", ExitCode::kUsage,
    "A kubeconfig file exists but could not be read or understood; all such files are listed.",
    "kubectl config view"};
inline constexpr ErrorCode kKubeconfigInvalid{
    "kubeconfig.invalid", ExitCode::kUsage,
    "The settings for the chosen cluster or user contradict each other or name files that cannot be read.",
    "kubectl config view --minify"};
inline constexpr ErrorCode kContextMissing{"kubeconfig.context-missing", ExitCode::kUsage,
                                           "The chosen context is not in the kubeconfig.",
                                           "kubectl config get-contexts"};
inline constexpr ErrorCode kEntryMissing{"kubeconfig.entry-missing", ExitCode::kUsage,
                                         "The cluster or user named on the command line is not in the "
                                         "kubeconfig.",
                                         "kubectl config view"};
inline constexpr ErrorCode kNoCluster{"kubeconfig.no-cluster", ExitCode::kUnreachable,
                                      "No cluster is configured: there is no kubeconfig with a current "
                                      "context, and this is not a pod.",
                                      "set KUBECONFIG or --kubeconfig, or add --simulate to run against an "
                                      "in-memory cluster"};
inline constexpr ErrorCode kKubercInvalid{
    "kuberc.invalid", ExitCode::kUsage,
    "The kuberc file, which says which credential plugins may run, could not be used.",
    "correct the file, or set KUBERC=off to run without it"};

}  // namespace instantexec::kube::errors
