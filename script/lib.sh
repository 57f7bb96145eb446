# shellcheck shell=bash
# Shared by the scripts in this directory: sentences, steps with their time, root's rights, Debian packages, background
# processes. Sourced, never run. What is about Docker is in lib-docker.sh.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# everything that the scripts leave on the machine, but for packages
STATE=$ROOT/.distr
ASSUME_YES=${ASSUME_YES:-}
# where Debian puts the daemons, which is not on an ordinary user's path
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# step <name> <command…>: runs the command, tells how long it took
step() {
  local name=$1 began=$SECONDS
  shift
  say "==> $name"
  "$@" || die "$name failed"
  say "    $((SECONDS - began)) s"
}

# asks; without somebody to ask, the answer is no
agreed() {
  [ -z "$ASSUME_YES" ] || return 0
  [ -t 0 ] || return 1
  local answer
  read -r -p "$1 [y/N] " answer
  [[ $answer == [yY]* ]]
}

need_root_or_sudo() {
  [ "$(id -u)" = 0 ] || has sudo || die "$1 needs root; there is no sudo here, so run this as root"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

pid1_is_systemd() { [ "$(cat /proc/1/comm)" = systemd ]; }

apt_quietly() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >&2
}

# Installs what is not there yet, and refreshes the package lists only if apt can't do it without.
apt_install() {
  local package missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  has apt-get || die "please install these by hand, as this machine has no apt-get: ${missing[*]}"
  need_root_or_sudo "installing ${missing[*]}"
  say "    installing ${missing[*]}"
  if ! apt_quietly install --yes --no-install-recommends "${missing[@]}" 2>/dev/null; then
    apt_quietly update
    apt_quietly install --yes --no-install-recommends "${missing[@]}"
  fi
}

# Packages start their services as they are installed. Here nothing may: what is needed, the scripts start themselves.
without_starting_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
  "$@" || status=$?
  as_root rm -f "$policy"
  return $status
}

# pid_of <pid file> <command>: the process, if it runs and is that command
pid_of() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] && printf '%s\n' "$pid"
}

# until_true <seconds> <command…>: waits until the command succeeds
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

# in_background <name> <command…>: survives this script and its terminal; log and pid file are in the state directory
in_background() {
  local name=$1
  shift
  setsid "$@" >>"$STATE/$name.log" 2>&1 </dev/null &
  printf '%s\n' $! >"$STATE/$name.pid"
}

# stop <pid file> <command> <seconds>: asks the process to end and waits for it
stop() {
  local pid
  if ! pid=$(pid_of "$1" "$2"); then
    rm -f "$1"
    return 0
  fi
  end "$pid"
  until_true "$3" has_ended "$pid" || die "$2 (process $pid) did not stop within $3 s"
  rm -f "$1"
  say "stopped $2"
}

# A process that nobody has collected yet has ended all the same.
has_ended() {
  [ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

# kill is a command of every shell, but not of every machine, so sudo needs a shell for it
end() {
  if [ "$(stat -c %u "/proc/$1")" = "$(id -u)" ]; then kill "$1"; else as_root sh -c 'kill "$1"' sh "$1"; fi
}

# fetch_from <suite> <mirror> <directory> [--source] <package…>: packages of another Debian release, as files, or their source.
# Checked with Debian's own keys, and with apt's state in that directory. A mirror may lag: a test release counts as out of
# date after a week.
fetch_from() {
  local suite=$1 mirror=$2 directory=$3 kind=deb command=(download)
  shift 3
  if [ "$1" = --source ]; then
    kind=deb-src command=(source --download-only)
    shift
  fi
  local apart=(-qq -o Dir::Etc::SourceList="$directory/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o Dir::State::Lists="$directory/lists" -o Dir::Cache="$directory/cache" -o APT::Sandbox::User="$(id -un)"
    -o Acquire::Check-Valid-Until=false)
  mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial"
  printf '%s [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$kind" "$mirror" "$suite" \
    >"$directory/sources.list"
  (cd "$directory" && apt-get "${apart[@]}" update && apt-get "${apart[@]}" "${command[@]}" "$@") >&2
}

# Where this machine gets the main part of its own release from. Without updates and security, which are releases of their own.
debian_mirrors() {
  local codename
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v codename="$codename" '$1 == codename && $2 == "main" { print $3 }' | sort -u
}
