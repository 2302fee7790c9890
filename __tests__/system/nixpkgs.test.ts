/**
 * The pin of nixpkgs with the real Nix of this machine, which has a store of its own here: the emitted flake, a build on a
 * host, and the update of the pin. Stand-ins: nixpkgs, by a folder of a few lines; GitHub and NixOS' channels, by a server and
 * a file of this machine; and nixos-rebuild, by a script that notes its words.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { ExitCode } from "../../src/cli/exit-code";
import { update } from "../../src/cli/nixpkgs";
import { remoteScript } from "../../src/render/remote-script";
import { Report } from "../../src/rollout/script";
import { versionsExpression } from "../../src/rollout/upgrade/versions";
import { emit, FIVE_NODES, REFERENCE } from "../fixture";
import { cluster, emitted, newFolder } from "./clusters";
import { evaluate } from "./evaluation";
import { hostFaults, merged, type Host } from "./nixos-options";
import { CURL, describeWith, NIX } from "./tools";

const REV = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "76543210fedcba9876543210fedcba9876543210";

/** Everything of a test, the store included. */
let folder: string;
/** Where this machine's Nix keeps its store during a test. */
let nix: Record<string, string>;

beforeEach(() => {
  folder = newFolder();
  nix = Object.fromEntries(
    ["STORE_DIR", "STATE_DIR", "LOG_DIR", "CONF_DIR", "LOCALSTATE_DIR"].map((name) => [
      `NIX_${name}`,
      join(folder, "nix", name.toLowerCase()),
    ]),
  );
  nix.HOME = folder;
  nix.XDG_CACHE_HOME = join(folder, "cache");
});

afterEach(() => {
  // Paths in a store are not writable.
  spawnSync("chmod", ["-R", "u+w", folder]);
  fs.rmSync(folder, { recursive: true, force: true });
});

function run(program: string, words: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync(program, words, {
    encoding: "utf8",
    input,
    env: { ...process.env, ...nix },
  });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")}: ${stderr}`);
  return stdout.trim();
}

const FLAKES = ["--extra-experimental-features", "nix-command flakes", "--offline"];

function write(path: string, text: string, mode = 0o644): string {
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, text, { mode });
  return path;
}

const sriOf = (tree: string): string => {
  const digits = run("nix-hash", ["--type", "sha256", tree]);
  return `sha256-${Buffer.from(digits, "hex").toString("base64")}`;
};

/** A tree, and the archive of it as GitHub makes one: below one folder. */
function archived(text: string, rev = REV): { archive: string; hash: string } {
  const name = `nixpkgs-${rev}`;
  write(join(folder, name, "nixos", "default.nix"), text);
  const archive = join(folder, `${rev}.tar.gz`);
  run("tar", ["-czf", archive, "-C", folder, name]);
  return { archive, hash: sriOf(join(folder, name)) };
}

/** Of the hosts only what this test asks for is evaluated. */
const STUB = `{
  outputs = { self }: {
    lib.nixosSystem = { modules }:
      let
        lib.trivial.release = "25.11";
        lib.trivial.revisionWithDefault = default: self.rev or default;
        lib.optional = condition: element: if condition then [ element ] else [ ];
        host = import (builtins.head modules) { inherit lib; config = { }; pkgs = { }; };
      in {
        hostName = host.networking.hostName;
        nixos = host.system.nixos;
        files = map baseNameOf host.imports;
        faults = builtins.filter (it: !it.assertion) host.assertions;
      };
  };
}`;

