import type { VipCandidate } from "../config/api-vip";
import { API_PORT } from "../config/k3s";
import type { ApiVip } from "../config/model";
import { K3S_DATA } from "../config/settings";
import { fill } from "./templates";

/** File in a server's folder. */
export const API_VIP = "api-vip.nix";

/**
 * Seconds between two advertisements. Others take over after three of them and a part of one that is the smaller the greater their
 * priority is (RFC 5798, 6.1): at most 2 seconds after a holder died.
 */
const ADVERTISEMENT_SECONDS = 0.5;

/** After so many seconds the API counts as dead. Two checks with a second from start to start take less than 3. */
const CHECK_SECONDS = 0.8;

/** Renders `api-vip.nix`: keepalived, which gives the API's address to a server whose API is ready. */
export const renderApiVip = (
  { address, routerId }: ApiVip,
  { node, priority, interface: name, peers }: VipCandidate,
): string =>
  fill(API_VIP, {
    hostname: node.hostname,
    ipv4Address: node.ipv4Address,
    address,
    // Not the network's prefix: the host must not prefer it as a source address.
    addr: `${address}/32`,
    routerId,
    priority,
    interface: name,
    peers,
    readyz: `https://127.0.0.1:${API_PORT}/readyz`,
    tls: `${K3S_DATA}/server/tls`,
    folder: "/run/k3s-api-vip",
    advertisementSeconds: ADVERTISEMENT_SECONDS,
    checkSeconds: CHECK_SECONDS,
  });
