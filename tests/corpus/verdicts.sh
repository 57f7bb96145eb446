#!/bin/sh
# Asks the docker compose plugin what it thinks of every file of compose/, and writes compose/verdicts.tsv anew.
#   tests/corpus/verdicts.sh        the plugin is the one that `docker compose` finds; nothing is started
set -eu
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/compose"

plugin_version=$(docker compose version --short)
scratch=$(cd "$(mktemp -d)" && pwd -P)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# verdict <name>: one line of the table. The folder has the same name for every file, because compose names the project after it.
verdict() {
  rm -rf "$scratch/project"
  mkdir "$scratch/project"
  cp "$1.yaml" "$scratch/project/compose.yaml"
  [ ! -d "$1.files" ] || cp -R "$1.files/." "$scratch/project/"
  said=ok
  (cd "$scratch/project" && exec env -i PATH="$PATH" HOME="$HOME" DISTR_REGISTRY=registry.example \
    docker compose -f compose.yaml --profile '*' config --quiet) >/dev/null 2>"$scratch/stderr" </dev/null || said=refused
  printf '%s\t%s\t%s\n' "$1" "$said" "$(message)"
}

# What the plugin said, in one line: warnings first, sorted and without their time, because it looks at services in no order;
# the folder as `.`; of a panic only the first line.
message() {
  sed -e 's/^time="[^"]*" //' -e "s|$scratch/project|.|g" -e '/^goroutine /,$d' "$scratch/stderr" >"$scratch/said"
  { grep '^level=' "$scratch/said" | sort -u; grep -v '^level=' "$scratch/said"; } |
    tr '\t\r\n' '   ' | tr -s ' ' | sed -e 's/ $//'
}

{
  printf '# docker compose %s\n' "$plugin_version"
  for file in *.yaml; do verdict "${file%.yaml}"; done | sort -t "$(printf '\t')" -k 1,1
} >"$scratch/verdicts.tsv"
mv "$scratch/verdicts.tsv" verdicts.tsv
printf '%s files, %s refused\n' "$(grep -vc '^#' verdicts.tsv)" "$(grep -c "$(printf '\trefused\t')" verdicts.tsv)"
