/**
 * The scan of a template's disk. Real are the partition tables (sfdisk), the filesystems (mkfs.ext4, mkfs.vfat), the SSH keys
 * (ssh-keygen) and the program that reads files (debugfs). Made up are the files of a NixOS: a few of each kind.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { dirname, join } from "node:path";
import { EMPTY_TEMPLATE } from "../../src/config/template-vm";
import type { Node } from "../../src/config/model";
import type { Check } from "../../src/doctor/check";
import { withImage } from "../../src/template/image";
import { scan } from "../../src/template/scan";
import { MOST_TRACES, tracesIn, type Trace } from "../../src/template/text-scan";
import { emit, FIVE_NODES, REFERENCE } from "../fixture";
import { CLI } from "../program";
import { schemaFaults } from "../json-schema";
import { cluster, newFolder } from "./clusters";
import { describeWith, IMAGES } from "./tools";

const ROOT = "dd933e34-9e75-4a1c-8597-61e6d3b7af63";
const MIB = 1024 * 1024;

/** The hash of a CA and a password, which are nobody's. */
const TOKEN = `K10${"0123456789abcdef".repeat(4)}::server:0f1e2d3c4b5a69788796a5b4c3d2e1f0`;

let folder: string;

beforeEach(() => {
  folder = newFolder();
});

afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function run(program: string, words: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", input });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

/** A key as sshd makes one. */
function hostKey(): { readonly secret: string; readonly publicKey: string } {
  const file = join(folder, `key${fs.readdirSync(folder).length}`);
  run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "root@nixos", "-f", file]);
  return { secret: fs.readFileSync(file, "utf8"), publicKey: fs.readFileSync(`${file}.pub`, "utf8") };
}

type Files = Readonly<Record<string, string>>;

/** What every NixOS has, with keys and marks that are no identity. */
const cleanFiles = (): Files => ({
  "etc/machine-id": "",
  "etc/NIXOS": "",
  "etc/ssh/sshd_config": "HostKey /etc/ssh/ssh_host_ed25519_key\n",
  "etc/ssh/authorized_keys.d/root": hostKey().publicKey,
  "nix/store/aaaa-openssh/bin/ssh-keygen":
    "\x7fELF\0-----BEGIN OPENSSH PRIVATE KEY-----\0-----END OPENSSH PRIVATE KEY-----\0",
  "nix/store/bbbb-k3s/bin/k3s": "\x7fELF\0K10%s::server:%s\0invalid token::node:\0",
  "nix/store/cccc-ca/ca-bundle.crt":
    "-----BEGIN CERTIFICATE-----\nMIIFVzCCAz+gAwIBAgINAgPlk28xsBNJiGuiFzANBgkqhkiG9w0BAQwFADBHMQsw\n",
});

interface Disk {
  /** Of sfdisk. */
  readonly table: string;
  /** Of the root partition, in MiB. */
  readonly start: number;
  readonly esp?: string;
  readonly uuid?: string;
}

/** As nixpkgs' image builder makes them. */
const BIOS: Disk = { table: "label: dos\n1MiB,,L,*\n", start: 1 };
const UEFI: Disk = { table: "label: gpt\n8MiB,16MiB,U\n24MiB,,L\n", start: 24, esp: "1A2B3C4D" };

function imageOf(files: Files, { table, start, esp, uuid = ROOT }: Disk = BIOS): string {
  const [image, tree] = [join(folder, "nixos.img"), join(folder, "tree")];
  for (const [path, text] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(tree, path)), { recursive: true });
    fs.writeFileSync(join(tree, path), text);
  }
  fs.writeFileSync(image, "");
  fs.truncateSync(image, 64 * MIB);
  run("sfdisk", ["--quiet", image], table);
  if (esp !== undefined) run("mkfs.vfat", ["-i", esp, `--offset=${(8 * MIB) / 512}`, image, `${16 * 1024}`]);
  const extended = `offset=${start * MIB}`;
  run("mkfs.ext4", ["-q", "-F", "-U", uuid, "-d", tree, "-E", extended, image, `${64 - start - 1}M`]);
  return image;
}

