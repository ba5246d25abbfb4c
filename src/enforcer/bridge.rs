//! Bridges that pods are behind: what passes between two of their ports is only judged if the kernel is told to show it.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What the kernel shows of bridged packets, by family: the setting for all bridges, and that of one.
const OF_IPV4: (&str, &str) = ("bridge-nf-call-iptables", "nf_call_iptables");
const OF_IPV6: (&str, &str) = ("bridge-nf-call-ip6tables", "nf_call_ip6tables");

/// Where policies are not enforced between some of these addresses, and what to do about it.
pub fn unseen(addresses: impl Iterator<Item = IpAddr>) -> BTreeSet<String> {
    let routes = routes(
        &fs::read_to_string("/proc/net/route").unwrap_or_default(),
        &fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default(),
    );
    let bridges = addresses.filter_map(|address| {
        let interface = interface(&routes, address).filter(|interface| is_bridge(interface))?;
        let (all, own) = if address.is_ipv4() { OF_IPV4 } else { OF_IPV6 };
        let is_seen = is_one(&format!("/proc/sys/net/bridge/{all}"))
            || is_one(&format!("/sys/class/net/{interface}/bridge/{own}"));
        (!is_seen).then(|| {
            format!("packets between pods behind the bridge `{interface}` are not judged: set the sysctl net.bridge.{all} to 1 (module br_netfilter)")
        })
    });
    bridges.collect()
}

fn is_bridge(interface: &str) -> bool {
    fs::metadata(format!("/sys/class/net/{interface}/bridge")).is_ok()
}

fn is_one(path: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.trim() == "1")
}

/// The interface that packets to an address leave by.
fn interface(routes: &[(IpNet, String)], address: IpAddr) -> Option<&str> {
    let fitting = routes.iter().filter(|(network, _)| network.contains(&address));
    fitting.max_by_key(|(network, _)| network.prefix_len()).map(|(_, interface)| interface.as_str())
}

/// The routes of the files with which the kernel shows its main tables.
fn routes(ipv4: &str, ipv6: &str) -> Vec<(IpNet, String)> {
    let of_ipv4 = ipv4.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // Numbers as they are in memory.
        let address =
            |text: &&str| u32::from_str_radix(text, 16).ok().map(|number| Ipv4Addr::from(number.to_ne_bytes()));
        let (interface, network, mask) = (fields.first()?, address(fields.get(1)?)?, address(fields.get(7)?)?);
        let network = IpNet::with_netmask(network.into(), mask.into()).ok()?;
        Some((network, (*interface).to_owned()))
    });
    let of_ipv6 = ipv6.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let network = u128::from_str_radix(fields.first()?, 16).ok().map(Ipv6Addr::from)?;
        let length = u8::from_str_radix(fields.get(1)?, 16).ok()?;
        Some((IpNet::new(network.into(), length).ok()?, (*fields.last()?).to_owned()))
    });
    of_ipv4.chain(of_ipv6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_narrowest_route_says_where_a_pod_is() {
        let ipv4 = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                    eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                    cni0\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
                    veth1\t0701F40A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n";
        let ipv6 = "fd000010024400010000000000000000 40 00000000000000000000000000000000 00 \
                    00000000000000000000000000000000 00000100 00000002 00000000 00000001     cni0\n";
        let routes = routes(ipv4, ipv6);
        let found = |address: &str| interface(&routes, address.parse().unwrap()).map(str::to_owned);
        assert_eq!(found("10.244.1.10").as_deref(), Some("cni0"));
        assert_eq!(found("10.244.1.7").as_deref(), Some("veth1"));
        assert_eq!(found("192.0.2.1").as_deref(), Some("eth0"));
        assert_eq!(found("fd00:10:244:1::a").as_deref(), Some("cni0"));
        assert_eq!(found("2001:db8::1"), None);
    }
}
