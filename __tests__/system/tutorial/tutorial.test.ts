/**
 * Follows docs/tutorial.md word for word, as far as a machine without Proxmox VE can: the packed package, the real OpenTofu and
 * its provider, and a real SSH server for each node. Proxmox VE's API, NixOS' programs and K3s are stand-ins.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import cdktf from "../../../cdktf.json";
import { EMPTY_TEMPLATE } from "../../../src/config/template-vm";
import { builtProgram } from "../../../testbed/build/programs";
import { makeOperatorKey } from "../../../testbed/machines/operator";
import { Testbed } from "../../../testbed/machines/testbed";
import { installPackage } from "../../../testbed/package/install";
import { Pve } from "../../../testbed/pve/pve";
import { providerMirror } from "../../../testbed/tofu/mirror";
import { fenced, textOf } from "../../markdown";
import { MACHINES } from "../machines/tools";
import { TOFU } from "../tofu/bed";
import { role } from "../tofu/documents";
import { describeWith, NIX } from "../tools";

const TUTORIAL = textOf("docs/tutorial.md");

/** Blocks of commands by their names, which stand behind the language. */
const BLOCKS = new Map(
  [...TUTORIAL.matchAll(/^```sh (\S+)\n([^]*?)^```$/gm)].map(([, name = "", body = ""]) => [name, body]),
);

/** What cannot run here, and why not. */
const NOT_HERE: Readonly<Record<string, string>> = {
  "pve-ca": "there is no Proxmox VE host; the file is that of the stand-in's CA",
  "pve-create": "there is no Proxmox VE host",
  "pve-restart": "there is no Proxmox VE host",
  "pve-template": "there is no Proxmox VE host; the stand-in has the template",
  "installer-disk": "there is no NixOS installer",
  "installer-install": "there is no NixOS installer",
  "template-empty": "there is no VM; the commands are compared with those of the runbook",
  kubectl: "the stand-in for K3s serves no API to other machines",
};

/** What is said by a person, or is another here. */
const INSTEAD: readonly (readonly [string | RegExp, string])[] = [
  ["npm run apply", "npm run apply -- --yes"],
  ["rollout -- apply", "rollout -- apply --yes --accept-new-host-keys"],
];

test("every block of commands has a name, and runs here unless it says why it cannot", () => {
  expect(fenced(TUTORIAL, "sh")).toEqual([]);
  expect(Object.keys(NOT_HERE).filter((name) => !BLOCKS.has(name))).toEqual([]);
});

test("it empties the template as the rollout asks for it", () => {
  expect(BLOCKS.get("template-empty")).toBe([...EMPTY_TEMPLATE, "poweroff\n"].join("\n"));
});

test("it installs the template as the first synth expects it", () => {
  const [configuration = ""] = fenced(TUTORIAL, "nix");
  const main = textOf("templates/init/main.ts.hbs");
  const device = /grub\.device = "(.*)"/.exec(configuration)?.[1];
  expect(main).toContain(`bootDisk: "${device}"`);
  expect(main).toContain(`run \`blkid -s UUID -o value ${device}1\``);
  expect(BLOCKS.get("installer-install")).toContain(`blkid -s UUID -o value ${device}1\n`);
  const stated = /stateVersion = "(.*)"/.exec(configuration)?.[1];
  expect(main).toContain(`release: "${stated}"`);
  expect(TUTORIAL).toContain(`NixOS ${stated}`);
});

describeWith([NIX], "the template's configuration", () => {
  test("is valid Nix", () => {
    const [input] = fenced(TUTORIAL, "nix");
    expect(spawnSync("nix-instantiate", ["--parse", "-"], { input, encoding: "utf8" })).toMatchObject({
      status: 0,
    });
  });
});

