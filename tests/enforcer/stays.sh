# An enforcer that stays, while manifests and the kernel change.
policy=$manifests/policies.yaml

# With no more of root than it says that it needs.
start() {
    setpriv --bounding-set=-all,+net_admin "$program" run --manifests "$manifests" --node worker-1 --runtime-dir "$folder/run" --listen 127.0.0.1:$port "$@" 2>>"$log" &
    pid=$!
}
stays_so() {
    for _ in 1 2 3 4 5 6; do
        "$@" || { echo "not so any more: $*" >&2; cat "$log" >&2; exit 6; }
        sleep 0.05
    done
}

# An `nft` that refuses one address.
mkdir "$folder/bin"
cat >"$folder/bin/nft" <<EOF
#!/bin/sh
[ "\$1" = -f ] || exec $(command -v nft) "\$@"
cat >"$folder/batch"
if grep -q 203.0.113.66 "$folder/batch"; then
    echo "Error: not this one" >&2
    exit 1
fi
exec $(command -v nft) -f "$folder/batch"
EOF
chmod +x "$folder/bin/nft"
PATH=$folder/bin:$PATH

start
until_so has "$job"

echo "a second one refuses to start" >&2
status=0
"$program" run --manifests "$manifests" --node worker-1 --runtime-dir "$folder/run" 2>"$folder/second" || status=$?
[ $status = 2 ]
grep -q 'another netpol-enforcer is running' "$folder/second"

echo "the status is there to read" >&2
until_so good
tells '^rules [0-9]* of [0-9]* s ago: the kernel has them$'
tells '^shop/db   *10.244.1.11, fd00:10:244:1::b  shop/db   *-$'
tells '^shop/job  *10.244.1.12  *shop/job  *shop/job$'

echo "probes and metrics are answered" >&2
ip link set lo up
answers /healthz '^alive'
answers /readyz '^ready'
answers /metrics '^netpol_enforcer_isolated_addresses 4'
answers /metrics '^netpol_enforcer_denied_packets_total{direction="ingress",policies="shop/db"} 0'

echo "foreign changes are undone" >&2
nft flush ruleset
until_so has "$job"
nft add element inet netpol in4 '{ 10.9.9.9 : goto deny }'
until_so lacks 10.9.9.9
nft add rule inet netpol deny ip saddr 10.0.0.0/8 accept
until_so lacks 'ip saddr 10.0.0.0/8 accept'
logs 'drifts=3'
until_so good
tells '^changes of others that were undone: 3$'
answers /metrics '^netpol_enforcer_drifts_total 3'

echo "other tables are others' business" >&2
nft add table inet other
stays_so has "$job"
nft list tables | grep -q other

echo "policies go and come, by renaming and by writing" >&2
mv "$policy" "$folder/aside"
until_so lacks "$job"
mv "$folder/aside" "$policy"
until_so has "$job"
cp "$policy" "$folder/aside"
mkdir "$manifests/more"
sed -e 's/name: job/name: added/' -e 's/app: job/app: web/' "$policy" >"$manifests/more/added.yaml"
until_so has '10.244.1.10 : goto eg_'
rm -r "$manifests/more"
until_so lacks '10.244.1.10 : goto eg_'

echo "a pod's labels and address change" >&2
cp "$manifests/pods.yaml" "$folder/pods"
sed -i 's/podIP: 10.244.1.12/podIP: 10.244.1.13/' "$manifests/pods.yaml"
until_so has '10.244.1.13 : goto eg_'
lacks "$job"
sed -i 's/app: job/app: other/' "$manifests/pods.yaml"
until_so lacks '10.244.1.13 : goto'
cp "$folder/pods" "$manifests/pods.yaml"
until_so has "$job"

echo "a file with errors leaves what it said in force" >&2
echo 'kind: [' >"$policy"
until_so logs 'has errors: what it said before stays in force'
stays_so has "$job"
bad
tells "^HELD: $policy has errors"

