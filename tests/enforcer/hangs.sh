# An enforcer whose `nft` hangs.
nft=$(command -v nft)

mkdir "$folder/bin"
cat >"$folder/bin/nft" <<EOF
#!/bin/sh
[ "\$1" = -f ] && [ -e "$folder/hang" ] && exec sleep 1000
exec $nft "\$@"
EOF
chmod +x "$folder/bin/nft"
touch "$folder/hang"

PATH=$folder/bin:$PATH "$program" run --manifests "$manifests" --node worker-1 --runtime-dir "$folder/run" 2>"$log" &
pid=$!
until_so logs 'does not end, and was killed'
kill -0 $pid
lacks "$job"
rm "$folder/hang"
# The next try is under way and hangs as well: it began before.
until_so has "$job"
kill -TERM $pid
wait $pid
