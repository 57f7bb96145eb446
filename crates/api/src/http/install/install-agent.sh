#!/bin/sh
# Installs the agent of the hub @HUB@ on this machine and enrols it. It asks nothing.
# Where an agent is enrolled already, it takes the hub's version of the program and starts that; it needs no token then.
# The one-time token is read from DISTR_ENROLMENT_TOKEN. DISTR_AGENT_BIN_DIR, DISTR_AGENT_DATA_DIR and DISTR_AGENT_POLICY
# choose other places; with another place for the binary, no system service is made. DISTR_ALLOW_INSECURE=1 takes a hub
# with plain HTTP that is not on this machine: whoever sits between can then run what they want here.
# All of it is one function, called by the last line: a script that was cut off does nothing.
install_agent() {
  set -eu
  hub="@HUB@"
  sha256="@SHA256@"
  say() { echo "distr: $*"; }
  die() { echo "distr: $*" >&2; exit 1; }

  [ -n "$sha256" ] || die "the hub has no agent to install; its operator must put distr-agent beside distr-hub"
  command -v docker >/dev/null 2>&1 || die "docker is not installed; install it and its compose plugin, then run this again"
  docker compose version >/dev/null 2>&1 || die "the docker compose plugin is not installed; install it, then run this again"

  # only https, unless the hub is on this machine
  secure="--proto =https --tlsv1.2"
  insecure=""
  case $hub in
    https://*) ;;
    http://127.0.0.1 | http://127.0.0.1[:/]* | http://localhost | http://localhost[:/]* | "http://[::1]" | "http://[::1]"[:/]*) secure="" ;;
    *)
      [ "${DISTR_ALLOW_INSECURE:-}" = 1 ] || die "$hub has no encryption, so anybody between could change what is installed; let the hub serve https, or set DISTR_ALLOW_INSECURE=1"
      secure="" insecure="--allow-insecure"
      ;;
  esac

  if [ "$(id -u)" = 0 ]; then
    bin=${DISTR_AGENT_BIN_DIR:-/usr/local/bin}
    data=${DISTR_AGENT_DATA_DIR:-/var/lib/distr-agent}
  else
    bin=${DISTR_AGENT_BIN_DIR:-$HOME/.local/bin}
    data=${DISTR_AGENT_DATA_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/distr-agent}
  fi
  enrolled=""
  [ ! -e "$data/identity.json" ] || enrolled=yes
  [ -n "$enrolled" ] || [ -n "${DISTR_ENROLMENT_TOKEN:-}" ] || die "DISTR_ENROLMENT_TOKEN is not set; copy the whole command"
  if [ "$(id -u)" = 0 ] && [ -z "${DISTR_AGENT_BIN_DIR:-}" ]; then
    policy=${DISTR_AGENT_POLICY:-/etc/distr-agent/policy.yaml}
  else
    policy=${DISTR_AGENT_POLICY:-$data/policy.yaml}
  fi
  mkdir -p "$bin" "$(dirname "$policy")"
  (umask 077 && mkdir -p "$data")

  say "fetching the agent into $bin"
  # shellcheck disable=SC2086
  curl $secure --fail --silent --show-error --location --output "$bin/distr-agent.new" "$hub/agent/v1/binary"
  got=$(sha256sum "$bin/distr-agent.new" | cut -d ' ' -f 1)
  if [ "$got" != "$sha256" ]; then
    rm -f "$bin/distr-agent.new"
    die "the fetched agent is not the one that the hub names (SHA-256 $got instead of $sha256); run this again, or ask the hub's operator"
  fi
  chmod 755 "$bin/distr-agent.new"
  mv "$bin/distr-agent.new" "$bin/distr-agent"

  if [ ! -e "$policy" ]; then
    (umask 022 && "$bin/distr-agent" policy default > "$policy.new" && mv "$policy.new" "$policy")
    say "what software may do on this host is in $policy"
  fi

  if [ -n "$enrolled" ]; then
    say "the agent of $data is enrolled already, and gets the new version"
  else
    say "enrolling at $hub"
    # shellcheck disable=SC2086
    printf '%s' "$DISTR_ENROLMENT_TOKEN" | env -u DISTR_ENROLMENT_TOKEN "$bin/distr-agent" enrol $insecure --hub "$hub" --data-dir "$data"
  fi
  unset DISTR_ENROLMENT_TOKEN

  run="$bin/distr-agent run $insecure --data-dir $data --policy $policy"
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && [ -z "${DISTR_AGENT_BIN_DIR:-}" ]; then
    # the service has no other environment than this
    environment=""
    [ -z "${SSL_CERT_FILE:-}" ] || environment="Environment=SSL_CERT_FILE=$SSL_CERT_FILE"
    cat > /etc/systemd/system/distr-agent.service <<UNIT
@UNIT@
UNIT
    systemctl daemon-reload
    systemctl enable distr-agent.service
    systemctl restart distr-agent.service
    say "the agent runs as the service distr-agent"
  elif [ -n "$enrolled" ]; then
    say "stop the agent that runs now, if one does, and start the new one with: $run"
  else
    # shellcheck disable=SC2086
    nohup $run >> "$data/agent.log" 2>&1 < /dev/null &
    say "the agent runs as process $!; its log is $data/agent.log. start it at boot with: $run"
  fi
}
install_agent
