# shellcheck shell=bash
# The Docker engine and its compose plugin: is there one, install one, start one, stop the one that was started here.
# Sourced after lib.sh.

engine_answers() { docker info >/dev/null 2>&1; }
compose_answers() { docker compose version >/dev/null 2>&1; }

install_engine() {
  without_starting_services apt_install docker.io iptables
}

# A daemon of our own, where no init system keeps one.
start_dockerd() {
  engine_answers && return 0
  has dockerd || die "no Docker engine answers, and dockerd is not installed"
  need_root_or_sudo "starting the Docker engine"
  if pid1_is_systemd; then
    as_root systemctl start docker
    until_true 60 engine_answers && return 0
    # the one thing that is left to say when the engine runs and this user may not use it
    as_root docker info >/dev/null 2>&1 &&
      die "the Docker engine runs, but $(id -un) may not use it: sudo usermod -aG docker $(id -un), then log in anew"
    die "the Docker engine does not answer after 60 s; see journalctl -u docker"
  fi
  mkdir -p "$STATE"
  # dockerd takes any process with the number in its pid file for itself, also after a restart of the machine
  pid_of "$STATE/dockerd.pid" dockerd >/dev/null || rm -f "$STATE/dockerd.pid"
  # its socket is for the group of whoever calls this
  as_root setsid "$ROOT/script/keep-dockerd" --group "$(id -gn)" --pidfile "$STATE/dockerd.pid" \
    >"$STATE/dockerd.log" 2>&1 </dev/null &
  until_true 60 engine_answers ||
    die "the Docker engine does not answer after 60 s: $(grep -E 'level=(error|fatal)|failed to' "$STATE/dockerd.log" | tail -n 2)"
}

stop_dockerd() {
  stop "$STATE/dockerd.pid" dockerd 60
}

# The packages that have version 2 of the plugin, on the systems that have one; Debian 12 has version 1 only.
install_compose() {
  compose_answers && return 0
  local package
  for package in docker-compose-v2 docker-compose-plugin docker-compose; do
    [[ $(apt-cache policy "$package" 2>/dev/null) =~ Candidate:\ ([0-9]+:)?([0-9]+)\. ]] || continue
    [ "${BASH_REMATCH[2]}" -ge 2 ] || continue
    apt_install "$package"
    compose_answers && return 0
  done
  compose_from_trixie
  compose_answers || die "docker compose still does not answer after its plugin was put into ~/.docker/cli-plugins"
}

# Debian 13's package, unpacked for this user alone: nothing else of that release gets in. From the mirror that the machine
# uses already, checked with Debian's own keys, and with apt's state in a directory that is thrown away.
compose_from_trixie() {
  local mirror work plugins=$HOME/.docker/cli-plugins
  work=$(mktemp -d)
  for mirror in $(debian_mirrors); do
    say "    taking the docker compose plugin from Debian 13 on $mirror"
    fetch_from trixie "$mirror" "$work" docker-compose && break
  done
  compgen -G "$work/docker-compose_*.deb" >/dev/null ||
    die "found no Debian 13 to take the docker compose plugin from in this machine's apt sources; install the plugin, \
version 2, by hand"
  dpkg -x "$work"/docker-compose_*.deb "$work/unpacked"
  mkdir -p "$plugins"
  install -m 755 "$work/unpacked/usr/libexec/docker/cli-plugins/docker-compose" "$plugins/docker-compose"
  rm -rf "$work"
}
