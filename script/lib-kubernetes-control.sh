# shellcheck shell=bash
# The control plane of a test cluster: etcd, the API server, controllers and scheduler, each a process of this user's with its
# pid and log in the cluster's folder. Sourced by script/kubernetes.

# name_cluster <number>: folder, ports and networks of one of ten clusters
name_cluster() {
  [[ $1 =~ ^[0-9]$ ]] || die "DISTR_CLUSTER is \"$1\"; use 0 to 9"
  CLUSTER=distr-kubernetes-$1
  STATE=$STATE/kubernetes-$1
  PKI=$STATE/pki
  # sockets have short names
  [ ${#STATE} -le 80 ] || die "$STATE is too long for the path of a socket"
  PORTS=$((16440 + 10 * $1))
  SERVICES=10.$((96 + $1)).0
  PODS=10.$((196 + $1)).0
  BRIDGE=dk8s$1
}

has_node() { [ -e "$STATE/with-node" ]; }

# With a node, the API is at the address that pods find in KUBERNETES_SERVICE_HOST: there is no kube-proxy to lead them elsewhere.
find_addresses() {
  ADDRESS=127.0.0.1 PORT=$PORTS
  ! has_node || ADDRESS=$SERVICES.1 PORT=443
  API=$ADDRESS:$PORT
  ETCD=http://127.0.0.1:$((PORTS + 1))
}

start_control_plane() {
  certificates
  ! has_node || ip address replace "$SERVICES.1/32" dev lo
  keep_running etcd etcd "$KUBERNETES/bin/etcd" --name one --data-dir "$STATE/etcd" \
    --listen-client-urls "$ETCD" --advertise-client-urls "$ETCD" --listen-peer-urls "http://127.0.0.1:$((PORTS + 2))" \
    --initial-advertise-peer-urls "http://127.0.0.1:$((PORTS + 2))" --initial-cluster "one=http://127.0.0.1:$((PORTS + 2))"
  comes_up 30 etcd curl -fsS -m 2 "$ETCD/health"
  keep_running apiserver kube-apiserver "$KUBERNETES/bin/kube-apiserver" --etcd-servers="$ETCD" \
    --bind-address="$ADDRESS" --secure-port="$PORT" --advertise-address="$SERVICES.1" --endpoint-reconciler-type=none \
    --service-cluster-ip-range="$SERVICES.0/24" --allow-privileged=true --cert-dir="$PKI" --client-ca-file="$PKI/ca.crt" \
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
    --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-client-certificate="$PKI/to-kubelet.crt" \
    --kubelet-client-key="$PKI/to-kubelet.key" --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$PKI/accounts.pub" \
    --service-account-signing-key-file="$PKI/accounts.key" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction
  comes_up 120 apiserver api_is_ready
  controller controllers kube-controller-manager 3 --use-service-account-credentials=true \
    --service-account-private-key-file="$PKI/accounts.key" --root-ca-file="$PKI/ca.crt"
  controller scheduler kube-scheduler 4
  # pods need it, and it is the last that a new cluster gets
  comes_up 60 controllers api /api/v1/namespaces/default/serviceaccounts/default
  kubeconfig admin >"$STATE/kubeconfig"
}

# controller <name> <program> <port> <option…>
controller() {
  local name=$1 program=$2 port=$((PORTS + $3)) user=${2#kube-}
  shift 3
  kubeconfig "$user" >"$STATE/$user.conf"
  # comm has fifteen characters
  keep_running "$name" "${program:0:15}" "$KUBERNETES/bin/$program" --kubeconfig="$STATE/$user.conf" \
    --authentication-kubeconfig="$STATE/$user.conf" --authorization-kubeconfig="$STATE/$user.conf" --leader-elect=false \
    --bind-address=127.0.0.1 --port=0 --secure-port="$port" --cert-dir="$PKI" "$@"
}

# keep_running <name> <comm> <command…>: unless it runs. The lock is not for what outlives this script.
keep_running() {
  local name=$1 comm=$2
  shift 2
  pid_of "$STATE/$name.pid" "$comm" >/dev/null || in_background "$name" "$@" 9>&-
}

# stop_soon <name> <comm>: the API server would wait for who watches. What was acknowledged is in etcd, so nothing is lost.
stop_soon() {
  local pid
  if pid=$(pid_of "$STATE/$1.pid" "$2"); then
    kill "$pid"
    until_true 2 has_ended "$pid" || kill -KILL "$pid"
    until_true 20 has_ended "$pid" || die "$2 (process $pid) did not end"
  fi
  rm -f "$STATE/$1.pid"
}

# comes_up <seconds> <name> <command…>
comes_up() {
  local seconds=$1 name=$2
  shift 2
  until_true "$seconds" "$@" || die "$name is not ready after $seconds s: $(tail -n 3 "$STATE/$name.log")"
}

# Under a name of its own: for curl the API server indents its answers, which programs do not ask for.
api() {
  curl -fsS -m 5 -A distr --cacert "$PKI/ca.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" "https://${2:-$API}$1"
}

api_is_ready() { [ "$(api /readyz 2>/dev/null)" = ok ]; }

certificates() {
  mkdir -p "$PKI"
  local of_api=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:$SERVICES.1
  certificate ca "/CN=$CLUSTER"
  certificate apiserver /CN=kube-apiserver "$of_api"
  certificate admin /O=system:masters/CN=admin
  certificate to-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate kubelet "/O=system:nodes/CN=system:node:$CLUSTER" "DNS:$CLUSTER,IP:$SERVICES.1"
  [ -e "$PKI/accounts.key" ] || openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/accounts.key"
  openssl pkey -in "$PKI/accounts.key" -pubout -out "$PKI/accounts.pub"
}

# certificate <name> <subject> [alternative names]: the one of `ca` signs itself, and all others. Keys of elliptic curves, as
# those take no time.
certificate() {
  local name=$1 subject=$2 by=(-CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -addext basicConstraints=critical,CA:FALSE)
  [ ! -e "$PKI/$name.crt" ] || return 0
  [ "$name" != ca ] || by=(-addext basicConstraints=critical,CA:TRUE)
  [ -z "${3:-}" ] || by+=(-addext "subjectAltName=$3")
  printf '[req]\ndistinguished_name=dn\n[dn]\n' >"$PKI/openssl.conf"
  openssl req -x509 -config "$PKI/openssl.conf" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "$subject" "${by[@]}" -keyout "$PKI/$name.key" -out "$PKI/$name.new" 2>"$PKI/openssl.log" ||
    die "openssl: $(cat "$PKI/openssl.log")"
  mv "$PKI/$name.new" "$PKI/$name.crt"
}

# kubeconfig <certificate>: on standard output
kubeconfig() {
  cat <<CONFIG
apiVersion: v1
kind: Config
current-context: $CLUSTER
contexts: [{name: $CLUSTER, context: {cluster: $CLUSTER, user: $1}}]
clusters:
  - name: $CLUSTER
    cluster: {server: "https://$API", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")}
users:
  - name: $1
    user: {client-certificate-data: $(base64 -w0 "$PKI/$1.crt"), client-key-data: $(base64 -w0 "$PKI/$1.key")}
CONFIG
}