const NODES = cluster({}).nodes;

const scanned = (image: string, nodes: readonly Node[] = NODES): Promise<Check[]> =>
  withImage(image, (opened) => scan(opened, nodes, { stop: new AbortController().signal }));

/** Names of checks to their states and what was found. */
const found = (checks: readonly Check[]): Record<string, string> =>
  Object.fromEntries(checks.map(({ name, state, found }) => [name, `${state}: ${found}`]));

const CLEAN = {
  Disk: "ok: 1 GiB, which is its templateDiskGib",
  "Root filesystem": `ok: ext4 ${ROOT}`,
  "machine-id": "ok: none",
  "SSH host keys": "ok: none",
  "K3s state": "ok: none",
  "Private keys": "ok: none in the whole image",
  "K3s tokens": "ok: none in the whole image",
};

describeWith(IMAGES, "the scan of a template's disk", () => {
  test("finds nothing in a clean one, whose programs contain the marks of keys and tokens", async () => {
    expect(found(await scanned(imageOf(cleanFiles())))).toEqual(CLEAN);
  });

  test("takes a machine-id that systemd will replace for none", async () => {
    const image = imageOf({ ...cleanFiles(), "etc/machine-id": "uninitialized\n" });
    expect(found(await scanned(image))).toEqual(CLEAN);
    run("debugfs", ["-w", "-R", "rm /etc/machine-id", `${image}?offset=${MIB}`]);
    expect(found(await scanned(image))).toEqual(CLEAN);
  });

  test.each<[string, () => Files, Record<string, unknown>]>([
    [
      "a machine-id",
      () => ({ "etc/machine-id": "0123456789abcdef0123456789abcdef\n" }),
      { "machine-id": "problem: /etc/machine-id is filled" },
    ],
    [
      "an SSH host key",
      () => ({ "etc/ssh/ssh_host_ed25519_key": hostKey().secret }),
      {
        "SSH host keys": "problem: /etc/ssh/ssh_host_ed25519_key",
        "Private keys": expect.stringMatching(/^problem: at byte \d+, in \/etc\/ssh\/ssh_host_ed25519_key$/),
      },
    ],
    [
      "the public half of one",
      () => ({ "etc/ssh/ssh_host_rsa_key.pub": hostKey().publicKey }),
      { "SSH host keys": "problem: /etc/ssh/ssh_host_rsa_key.pub" },
    ],
    [
      "the database of a K3s",
      () => ({ "var/lib/rancher/k3s/server/db/state.db": "SQLite format 3\0" }),
      { "K3s state": "problem: /var/lib/rancher is not empty" },
    ],
    [
      "the password of a K3s node",
      () => ({ "etc/rancher/node/password": "0123456789abcdef" }),
      { "K3s state": "problem: /etc/rancher is not empty" },
    ],
    [
      "a token wherever it is",
      () => ({ "root/notes": `the token is ${TOKEN}\n` }),
      { "K3s tokens": expect.stringMatching(/^problem: at byte \d+, in \/root\/notes$/) },
    ],
    [
      "an agents' token",
      () => ({ "var/lib/k3s-secrets/agent-token": TOKEN.replace("::server:", "::node:") }),
      {
        "K3s tokens": expect.stringMatching(
          /^problem: at byte \d+, in \/var\/lib\/k3s-secrets\/agent-token$/,
        ),
      },
    ],
    [
      "a key of a certificate",
      () => ({
        "root/tls.key": `-----BEGIN EC PRIVATE KEY-----\n${"A".repeat(64)}\n-----END EC PRIVATE KEY-----\n`,
      }),
      { "Private keys": expect.stringMatching(/^problem: at byte \d+, in \/root\/tls\.key$/) },
    ],
  ])("finds %s", async (_, planted, expected) => {
    const checks = await scanned(imageOf({ ...cleanFiles(), ...planted() }));
    expect(found(checks)).toEqual({ ...CLEAN, ...expected });
    const remedies = new Set(checks.map(({ remedy = "" }) => remedy).filter(Boolean));
    for (const remedy of remedies)
      expect(remedy).toMatch(/^All clones would (share it|have it)\. Build the image anew/);
    if ("machine-id" in expected) expect([...remedies].join()).toContain(EMPTY_TEMPLATE.join("; "));
  });

  test("says at which byte, and shows nothing of what is there", async () => {
    const { secret } = hostKey();
    const image = imageOf({ ...cleanFiles(), "etc/ssh/ssh_host_ed25519_key": secret, "root/token": TOKEN });
    const checks = await scanned(image);
    const bytes = fs.readFileSync(image);
    const offsetIn = (name: string): number => Number(/at byte (\d+)/.exec(found(checks)[name] ?? "")?.[1]);
    expect(offsetIn("Private keys")).toBe(bytes.indexOf(secret));
    expect(offsetIn("K3s tokens")).toBe(bytes.indexOf(TOKEN));
    const said = JSON.stringify(checks);
    for (const part of [secret.split("\n")[2] ?? "", "0f1e2d3c4b5a", "0123456789abcdef0123"]) {
      expect(part.length).toBeGreaterThan(10);
      expect(said).not.toContain(part);
    }
  });

  test("finds a key and a token that were deleted, and tells them apart from files", async () => {
    const { secret } = hostKey();
    const image = imageOf({ ...cleanFiles(), "etc/ssh/ssh_host_ed25519_key": secret, "root/token": TOKEN });
    for (const path of ["/etc/ssh/ssh_host_ed25519_key", "/root/token"])
      run("debugfs", ["-w", "-R", `rm ${path}`, `${image}?offset=${MIB}`]);
    const place = expect.stringMatching(/^problem: at byte \d+, in free space, left by a deleted file$/);
    expect(found(await scanned(image))).toEqual({ ...CLEAN, "Private keys": place, "K3s tokens": place });
  });

  test("does not count the keys of packages, which everybody has", async () => {
    const image = imageOf({ ...cleanFiles(), "nix/store/dddd-python3/test/ssl_key.pem": hostKey().secret });
    expect(found(await scanned(image))["Private keys"]).toBe(
      "ok: 1 in packages of /nix/store, which everybody has",
    );
  });

  test("knows the partitions of a disk for UEFI, and compares both UUIDs", async () => {
    const uefi = { firmware: "uefi", bootDisk: undefined, efiSystemPartition: "1A2B-3C4D" } as const;
    const image = imageOf(cleanFiles(), UEFI);
    expect(found(await scanned(image, cluster({ nixos: uefi }).nodes))).toEqual({
      ...CLEAN,
      "EFI system partition": "ok: vfat 1A2B-3C4D",
    });
    const other = await scanned(
      image,
      cluster({ nixos: { ...uefi, efiSystemPartition: "0000-0001" } }).nodes,
    );
    expect(other.find(({ name }) => name === "EFI system partition")).toMatchObject({
      found: "the hosts need vfat 0000-0001, and the image has vfat 1A2B-3C4D",
      remedy:
        'The hosts would not boot: state nixos.efiSystemPartition: "1A2B-3C4D" in main.ts, or build the image from the emitted files.',
    });
  });

  test("says what main.ts has to state for a disk that was made by hand", async () => {
    const uuid = "11111111-2222-4333-8444-555555555555";
    const image = imageOf(cleanFiles(), { ...BIOS, uuid });
    fs.truncateSync(image, 40 * 1024 * MIB);
    const checks = (await withImage(image, (opened) =>
      // All but the bytes, which are 40 GiB of zeros.
      scan({ ...opened, file: firstBytes(opened.file, 64 * MIB) }, NODES, {
        stop: new AbortController().signal,
      }),
    )) as Check[];
    expect(checks.slice(0, 2)).toEqual([
      {
        name: "Disk",
        state: "problem",
        found: expect.stringMatching(/^40 GiB, and the first disk of .* is smaller$/),
        remedy: "State templateDiskGib: 40 in main.ts, and as sizeGib of each first disk at least that.",
      },
      {
        name: "Root filesystem",
        state: "problem",
        found: `the hosts need ext4 ${ROOT}, and the image has ext4 ${uuid}`,
        remedy: `The hosts would not boot: state nixos.rootFilesystem: { type: "ext4", uuid: "${uuid}" } in main.ts, or build the image from the emitted files.`,
      },
    ]);
  });

  test("says of a filesystem whose files it cannot look at that it did not", async () => {
    const files = { ...cleanFiles(), "root/token": TOKEN };
    const image = imageOf(files);
    const superblock = MIB + 1024;
    change(image, superblock + 0x63, 0x80); // a feature of the future
    const unseen = expect.stringMatching(/^unknown: its files were not looked at: .*unsupported feature/);
    expect(found(await scanned(image))).toMatchObject({
      "machine-id": unseen,
      "SSH host keys": unseen,
      "K3s state": unseen,
      "K3s tokens": expect.stringMatching(/^problem: at byte \d+, in a file that was not looked for$/),
    });
    change(image, superblock + 0x38, 0); // no ext4 any more
    expect(found(await scanned(image))["machine-id"]).toBe(
      "unknown: its files were not looked at: the image has no ext4, and only its files can be",
    );
  });

  test.each([
    ["a qcow2 image", "QFI\xfb\0\0\0\x03", /is a qcow2 image, .*qemu-img convert -O raw/],
    ["a compressed one", "\x28\xb5\x2f\xfd", /is a Zstandard file, .*unzstd/],
    ["what is no disk", "#!/bin/sh\n", /is no raw image of a disk: it has no boot sector/],
  ])("refuses %s by its name", async (_, head, message) => {
    const file = join(folder, "template.img");
    fs.writeFileSync(file, Buffer.concat([Buffer.from(head, "latin1"), Buffer.alloc(1024)]));
    await expect(scanned(file)).rejects.toThrow(message);
    await expect(scanned(join(folder, "nothing"))).rejects.toThrow(/nothing cannot be read: .*ENOENT/);
  });

  test.each([
    ["a partition table of noise", (noise: Buffer) => noise],
    [
      "a GPT whose numbers are too large",
      (noise: Buffer) => {
        noise.fill(0, 446, 510);
        noise[450] = 0xee;
        noise.write("EFI PART", 512);
        noise.fill(0xff, 584, 600);
        return noise;
      },
    ],
  ])("survives %s", async (_, spoiled) => {
    const noise = spoiled(Buffer.from(Array.from({ length: 8192 }, (__, at) => (at * 7919 + 13) % 256)));
    noise.writeUInt16LE(0xaa55, 510);
    const file = join(folder, "noise.img");
    fs.writeFileSync(file, noise);
    expect(found(await scanned(file))["Root filesystem"]).toMatch(/, and the image has none$/);
  });

  describe("as a command", () => {
    function command(...words: string[]): { status: number | null; stdout: string; stderr: string } {
      const { status, stdout, stderr } = spawnSync(CLI, ["template", "scan", ...words], {
        cwd: folder,
        encoding: "utf8",
      });
      return { status, stdout, stderr };
    }

    test("ends with 0 for a clean disk, with 1 for another, and prints JSON that fits its schema", () => {
      emit(folder, FIVE_NODES, REFERENCE);
      const image = imageOf(cleanFiles());
      const clean = command(image, "--json");
      const document = JSON.parse(clean.stdout) as { clean: boolean; checks: Check[] };
      expect([clean.status, document.clean, schemaFaults("template#scan", document)]).toEqual([0, true, []]);
      expect(found(document.checks)).toEqual(CLEAN);
      fs.appendFileSync(image, TOKEN);
      const dirty = command(image);
      expect([dirty.status, dirty.stdout]).toEqual([1, expect.stringContaining("\nThere are problems.\n")]);
      expect(dirty.stdout).toContain(`at byte ${64 * MIB}, in a file that was not looked for`);
    });

    test("needs no cluster, and says what it could not compare", () => {
      const { status, stdout } = command(imageOf(cleanFiles()));
      expect([status, stdout]).toEqual([
        0,
        expect.stringContaining(`1 GiB with ext4 ${ROOT}; there is no nix/cluster.json to compare it with`),
      ]);
    });

    test("asks which template is meant where there are several", () => {
      emit(folder, [...FIVE_NODES.slice(1), { ...FIVE_NODES[0], templateVmId: 9904 } as never], REFERENCE);
      const image = imageOf(cleanFiles());
      expect(command(image)).toMatchObject({
        status: 64,
        stderr: "The cluster has several templates: VM 9903 and VM 9904: name one with --vm-id\n",
      });
      expect(command(image, "--vm-id", "9905").stderr).toBe(
        "No host is cloned from VM 9905: --vm-id is one of VM 9903 and VM 9904\n",
      );
      expect(command(image, "--vm-id", "9904").status).toBe(0);
    });

    test("reports a failure as JSON, too", () => {
      const { status, stdout } = command("nothing.img", "--json");
      const document = JSON.parse(stdout) as object;
      expect([status, document]).toEqual([1, expect.objectContaining({ code: "invalid" })]);
      expect(schemaFaults("template#failure", document)).toEqual([]);
    });
  });
});

