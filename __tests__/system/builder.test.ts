/**
 * A system that one machine builds and another one gets, with the real Nix of this machine: its builds, references, exports, imports,
 * hashes and garbage collection, in two stores of the test's own. Stand-ins: nixpkgs, by a few lines; NixOS' system, by a folder with
 * one reference; and SSH, by shells of this machine (`machines/builder.test.ts` has the real one).
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { dirname, join } from "node:path";
import { converse, type Captured, type Conversation } from "../../src/base/process";
import { shellWord } from "../../src/base/escape";
import { Builder } from "../../src/rollout/builder";
import type { Build } from "../../src/rollout/build";
import type { Facts } from "../../src/rollout/facts";
import type { Host } from "../../src/rollout/host";
import type { Machine } from "../../src/rollout/machine";
import { pipedCommand, remoteScript, type Variables } from "../../src/render/remote-script";
import { reportOf, type Report } from "../../src/rollout/script";
import { HAMAL, REFERENCE, ALPHARD } from "../fixture";
import { described, hosts } from "../rollout/plan-context";
import { newFolder } from "./clusters";
import { describeWith, NIX } from "./tools";

const REV = "0123456789abcdef0123456789abcdef01234567";

/** What is asked for of nixpkgs: a system that refers to one other path. */
const NIXPKGS = `let
  host = import <nixos-config>;
  made = name: script: derivation {
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" ("PATH=/bin:/usr/bin; " + script) ];
  };
  part = made "kernel" "echo 'a part of the system' >$out";
in {
  system = made "nixos-system-\${host.name}" ''
    mkdir -p $out/bin $out/etc
    ln -s \${part} $out/kernel
    echo \${host.name} >$out/etc/hostname
    echo 25.11 >$out/nixos-version
    echo '\${host.word}' >$out/word
    printf '#!/bin/sh\\n' >$out/bin/switch-to-configuration
    chmod +x $out/bin/switch-to-configuration
  '';
}
`;

/** A machine with a store. Paths in the stores of all have the same names, as on hosts, which share /nix/store. */
class MachineWithStore implements Machine {
  public readonly builds: string;
  /** What the stream that it sends passes through. */
  public filter = "cat";

  public constructor(
    public readonly name: string,
    private readonly folder: string,
    private readonly env: Record<string, string>,
  ) {
    this.builds = join(folder, name, "lib", "k3s-rollout", "builds");
    fs.mkdirSync(join(folder, name, "lib"), { recursive: true });
  }

