# An enforcer whose pods are behind a bridge, in namespaces of its own: $0 is the program, $1 a folder with the manifests in `manifests`.
set -e
program=$0 folder=$1 log=$1/log
mount -t sysfs sysfs /sys
ip link set lo up
ip link add cni0 type bridge
ip address add 10.244.1.1/24 dev cni0
ip link set cni0 up
setting=/proc/sys/net/bridge/bridge-nf-call-iptables
[ -e $setting ] || modprobe br_netfilter
echo 0 >$setting
echo 0 >/sys/class/net/cni0/bridge/nf_call_iptables

"$program" run --manifests "$folder/manifests" --node worker-1 --runtime-dir "$folder/run" --listen 127.0.0.1:9471 2>"$log" &
pid=$!
until_so() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || { echo "never so: $*" >&2; cat "$log" >&2; exit 5; }
        sleep 0.05
    done
}
good() { "$program" status --runtime-dir "$folder/run" >"$folder/status"; }
tells() { good || true; grep -q "$1" "$folder/status"; }
answers() {
    bash -c 'exec 3<>/dev/tcp/127.0.0.1/9471 && printf "GET $0 HTTP/1.0\r\n\r\n" >&3 && cat <&3' "$1" | grep -q "$2"
}

until_so tells '^UNSEEN: .*`cni0`.*net.bridge.bridge-nf-call-iptables'
until_so answers /metrics '^netpol_enforcer_unseen_bridges 1'
answers /readyz 503
grep -q 'ERROR packets between pods behind the bridge' "$log"
! good
# For this bridge alone, and for all.
echo 1 >/sys/class/net/cni0/bridge/nf_call_iptables
until_so good
answers /readyz '^ready'
echo 0 >/sys/class/net/cni0/bridge/nf_call_iptables
touch "$folder/manifests/pods.yaml"
until_so tells '^UNSEEN'
echo 1 >$setting
until_so good
kill -TERM $pid
wait $pid
