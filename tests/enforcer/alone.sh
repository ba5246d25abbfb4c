# An enforcer that can do no more than it says, in namespaces of its own: $0 is the program, $1 a folder with the manifests in `manifests`.
# It has the capability NET_ADMIN and no way to another one, and it can write to its runtime folder and nowhere else.
set -e
program=$0 folder=$1
mkdir "$folder/run" "$folder/hand"
# That of these namespaces' processes.
mount -t proc proc /proc
mount -t tmpfs tmpfs "$folder/run"
mount -t tmpfs tmpfs "$folder/hand"
cp "$folder"/manifests/* "$folder/hand"
# What others write there, it only reads.
mount --bind "$folder/hand" "$folder/manifests"
cut -d' ' -f2 /proc/self/mounts | while read -r mount; do
    case $mount in
    "$folder/run" | "$folder/hand") ;;
    *) mount -o remount,bind,ro "$mount" 2>/dev/null || true ;;
    esac
done
for place in / /tmp /var/tmp /dev/shm /proc/sys/net/ipv4/ip_forward "$folder" "$folder/manifests"; do
    [ ! -e "$place" ] || [ ! -w "$place" ] || { echo "$place can be written to" >&2; exit 4; }
done

setpriv --no-new-privs --bounding-set=-all,+net_admin --inh-caps=-all "$program" run --manifests "$folder/manifests" \
    --node worker-1 --runtime-dir "$folder/run" --listen 127.0.0.1:9470 2>"$folder/run/log" &
pid=$!
until_so() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || { echo "never so: $*" >&2; cat "$folder/run/log" >&2; exit 5; }
        sleep 0.05
    done
}
has() { nft list table inet netpol 2>/dev/null | grep -q "$1"; }
good() { "$program" status --runtime-dir "$folder/run" >"$folder/run/told"; }

until_so has '10.244.1.12 : goto eg_'
until_so good
grep -q '^CapEff:.0*1000$' "/proc/$pid/status"
grep -q '^NoNewPrivs:.1$' "/proc/$pid/status"
rm "$folder/hand/policies.yaml"
until_so eval '! has "10.244.1.12 : goto eg_"'
nft flush ruleset
until_so has 'chain forward'
kill -TERM $pid
wait $pid
