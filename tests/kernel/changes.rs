//! What happens to connections and packets while rules change.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use netpol::Engine;
use netpol::options::EngineOptions;
use netpol_nft::{Batch, Established, LowerOptions, lower};
use netpol_tests::programs::build;

use crate::manifests::{address, engine, from_application, pod, policy};
use crate::net::{Net, enter};

const CLIENT: &str = "10.0.0.1";
const OTHER: &str = "10.0.0.2";
const SERVER: &str = "10.0.0.3";
const PORT: u16 = 5432;
const PATIENCE: Duration = Duration::from_millis(500);

/// A server, a client and another pod on one node, and a policy that lets pods of this application in to the server.
fn cluster(allowed: &str) -> Engine {
    cluster_of(&from_application(allowed))
}

fn cluster_of(peers: &str) -> Engine {
    let pods = [("client", CLIENT), ("other", OTHER), ("server", SERVER)];
    let pods = pods.map(|(name, address)| pod(name, name, "worker", &[address])).concat();
    let policy = policy("server", &format!("ingress: [{{ from: [{peers}] }}]"));
    engine(&[pods, policy], EngineOptions::default())
}

fn net() -> Net {
    Net::new(&[CLIENT, OTHER, SERVER].map(|pod| vec![address(pod)]), &[])
}

fn rules(allowed: &str, established: Established) -> String {
    let options = LowerOptions { established, ..LowerOptions::default() };
    lower(&cluster(allowed), "worker", &options).ruleset.to_text()
}

fn generation(generation: u32) -> Established {
    match Established::default() {
        Established::Cut { mask, .. } => Established::Cut { mask, generation },
        Established::Keep => unreachable!("connections are cut by default"),
    }
}

/// Opens a connection, changes the rules, and says whether the connection still carries what the client sends.
fn survives(first: &str, second: &str) -> bool {
    let net = net();
    net.apply(first);
    thread::scope(|scope| {
        let (is_ready, ready) = channel();
        scope.spawn(|| {
            let is_ready = is_ready;
            enter(net.name(address(SERVER)));
            let listener = TcpListener::bind((address(SERVER), PORT)).expect("the port is free");
            is_ready.send(()).expect("somebody waits");
            let (mut stream, _) = listener.accept().expect("a client comes");
            stream.set_read_timeout(Some(4 * PATIENCE)).expect("a socket can");
            let mut byte = [0];
            while stream.read(&mut byte).is_ok_and(|count| count > 0) && stream.write_all(&byte).is_ok() {}
        });
        ready.recv().expect("the server starts");
        let client = scope.spawn(|| {
            enter(net.name(address(CLIENT)));
            let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address(SERVER), PORT), PATIENCE)
                .expect("the first rules allow it");
            stream.set_read_timeout(Some(PATIENCE)).expect("a socket can");
            let mut echoed = || stream.write_all(b"x").is_ok() && stream.read(&mut [0]).is_ok_and(|count| count == 1);
            assert!(echoed(), "the connection works before the change");
            net.apply(second);
            echoed()
        });
        client.join().expect("the client ends")
    })
}

/// A new deny cuts; a connection that stays allowed goes on, and so does one that was allowed when such are kept.
pub fn established_connections_follow_the_rules() {
    assert!(!survives(&rules("client", generation(1)), &rules("other", generation(2))), "a denied connection went on");
    assert!(survives(&rules("client", generation(1)), &rules("client", generation(2))), "an allowed one was cut");
    assert!(survives(&rules("client", Established::Keep), &rules("other", Established::Keep)), "it was not kept");
}

/// While rules are changed again and again, nothing that is denied gets through, and nothing that is allowed is lost. Every other change
/// lets in somebody more, and takes that back.
pub fn nothing_slips_through_while_rules_change() {
    let net = net();
    let ruleset = |number: u32| {
        let peers = format!("{}, {{ ipBlock: {{ cidr: 198.51.100.{}/32 }} }}", from_application("client"), number % 2);
        let options = LowerOptions { established: generation(number), ..LowerOptions::default() };
        lower(&cluster_of(&peers), "worker", &options).ruleset
    };
    let mut given = ruleset(1);
    net.apply(&given.to_text());
    under_traffic(&net, || {
        for number in 2..200 {
            let wanted = ruleset(number);
            let batch = Batch::between(&given, &wanted).expect("no object becomes another kind");
            net.change_on(0, &batch).expect("the kernel takes it");
            given = wanted;
        }
    });
}

