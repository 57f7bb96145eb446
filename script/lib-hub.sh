# shellcheck shell=bash
# The hub that script/up runs: its address, its first member, its start and stop. Sourced after lib.sh.

BIN=${CARGO_TARGET_DIR:-$ROOT/target}/debug
LISTEN=${DISTR_LISTEN:-127.0.0.1:8080}
HUB_URL=http://$LISTEN
ORGANIZATION=acme
OWNER_EMAIL=owner@acme.example
OWNER_PASSWORD_FILE=$STATE/owner-password

hub_answers() { curl -fsS --max-time 2 "$HUB_URL/readyz" >/dev/null 2>&1; }
hub_runs() { pid_of "$STATE/hub.pid" distr-hub >/dev/null; }

start_hub() {
  hub_runs && hub_answers && return 0
  if ! hub_runs; then
    hub_answers && die "something else answers on $HUB_URL; stop it, or choose another address with DISTR_LISTEN"
    make_owner_password
    local log_start
    log_start=$(stat -c %s "$STATE/hub.log" 2>/dev/null || echo 0)
    in_background hub env DISTR_DATA_DIR="$STATE/hub" DISTR_LISTEN="$LISTEN" \
      DISTR_BOOTSTRAP_ORGANIZATION="$ORGANIZATION" DISTR_BOOTSTRAP_EMAIL="$OWNER_EMAIL" \
      DISTR_BOOTSTRAP_PASSWORD_FILE="$OWNER_PASSWORD_FILE" "$BIN/distr-hub" serve
  fi
  until_true 120 hub_answers_or_ended
  hub_answers && return 0
  say "the hub is not ready; the end of its log, $STATE/hub.log:"
  tail -c "+$((${log_start:-0} + 1))" "$STATE/hub.log" | tail -n 5 >&2
  return 1
}

stop_hub() {
  stop "$STATE/hub.pid" distr-hub 60
}

# by its number alone: a process that is just being started doesn't bear its name yet
hub_answers_or_ended() { hub_answers || [ ! -e "/proc/$(cat "$STATE/hub.pid")" ]; }

# made once: the hub takes it only when it has no member yet
make_owner_password() {
  [ -s "$OWNER_PASSWORD_FILE" ] && return 0
  (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$OWNER_PASSWORD_FILE")
}
