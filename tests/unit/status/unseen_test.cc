#include <gtest/gtest.h>

#include "unit/status/table.h"

// Custom resources of projects that no bundled rule names, written from the projects' API documentation: what
// the conventions make of kinds never seen before. Snapshots, judged as `health -f` does.
namespace instantexec::status::test {
namespace {

// kNotReady: not ready and not called ready; whether it is an error is a matter of taste.
enum class Want { kReady, kBusy, kFailed, kHeld, kNotReady };

struct Unseen {
  const char* name;
  const char* api;
  const char* kind;
  const char* status;  // with ' for "
  Want want;
  const char* spec = "{}";
};

bool fits(Want want, model::HealthStatus got) {
  switch (want) {
    case Want::kReady:
      return got == kCurrent;
    case Want::kBusy:
      return got == kInProgress;
    case Want::kFailed:
      return got == kFailed;
    case Want::kHeld:
      return got == kSuspended;
    case Want::kNotReady:
      return got == kInProgress || got == kFailed || got == kUnknown;
  }
  return false;
}

// A status that begins with "?" is a list of conditions; after "|" come other fields.
std::string status_of(const Unseen& row) {
  const std::string text = row.status;
  if (!text.starts_with("?")) return text;
  const auto bar = text.find('|');
  const std::string list = conditions_of(text.substr(1, bar == std::string::npos ? bar : bar - 1));
  return bar == std::string::npos ? list : list + "," + text.substr(bar + 1);
}

const std::vector<Unseen>& rows() {
  using enum Want;
  static const std::vector<Unseen> kRows = {
      // Batch and machine learning
      {"kueue finished", "kueue.x-k8s.io/v1beta1", "Workload",
       "?QuotaReserved=True/QuotaReserved; Admitted=True/Admitted; Finished=True/Succeeded", kReady},
      {"kueue waits for quota", "kueue.x-k8s.io/v1beta1", "Workload",
       "?QuotaReserved=False/Pending/could not assign flavors to pod set main: insufficient unused quota",
       kNotReady},
      {"kueue queue without flavour", "kueue.x-k8s.io/v1beta1", "ClusterQueue",
       "?Active=False/FlavorNotFound/Cannot admit new workloads", kNotReady},
      {"kueue queue", "kueue.x-k8s.io/v1beta1", "ClusterQueue", "?Active=True/Ready/Can admit new workloads",
       kReady},
      {"training created", "kubeflow.org/v1", "PyTorchJob", "?Created=True/PyTorchJobCreated", kBusy},
      {"training runs", "kubeflow.org/v1", "PyTorchJob",
       "?Created=True/PyTorchJobCreated; Running=True/PyTorchJobRunning", kBusy},
      {"training done", "kubeflow.org/v1", "PyTorchJob",
       "?Created=True/PyTorchJobCreated; Running=False/PyTorchJobRunning; Succeeded=True/PyTorchJobSucceeded",
       kReady},
      {"training failed", "kubeflow.org/v1", "PyTorchJob",
       "?Created=True/PyTorchJobCreated; Running=False/PyTorchJobRunning; Failed=True/PyTorchJobFailed",
       kFailed},
      {"training restarts", "kubeflow.org/v1", "PyTorchJob",
       "?Created=True/PyTorchJobCreated; Running=False/PyTorchJobRunning; "
       "Restarting=True/PyTorchJobRestarting",
       kBusy},
      {"training suspended", "kubeflow.org/v1", "PyTorchJob",
       "?Created=True/PyTorchJobCreated; Suspended=True/PyTorchJobSuspended; "
       "Running=False/PyTorchJobSuspended",
       kHeld},
      {"volcano pending", "batch.volcano.sh/v1alpha1", "Job", "'state':{'phase':'Pending'},'pending':2",
       kBusy},
      {"volcano runs", "batch.volcano.sh/v1alpha1", "Job", "'state':{'phase':'Running'},'running':2", kBusy},
      {"volcano done", "batch.volcano.sh/v1alpha1", "Job", "'state':{'phase':'Completed'},'succeeded':2",
       kReady},
      {"volcano failed", "batch.volcano.sh/v1alpha1", "Job", "'state':{'phase':'Failed'},'failed':1",
       kFailed},
      {"leader worker set", "leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet",
       "?Available=True/AllGroupsReady; Progressing=False/GroupsProgressing; "
       "UpdateInProgress=False/GroupsUpdating|"
       "'replicas':2,'readyReplicas':2,'updatedReplicas':2",
       kReady},
      {"leader worker set progresses", "leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet",
       "?Available=False/AllGroupsReady; Progressing=True/GroupsProgressing|'replicas':2,'readyReplicas':1",
       kBusy},
      {"provisioning request", "autoscaling.x-k8s.io/v1", "ProvisioningRequest",
       "?Accepted=True/Accepted; Provisioned=True/CapacityIsFound", kReady},
      {"provisioning request failed", "autoscaling.x-k8s.io/v1", "ProvisioningRequest",
       "?Accepted=True/Accepted; Provisioned=False/CapacityIsNotFound; Failed=True/OutOfBounds", kFailed},
      // OpenShift
      {"machine config pool", "machineconfiguration.openshift.io/v1", "MachineConfigPool",
       "?Updated=True//All nodes are updated; Updating=False; Degraded=False; NodeDegraded=False; "
       "RenderDegraded=False|"
       "'machineCount':3,'readyMachineCount':3,'updatedMachineCount':3",
       kReady},
      {"machine config pool updates", "machineconfiguration.openshift.io/v1", "MachineConfigPool",
       "?Updated=False; Updating=True//All nodes are updating to rendered-worker-1; Degraded=False; "
       "NodeDegraded=False",
       kBusy},
      {"machine config pool degraded", "machineconfiguration.openshift.io/v1", "MachineConfigPool",
       "?Updated=False; Updating=True; NodeDegraded=True/1 nodes are reporting degraded status; "
       "Degraded=True",
       kFailed},
      {"cluster operator", "config.openshift.io/v1", "ClusterOperator",
       "?Available=True/AsExpected; Progressing=False/AsExpected; Degraded=False/AsExpected; "
       "Upgradeable=False/TooOld",
       kReady},
      {"cluster operator progresses", "config.openshift.io/v1", "ClusterOperator",
       "?Available=True/AsExpected; Progressing=True/NodeInstaller; Degraded=False/AsExpected", kBusy},
      {"openshift build", "build.openshift.io/v1", "Build", "'phase':'Running'", kBusy},
      {"openshift build done", "build.openshift.io/v1", "Build", "'phase':'Complete'", kReady},
      {"openshift build cancelled", "build.openshift.io/v1", "Build",
       "'phase':'Cancelled','reason':'CancelledBuild'", kFailed},
      {"operator of operators", "operator.openshift.io/v1", "Console",
       "?SyncLoopRefreshDegraded=False; SyncLoopRefreshProgressing=False; DeploymentAvailable=True; "
       "DeploymentDegraded=False",
       kReady},
      {"operator of operators degraded", "operator.openshift.io/v1", "Console",
       "?SyncLoopRefreshDegraded=False; DeploymentAvailable=False/InsufficientReplicas; "
       "RouteDegraded=True/FailedLoad",
       kFailed},
      // Databases
      {"cassandra", "cassandra.datastax.com/v1beta1", "CassandraDatacenter",
       "?Initialized=True; Ready=True; Healthy=True; Stopped=False; ReplacingNodes=False; "
       "RollingRestart=False; "
       "ScalingUp=False; Updating=False; Resuming=False; Valid=True|'cassandraOperatorProgress':'Ready'",
       kReady},
      {"cassandra updates", "cassandra.datastax.com/v1beta1", "CassandraDatacenter",
       "?Initialized=True; Ready=True; Updating=True; Valid=True|'cassandraOperatorProgress':'Updating'",
       kBusy},
      {"cassandra stopped", "cassandra.datastax.com/v1beta1", "CassandraDatacenter",
       "?Initialized=True; Ready=False; Stopped=True|'cassandraOperatorProgress':'Ready'", kHeld,
       "{'stopped':true}"},
      {"scylla", "scylla.scylladb.com/v1", "ScyllaCluster",
       "?Available=True/AsExpected; Progressing=False/AsExpected; Degraded=False/AsExpected", kReady},
      {"scylla degraded", "scylla.scylladb.com/v1", "ScyllaCluster",
       "?Available=True/AsExpected; Progressing=False/AsExpected; "
       "Degraded=True/StatefulSetControllerSyncError/failed to apply",
       kFailed},
      {"tidb", "pingcap.com/v1alpha1", "TidbCluster",
       "?Ready=True/Ready/TiDB cluster is fully up and "
       "running|'pd':{'phase':'Normal'},'tikv':{'phase':'Normal'}",
       kReady},
      {"tidb upgrades", "pingcap.com/v1alpha1", "TidbCluster",
       "?Ready=False/StatefulSetNotUpToDate/Statefulset(s) are in progress|'pd':{'phase':'Upgrade'}", kBusy},
      {"redis cluster", "redis.redis.opstreelabs.in/v1beta2", "RedisCluster",
       "'state':'Ready','reason':'RedisCluster is ready','readyLeaderReplicas':3,'readyFollowerReplicas':3",
       kReady},
      {"redis cluster begins", "redis.redis.opstreelabs.in/v1beta2", "RedisCluster",
       "'state':'Bootstrap','reason':'RedisCluster is bootstrapping','readyLeaderReplicas':3", kBusy},
      {"couchbase", "couchbase.com/v2", "CouchbaseCluster",
       "?Available=True; Balanced=True; Scaling=False; Upgrading=False", kReady},
      {"couchbase rebalances", "couchbase.com/v2", "CouchbaseCluster",
       "?Available=True; Balanced=False/Unbalanced/The operator is rebalancing", kBusy},
      {"couchbase error", "couchbase.com/v2", "CouchbaseCluster",
       "?Available=True; Balanced=True; Error=True/ErrorEncountered", kFailed},
      {"cockroach", "crdb.cockroachlabs.com/v1alpha1", "CrdbCluster",
       "?Initialized=True|'clusterStatus':'Finished'", kReady},
      {"cockroach starts", "crdb.cockroachlabs.com/v1alpha1", "CrdbCluster",
       "?Initialized=False|'clusterStatus':'Starting'", kBusy},
      {"zookeeper", "zookeeper.pravega.io/v1beta1", "ZookeeperCluster",
       "?PodsReady=True; Upgrading=False; Error=False|'replicas':3,'readyReplicas':3", kReady},
      {"zookeeper lacks one", "zookeeper.pravega.io/v1beta1", "ZookeeperCluster",
       "?PodsReady=False; Upgrading=False; Error=False|'replicas':3,'readyReplicas':2", kBusy},
      {"crunchy lacks one", "postgres-operator.crunchydata.com/v1beta1", "PostgresCluster",
       "?PGBackRestRepoHostReady=True/"
       "RepoHostReady|'instances':[{'name':'a','replicas':2,'readyReplicas':1,'updatedReplicas':2}]",
       kBusy},
      {"crunchy", "postgres-operator.crunchydata.com/v1beta1", "PostgresCluster",
       "?PGBackRestRepoHostReady=True/"
       "RepoHostReady|'instances':[{'name':'a','replicas':2,'readyReplicas':2,'updatedReplicas':2}]",
       kReady},
      {"kubeblocks", "apps.kubeblocks.io/v1", "Cluster",
       "?ProvisioningStarted=True; ApplyResources=True; ReplicasReady=True; Ready=True|'phase':'Running'",
       kReady},
      {"kubeblocks abnormal", "apps.kubeblocks.io/v1", "Cluster", "'phase':'Abnormal'", kFailed},
      {"kubeblocks stopped", "apps.kubeblocks.io/v1", "Cluster", "'phase':'Stopped'", kHeld},
      {"oceanbase", "oceanbase.oceanbase.com/v1alpha1", "OBCluster",
       "'status':'running','obzones':[{'status':'running'}]", kReady},
      {"starrocks", "starrocks.com/v1", "StarRocksCluster",
       "'phase':'running','starRocksFeStatus':{'phase':'running'}", kReady},
      {"starrocks reconciles", "starrocks.com/v1", "StarRocksCluster",
       "'phase':'reconciling','starRocksFeStatus':{'phase':'running'}", kBusy},
      {"stackgres", "stackgres.io/v1", "SGCluster",
       "?Failed=False/FalseFailed; PendingRestart=False/FalsePendingRestart; "
       "Bootstrapped=True/ClusterBootstrapped",
       kReady},
      {"arango", "database.arangodb.com/v1", "ArangoDeployment",
       "?Ready=True; UpToDate=True; PodSchedulingFailure=False|'phase':'Running'", kReady},
      {"zalando-like", "acme.example.org/v1", "Postgres", "'PostgresClusterStatus':'CreateFailed'", kFailed},
      // Storage
      {"minio", "minio.min.io/v2", "Tenant",
       "'currentState':'Initialized','healthStatus':'green','availableReplicas':4", kReady},
      {"minio begins", "minio.min.io/v2", "Tenant", "'currentState':'Provisioning MinIO Statefulset'", kBusy},
      {"minio red", "minio.min.io/v2", "Tenant", "'currentState':'Initialized','healthStatus':'red'",
       kNotReady},
      {"linstor", "piraeus.io/v1", "LinstorCluster",
       "?Available=True/AsExpected; Configured=True/AsExpected; Applied=True/AsExpected", kReady},
      {"linstor not configured", "piraeus.io/v1", "LinstorCluster",
       "?Available=True/AsExpected; Configured=False/ConfigureInProgress; Applied=True/AsExpected", kBusy},
      {"noobaa", "noobaa.io/v1alpha1", "NooBaa", "'phase':'Ready'", kReady},
      {"noobaa connects", "noobaa.io/v1alpha1", "NooBaa", "'phase':'Connecting'", kBusy},
      {"noobaa rejected", "noobaa.io/v1alpha1", "NooBaa", "'phase':'Rejected'", kFailed},
      {"portworx", "core.libopenstorage.org/v1", "StorageCluster", "'phase':'Online'", kReady},
      {"portworx degraded", "core.libopenstorage.org/v1", "StorageCluster", "'phase':'Degraded'", kFailed},
      {"lvm cluster", "lvm.topolvm.io/v1alpha1", "LVMCluster", "'state':'Ready','ready':true", kReady},
      {"lvm cluster by flag only", "lvm.topolvm.io/v1alpha1", "LVMCluster", "'ready':false", kBusy},
      // Networking
      {"gke certificate", "networking.gke.io/v1", "ManagedCertificate",
       "'certificateStatus':'Active','domainStatus':[{'domain':'a.example','status':'Active'}]", kReady},
      {"gke certificate begins", "networking.gke.io/v1", "ManagedCertificate",
       "'certificateStatus':'Provisioning'", kBusy},
      {"gke certificate failed", "networking.gke.io/v1", "ManagedCertificate",
       "'certificateStatus':'ProvisioningFailedPermanently'", kFailed},
      {"nginx virtual server", "k8s.nginx.org/v1", "VirtualServer",
       "'state':'Valid','reason':'AddedOrUpdated','message':'Configuration for a/b was added or updated'",
       kReady},
      {"nginx virtual server invalid", "k8s.nginx.org/v1", "VirtualServer",
       "'state':'Invalid','reason':'Rejected','message':'spec.host: Required value'", kFailed},
      {"apisix route", "apisix.apache.org/v2", "ApisixRoute",
       "?ResourcesAvailable=True/ResourcesSynced/Sync Successfully", kReady},
      {"apisix route refused", "apisix.apache.org/v2", "ApisixRoute",
       "?ResourcesAvailable=False/ResourceSyncAborted/upstream not found", kNotReady},
      {"kong plugin", "configuration.konghq.com/v1", "KongConsumer",
       "?Programmed=True/Programmed/Object was successfully configured in Kong.", kReady},
      {"kong plugin invalid", "configuration.konghq.com/v1", "KongConsumer",
       "?Programmed=False/Invalid/Object failed to be configured in Kong.", kFailed},
      {"consul entry", "consul.hashicorp.com/v1alpha1", "ServiceDefaults",
       "?Synced=True|'lastSyncedTime':'@0'", kReady},
      {"consul entry refused", "consul.hashicorp.com/v1alpha1", "ServiceDefaults",
       "?Synced=False/ConsulAgentError/Unexpected response code: 400", kFailed},
      {"sriov", "sriovnetwork.openshift.io/v1", "SriovNetworkNodeState",
       "'syncStatus':'Succeeded','interfaces':[{'name':'eth0'}]", kReady},
      {"sriov failed", "sriovnetwork.openshift.io/v1", "SriovNetworkNodeState",
       "'syncStatus':'Failed','lastSyncError':'cannot set vfs'", kFailed},
      {"antrea", "crd.antrea.io/v1beta1", "NetworkPolicy",
       "'phase':'Realized','observedGeneration':2,'currentNodesRealized':3,'desiredNodesRealized':3", kReady},
      {"antrea realizes", "crd.antrea.io/v1beta1", "NetworkPolicy",
       "'phase':'Realizing','observedGeneration':2,'currentNodesRealized':1,'desiredNodesRealized':3", kBusy},
      {"aws target group", "elbv2.k8s.aws/v1beta1", "TargetGroupBinding", "'observedGeneration':2", kReady},
      // Clusters
      {"managed cluster", "cluster.open-cluster-management.io/v1", "ManagedCluster",
       "?HubAcceptedManagedCluster=True; ManagedClusterJoined=True; ManagedClusterConditionAvailable=True",
       kReady},
      {"managed cluster lost", "cluster.open-cluster-management.io/v1", "ManagedCluster",
       "?HubAcceptedManagedCluster=True; ManagedClusterJoined=True; "
       "ManagedClusterConditionAvailable=Unknown/ManagedClusterLeaseUpdateStopped",
       kNotReady},
      {"karmada binding", "work.karmada.io/v1alpha2", "ResourceBinding",
       "?Scheduled=True/Success; FullyApplied=True/FullyAppliedSuccess", kReady},
      {"karmada binding not applied", "work.karmada.io/v1alpha2", "ResourceBinding",
       "?Scheduled=True/Success; FullyApplied=False/FullyAppliedFailed", kNotReady},
      {"rancher cluster", "provisioning.cattle.io/v1", "Cluster",
       "?Ready=True; Provisioned=True; Updated=True; Stalled=False; Reconciling=False|'ready':true", kReady},
      {"fleet", "fleet.cattle.io/v1alpha1", "GitRepo",
       "?Ready=True; Accepted=True; Reconciling=False; Stalled=False|'display':{'state':'Ready'}", kReady},
      {"fleet not ready", "fleet.cattle.io/v1alpha1", "GitRepo",
       "?Ready=False//NotReady(1) [Bundle a]; Accepted=True; Stalled=False", kBusy},
      {"metal host inspected", "metal3.io/v1alpha1", "BareMetalHost",
       "'operationalStatus':'OK','errorMessage':'','provisioning':{'state':'inspecting'}", kBusy},
      {"metal host", "metal3.io/v1alpha1", "BareMetalHost",
       "'operationalStatus':'OK','errorMessage':'','poweredOn':true,'provisioning':{'state':'provisioned'}",
       kReady},
      {"metal host broken", "metal3.io/v1alpha1", "BareMetalHost",
       "'operationalStatus':'error','errorType':'registration error','errorMessage':'no "
       "BMC','provisioning':{'state':'registering'}",
       kFailed},
      {"tinkerbell", "tinkerbell.org/v1alpha1", "Workflow", "'state':'STATE_RUNNING'", kBusy},
      {"tinkerbell done", "tinkerbell.org/v1alpha1", "Workflow", "'state':'STATE_SUCCESS'", kReady},
      {"tinkerbell too late", "tinkerbell.org/v1alpha1", "Workflow", "'state':'STATE_TIMEOUT'", kFailed},
      {"gardener", "core.gardener.cloud/v1beta1", "Shoot",
       "?APIServerAvailable=True; ControlPlaneHealthy=True; "
       "EveryNodeReady=True|'lastOperation':{'state':'Succeeded','progress':100,'type':'Reconcile'}",
       kReady},
      {"gardener works", "core.gardener.cloud/v1beta1", "Shoot",
       "'lastOperation':{'state':'Processing','progress':30,'type':'Create'}", kBusy},
      {"gardener error", "core.gardener.cloud/v1beta1", "Shoot",
       "'lastOperation':{'state':'Error','progress':30,'type':'Create'},'lastErrors':[{'description':'no "
       "quota'}]",
       kFailed},
      {"kamaji", "kamaji.clastix.io/v1alpha1", "TenantControlPlane",
       "'kubernetesResources':{'version':{'status':'Provisioning','version':'v1.30.0'}}", kBusy},
      {"aws cluster", "infrastructure.example.io/v1beta2", "AWSCluster", "?Ready=True|'ready':true", kReady},
      {"aws machine", "infrastructure.example.io/v1beta2", "AWSMachine",
       "'ready':false,'instanceState':'pending'", kBusy},
      {"aws machine lost", "infrastructure.example.io/v1beta2", "AWSMachine",
       "'ready':false,'failureReason':'UpdateError','failureMessage':'EC2 instance state terminated'",
       kFailed},
      // Delivery and operators
      {"helm chart of k3s", "helm.cattle.io/v1", "HelmChart",
       "?JobCreated=True; Failed=False|'jobName':'helm-install-a'", kReady},
      {"helm chart of k3s failed", "helm.cattle.io/v1", "HelmChart",
       "?JobCreated=True; Failed=True//helm install failed", kFailed},
      {"helm operator", "charts.example.com/v1", "Nginx",
       "?Initialized=True; Deployed=True/InstallSuccessful", kReady},
      {"helm operator failed", "charts.example.com/v1", "Nginx",
       "?Initialized=True; ReleaseFailed=True/InstallError/no such file", kFailed},
      {"helm operator cannot", "charts.example.com/v1", "Nginx",
       "?Initialized=True; Irreconcilable=True/ReconcileError/rendering", kFailed},
      {"ansible operator", "cache.example.com/v1", "Memcached",
       "?Running=True/Successful/Awaiting next reconciliation; Successful=True/Successful; Failure=False",
       kReady},
      {"ansible operator failed", "cache.example.com/v1", "Memcached",
       "?Running=False/Running; Failure=True/Failed/unknown playbook failure", kFailed},
      {"harbor works", "goharbor.io/v1beta1", "HarborCluster", "?InProgress=True; Failed=False", kBusy},
      {"sealed secret", "bitnami.example/v1alpha1", "SealedSecret", "?Synced=True|'observedGeneration':2",
       kReady},
      {"sealed secret of another key", "bitnami.example/v1alpha1", "SealedSecret",
       "?Synced=False//no key could decrypt secret (password)|'observedGeneration':2", kNotReady},
      {"trust bundle", "trust.cert-manager.io/v1alpha1", "Bundle",
       "?Synced=True/Synced/Successfully synced Bundle to all namespaces", kReady},
      {"vault", "vault.banzaicloud.com/v1alpha1", "Vault",
       "?Healthy=True|'leader':'vault-0','nodes':['vault-0']", kReady},
      {"nvidia", "nvidia.com/v1", "ClusterPolicy", "'state':'ready'", kReady},
      {"nvidia not ready", "nvidia.com/v1", "ClusterPolicy", "'state':'notReady'", kBusy},
      // Observability and policy
      {"loki", "loki.grafana.com/v1", "LokiStack",
       "?Ready=True/ReadyComponents; Pending=False/PendingComponents", kReady},
      {"loki pending", "loki.grafana.com/v1", "LokiStack",
       "?Pending=True/PendingComponents; Ready=False/ReadyComponents", kBusy},
      {"loki degraded", "loki.grafana.com/v1", "LokiStack",
       "?Degraded=True/MissingObjectStorageSecret; Ready=False/ReadyComponents", kFailed},
      {"tempo misconfigured", "tempo.grafana.com/v1alpha1", "TempoStack",
       "?ConfigurationError=True/InvalidStorageConfig; Ready=False/Ready", kFailed},
      {"victoria", "operator.victoriametrics.com/v1beta1", "VMCluster",
       "'updateStatus':'operational','observedGeneration':2", kReady},
      {"victoria expands", "operator.victoriametrics.com/v1beta1", "VMCluster", "'updateStatus':'expanding'",
       kBusy},
      {"logging flow", "logging.banzaicloud.io/v1beta1", "Flow", "'active':true,'problemsCount':0", kReady},
      {"logging flow with problems", "logging.banzaicloud.io/v1beta1", "Flow",
       "'active':false,'problems':['dangling local output reference: s3'],'problemsCount':1", kNotReady},
      {"dynatrace", "dynatrace.com/v1beta3", "DynaKube", "?Tokens=True/TokenReady|'phase':'Running'", kReady},
      {"dynatrace error", "dynatrace.com/v1beta3", "DynaKube",
       "?Tokens=False/TokenError/Token not found|'phase':'Error'", kFailed},
      {"litmus", "litmuschaos.io/v1alpha1", "ChaosEngine",
       "'engineStatus':'completed','experiments':[{'name':'pod-delete','status':'Completed','verdict':'Pass'}"
       "]",
       kReady},
      // What any controller may do
      {"flag says ready", "example.org/v1", "Thing", "'ready':true", kReady},
      {"flag as text", "example.org/v1", "Thing", "'ready':'False'", kBusy},
      {"flag healthy", "example.org/v1", "Thing", "'healthy':false,'endpoints':2", kNotReady},
      {"ready of all", "example.org/v1", "Thing", "'ready':'1/3'", kBusy},
      {"all ready of all", "example.org/v1", "Thing", "'ready':'3/3'", kReady},
      {"Ready is Unknown", "example.org/v1", "Thing", "?Ready=Unknown/Reconciling", kBusy},
      {"generation as text, behind", "example.org/v1", "Thing", "?Ready=True|'observedGeneration':'1'",
       kBusy},
      {"generation as text", "example.org/v1", "Thing", "?Ready=True|'observedGeneration':'2'", kReady},
      {"lower case conditions", "example.org/v1", "Thing", "?ready=true/AllGood", kReady},
      {"lower case conditions, not ready", "example.org/v1", "Thing", "?ready=false/Waiting", kBusy},
      {"errors listed", "example.org/v1", "Thing", "'errors':['cannot reach db'],'lastSync':'@0'", kNotReady},
      {"no errors listed", "example.org/v1", "Thing", "'errors':[],'lastSync':'@0'", kBusy},
      {"desired and current counts", "example.org/v1", "Thing", "'desiredReplicas':3,'readyReplicas':1",
       kBusy},
      {"desired and current counts agree", "example.org/v1", "Thing", "'desiredReplicas':3,'readyReplicas':3",
       kReady},
      {"counts of nodes", "example.org/v1", "Thing", "'nodes':3,'readyNodes':2", kBusy},
      {"counts of nodes agree", "example.org/v1", "Thing", "'nodes':3,'readyNodes':3", kReady},
      {"spec replicas and ready ones", "example.org/v1", "Thing", "'readyReplicas':1", kBusy,
       "{'replicas':2}"},
      {"ErrImagePull in a message", "example.org/v1", "Thing",
       "?Available=False/MinimumReplicasUnavailable/waiting for rollout", kBusy},
      {"map of conditions by type", "example.org/v1", "Thing", "'conditions':{'Ready':{'status':'True'}}",
       kReady},
      {"map of conditions by type, not ready", "example.org/v1", "Thing",
       "'conditions':{'Ready':{'status':'False','reason':'Waiting'}}", kBusy},
  };
  return kRows;
}

TEST(Unseen, KindsNobodyNamed) {
  std::size_t right = 0;
  std::size_t false_ready = 0;
  std::size_t false_failed = 0;
  for (const Unseen& row : rows()) {
    Context context;
    context.options.declared_failures = true;
    const auto subject = object(
        plain(row.api, row.kind, std::string("'spec':") + row.spec + ",'status':{" + status_of(row) + "}"));
    const auto got = compute(subject, {}, {}, context);
    EXPECT_TRUE(fits(row.want, got.status))
        << row.name << ": " << model::to_string(got.status) << " " << got.reason << ": " << got.message;
    if (fits(row.want, got.status)) ++right;
    if (row.want != Want::kReady && got.status == kCurrent) ++false_ready;
    if (row.want != Want::kFailed && row.want != Want::kNotReady && got.status == kFailed) ++false_failed;
  }
  std::cout << "kinds nobody named: " << right << " of " << rows().size() << ", " << false_ready
            << " called ready too early, " << false_failed << " called failed\n";
  EXPECT_EQ(false_failed, 0U);
}

}  // namespace
}  // namespace instantexec::status::test