echo "a file that is being written is not read" >&2
{ cat "$folder/aside"; sleep 0.4; echo '# the end'; } >"$policy" &
stays_so has "$job"
wait $!
until_so good

echo "a full disk is in nobody's way" >&2
mount -t tmpfs -o size=4k none "$folder/run"
head -c 4096 /dev/zero >"$folder/run/full"
rm "$policy"
until_so lacks "$job"
until_so logs 'the status cannot be written'
cp "$folder/aside" "$policy"
until_so has "$job"
umount "$folder/run"

echo "ten thousand events at once are one change" >&2
count=0
while [ $count -lt 10000 ]; do
    echo "# $count" >"$manifests/storm.yaml"
    count=$((count + 1))
done
rm "$manifests/storm.yaml" "$policy"
until_so lacks "$job"
cp "$folder/aside" "$policy"
until_so has "$job"

echo "so far, the kernel took each change as one" >&2
if logs 'all rules are replaced'; then
    cat "$log" >&2
    exit 7
fi

echo "a policy whose rules the kernel refuses closes its pods, and the others are enforced" >&2
# Changes go by netlink, all rules at once by \`nft\`: as they do where there are none yet.
kill -TERM $pid
wait $pid
nft delete table inet netpol
cat >"$manifests/refused.yaml" <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: refused, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress: [{ from: [{ ipBlock: { cidr: 203.0.113.66/32 } }, { ipBlock: { cidr: 10.0.0.0/8 } }] }]
EOF
start
until_so has '10.244.1.10 : goto in_'
until_so tells '^QUARANTINED: shop/refused: '
logs 'the kernel refuses the rules of shop/refused: .*not this one'
answers /metrics '^netpol_enforcer_quarantined_policies 1'
closed=$(nft list map inet netpol in4 | grep -o '10.244.1.10 : goto in_[0-9a-f]*' | grep -o 'in_[0-9a-f]*')
nft list chain inet netpol "$closed" >"$folder/closed"
grep -q 'goto deny' "$folder/closed"
[ "$(grep -c goto "$folder/closed")" = 1 ]
has "$job"
has '10.244.1.11 : goto in_'
sed -i 's/203.0.113.66/203.0.113.67/' "$manifests/refused.yaml"
until_so has 203.0.113.67
until_so good
rm "$manifests/refused.yaml"
until_so good

echo "a folder that goes leaves its rules, and is read again when it is back" >&2
mv "$manifests" "$folder/gone"
until_so logs 'what was known stays in force'
stays_so has "$job"
rm "$folder/gone/policies.yaml"
mv "$folder/gone" "$manifests"
until_so lacks "$job"
cp "$folder/aside" "$policy"
until_so has "$job"

echo "killed, the rules stay, and the next one takes over without a gap" >&2
# The number of the table: another one has another.
table() { nft -a list table inet netpol | head -n 1; }
before=$(table)
for _ in 1 2 3; do
    kill -9 $pid
    wait $pid || true
    stays_so has "$job"
    bad
    tells 'not running'
    start --log-format json
    stays_so has "$job"
done
until_so logs '"message":"enforced"'
[ "$(table)" = "$before" ]

echo "killed while policies change, it is right after each start" >&2
for pause in 0 0.01 0.02 0.03 0.04 0.05 0.06 0.08; do
    rm -f "$policy"
    sleep $pause
    cp "$folder/aside" "$policy"
    sleep $pause
    kill -9 $pid
    wait $pid || true
    nft list table inet netpol >/dev/null
    start
    until_so good
    has "$job"
done

echo "without nft, it says so" >&2
status=0
PATH=/nowhere "$program" run --manifests "$manifests" --node worker-1 --runtime-dir "$folder/other" 2>"$folder/second" || status=$?
[ $status = 2 ]
grep -q 'install nftables' "$folder/second"

echo "asked to end, it ends, and the rules stay" >&2
kill -TERM $pid
wait $pid
has "$job"
bad
