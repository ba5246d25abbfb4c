# An enforcer that can do no more than it says: it has the capability NET_ADMIN and no way to another one, and it can write to its runtime folder and nowhere else.
log=$folder/run/log
mkdir "$folder/run" "$folder/hand"
# That of these namespaces' processes.
mount -t proc proc /proc
mount -t tmpfs tmpfs "$folder/run"
mount -t tmpfs tmpfs "$folder/hand"
cp "$manifests"/* "$folder/hand"
# What others write there, it only reads.
mount --bind "$folder/hand" "$manifests"
cut -d' ' -f2 /proc/self/mounts | while read -r mount; do
    case $mount in
    "$folder/run" | "$folder/hand") ;;
    *) mount -o remount,bind,ro "$mount" 2>/dev/null || true ;;
    esac
done
for place in / /tmp /var/tmp /dev/shm /proc/sys/net/ipv4/ip_forward "$folder" "$manifests"; do
    [ ! -e "$place" ] || [ ! -w "$place" ] || { echo "$place can be written to" >&2; exit 4; }
done

setpriv --no-new-privs --bounding-set=-all,+net_admin --inh-caps=-all "$program" run --manifests "$manifests" \
    --node worker-1 --runtime-dir "$folder/run" --listen 127.0.0.1:$port 2>"$log" &
pid=$!
until_so has "$job"
until_so good
grep -q '^CapEff:.0*1000$' "/proc/$pid/status"
grep -q '^NoNewPrivs:.1$' "/proc/$pid/status"
rm "$folder/hand/policies.yaml"
until_so lacks "$job"
nft flush ruleset
until_so has 'chain forward'
kill -TERM $pid
wait $pid
