# What scripts about an enforcer that stays have in common, in namespaces of their own: $0 is the program, $1 a folder to work in, with a
# node's manifests in `manifests`.
set -e
program=$0 folder=$1 manifests=$1/manifests log=$1/log port=9469

until_so() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || { echo "never so: $*" >&2; cat "$log" >&2; exit 5; }
        sleep 0.05
    done
}
has() { nft list table inet netpol 2>/dev/null | grep -q "$1"; }
lacks() { ! has "$1"; }
logs() { grep -q "$1" "$log"; }
good() { "$program" status --runtime-dir "$folder/run" >"${log%/*}/status"; }
bad() { ! good; }
tells() { good || true; grep -q "$1" "${log%/*}/status"; }
answers() {
    bash -c 'exec 3<>/dev/tcp/127.0.0.1/$1 && printf "GET $0 HTTP/1.0\r\n\r\n" >&3 && cat <&3' "$1" $port | grep -q "$2"
}
job='10.244.1.12 : goto eg_'

