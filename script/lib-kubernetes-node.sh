# shellcheck shell=bash
# The node of a test cluster: containerd and a kubelet in process and mount namespaces of their own, so that whoever ends the
# first process there ends everything, mounts included. Needs root. Sourced by script/kubernetes.

# What kubelet and the network plugin write for the whole machine. In the node's namespace they write into files instead.
SYSCTLS='vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys
  kernel/keys/root_maxbytes net/ipv4/ip_forward'

start_node() {
  local program folder
  for program in containerd runc ctr unshare /usr/lib/cni/bridge; do
    has "$program" || die "there is no $program: run script/setup-tools --tests"
  done
  # containers and folders below these are the node's alone
  [[ ! $STATE/ =~ ^/(run|var/log|var/lib)/ ]] || die "a node cannot lie in $STATE, of which it has another one"
  for folder in /sys/fs/cgroup/*/; do mkdir -p "$folder$CLUSTER" 2>/dev/null || true; done
  mkdir -p "$STATE"/{cni,certs.d,opt,varlog,varlib,kubelet,images,sysctls}
  network_plugin >"$STATE/cni/10-bridge.conf"
  containerd_config >"$STATE/containerd.toml"
  kubelet_config >"$STATE/kubelet.yaml"
  kubeconfig kubelet >"$STATE/kubelet.conf"
  image_of pause "$KUBERNETES/bin/pause"
  [ ! -x /bin/busybox ] || image_of busybox /bin/busybox
  keep_running node unshare unshare --mount --pid --fork --kill-child "$ROOT/script/kubernetes" inside
  comes_up 90 node node_is_ready
}

node_is_ready() {
  api /healthz "$SERVICES.1:$((PORTS + 5))" && [[ $(api "/api/v1/nodes/$CLUSTER") == *KubeletReady* ]]
}

stop_node() {
  local pid
  if pid=$(pid_of "$STATE/node.pid" unshare); then
    # containers would have to be asked one by one, and nobody needs them any more
    kill -KILL "$pid"
    until_true 20 has_ended "$pid" || die "the node (process $pid) did not end"
  fi
  rm -f "$STATE/node.pid"
  ! ip link show "$BRIDGE" >/dev/null 2>&1 || ip link delete "$BRIDGE"
  [[ $(ip -o address show dev lo) != *" $SERVICES.1/32 "* ]] || ip address delete "$SERVICES.1/32" dev lo
  # a group goes once its last process was collected
  until_true 10 no_groups_are_left || say "    groups of $CLUSTER are left in /sys/fs/cgroup"
}

no_groups_are_left() {
  find /sys/fs/cgroup/*/"$CLUSTER" -depth -type d -exec rmdir {} + 2>/dev/null || true
  ! compgen -G "/sys/fs/cgroup/*/$CLUSTER" >/dev/null
}

# The node's first process.
be_the_node() {
  local file containerd
  find_addresses
  mount -t proc proc /proc
  for file in $SYSCTLS; do
    cat "/proc/sys/$file" >"$STATE/sysctls/${file//\//.}"
    mount --bind "$STATE/sysctls/${file//\//.}" "/proc/sys/$file"
  done
  mount -t tmpfs tmpfs /run
  mount --bind "$STATE/varlog" /var/log
  mount --bind "$STATE/varlib" /var/lib
  mount --make-rshared /
  containerd --config "$STATE/containerd.toml" >"$STATE/containerd.log" 2>&1 &
  containerd=$!
  until ctr -a "$STATE/containerd.sock" version >/dev/null 2>&1; do
    kill -0 "$containerd" || die "containerd ended: $(tail -n 3 "$STATE/containerd.log")"
    sleep 0.1
  done
  for file in "$STATE"/images/*.tar; do ctr -a "$STATE/containerd.sock" -n k8s.io images import "$file"; done
  "$KUBERNETES/bin/kubelet" --config="$STATE/kubelet.yaml" --kubeconfig="$STATE/kubelet.conf" --root-dir="$STATE/kubelet" \
    --hostname-override="$CLUSTER" --node-ip="$SERVICES.1" --container-runtime=remote \
    --container-runtime-endpoint="unix://$STATE/containerd.sock" >"$STATE/kubelet.log" 2>&1 &
  wait -n
}

network_plugin() {
  cat <<JSON
{"cniVersion": "0.4.0", "name": "$CLUSTER", "type": "bridge", "bridge": "$BRIDGE", "isGateway": true,
 "ipam": {"type": "host-local", "subnet": "$PODS.0/24", "routes": [{"dst": "0.0.0.0/0"}]}}
JSON
}

# restrict_oom_score_adj: without the right to raise priorities, no container may have a better one than containerd
containerd_config() {
  cat <<TOML
version = 2
root = "$STATE/containerd"
state = "/run/containerd"

[grpc]
address = "$STATE/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
path = "$STATE/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$STATE/cni"

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "$STATE/certs.d"
TOML
}

# The disk of this machine is not the node's to guard. A status each second makes the node ready at once.
kubelet_config() {
  cat <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $SERVICES.1
port: $((PORTS + 5))
healthzPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $PKI/kubelet.crt
tlsPrivateKeyFile: $PKI/kubelet.key
cgroupDriver: cgroupfs
cgroupRoot: /$CLUSTER
failSwapOn: false
makeIPTablesUtilChains: false
resolvConf: ""
volumePluginDir: $STATE/kubelet/plugins
nodeStatusUpdateFrequency: 1s
oomScoreAdj: 0
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
YAML
}

# image_of <name> <program>: the image localhost/<name>:1 of one static program, with its applets if it is busybox
image_of() {
  local work layer applet
  [ ! -e "$STATE/images/$1.tar" ] || return 0
  work=$(mktemp -d)
  mkdir -p "$work"/root/{bin,tmp}
  cp "$2" "$work/root/bin/$1"
  if [ "$1" = busybox ]; then
    for applet in $("$2" --list); do [ -e "$work/root/bin/$applet" ] || ln -s busybox "$work/root/bin/$applet"; done
  fi
  tar -C "$work/root" -cf "$work/layer.tar" .
  layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
  cat >"$work/config.json" <<JSON
{"architecture": "$(dpkg --print-architecture)", "os": "linux", "config": {"Cmd": ["/bin/$1"], "Env": ["PATH=/bin"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}}
JSON
  printf '[{"Config": "config.json", "RepoTags": ["localhost/%s:1"], "Layers": ["layer.tar"]}]' "$1" >"$work/manifest.json"
  tar -C "$work" -cf "$STATE/images/$1.tar" manifest.json config.json layer.tar
  rm -rf "$work"
}