describe("the search through all bytes", () => {
  const CHUNK = 4 * MIB;

  const traces = (file: string, stop = new AbortController().signal): Promise<Trace[]> =>
    withImage(file, (image) => tracesIn(image, stop));

  function withTokensAt(...offsets: number[]): string {
    const file = join(folder, "disk.img");
    const disk = fs.openSync(file, "w");
    fs.writeSync(disk, Buffer.from([0x55, 0xaa]), 0, 2, 510);
    for (const offset of offsets) fs.writeSync(disk, TOKEN, offset);
    fs.closeSync(disk);
    return file;
  }

  test("misses none at the ends of the chunks in which it reads, and counts none twice", async () => {
    for (let around = -TOKEN.length - 5; around <= 300; around += 7) {
      const offsets = [1024, CHUNK + around, 2 * CHUNK + around, 3 * CHUNK - around - 700];
      expect((await traces(withTokensAt(...offsets))).map(({ offset }) => offset)).toEqual(
        [...offsets].sort((a, b) => a - b),
      );
    }
  });

  test("takes no more memory for a large image, and finds what is at its end", async () => {
    const last = 512 * MIB;
    const file = withTokensAt(last);
    const before = process.memoryUsage.rss();
    expect(await traces(file)).toEqual([{ kind: "K3s token", offset: last }]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * MIB);
  });

  test("ends at so many that nobody reads them", async () => {
    const file = withTokensAt(1024);
    fs.appendFileSync(file, `${TOKEN}\n`.repeat(MOST_TRACES + 10));
    expect(await traces(file)).toHaveLength(MOST_TRACES);
  });

  test("ends when it is asked to", async () => {
    await expect(traces(withTokensAt(1024), AbortSignal.abort())).rejects.toMatchObject({
      code: "interrupted",
    });
  });
});

/** Changes one byte of a file. */
function change(file: string, position: number, byte: number): void {
  const opened = fs.openSync(file, "r+");
  fs.writeSync(opened, Buffer.from([byte]), 0, 1, position);
  fs.closeSync(opened);
}

/** A file that ends early. */
function firstBytes(file: fs.promises.FileHandle, length: number): fs.promises.FileHandle {
  const read = (bytes: Buffer, offset: number, count: number, position: number) =>
    file.read(bytes, offset, Math.max(0, Math.min(count, length - position)), position);
  return { read } as unknown as fs.promises.FileHandle;
}
