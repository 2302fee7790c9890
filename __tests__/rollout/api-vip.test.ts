import { apiVipHolderFaults, apiVipJoinFaults, lacksApiVip } from "../../src/rollout/api-vip";
import { FIVE_NODES } from "../fixture";
import type { HostState } from "../../src/rollout/identity";
import { described, hosts, hostState } from "./plan-context";

const ADDRESS = "172.22.0.30";
const description = described(FIVE_NODES, { apiEndpoint: undefined, apiVip: { address: ADDRESS } });
const all = hosts(description);

/** The cluster's hosts, of which these have the address. */
const held = (...holders: readonly string[]): HostState[] =>
  all.map((host) => hostState(host, { holdsApiVip: holders.includes(host.name) }));

test("a verification wants exactly one holder, and a server", () => {
  const faults = (...holders: readonly string[]): string[] =>
    apiVipHolderFaults({ hosts: held(...holders), unreachable: [] });
  expect(faults("acrux")).toEqual([]);
  expect(faults()).toEqual([
    "no server holds 172.22.0.30, the API's address: see systemctl status keepalived on the servers",
  ]);
  expect(faults("acrux", "alphard")).toEqual([
    "alphard and acrux have 172.22.0.30, the API's address, at the same time",
  ]);
  expect(faults("hamal")).toEqual(["hamal has 172.22.0.30, the API's address, and is no server"]);
});

test("a server that does not answer may hold it", () => {
  const [away] = all.filter(({ name }) => name === "acrux");
  const others = held().filter(({ host }) => host !== away);
  const unreachable = away === undefined ? [] : [{ host: away, error: new Error("away") }];
  expect(apiVipHolderFaults({ hosts: others, unreachable })).toEqual([]);
});

test("a server has the address when keepalived of its delivered files has it", () => {
  const [server] = held().filter(({ host }) => host.node.role === "server");
  if (server === undefined) throw new Error("no server");
  expect(lacksApiVip(server)).toBe(false);
  const text = server.facts.files.get("api-vip.nix") ?? "";
  const withFile = (content: string | undefined): HostState => ({
    ...server,
    facts: {
      ...server.facts,
      files: new Map(content === undefined ? [] : [["api-vip.nix", content]]),
    },
  });
  expect(lacksApiVip(withFile(undefined))).toBe(true);
  expect(lacksApiVip(withFile(text.replaceAll(ADDRESS, "172.22.0.3")))).toBe(true);
});

test("an agent does not join through an address that no server holds", () => {
  const without = held().map((state) => ({ ...state, facts: { ...state.facts, files: new Map() } }));
  const named = (...names: readonly string[]) => all.filter(({ name }) => names.includes(name));
  expect(apiVipJoinFaults(named("hamal"), without)).toEqual([
    "no server holds the API's address yet, through which hamal would join: apply --on alphard,acrux,alnair first, or all hosts",
  ]);
  expect(apiVipJoinFaults(named("hamal", "acrux"), without)).toEqual([]);
  expect(apiVipJoinFaults(named("hamal"), held())).toEqual([]);
});