/** What a block has to say, where a status of 0 is not enough. */
const SAYS: Readonly<Record<string, string | RegExp>> = {
  init: /Written: \d+ files in nix\//,
  doctor: "No problem found.",
  plan: "Plan: 2 to add, 0 to change, 0 to destroy.",
  apply: "Apply complete! Resources: 2 added, 0 changed, 0 destroyed.",
  "rollout-plan": /k3s-server-1: new: will be installed[^]*k3s-agent-1: new: will be installed/,
  "rollout-verify": "The cluster matches main.ts.",
  "rollout-kubeconfig": "now has the context my-cluster",
  "agent-apply": /1 node added[^]*Apply complete! Resources: 1 added, 0 changed, 0 destroyed\./,
  "agent-rollout": "The cluster matches main.ts.",
};

/** Addresses that the clones get from DHCP, by VM ID. */
const LEASES = new Map([
  [201, "172.22.0.151"],
  [202, "172.22.0.152"],
  [203, "172.22.0.153"],
]);

const NAMES = ["k3s-server-1", "k3s-agent-1", "k3s-agent-2"];

class Reader {
  public readonly home = mkdtempSync(join(tmpdir(), "k3s-tutorial-"));
  public readonly pve = new Pve({ nodes: ["pve"], storages: ["local-lvm"] });
  public readonly key = makeOperatorKey(this.home);
  private readonly project = join(this.home, "my-cluster");
  private readonly environment: Readonly<Record<string, string>>;
  private readonly token = this.pve.addToken("k3s", role("K3sApply").whole);
  private testbed?: Testbed;

  public constructor() {
    this.pve.inventory.add(9903, "pve", {
      name: "nixos-template",
      template: "1",
      agent: "1",
      boot: "order=scsi0",
      cores: "2",
      cpu: "x86-64-v2-AES",
      memory: "4096",
      net0: "virtio=BC:24:11:00:00:00,bridge=vmbr0",
      ostype: "l26",
      scsi0: "local-lvm:20",
      scsihw: "virtio-scsi-pci",
    });
    for (const [vmId, address] of LEASES) this.pve.inventory.leases.set(vmId, address);
    mkdirSync(join(this.home, ".ssh"), { mode: 0o700 });
    writeFileSync(join(this.home, ".ssh/id_ed25519.pub"), `${this.key.publicKey}\n`);
    writeFileSync(join(this.home, "pve-root-ca.pem"), this.pve.ca);
    writeFileSync(join(this.home, "state"), "");
    this.environment = {
      HOME: this.home,
      PATH: [this.programs(), dirname(builtProgram("tofu", "tofu") ?? ""), process.env.PATH].join(":"),
      TF_CLI_CONFIG_FILE: this.mirror(),
      TF_CLI_ARGS: "-no-color",
      CHECKPOINT_DISABLE: "1",
      ...Object.fromEntries(
        ["AUTHOR", "COMMITTER"].flatMap((who) => [
          [`GIT_${who}_NAME`, "A Person"],
          [`GIT_${who}_EMAIL`, "a.person@example.org"],
        ]),
      ),
    };
  }

  public async close(): Promise<void> {
    await this.testbed?.stop();
    await this.pve.leave();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** @returns what was printed. @throws with it when the block failed */
  public async run(name: string): Promise<string> {
    const script = INSTEAD.reduce((text, [from, to]) => text.replaceAll(from, to), BLOCKS.get(name) ?? "")
      .replace("'k3s-apply@pve!apply=00000000-0000-0000-0000-000000000000'", `'${this.token}'`)
      .replace(/(?<=PROXMOX_VE_ENDPOINT=)\S+/, this.pve.endpoint);
    // What a shell keeps for the next block: its folder, and what was exported.
    const kept = join(this.home, "state");
    const keep = `{ echo "cd '$PWD'"; export -p | grep -E ' (PROXMOX_VE|SSL)_' || true; } >'${kept}'`;
    const words = ["-e", "-c", `cd "$HOME"; . '${kept}'; set -x\n${script}\nset +x; ${keep}; true`];
    const { status, output } = /rollout/.test(name)
      ? await this.atTheHosts(words)
      : await this.atHome("bash", words);
    if (status !== 0) throw new Error(output);
    return output;
  }

  /** The statement of the page, where it says that it belongs. */
  public addAgent(folder = this.project): void {
    const file = join(folder, "main.ts");
    const [statement = ""] = fenced(TUTORIAL, "ts");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("new HostFiles", `${statement}\n$&`));
  }