  public run(...words: string[]): string {
    const { status, stdout, stderr } = this.ran(words);
    if (status !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  public isValid(path: string): boolean {
    return this.run("nix-store", "--check-validity", "--print-invalid", path) === "";
  }

  public call(program: string, variables: Variables): Promise<Report> {
    const { status, stdout, stderr } = this.ran(["sh", "-s"], this.own(remoteScript(program, variables)));
    return new Promise((done) => done(reportOf(this.name, program, { status: status ?? 1, stdout, stderr })));
  }

  public start(program: string): Conversation {
    const piped = `${this.own(pipedCommand(program))} | ${this.filter}`;
    const command = program === "export" ? `set -o pipefail; ${piped}` : this.own(pipedCommand(program));
    return converse("env", [...this.variables(), "bash", "-c", command]);
  }

  public end(program: string, _: Conversation, captured: Captured): Report {
    return reportOf(this.name, program, captured);
  }

  private ran(words: string[], input = "") {
    return spawnSync("env", [...this.variables(), ...words], { encoding: "utf8", input });
  }

  private variables(): string[] {
    return Object.entries(this.env).map(([name, value]) => `${name}=${value}`);
  }

  private own(script: string): string {
    return script.replaceAll("/var/lib", join(this.folder, this.name, "lib"));
  }
}

describeWith([NIX], "a system that another machine has built", () => {
  let folder: string;
  let builder: MachineWithStore;
  let target: MachineWithStore;
  let host: Host;
  let nixpkgs: { rev: string; hash: string };
  let built: Builder;

  beforeEach(() => {
    folder = newFolder();
    const store = {
      NIX_STORE_DIR: join(folder, "store"),
      HOME: folder,
      XDG_CACHE_HOME: join(folder, "cache"),
    };
    const config = "sandbox = false\nbuild-users-group =\nsubstituters =\n";
    const places = (name: string) => ({
      ...store,
      NIX_CONFIG: config,
      NIX_STATE_DIR: join(folder, name, "state"),
      NIX_LOG_DIR: join(folder, name, "log"),
      NIX_CONF_DIR: join(folder, name, "conf"),
      NIX_LOCALSTATE_DIR: join(folder, name),
    });
    builder = new MachineWithStore("mizar", folder, places("mizar"));
    const other = `local?real=${join(folder, "hamal", "store")}&state=${join(folder, "hamal", "state")}`;
    target = new MachineWithStore("hamal", folder, { ...places("hamal"), NIX_REMOTE: other });
    const archive = archived();
    nixpkgs = { rev: REV, hash: archive.hash };
    const nixos = { ...REFERENCE.nixos, nixpkgs };
    const [, real] = hosts(described([ALPHARD, HAMAL], { nixos })) as [Host, Host];
    host = Object.assign(Object.create(real) as Host, {
      // The archive of this test instead of GitHub's.
      call: (program: string, variables: Variables) => target.call(program, variables),
      start: (program: string) => target.start(program),
      end: (program: string, child: Conversation, captured: Captured) => target.end(program, child, captured),
    });
    const local: Machine = {
      name: "mizar",
      builds: builder.builds,
      call: (program, variables) =>
        builder.call(program, { ...variables, archive: `file://${archive.file}` }),
      start: (program) => builder.start(program),
      end: (program, child, captured) => builder.end(program, child, captured),
    };
    built = new Builder(local, host.log);
    configure("hamal", "first");
  });

  afterEach(() => {
    // Paths in a store are not writable.
    spawnSync("chmod", ["-R", "u+w", folder]);
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function archived(): { file: string; hash: string } {
    const tree = join(folder, `nixpkgs-${REV}`);
    const file = join(folder, `${REV}.tar.gz`);
    fs.mkdirSync(join(tree, "nixos"), { recursive: true });
    fs.writeFileSync(join(tree, "nixos", "default.nix"), NIXPKGS);
    builder.run("tar", "-czf", file, "-C", folder, `nixpkgs-${REV}`);
    const digits = builder.run("nix-hash", "--type", "sha256", tree);
    return { file, hash: `sha256-${Buffer.from(digits, "hex").toString("base64")}` };
  }

  const configure = (name: string, word: string): void => {
    const text = `{ name = "${name}"; word = "${word}"; }\n`;
    Object.assign(host, { files: new Map([["configuration.nix", text]]) });
  };

  const build = (): Promise<Build> =>
    built.build(host, { operatorKey: "" } as Facts, new AbortController().signal);
  const kernelOf = (path: string): string => fs.readlinkSync(join(path, "kernel"));
  const root = (): string => join(folder, "hamal", "lib", "k3s-rollout", "result");

  test("arrives with what it refers to, as it was built, and stays through a garbage collection", async () => {
    const { path, release } = await build();
    expect([release, dirname(path)]).toEqual(["25.11", join(folder, "store")]);
    await built.forget();
    target.run("nix-store", "--gc");
    builder.run("nix-store", "--gc");
    for (const each of [path, kernelOf(join(folder, "hamal", "store", path.slice(dirname(path).length)))]) {
      expect([target.isValid(each), builder.isValid(each)]).toEqual([true, false]);
      expect(target.run("nix-store", "--verify-path", each)).toBe("");
    }
    expect(fs.readlinkSync(root())).toBe(path);
    // The builder keeps nixpkgs alone.
    expect(fs.readdirSync(join(folder, "store")).filter((name) => !name.startsWith("."))).toEqual([
      expect.stringMatching(/-source$/),
    ]);
  });

  test("is copied without what is there already", async () => {
    const first = await build();
    configure("hamal", "second");
    builder.filter = `tee ${join(folder, "sent")}`;
    const second = await build();
    expect(second.path).not.toBe(first.path);
    expect(kernelOf(second.path)).toBe(kernelOf(first.path));
    const sent = fs.readFileSync(join(folder, "sent"), "latin1");
    expect([sent.includes("second"), sent.includes("a part of the system")]).toEqual([true, false]);
    builder.filter = "false";
    expect((await build()).path).toBe(second.path);
  });

  test.each([
    [
      "ends early",
      "{ head -c 700; cat >/dev/null; }",
      /^hamal: receive: exited with 1: error: unexpected end-of-file/,
    ],
    ["is empty", "cat >/dev/null", /^hamal: receive: exited with 1: error: unexpected end-of-file/],
    ["ends with the builder's end", "{ head -c 700; exit 1; }", /^hamal: copy from mizar: exited with /],
    [
      "has other bytes",
      "sed s/first/third/",
      /^hamal: receive: 1 store paths have not arrived as they were sent, such as \S+-nixos-system-hamal, and were deleted/,
    ],
    ["is none", "{ cat >/dev/null; echo hello; }", /^hamal: receive: exited with 1: error: /],
  ])("is not there when its stream %s, and the next one brings it", async (_, filter, message) => {
    builder.filter = filter;
    await expect(build()).rejects.toThrow(message);
    expect(fs.existsSync(root())).toBe(false);
    target.run("nix-store", "--gc");
    expect(fs.readdirSync(join(folder, "hamal", "store")).filter((name) => !name.startsWith("."))).toEqual(
      [],
    );
    builder.filter = "cat";
    expect(target.isValid((await build()).path)).toBe(true);
  });

  test("is refused by Nix where the builder's store is damaged", async () => {
    const { path } = await build();
    configure("hamal", "second");
    builder.filter = "false";
    await expect(build()).rejects.toThrow();
    const [damaged = ""] = fs
      .readdirSync(join(folder, "store"))
      .filter((name) => name.endsWith("-hamal") && !path.endsWith(name));
    const word = join(folder, "store", damaged, "word");
    fs.chmodSync(dirname(word), 0o755);
    fs.chmodSync(word, 0o644);
    fs.writeFileSync(word, "damaged\n");
    builder.filter = "cat";
    await expect(build()).rejects.toThrow(
      /^hamal: copy from mizar: exited with 1: error: hash of path '\S+' has changed/,
    );
    expect(target.isValid(join(folder, "store", damaged))).toBe(false);
    expect(fs.readlinkSync(root())).toBe(path);
  });

  test("is refused by the host when it is that of another", async () => {
    configure("alphard", "first");
    await expect(build()).rejects.toThrow(
      /^hamal: accept: \S+-nixos-system-alphard is not a NixOS system of hamal$/,
    );
  });

  test("stays at the builder through a garbage collection until it is copied", async () => {
    builder.filter = `sh -c ${shellWord("nix-store --gc >/dev/null 2>&1; exec cat")}`;
    expect(target.isValid((await build()).path)).toBe(true);
  });

  test("fails with Nix' own last lines, and the host has only its files", async () => {
    Object.assign(host, { files: new Map([["configuration.nix", "{ name = missing; }\n"]]) });
    await expect(build()).rejects.toThrow(
      /^hamal: build on mizar: exited with 1: .*error: undefined variable 'missing'/,
    );
    expect(fs.existsSync(join(folder, "hamal", "lib", "k3s-rollout"))).toBe(false);
  });
});
