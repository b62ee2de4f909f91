//! Bytes to and from VRRP v2 and v3, gratuitous ARP and neighbour advertisements.
