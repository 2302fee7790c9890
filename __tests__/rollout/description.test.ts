import { createHash } from "node:crypto";
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkKeys,
  directoryFaults,
  hostFolder,
  hostnamesOn,
  readDescription,
} from "../../src/rollout/description";
import { rootDevice } from "../../src/rollout/hardware";
import { ALPHARD, emit, FIVE_NODES, HAMAL, MIZAR, temporaryFolder, type TestNode } from "../fixture";
import { withHeader } from "../../src/emit/header";

function emitted(nodes = [ALPHARD, HAMAL, MIZAR] as readonly TestNode[]): string {
  const folder = temporaryFolder();
  emit(folder, nodes);
  return join(folder, "nix");
}

const hamalOf = (nix: string): ReturnType<typeof readDescription>["nodes"][number] =>
  readDescription(nix).nodes.find(({ hostname }) => hostname === "hamal") as never;

test("reads the cluster and its nodes", () => {
  const description = readDescription(emitted());
  expect(description.nodes.map(({ hostname }) => hostname)).toEqual(["alphard", "hamal", "mizar"]);
  expect(description.apiEndpoint).toBe("https://172.22.0.134:6443");
});

test("without cluster.json it says what to run", () => {
  expect(() => readDescription(temporaryFolder())).toThrow(/cluster\.json is missing: run npm run synth/);
});

test("a cluster.json that was edited is refused", () => {
  const nix = emitted();
  const path = join(nix, "cluster.json");
  writeFileSync(path, readFileSync(path, "utf8").replace("172.22.0.135", "172.22.0.139"));
  expect(() => readDescription(nix)).toThrow(
    /was changed by hand or by a merge, since its hash does not match: run npm run synth/,
  );
});

test("a newer format is refused, whatever its hash", () => {
  const nix = emitted();
  const path = join(nix, "cluster.json");
  const body = readFileSync(path, "utf8").replace(/^ {2}"(\/\/|sha256)": .*\n/gm, "");
  writeFileSync(path, withHeader(path, body.replace('"formatVersion": 1', '"formatVersion": 2')));
  expect(() => readDescription(nix)).toThrow(/has format version 2, and this program reads 1/);
});

test("every file that differs from what was emitted is named at once", () => {
  const nix = emitted();
  appendFileSync(join(nix, "k3s-agent", "nftables.nft"), "# mine\n");
  rmSync(join(nix, "k3s-server", "configuration.nix"));
  expect(() => readDescription(nix)).toThrow(
    /nftables\.nft was changed[^]*configuration\.nix is missing|configuration\.nix is missing[^]*nftables\.nft was changed/,
  );
});

test("line ends of a checkout on Windows are not a change", () => {
  const nix = emitted();
  const path = join(nix, "k3s-agent", "configuration.nix");
  writeFileSync(path, readFileSync(path, "utf8").replaceAll("\n", "\r\n"));
  expect(hostFolder(readDescription(nix), hamalOf(nix)).files.get("configuration.nix")).not.toContain("\r");
});

test("captured hardware and local.nix may be changed by their owner", () => {
  const nix = emitted();
  const hardware =
    '# Captured from hamal; HostFiles leaves this file alone.\n{ fileSystems."/" = { device = "/dev/sda1"; }; }\n';
  writeFileSync(join(nix, "k3s-agent", "hardware-configuration.nix"), hardware);
  writeFileSync(join(nix, "k3s-agent", "local.nix"), "{ }\n");
  const { files } = hostFolder(readDescription(nix), hamalOf(nix));
  expect([files.get("hardware-configuration.nix"), files.get("local.nix")]).toEqual([hardware, "{ }\n"]);
  expect(directoryFaults(readDescription(nix), hamalOf(nix))).toEqual([]);
});

test("hardware that was captured from another host, or names no root, is a fault", () => {
  const nix = emitted();
  const text = "# Captured from mizar; HostFiles leaves this file alone.\n{ }\n";
  writeFileSync(join(nix, "k3s-agent", "hardware-configuration.nix"), text);
  expect(directoryFaults(readDescription(nix), hamalOf(nix))).toEqual([
    expect.stringContaining("was captured from mizar; run npm run rollout -- capture hamal"),
    expect.stringContaining("names no device for the root filesystem"),
  ]);
});

test("a file of the same name that was not captured must match what was emitted", () => {
  const nix = emitted();
  writeFileSync(join(nix, "k3s-agent", "hardware-configuration.nix"), "{ }\n");
  expect(() => readDescription(nix)).toThrow(/hardware-configuration\.nix was changed/);
});

test("the example key is refused", () => {
  expect(() => checkKeys(readDescription(emitted()))).toThrow(/example SSH key is still in the list/);
});

test.each([
  ['{ fileSystems."/" = { device = "/dev/disk/by-uuid/1"; fsType = "ext4"; }; }', "/dev/disk/by-uuid/1"],
  [
    'fileSystems."/boot" = { device = "/dev/a"; };\nfileSystems."/" =\n    { device = "/dev/b";\n };',
    "/dev/b",
  ],
  ["{ }", undefined],
])("the root device of %j is %s", (text, device) => {
  expect(rootDevice(text)).toBe(device);
});

test("hashes are those of the files as they are written", () => {
  const nix = emitted();
  const { files } = JSON.parse(readFileSync(join(nix, "cluster.json"), "utf8")) as {
    files: Record<string, string>;
  };
  const [[path, hash] = ["", ""]] = Object.entries(files);
  expect(
    createHash("sha256")
      .update(readFileSync(join(nix, path)))
      .digest("hex"),
  ).toBe(hash);
  cpSync(nix, join(nix, "..", "copy"), { recursive: true });
  expect(readDescription(join(nix, "..", "copy")).nodes).toHaveLength(3);
});

describe("--on", () => {
  const five = readDescription(emitted(FIVE_NODES));
  const all = ["alphard", "hamal", "mizar", "acrux", "alnair"].sort();

  test.each([
    [[], all],
    [["servers"], ["acrux", "alnair", "alphard"]],
    [["agents"], ["hamal", "mizar"]],
    [
      ["mizar", "hamal"],
      ["hamal", "mizar"],
    ],
    [
      ["agents", "alphard", "hamal"],
      ["alphard", "hamal", "mizar"],
    ],
  ])("%j is %j, in whatever order", (names, expected) => {
    expect(hostnamesOn(five, names).sort()).toEqual(expected);
    expect(hostnamesOn(five, [...names].reverse()).sort()).toEqual(expected);
  });

  test.each([
    [["constructor"], "No such host in main.ts: constructor. There are "],
    [["hamall"], "No such host in main.ts: hamall; did you mean hamal? There are "],
    [["server"], "No such host in main.ts: server; did you mean servers? There are "],
    [["hamal", "vega", "deneb"], "No such host in main.ts: vega, deneb. There are "],
  ])("%j is refused with the names that there are", (names, expected) => {
    const known = `${five.nodes.map(({ hostname }) => hostname).join(", ")}, servers, agents`;
    expect(() => hostnamesOn(five, names)).toThrow(`${expected}${known}`);
  });

  test("a group without hosts is refused: it must not become all hosts", () => {
    const one = readDescription(emitted([ALPHARD]));
    expect(() => hostnamesOn(one, ["agents"])).toThrow("There are no agents in main.ts");
  });
});
