# Runs the server for as long as standard input stays open. The owner holds the other end of that pipe and never writes: its
# end is the owner's end, however that came about.
# $1: signal that stops the server; $2: directory to remove in the end, or empty; the rest: the server's command
signal=$1 leftover=$2
shift 2
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ while read -r _; do :; done; kill -s "$signal" "$server"; } <&3 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
if [ -n "$leftover" ]; then cd / && rm -rf -- "$leftover"; fi
exit "$status"
