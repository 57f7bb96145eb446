# shellcheck shell=bash
# The programs of a Kubernetes for tests: the servers from Debian's source, Helm and kubectl as an npm package brings them
# along. All of it lies in this user's cache; nothing of it is installed. Sourced after lib.sh and lib-clients.sh.

# Debian 12 is the last release that has the source of the servers; its version is 1.20.2.
KUBERNETES_SUITE=bookworm
KUBERNETES=${XDG_CACHE_HOME:-$HOME/.cache}/distr/kubernetes
KUBERNETES_SERVERS='kube-apiserver kube-controller-manager kube-scheduler kubelet'
# of the binaries in HELM_PACKAGE, for x86_64
HELM_SHA256=210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9
KUBECTL_SHA256=924eb50779153f20cb668117d141440b95df2f325a64452d78dff9469145e277

# What the build and the node take from Debian. The node's programs are installed, and none of them is started.
kubernetes_packages() {
  has dpkg-source || apt_install dpkg-dev
  has openssl || apt_install openssl
  has ip || apt_install iproute2
  without_starting_services apt_install containerd runc containernetworking-plugins busybox-static
}

# All programs that a cluster needs, from the cache or made now: the first time that takes about ten minutes of one core.
kubernetes_programs() {
  mkdir -p "$KUBERNETES/bin"
  kubernetes_clients
  [ -x "$KUBERNETES/bin/etcd" ] || etcd_from_debian
  kubernetes_is_built || build_kubernetes
}

kubernetes_is_built() {
  local server
  for server in $KUBERNETES_SERVERS pause; do
    [ -x "$KUBERNETES/bin/$server" ] || return 1
  done
}

# In one step, so that what is there is whole.
put_program() {
  install -m 755 "$1" "$KUBERNETES/bin/.$2.new"
  mv "$KUBERNETES/bin/.$2.new" "$KUBERNETES/bin/$2"
}

kubernetes_clients() {
  local work
  [ -x "$KUBERNETES/bin/helm" ] && [ -x "$KUBERNETES/bin/kubectl" ] && return 0
  work=$(mktemp -d)
  unpack_helm_package "$work" helm/helm kubectl/kubectl
  printf '%s  %s\n' "$HELM_SHA256" "$work/helm/helm" "$KUBECTL_SHA256" "$work/kubectl/kubectl" |
    sha256sum --check --quiet || die "helm or kubectl is not the one that is expected"
  put_program "$work/helm/helm" helm
  put_program "$work/kubectl/kubectl" kubectl
  rm -rf "$work"
}

etcd_from_debian() {
  local work
  work=$(mktemp -d)
  from_kubernetes_suite "$work" etcd-server
  dpkg -x "$work"/etcd-server_*.deb "$work/unpacked"
  put_program "$work/unpacked/usr/bin/etcd" etcd
  rm -rf "$work"
}

# from_kubernetes_suite <directory> <package…>
from_kubernetes_suite() {
  local mirror work=$1
  shift
  for mirror in $(debian_mirrors); do
    fetch_from "$KUBERNETES_SUITE" "$mirror" "$work" "$@" && return 0
  done
  die "found no Debian $KUBERNETES_SUITE with $* in this machine's apt sources"
}

# The compiler is Debian's own of that release, unpacked and not installed: newer ones do not build this source.
build_kubernetes() {
  local work=$KUBERNETES/work
  rm -rf "$work"
  mkdir -p "$work"
  say "    building Kubernetes from Debian's source"
  from_kubernetes_suite "$work/debs" golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev
  source_of_kubernetes "$work"
  local deb
  for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work/unpacked"; done
  (go_environment "$work" && cd "$GOPATH/src/k8s.io/kubernetes" && mend_reflection "$work" &&
    generate_openapi "$work" && compile_servers "$work") || die "Kubernetes was not built; what there is lies in $work"
  rm -rf "$work"
}

source_of_kubernetes() {
  local work=$1 mirror
  for mirror in $(debian_mirrors); do
    fetch_from "$KUBERNETES_SUITE" "$mirror" "$work/source" --source kubernetes && break
  done
  compgen -G "$work/source/kubernetes_*.dsc" >/dev/null || die "found no source of kubernetes in Debian $KUBERNETES_SUITE"
  mkdir -p "$work/gopath/src/k8s.io"
  dpkg-source --no-check -x "$work"/source/kubernetes_*.dsc "$work/gopath/src/k8s.io/kubernetes" >/dev/null
}

go_environment() {
  local work=$1 part
  export GOROOT=$work/unpacked/usr/lib/go-1.19 GOPATH=$work/gopath GOCACHE=$work/gocache HOME=$work
  export GO111MODULE=off GOPROXY=off GOFLAGS='' CGO_ENABLED=0 PATH=$GOROOT/bin:$PATH
  # the package has links to folders of the system, where nothing is
  for part in src pkg test misc api; do
    [ -e "$GOROOT/$part" ] || [ ! -e "$work/unpacked/usr/share/go-1.19/$part" ] ||
      { rm -f "$GOROOT/$part" && cp -r "$work/unpacked/usr/share/go-1.19/$part" "$GOROOT/$part"; }
  done
}

# The source's own copy of reflect2 calls into Go's runtime as it was before 1.18. With a newer one it writes past a map's
# memory, and the API server falls over requests that have maps. Debian's package of it is newer.
mend_reflection() {
  rm -rf vendor/github.com/modern-go/reflect2
  cp -r "$1/unpacked/usr/share/gocode/src/github.com/modern-go/reflect2" vendor/github.com/modern-go/
}

# One file is made by a program of the same source; the archive does not have it.
generate_openapi() {
  local work=$1 tagged='+k8s:openapi-gen=' not='_test.go|zz_generated|sample-apiserver|code-generator|_examples'
  local packages
  go build -p 1 -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen || return
  packages=$(grep -rlF "$tagged" --include='*.go' pkg cmd plugin staging/src/k8s.io | grep -vE "$not" | xargs -n1 dirname |
    sort -u | sed 's#^staging/src/#k8s.io/kubernetes/vendor/#; t; s#^#k8s.io/kubernetes/#' | paste -sd,)
  "$work/openapi-gen" --logtostderr -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/openapi.report"
}

compile_servers() {
  local work=$1 server version='' of
  for of in vendor/k8s.io/component-base/version vendor/k8s.io/client-go/pkg/version; do
    of=k8s.io/kubernetes/$of
    version+=" -X $of.gitVersion=v1.20.2 -X $of.gitMajor=1 -X $of.gitMinor=20"
  done
  for server in $KUBERNETES_SERVERS; do
    go build -p 1 -trimpath -ldflags "-s -w $version" -o "$work/$server" "./cmd/$server" || return
    put_program "$work/$server" "$server"
  done
  gcc -Os -static -s -o "$work/pause" build/pause/linux/pause.c || return
  put_program "$work/pause" pause
}
