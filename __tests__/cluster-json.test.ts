import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import schema from "../schemas/cluster.schema.json";
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

const EVERYTHING = agent("k3s-agent-2", "alnair", 137, {
  templatePveNode: "pve2",
  cpuUnits: 1,
  bootOrder: ["scsi0"],
  machine: "q35",
  scsiHardware: "virtio-scsi-single",
  startup: { order: 1, upDelaySeconds: 2, downDelaySeconds: 3 },
  pool: "p",
  description: "d",
  formerId: "old",
  networkInterfaces: [
    {
      bridge: "vmbr0",
      vlanId: 2,
      model: "virtio",
      firewall: true,
      mtu: 1,
      queues: 1,
      rateLimitMBps: 1.5,
      trunks: "1",
    },
  ],
  disks: [
    {
      interface: "scsi0",
      datastore: "d",
      sizeGib: 1,
      fileFormat: "raw",
      aio: "native",
      cache: "none",
      discard: true,
      iothread: true,
      ssd: true,
      backup: true,
      replicate: true,
    },
  ],
  nixos: { firmware: "uefi", efiSystemPartition: "1A2B-3C4D" },
});

describe("cluster.json keeps to its schema", () => {
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
          k3s: { ...REFERENCE.k3s, exposedPorts: [{ protocol: "udp", from: 1, to: 2 }] },
          network: {
            ...REFERENCE.network,
            lanCidrs: ["172.22.0.0/24"],
            managementCidrs: ["172.22.0.0/24", "fd00:22::/64"],
            gateway: "172.22.0.1",
            nameservers: ["9.9.9.9"],
          },
          firewall: {
            trustPods: true,
            allow: [
              {
                from: "pods",
                to: "servers",
                protocol: "tcp",
                ports: { from: 9100, to: 9100 },
                why: "metrics",
              },
            ],
          },
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
  ])("which is seen to catch %s", (_, spoil) => {
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
