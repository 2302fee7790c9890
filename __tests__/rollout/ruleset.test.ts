import { rulesetState } from "../../src/rollout/ruleset";
import { Report } from "../../src/rollout/script";

const chain = { chain: { family: "inet", table: "k3s_host", name: "input", handle: 3, policy: "drop" } };
const counter = (packets: number): object => ({
  counter: { name: "forged", table: "k3s_host", handle: 2, packets, bytes: 9 },
});
const rule = (port: number, handle = 7): object => ({
  rule: { table: "k3s_host", chain: "input", handle, expr: [{ match: { right: port } }, { accept: null }] },
});

const listing = (...objects: object[]): string =>
  Buffer.from(JSON.stringify({ nftables: [{ metainfo: { version: "1.1.3" } }, ...objects] })).toString(
    "base64",
  );

const state = (live: string | undefined, emitted: string): ReturnType<typeof rulesetState> =>
  rulesetState(
    new Report(
      [
        ...(live === undefined ? [] : [`@live ${live}`]),
        `@counters ${listing(counter(5))}`,
        `@emitted ${emitted}`,
      ].join("\n"),
    ),
  );

const EMITTED = listing(chain, counter(0), rule(22), rule(6443));

test("what was counted and how the kernel numbers it is no difference", () => {
  expect(state(listing(chain, counter(7), rule(22, 99), rule(6443, 100)), EMITTED)).toEqual({
    differences: [],
    counters: { forged: 5 },
  });
});

test.each<[string, string | undefined, string]>([
  [
    "a rule that was added by hand",
    listing(chain, counter(0), rule(22), rule(6443), rule(9100)),
    "added: rule input [{",
  ],
  [
    "the same rule once more",
    listing(chain, counter(0), rule(22), rule(22), rule(6443)),
    "added: rule input [{",
  ],
  ["a rule that was removed", listing(chain, counter(0), rule(22)), "missing: rule input [{"],
  [
    "rules in another order",
    listing(chain, counter(0), rule(6443), rule(22)),
    "its rules are in another order",
  ],
  [
    "another policy",
    listing({ chain: { ...chain.chain, policy: "accept" } }, counter(0), rule(22), rule(6443)),
    "missing: chain input",
  ],
  ["no table", undefined, "table inet k3s_host is not loaded"],
  [
    "what is no listing",
    Buffer.from("Error: syntax").toString("base64"),
    "nft cannot list it: Error: syntax",
  ],
])("%s is found", (_, live, difference) => {
  expect(state(live, EMITTED).differences).toContainEqual(expect.stringContaining(difference));
});

test("without nft the ruleset is unknown", () => {
  expect(rulesetState(new Report("")).differences).toEqual(["nft is not installed"]);
});
