# An enforcer whose `nft` hangs, in a network namespace of its own: $0 is the program, $1 a folder with the manifests in `manifests`.
set -e
program=$0 folder=$1 log=$1/log
nft=$(command -v nft)

mkdir "$folder/bin"
cat >"$folder/bin/nft" <<EOF
#!/bin/sh
[ "\$1" = -f ] && [ -e "$folder/hang" ] && exec sleep 1000
exec $nft "\$@"
EOF
chmod +x "$folder/bin/nft"
touch "$folder/hang"

PATH=$folder/bin:$PATH "$program" run --manifests "$folder/manifests" --node worker-1 --runtime-dir "$folder/run" 2>"$log" &
pid=$!
until_so() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || { echo "never so: $*" >&2; cat "$log" >&2; exit 5; }
        sleep 0.05
    done
}
enforces() { "$nft" list table inet netpol 2>/dev/null | grep -q '10.244.1.12 : goto eg_'; }

until_so grep -q 'does not end, and was killed' "$log"
kill -0 $pid
! enforces
rm "$folder/hang"
# The next try is under way and hangs as well: it began before.
until_so enforces
kill -TERM $pid
wait $pid