  /** The reader's programs that would ask the npm registry, for a package that is not in it. */
  private programs(): string {
    const modules = join(this.home, "installed");
    mkdirSync(modules);
    const cli = join(installPackage(modules), "dist/cli.js");
    const bin = join(this.home, "bin");
    mkdirSync(bin);
    const npm = execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim();
    const install = `ln -s '${modules}/node_modules' node_modules`;
    writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift; exec node '${cli}' "$@"\n`, { mode: 0o755 });
    writeFileSync(
      join(bin, "npm"),
      `#!/bin/sh\nif [ "$1" = install ]; then ${install}; else exec '${npm}' "$@"; fi\n`,
      { mode: 0o755 },
    );
    return bin;
  }

  private mirror(): string {
    const version = cdktf.terraformProviders[0]?.split("@")[1] ?? "";
    return providerMirror(this.home, builtProgram("provider", "terraform-provider-proxmox") ?? "", version);
  }

  /** Every machine that there will be, on the network where the reader is, with the address that DHCP gave it. */
  private async powerOn(): Promise<void> {
    const later = join(this.home, "later");
    cpSync(this.project, later, { recursive: true, verbatimSymlinks: true });
    this.addAgent(later);
    await this.atHome("sh", ["-c", `cd '${later}' && npm run --silent synth`]);
    const nix = join(later, "nix");
    const machines = Object.fromEntries(NAMES.map((name) => [name, { state: "template" }] as const));
    this.testbed = await Testbed.start({ nix, machines }, this.key, "");
    for (const { hostname, vmId, ipv4Address } of this.testbed.nodes) {
      const lease = LEASES.get(vmId);
      await this.testbed.on(
        hostname,
        `ip address del ${ipv4Address}/24 dev ens18; ip address add ${lease}/24 dev ens18`,
      );
    }
  }

  private atHome(
    program: string,
    words: readonly string[],
  ): Promise<{ status: number | null; output: string }> {
    const child = spawn(program, words, { cwd: this.home, env: { ...process.env, ...this.environment } });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => resolve({ status, output }));
    });
  }

  private async atTheHosts(words: readonly string[]): Promise<{ status: number | null; output: string }> {
    if (this.testbed === undefined) await this.powerOn();
    const testbed = this.testbed as Testbed;
    // The operator's ssh, with the key of the page.
    const PATH = `${join(this.home, "bin")}:${testbed.folder}/operator/bin:${this.environment.PATH}`;
    const environment = { ...this.environment, PATH };
    const { status, stdout, stderr } = await testbed.operator(["bash", ...words], this.home, environment);
    return { status, output: stdout + stderr };
  }
}

describeWith([...TOFU, ...MACHINES], "the tutorial", () => {
  let reader: Reader;

  beforeAll(async () => {
    reader = new Reader();
    await reader.pve.listen();
  });

  afterAll(() => reader?.close());

  test.each([...BLOCKS.keys()].filter((name) => !(name in NOT_HERE)))("%s", async (name) => {
    if (name === "agent-apply") reader.addAgent();
    expect(await reader.run(name)).toEqual(
      expect.stringMatching(
        SAYS[name] instanceof RegExp ? SAYS[name] : new RegExp(escaped(SAYS[name] ?? "")),
      ),
    );
  });

  test("leaves a project in which everything is committed", async () => {
    expect(
      execFileSync("git", ["status", "--short"], { cwd: join(reader.home, "my-cluster"), encoding: "utf8" }),
    ).toBe("");
  });
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
