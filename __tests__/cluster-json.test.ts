import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import schema from "../schemas/cluster.schema.json";
import { FIREWALL, K3S, NETWORK, NIXOS, stated, VM } from "./config/every-setting";
import {
  agent,
  ALPHARD,
  emit,
  FIVE_NODES,
  HAMAL,
  MIZAR,
  REFERENCE,
  temporaryFolder,
  textsBelow,
  type Json,
} from "./fixture";

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const validate = new Ajv({
  strict: true,
  formats: { ipv4: IPV4, uri: (text: string) => URL.canParse(text) },
}).compile(schema);

const descriptionOf = (
  ...arguments_: Parameters<typeof emit> extends [string, ...infer Rest] ? Rest : never
): Json => {
  const folder = temporaryFolder();
  emit(folder, ...arguments_);
  return JSON.parse(readFileSync(join(folder, "nix", "cluster.json"), "utf8"));
};

test("the cluster of tests and bench is that of main.ts, except for the size and the names of its VMs", () => {
  const main = JSON.parse(readFileSync(join(__dirname, "..", "nix", "cluster.json"), "utf8")) as Json;
  const tests = descriptionOf([ALPHARD, HAMAL, MIZAR]);
  const compared = ({ cluster, nodes }: Json): Json => ({
    cluster,
    nodes: nodes.map(({ vm, ...node }: Json) => ({
      ...node,
      vm: { templateVmId: vm.templateVmId, disks: vm.disks, networkInterfaces: vm.networkInterfaces },
    })),
  });
  expect(compared(tests)).toEqual(compared(main));
});

const EVERYTHING = agent("k3s-agent-2", "alnair", 137, {
  ...stated(VM),
  description: "d",
  formerId: "old",
  nixos: { firmware: "uefi" },
});

describe("cluster.json is valid against its schema", () => {
  test.each<[string, Json]>([
    [
      "for the reference cluster",
      JSON.parse(readFileSync(join(__dirname, "..", "nix", "cluster.json"), "utf8")),
    ],
    [
      "with a source of the join token",
      () =>
        descriptionOf([ALPHARD], { ...REFERENCE, rollout: { tokenCommand: ["sops", "-d", "token.enc"] } }),
    ],
    ["for several servers", () => descriptionOf(FIVE_NODES)],
    [
      "with every setting",
      () =>
        descriptionOf([ALPHARD, EVERYTHING], {
          ...REFERENCE,
          network: stated(NETWORK),
          nixos: stated(NIXOS),
          k3s: stated(K3S),
          firewall: stated(FIREWALL),
          rollout: { tokenPath: "token", agentTokenPath: "agent-token", s3Path: "s3" },
        }),
    ],
  ])("%s", (_, description) => {
    validate(typeof description === "function" ? description() : description);
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each<[string, (description: Json) => void]>([
    ["an unknown key", (description) => (description.nodes[0].colour = "red")],
    ["a missing one", (description) => delete description.nodes[0].macAddress],
    ["another format version", (description) => (description.formatVersion = 2)],
    ["a hash that is none", (description) => (description.files["k3s-server/nftables.nft"] = "")],
  ])("which catches %s", (_, spoil) => {
    const description = descriptionOf([ALPHARD]);
    spoil(description);
    expect(validate(description)).toBe(false);
  });
});

test("cluster.json names every emitted file with its SHA-256", () => {
  const folder = temporaryFolder();
  emit(folder, [ALPHARD, HAMAL, MIZAR]);
  const { "cluster.json": list, ...others } = textsBelow(join(folder, "nix"));
  const sums = Object.entries(others).map(([path, text]) => [
    path,
    createHash("sha256").update(text).digest("hex"),
  ]);
  expect(JSON.parse(list as string).files).toEqual(Object.fromEntries(sums));
});