/// The same with an enforcer that stays, whose manifests change: of a thousand policies, each becomes another one.
pub fn nothing_slips_through_while_a_thousand_policies_become_others() {
    let net = net();
    let folder = env::temp_dir().join(format!("netpol-thousand-{}", std::process::id()));
    let (manifests, runtime) = (folder.join("manifests"), folder.join("run"));
    fs::create_dir_all(&manifests).expect("a folder can be made");
    let pods = [("client", CLIENT), ("other", OTHER), ("server", SERVER)];
    let pods = pods.map(|(name, address)| pod(name, name, "worker", &[address])).concat();
    fs::write(manifests.join("pods.yaml"), pods).expect("it is written");
    // Every tenth lets the client in, on its own or with blocks; none of them lets in the other.
    let write = |number: usize, version: usize| {
        let peers = match (number + version) % 10 {
            0 => from_application("client"),
            digit => format!("{{ ipBlock: {{ cidr: 198.51.{digit}.{}/32 }} }}", number % 256),
        };
        let spec = format!(
            "ingress: [{{ from: [{peers}], ports: [{{ protocol: UDP, port: {PORT} }}, {{ port: {} }}] }}]",
            1000 + number
        );
        let text = policy("server", &spec).replace("name: server,", &format!("name: p{number},"));
        fs::write(manifests.join(format!("p{number}.yaml")), text).expect("it is written");
    };
    (0..1000).for_each(|number| write(number, 0));
    let mut enforcer = Command::new("ip")
        .args(["netns", "exec", net.node(0)])
        .arg(build("netpol-enforcer"))
        .args(["run", "--node", "worker", "--manifests"])
        .arg(&manifests)
        .arg("--runtime-dir")
        .arg(&runtime)
        .stderr(fs::File::create(folder.join("log")).expect("it is made"))
        .spawn()
        .expect("it starts");
    let log = || fs::read_to_string(folder.join("log")).expect("it is there");
    let enforces = |what: &str| {
        let start = Instant::now();
        while !net.try_listing(0).is_some_and(|listing| listing.contains(what)) {
            assert!(start.elapsed() < 200 * PATIENCE, "never enforced {what}: {}", log());
            thread::sleep(Duration::from_millis(20));
        }
    };
    enforces("198.51.9.");
    under_traffic(&net, || {
        for version in 1..=2 {
            (0..1000).for_each(|number| write(number, version));
            // The last one of all: in a change of its own or with others.
            write(1000, version);
            enforces(&format!("198.51.{version}.{}", 1000 % 256));
        }
    });
    enforcer.kill().expect("it runs");
    enforcer.wait().expect("it ends");
    let log = log();
    assert!(
        log.matches(" enforced ").count() > 2 && !log.contains("ERROR") && !log.contains("all rules are replaced"),
        "{log}"
    );
    fs::remove_dir_all(&folder).expect("it is removed");
}

/// Has a client send that is allowed and another that is not, each packet a new connection, and sees that all of the one's arrive and
/// none of the other's.
fn under_traffic(net: &Net, change: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    let (arrived, denied_arrived) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (is_ready, ready) = channel();
        let (is_over, arrived, denied_arrived) = (&is_over, &arrived, &denied_arrived);
        scope.spawn(move || {
            enter(net.name(address(SERVER)));
            let socket = UdpSocket::bind((address(SERVER), PORT)).expect("the port is free");
            socket.set_read_timeout(Some(PATIENCE)).expect("a socket can");
            is_ready.send(()).expect("somebody waits");
            while let Ok((_, from)) = socket.recv_from(&mut [0; 8]) {
                let count = if from.ip() == address(CLIENT) { arrived } else { denied_arrived };
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        ready.recv().expect("the server starts");
        for (from, counted) in [(CLIENT, Some(&sent)), (OTHER, None)] {
            scope.spawn(move || {
                enter(net.name(address(from)));
                while !is_over.load(Ordering::Relaxed) {
                    // A socket of its own for each packet: a new connection to the kernel.
                    let socket = UdpSocket::bind((address(from), 0)).expect("a port is free");
                    socket.send_to(b"x", (address(SERVER), PORT)).expect("it is sent");
                    counted.map(|count| count.fetch_add(1, Ordering::Relaxed));
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
        // Whatever fails, the others end.
        let ends = Ends(is_over);
        change();
        drop(ends);
    });
    let (sent, arrived) = (sent.into_inner(), arrived.into_inner());
    assert_eq!(denied_arrived.into_inner(), 0, "denied packets arrived");
    assert!(sent > 100, "only {sent} packets were sent");
    assert_eq!(arrived, sent, "allowed packets were lost");
}

/// Says that it is over when it goes.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