describeWith([NIX, CURL], "a pinned nixpkgs", () => {
  describe("as a flake", () => {
    const model = cluster({
      nixos: { nixpkgs: { rev: REV, hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=" } },
    });
    let flake: string;

    beforeEach(() => {
      flake = join(folder, "hosts");
      for (const [path, text] of emitted(model)) write(join(flake, path), text);
    });

    test("has every host by its name, with its files and the revision that it runs", () => {
      write(join(folder, "stub", "flake.nix"), STUB);
      write(join(flake, "k3s-agent-1", "local.nix"), "{ }");
      const override = ["--override-input", "nixpkgs", `path:${join(folder, "stub")}`];
      const hosts = JSON.parse(
        run("nix", [...FLAKES, "eval", "--json", ...override, `path:${flake}#nixosConfigurations`]),
      ) as Record<string, unknown>;
      expect(Object.keys(hosts)).toEqual(["agent-1", "agent-2", "server-1"]);
      expect(hosts["agent-1"]).toEqual({
        hostName: "agent-1",
        nixos: { revision: REV, versionSuffix: ".0123456789ab" },
        files: ["hardware-configuration.nix", "k3s-agent.nix", "local.nix"],
        faults: [],
      });
    });

    test("is locked: Nix takes the lock with its header, needs no network for it, and leaves it as it is", () => {
      const lock = join(flake, "flake.lock");
      const before = fs.readFileSync(lock, "utf8");
      const { locks } = JSON.parse(run("nix", [...FLAKES, "flake", "metadata", "--json", `path:${flake}`]));
      expect(locks.nodes.nixpkgs.locked).toEqual({
        narHash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
        owner: "NixOS",
        repo: "nixpkgs",
        rev: REV,
        type: "github",
      });
      run("nix", [...FLAKES, "flake", "lock", `path:${flake}`]);
      expect(fs.readFileSync(lock, "utf8")).toBe(before);
    });

    test.each([
      ["GitHub's archive, which does not know its revision", null, []],
      ["a channel of that revision", REV, []],
      [
        "a channel of another revision",
        OTHER,
        [`assertion: This host is written for revision ${REV} of nixpkgs, and this is ${OTHER}.`],
      ],
    ])("builds a host from that revision alone: %s", async (_, revision, faults) => {
      const [node] = model.nodes;
      if (node === undefined) throw new Error("no host");
      const modules = await evaluate({ host: join(flake, node.directory) }, "25.11", revision);
      const host: Host = merged(modules["host"] ?? []);
      expect(hostFaults(host, node)).toEqual(faults);
      expect(host.options["system.nixos.revision"]).toBe(revision ?? REV);
    });
  });

  describe("evaluated for an upgrade", () => {
    const NIXPKGS = `{ system }: {
      lib.trivial.release = "26.05";
      k3s_1_35.version = "1.35.1+k3s1";
      k3s_1_30 = throw "k3s_1_30 has been removed";
      linuxPackages.kernel.version = if system == "aarch64-linux" then "6.18.1" else "other";
    }`;

    /** What a host reports of that package. */
    function versions(k3sPackage: string): unknown {
      write(join(folder, `nixpkgs-${REV}`, "default.nix"), NIXPKGS);
      const { archive, hash } = archived("{ }\n");
      fs.mkdirSync(join(folder, "lib"), { recursive: true });
      const node = { kernelPackages: "linuxPackages", platform: "aarch64-linux" } as const;
      const variables = {
        expression: versionsExpression(node, k3sPackage),
        tarball: "",
        builds: "",
        revision: REV,
        archive: `file://${archive}`,
        hash,
        pin: "npm run nixpkgs -- update",
        caches: "",
        cache_keys: "",
      };
      const script = remoteScript("evaluate", variables)
        .replaceAll("/var/lib", join(folder, "lib"))
        .replaceAll("/run/k3s", join(folder, "run-k3s"));
      const { stdout } = spawnSync("sh", ["-s"], {
        input: script,
        encoding: "utf8",
        env: { ...process.env, ...nix },
      });
      const report = new Report(stdout);
      expect(report.all("error")).toEqual([]);
      return JSON.parse(report.text("versions"));
    }

    test("says its release, and the versions of K3s and of the kernel", () => {
      expect(versions("k3s_1_35")).toEqual({ nixos: "26.05", k3s: "1.35.1+k3s1", kernel: "6.18.1" });
    });

    test("has no version of a K3s that is not there, or that was removed", () => {
      expect(versions("k3s_1_99")).toMatchObject({ k3s: "" });
      expect(versions("k3s_1_30")).toMatchObject({ k3s: "" });
    });
  });

  describe("in a host's build", () => {
    beforeEach(() => {
      write(join(folder, "system", "nixos-version"), "25.11.0123456789ab\n");
      write(join(folder, "system", "bin", "switch-to-configuration"), "#!/bin/sh\n", 0o755);
      write(
        join(folder, "bin", "nixos-rebuild"),
        `#!/bin/sh\nprintf '%s\\n' "$@" >words\nln -sfn ${folder}/system result\n`,
        0o755,
      );
      fs.mkdirSync(join(folder, "lib"));
    });

    const home = (): string => join(folder, "lib", "k3s-rollout");
    const words = (): string[] => fs.readFileSync(join(home(), "words"), "utf8").trim().split("\n");

    function build(revision: string, archive: string, hash: string, caches = "", keys = ""): Report {
      const files = ":e30= configuration.nix";
      const variables = {
        files,
        interfaces: "",
        revision,
        archive: `file://${archive}`,
        hash,
        pin: "npm run nixpkgs -- update",
        caches,
        cache_keys: keys,
      };
      const script = remoteScript("build", variables)
        .replaceAll("/var/lib", join(folder, "lib"))
        .replaceAll("/run/k3s", join(folder, "run-k3s"));
      const env = { ...process.env, ...nix, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
      return new Report(spawnSync("sh", ["-s"], { input: script, encoding: "utf8", env }).stdout);
    }

    test("is downloaded, compared with its hash, and used without a flake", () => {
      const { archive, hash } = archived("{ }\n");
      expect(build(REV, archive, hash).one("built")).toBe(join(folder, "system"));
      const last = words().at(-1) ?? "";
      expect(words().slice(0, 3)).toEqual(["build", "--no-flake", "-I"]);
      expect(words().at(-2)).toBe("-I");
      expect(last).toMatch(new RegExp(`^nixpkgs=${nix.NIX_STORE_DIR}/[a-z0-9]{32}-source$`));
      expect(fs.readFileSync(join(last.replace("nixpkgs=", ""), "nixos/default.nix"), "utf8")).toBe("{ }\n");
    });

    test("stays through a garbage collection, and is not downloaded again", () => {
      const { archive, hash } = archived("{ }\n");
      build(REV, archive, hash);
      run("nix-store", ["--gc"]);
      fs.rmSync(archive);
      expect(build(REV, archive, hash).one("built")).not.toBe("");
    });

    test("comes with the binary caches, which the host does not know yet", () => {
      build("", "", "", "https://a.example https://b.example", "a:AA= b:BB=");
      expect(words().slice(-6)).toEqual([
        "--option",
        "extra-substituters",
        "https://a.example https://b.example",
        "--option",
        "extra-trusted-public-keys",
        "a:AA= b:BB=",
      ]);
    });

    test("is collected once the host builds from its channel again", () => {
      const { archive, hash } = archived("{ }\n");
      build(REV, archive, hash);
      build("", "", "");
      expect(words()).toEqual([
        "build",
        "--no-flake",
        "-I",
        `nixos-config=${home()}/staging/configuration.nix`,
      ]);
      run("nix-store", ["--gc"]);
      expect(fs.readdirSync(nix.NIX_STORE_DIR as string).filter((name) => name.endsWith("-source"))).toEqual(
        [],
      );
    });

    test.each([
      ["is not there", "{ }\n", (archive: string) => fs.rmSync(archive)],
      [
        "has another hash",
        "{ }\n",
        (archive: string) => fs.cpSync(archived("another", OTHER).archive, archive),
      ],
    ])("ends the build before it begins where it %s, and says what to do", (_, text, spoil) => {
      const { archive, hash } = archived(text);
      spoil(archive);
      const report = build(REV, archive, hash);
      expect(report.one("error")).toMatch(
        new RegExp(
          `^nixpkgs ${REV} cannot be had from file://.*: .+\\. Make the host reach it, .* npm run nixpkgs -- update writes$`,
        ),
      );
      expect(report.one("built")).toBe("");
      expect(fs.existsSync(join(home(), "words"))).toBe(false);
    });
  });

  describe("is updated by a command", () => {
    let server: Server;
    let origin: string;
    let asked: string[];
    /** What the channel of 25.11 says; `undefined` for none. */
    let newest: string | undefined;
    let said: string[];

    beforeEach(async () => {
      asked = [];
      said = [];
      newest = REV;
      server = createServer(({ url = "" }, answer) => {
        asked.push(url);
        const archive = join(folder, url.split("/").at(-1) ?? "");
        // A proxy is asked for whole URLs.
        const path = url.replace(/^http:\/\/[^/]+/, "");
        if (path === "/nixos-25.11/git-revision" && newest !== undefined) answer.end(newest);
        else if (path.startsWith("/NixOS/nixpkgs/archive/") && fs.existsSync(archive))
          answer.end(fs.readFileSync(archive));
        else answer.writeHead(404).end();
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      emit(folder, FIVE_NODES, REFERENCE);
      jest.replaceProperty(process, "env", { ...process.env, ...nix });
      for (const stream of [process.stdout, process.stderr])
        jest.spyOn(stream, "write").mockImplementation((text) => said.push(String(text)) > 0);
    });

    afterEach(async () => {
      jest.restoreAllMocks();
      await new Promise((resolve) => server.close(resolve));
    });

    const run = (at = origin): Promise<ExitCode> => update({}, folder, { channels: at, archives: at });
    const pin = (): unknown => JSON.parse(fs.readFileSync(join(folder, "nixpkgs.json"), "utf8"));

    test("to the newest revision of the hosts' release, with the hash that a flake.lock has", async () => {
      const { hash } = archived("{ }\n");
      expect(await run()).toBe(ExitCode.Done);
      expect(pin()).toEqual({ rev: REV, hash });
      expect(said.join("")).toBe(
        'nixpkgs.json: 0123456789ab of nixos-25.11.\nState it in main.ts: import nixpkgs from "./nixpkgs.json"; and nixos: { nixpkgs }.\nNext: npm run preview, npm run synth, npm run rollout -- plan\n',
      );
    });

    test("from the old one, both of which it names, and downloads nothing where there is no newer one", async () => {
      archived("{ }\n");
      const { hash } = archived("another\n", OTHER);
      await run();
      newest = `${OTHER}\n`;
      said = [];
      expect(await run()).toBe(ExitCode.Done);
      expect(pin()).toEqual({ rev: OTHER, hash });
      expect(said.join("")).toContain(
        "nixpkgs.json: 0123456789ab becomes 76543210fedc of nixos-25.11.\nNext: ",
      );
      asked = [];
      said = [];
      expect(await run()).toBe(ExitCode.Done);
      expect(said.join("")).toBe(
        "nixpkgs.json has the newest revision of nixos-25.11 already: 76543210fedc.\n",
      );
      expect(asked).toEqual(["/nixos-25.11/git-revision"]);
    });

    test.each([
      [
        "no such channel",
        () => (newest = undefined),
        ExitCode.Failed,
        "git-revision answers with 404: is there a channel of that release?",
      ],
      [
        "an answer that is no revision",
        () => (newest = "<html>"),
        ExitCode.Failed,
        "git-revision is no revision of nixpkgs",
      ],
      ["no archive", () => undefined, ExitCode.Failed, "nix-prefetch-url ended with 1: "],
      [
        "a release of its own for a host",
        () =>
          emit(
            folder,
            [...FIVE_NODES.slice(1), { ...FIVE_NODES[0], nixos: { release: "26.05" } } as never],
            REFERENCE,
          ),
        ExitCode.Failed,
        "Hosts have different releases: ",
      ],
      [
        "no synth before",
        () => fs.rmSync(join(folder, "nix"), { recursive: true }),
        ExitCode.Failed,
        "nix/cluster.json has no host: run npm run synth first",
      ],
    ])("and changes nothing with %s", async (_, spoil, code, message) => {
      const before = `{ "rev": "${OTHER}", "hash": "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=" }`;
      write(join(folder, "nixpkgs.json"), before);
      spoil();
      expect([await run(), said.join("")]).toEqual([code, expect.stringContaining(message)]);
      expect(fs.readFileSync(join(folder, "nixpkgs.json"), "utf8")).toBe(before);
    });

    test("through the proxy that the environment names, but for the hosts that it excepts", async () => {
      const { hash } = archived("{ }\n");
      Object.assign(process.env, { http_proxy: origin, no_proxy: "" });
      expect(await run("http://nixpkgs.invalid")).toBe(ExitCode.Done);
      expect(pin()).toEqual({ rev: REV, hash });
      expect(asked).toEqual([
        "http://nixpkgs.invalid/nixos-25.11/git-revision",
        `http://nixpkgs.invalid/NixOS/nixpkgs/archive/${REV}.tar.gz`,
      ]);
      Object.assign(process.env, { http_proxy: "http://127.0.0.1:1", no_proxy: "127.0.0.1" });
      expect(await run()).toBe(ExitCode.Done);
    });

    test("but not in the place of another file, and not without a connection", async () => {
      write(join(folder, "nixpkgs.json"), "{}");
      expect(await run()).toBe(ExitCode.Failed);
      expect(said.join("")).toBe(
        "nixpkgs.json is no pin of nixpkgs, which has rev and hash: remove it, and run this again\n",
      );
      fs.rmSync(join(folder, "nixpkgs.json"));
      said = [];
      expect(await run("http://127.0.0.1:1")).toBe(ExitCode.Unreachable);
      expect(said.join("")).toMatch(/^http:\/\/127\.0\.0\.1:1\/nixos-25\.11\/git-revision cannot be read: /);
    });
  });
});
