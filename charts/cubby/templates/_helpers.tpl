{{/* The prefix of every name: the release's name, with the chart's appended unless it is part of it. */}}
{{- define "cubby.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels of every object. The stores' NetworkPolicies admit pods by app.kubernetes.io/name, so it is fixed. */}}
{{- define "cubby.labels" -}}
app.kubernetes.io/name: cubby
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: cubby
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
What selects the pods of one component. Arguments: the root context, the component, and the name of its shard, which
may be absent or empty. A shard's component is another, because the main Deployment's selector must not find its pods.
*/}}
{{- define "cubby.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: cubby
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{ include "cubby.component" . }}
{{- end }}

{{/* Labels of an object of one component. Arguments: as above. */}}
{{- define "cubby.componentLabels" -}}
{{ include "cubby.labels" (index . 0) }}
{{ include "cubby.component" . }}
{{- end }}

{{/* The labels that tell components and their shards apart. Arguments: as above. */}}
{{- define "cubby.component" -}}
{{- $shard := index (append . "") 2 -}}
app.kubernetes.io/component: {{ index . 1 }}{{ with $shard }}-shard
cubby.dev/shard: {{ . | quote }}{{ end }}
{{- end }}

{{/* The name of what a component or a shard of it has one of. Arguments: as above. */}}
{{- define "cubby.componentName" -}}
{{- $name := printf "%s-%s" (include "cubby.fullname" (index . 0)) (index . 1) -}}
{{- with index (append . "") 2 -}}
{{- $name = printf "%s-%s" $name . -}}
{{- if gt (len $name) 55 -}}
{{- fail (printf "operator.shards: the name %q leaves no room for names of Services; use a shorter one" .) -}}
{{- end -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{/* The image reference; a digest wins over the tag. */}}
{{- define "cubby.image" -}}
{{- with .Values.image -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
{{- end }}

{{/* The URL by which pods of the cluster reach the data plane. */}}
{{- define "cubby.serviceUrl" -}}
{{- $port := .Values.dataplane.service.port | int -}}
http://{{ include "cubby.fullname" . }}-dataplane.{{ .Release.Namespace }}.svc{{ if ne $port 80 }}:{{ $port }}{{ end }}
{{- end }}

{{/* The security contexts that Pod Security's level `restricted` asks for. The user is that of the image. */}}
{{- define "cubby.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}
{{- define "cubby.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* What a component's values say of where its pods run, and how its pods spread. Arguments: as above. */}}
{{- define "cubby.scheduling" -}}
{{- $values := index (index . 0).Values (index . 1) -}}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- $selector := include "cubby.selector" . }}
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    # Preferred only: a cluster of one node runs all of them.
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
    # The pods of the revision before, which a rollout removes, do not count.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{/* Egress that both components need: names, the API server, the stores' Redis. */}}
{{- define "cubby.egress" -}}
# Names. No peer is named, because a node-local cache answers from an address that no selector matches.
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
# The API server, which is no pod either.
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
# The Redis of every store and the Sentinels of those with replicas, in whatever namespace.
- to:
    - namespaceSelector: {}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: redis
          app.kubernetes.io/managed-by: cubby
  ports:
    - { port: 6379, protocol: TCP }
    - { port: 26379, protocol: TCP }
{{- end }}

{{/* A version that must be one of `versions`. Arguments: the root context, the value's name, the version. */}}
{{- define "cubby.version" -}}
{{- $versions := (index . 0).Values.versions -}}
{{- $version := index . 2 -}}
{{- if not (hasKey $versions $version) -}}
{{- fail (printf "%s: %q is not one of versions; use one of %s" (index . 1) $version (keys $versions | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $version -}}
{{- end }}

{{/* The namespace of the stores that are made through the REST API. Tokens of the release's own reach every project. */}}
{{- define "cubby.managedNamespace" -}}
{{- $namespace := .Values.dataplane.management.namespace -}}
{{- if eq $namespace .Release.Namespace -}}
{{- fail "dataplane.management.namespace must not be the release's own namespace; use another one" -}}
{{- end -}}
{{- $namespace -}}
{{- end }}

{{/*
The names of the operator's shards as JSON, the first of which is empty: that of the operator that takes what no shard's
selector matches.
*/}}
{{- define "cubby.shards" -}}
{{- $names := list "" -}}
{{- range .Values.operator.shards -}}
{{- if has .name $names -}}
{{- fail (printf "operator.shards: two are called %q; a shard's name must be its own" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $names | toJson -}}
{{- end }}

{{/*
The configuration file of an operator; operator/config.ts says what each key means. Arguments: the root context, the name
of the shard, empty for the rest. Of two shards whose selectors match a store it is the first one's.
*/}}
{{- define "cubby.operatorConfig" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- with $root -}}
{{- $config := dict
  "systemNamespace" .Release.Namespace
  "versions" .Values.versions
  "plans" .Values.plans
  "image" (include "cubby.image" .)
  "dataPlaneUrl" (.Values.dataplane.url | default (include "cubby.serviceUrl" .))
  "masterKeySecret" (dict "name" .Values.masterKey.secretName "key" "master-key")
  "credentialOverlapSeconds" (int64 .Values.credentials.overlapSeconds)
  "concurrency" .Values.operator.concurrency
  "leaderElection" (dict "enabled" true "name" (printf "%s-operator" (include "cubby.fullname" .)))
  "logLevel" .Values.logLevel
}}
{{- with (.Values.backups).imagePullSecrets }}
{{- $_ := set $config "backupPullSecrets" . }}
{{- end }}
{{- with .Values.ledger }}
{{- if .enabled }}
{{- $version := include "cubby.version" (list $root "ledger.version" .version) }}
{{- $ledger := dict "version" $version "memory" .memory "size" .persistence.size }}
{{- with .persistence.storageClassName }}
{{- $_ := set $ledger "storageClassName" . }}
{{- end }}
{{- $_ := set $config "ledger" $ledger }}
{{- end }}
{{- end }}
{{- $except := list }}
{{- range .Values.operator.shards }}
{{- if hasKey $config "shard" }}
{{- else if eq .name $name }}
{{- $_ := set $config "shard" (dict "name" .name "selector" .selector) }}
{{- else }}
{{- $except = append $except .selector }}
{{- end }}
{{- end }}
{{- with $except }}
{{- $_ := set $config "except" . }}
{{- end }}
{{- toPrettyJson $config }}
{{- end }}
{{- end }}

{{/* The data plane's configuration file; dataplane/config.ts says what each key means. */}}
{{- define "cubby.dataplaneConfig" -}}
{{- $config := dict
  "port" 8080
  "metricsPort" 9090
  "systemNamespace" .Release.Namespace
  "masterKeyFile" "/etc/cubby/master-key"
  "drainSeconds" .Values.dataplane.drainSeconds
  "prices" .Values.prices
  "accessLog" .Values.dataplane.accessLog
  "cacheBytes" (int64 .Values.dataplane.cacheBytes)
  "versions" (keys .Values.versions | sortAlpha)
  "dashboard" .Values.dataplane.dashboard.enabled
  "logLevel" .Values.logLevel
}}
{{- if .Values.ledger.enabled }}
{{- $_ := set $config "ledger" (dict "namespace" .Release.Namespace "name" "ledger") }}
{{- end }}
{{- with .Values.dataplane.management }}
{{- if .enabled }}
{{- $_ := set $config "management" (dict
  "namespace" (include "cubby.managedNamespace" $)
  "defaultProject" .defaultProject
  "defaultVersion" (include "cubby.version" (list $ "dataplane.management.defaultVersion" .defaultVersion))
  "defaultMemory" .defaultMemory
) }}
{{- end }}
{{- end }}
{{- toPrettyJson $config }}
{{- end }}
