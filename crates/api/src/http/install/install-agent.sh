#!/bin/sh
# Installs the agent of the hub @HUB@ on this machine and enrols it.
# The one-time token is read from DISTR_ENROLMENT_TOKEN. DISTR_AGENT_BIN_DIR and DISTR_AGENT_DATA_DIR choose other places;
# with another place for the binary, no system service is made.
set -eu

hub="@HUB@"
say() { echo "distr: $*"; }
die() { echo "distr: $*" >&2; exit 1; }

[ -n "${DISTR_ENROLMENT_TOKEN:-}" ] || die "DISTR_ENROLMENT_TOKEN is not set; copy the whole command"
command -v docker >/dev/null 2>&1 || die "docker is not installed; install it and its compose plugin, then run this again"
docker compose version >/dev/null 2>&1 || die "the docker compose plugin is not installed; install it, then run this again"

if [ "$(id -u)" = 0 ]; then
  bin=${DISTR_AGENT_BIN_DIR:-/usr/local/bin}
  data=${DISTR_AGENT_DATA_DIR:-/var/lib/distr-agent}
else
  bin=${DISTR_AGENT_BIN_DIR:-$HOME/.local/bin}
  data=${DISTR_AGENT_DATA_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/distr-agent}
fi
mkdir -p "$bin" "$data"

say "fetching the agent into $bin"
curl --fail --silent --show-error --location --output "$bin/distr-agent.new" "$hub/agent/v1/binary"
chmod 755 "$bin/distr-agent.new"
mv "$bin/distr-agent.new" "$bin/distr-agent"

say "enrolling at $hub"
printf '%s' "$DISTR_ENROLMENT_TOKEN" | env -u DISTR_ENROLMENT_TOKEN "$bin/distr-agent" enrol --hub "$hub" --data-dir "$data"
unset DISTR_ENROLMENT_TOKEN

if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && [ -z "${DISTR_AGENT_BIN_DIR:-}" ]; then
  cat > /etc/systemd/system/distr-agent.service <<UNIT
[Unit]
Description=Distr agent
After=network-online.target docker.service
Wants=network-online.target

[Service]
ExecStart=$bin/distr-agent run --data-dir $data
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable --now distr-agent.service
  say "the agent runs as the service distr-agent"
else
  nohup "$bin/distr-agent" run --data-dir "$data" >> "$data/agent.log" 2>&1 < /dev/null &
  say "the agent runs as process $!; its log is $data/agent.log. start it at boot with: $bin/distr-agent run --data-dir $data"
fi
