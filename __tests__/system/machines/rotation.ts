/** What the tests of rotations share: a cluster of three servers and two agents. */
import { FIVE_NODES } from "../../fixture";
import { LiveCluster } from "./cluster";

export const SERVERS = ["alphard", "acrux", "alnair"];
export const AGENTS = ["hamal", "mizar"];
export const HOSTS = [...SERVERS, ...AGENTS];

export const startCluster = (more: Parameters<typeof LiveCluster.start>[2] = {}): Promise<LiveCluster> =>
  LiveCluster.start(FIVE_NODES, FIVE_NODES, more);

/** Hosts whose K3s was stopped, in order. */
export const restarted = ({ testbed }: LiveCluster): string[] =>
  testbed
    .events()
    .filter((event) => event.endsWith(" k3s stop"))
    .map((event) => event.split(" ")[0] ?? "");

/** No server stops before the one that stopped before it has joined again, and no agent before all of them have. */
export function expectOneByOne({ testbed }: LiveCluster): void {
  let away: string | undefined;
  let agents = false;
  for (const event of testbed.events()) {
    const [host = "", ...words] = event.split(" ");
    const stops = words.join(" ") === "k3s stop";
    if (words[0] === "joined" && host === away) away = undefined;
    if (stops) expect([event, away]).toEqual([event, undefined]);
    if (stops && AGENTS.includes(host)) agents = true;
    if (stops && SERVERS.includes(host)) {
      expect([event, agents]).toEqual([event, false]);
      away = host;
    }
  }
}

/** All hosts run K3s, and their nodes are heard of. */
export const areAllReady = async ({ testbed }: LiveCluster): Promise<boolean> => {
  for (const host of HOSTS) {
    const { status } = await testbed.attempt(
      host,
      '[ "$(systemctl show -p ActiveState --value k3s)" = active ]',
    );
    if (status !== 0) return false;
  }
  return true;
};
