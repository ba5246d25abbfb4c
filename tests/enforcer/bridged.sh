# An enforcer whose pods are behind a bridge.
mount -t sysfs sysfs /sys
ip link set lo up
ip link add cni0 type bridge
ip address add 10.244.1.1/24 dev cni0
ip link set cni0 up
setting=/proc/sys/net/bridge/bridge-nf-call-iptables
[ -e $setting ] || modprobe br_netfilter
echo 0 >$setting
echo 0 >/sys/class/net/cni0/bridge/nf_call_iptables

"$program" run --manifests "$manifests" --node worker-1 --runtime-dir "$folder/run" --listen 127.0.0.1:$port 2>"$log" &
pid=$!
until_so tells '^UNSEEN: .*`cni0`.*net.bridge.bridge-nf-call-iptables'
until_so answers /metrics '^netpol_enforcer_unseen_bridges 1'
answers /readyz 503
logs 'ERROR packets between pods behind the bridge'
bad
# For this bridge alone, and for all.
echo 1 >/sys/class/net/cni0/bridge/nf_call_iptables
until_so good
answers /readyz '^ready'
echo 0 >/sys/class/net/cni0/bridge/nf_call_iptables
touch "$manifests/pods.yaml"
until_so tells '^UNSEEN'
echo 1 >$setting
until_so good
kill -TERM $pid
wait $pid
