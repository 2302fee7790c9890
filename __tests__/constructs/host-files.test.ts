import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Annotations, App, TerraformStack, TerraformVariable } from "cdktf";
import { Construct } from "constructs";
import { HostFiles } from "../../constructs";
import { readHostFolder } from "../../src/emit/host-folder";
import {
  addCluster,
  agent,
  ALPHARD,
  emit,
  EXAMPLE_KEYS,
  FIVE_NODES,
  HAMAL,
  inside,
  MIZAR,
  REFERENCE,
  temporaryFolder,
  testApp,
  textsBelow,
  type Json,
  type TestNode,
} from "../fixture";

const THREE = [ALPHARD, HAMAL, MIZAR];

const NIXPKGS = {
  rev: "0123456789abcdef0123456789abcdef01234567",
  hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
};
const PINNED = { ...REFERENCE, nixos: { ...REFERENCE.nixos, nixpkgs: NIXPKGS } };

const warningsOf = (outdir: string): string[] => {
  const { stacks } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"));
  return stacks.k3s.annotations.map(({ message }: { message: string }) => message);
};

describe("what is emitted", () => {
  test("four files for each host, three for the template, and three that describe the cluster", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    const files = ["configuration.nix", "hardware-configuration.nix", "k3s-agent.nix", "nftables.nft"];
    expect(Object.keys(textsBelow(join(folder, "nix")))).toEqual([
      "README.md",
      "cluster.json",
      ...files.map((file) => `k3s-agent-1/${file}`),
      ...files.map((file) => `k3s-agent/${file}`),
      ...files.map((file) => `k3s-server/${file.replace("agent", "server")}`),
      "names.md",
      ...["configuration.nix", "hardware-configuration.nix", "image.nix"].map(
        (file) => `templates/9903/${file}`,
      ),
    ]);
  });

  test("a flake and its lock beside them with a nixpkgs for all hosts, which leave with it", () => {
    const folder = temporaryFolder();
    emit(folder, THREE, PINNED);
    const files = textsBelow(join(folder, "nix"));
    expect(Object.keys(files)).toEqual(expect.arrayContaining(["flake.lock", "flake.nix"]));
    expect(files["flake.nix"]).toContain(`inputs.nixpkgs.url = "github:NixOS/nixpkgs/${NIXPKGS.rev}";`);
    expect(JSON.parse(files["flake.lock"] as string).nodes.nixpkgs.locked).toMatchObject({
      rev: NIXPKGS.rev,
      narHash: NIXPKGS.hash,
    });
    expect(JSON.parse(files["cluster.json"] as string).cluster.nixos).toEqual({ nixpkgs: NIXPKGS });
    emit(folder, THREE);
    const after = Object.keys(textsBelow(join(folder, "nix")));
    expect(after.filter((path) => path.startsWith("flake"))).toEqual([]);
  });

  test.each([
    ["flake.nix", "{ outputs = { self }: { }; }\n"],
    ["flake.lock", '{\n  "nodes": {\n    "root": {}\n  },\n  "root": "root",\n  "version": 7\n}\n'],
  ])("an own %s is not replaced", (name, text) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "nix"));
    writeFileSync(join(folder, "nix", name), text);
    expect(() => emit(folder, THREE, PINNED)).toThrow(`nix/${name} was not written by HostFiles`);
    expect(textsBelow(join(folder, "nix"))).toEqual({ [name]: text });
    // Without a pin it is no path of ours.
    emit(folder, THREE);
    expect(textsBelow(join(folder, "nix"))[name]).toBe(text);
  });

  test("every host imports the owner's modules of all hosts, and nothing writes them", () => {
    const folder = temporaryFolder();
    const nix = join(folder, "nix");
    mkdirSync(join(nix, "modules", "folder"), { recursive: true });
    const own = ["common.nix", "modules/b.nix", "modules/a.nix", "modules/.hidden.nix", "modules/notes.md"];
    for (const path of own) writeFileSync(join(nix, path), "{ }\n");
    emit(folder, THREE);
    const texts = textsBelow(nix);
    for (const directory of ["k3s-server", "k3s-agent", "k3s-agent-1"]) {
      const [, imports = ""] =
        /imports = \[([^\]]*)\]/.exec(texts[`${directory}/configuration.nix`] as string) ?? [];
      expect(imports.match(/\.\.\/\S+/g)).toEqual(["../common.nix", "../modules/a.nix", "../modules/b.nix"]);
      // A rollout delivers what a host's files refer to.
      const delivered = [...readHostFolder(nix, directory).files.keys()].filter((path) =>
        path.startsWith(".."),
      );
      expect(delivered).toEqual(["../common.nix", "../modules/a.nix", "../modules/b.nix"]);
    }
    for (const path of own) expect(texts[path] ?? "{ }\n").toBe("{ }\n");
    rmSync(join(nix, "modules"), { recursive: true });
    rmSync(join(nix, "common.nix"));
    emit(folder, THREE);
    expect(textsBelow(nix)["k3s-server/configuration.nix"]).not.toContain("../");
  });

  test("a module that no Nix path can name is a fault", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "nix", "modules"), { recursive: true });
    writeFileSync(join(folder, "nix", "modules", "my module.nix"), "{ }\n");
    expect(() => emit(folder, THREE)).toThrow(
      "nix/modules/my module.nix has a name that no Nix path can have; rename it to letters, digits, . _ + and -",
    );
  });

  test("the order in which nodes are written changes no byte", () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()];
    emit(one, FIVE_NODES);
    emit(other, [...FIVE_NODES].reverse());
    expect(textsBelow(one)).toEqual(textsBelow(other));
  });

  test("one more agent changes one line of every other host's ruleset, and nothing else of its host", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    const before = textsBelow(join(folder, "nix"));
    emit(folder, [...THREE, agent("k3s-agent-2", "alnair", 137)]);
    const after = textsBelow(join(folder, "nix"));
    const ofHosts = Object.keys(before).filter((path) => path.includes("/"));
    const changed = ofHosts.filter((path) => before[path] !== after[path]);
    expect(changed).toEqual([
      "k3s-agent-1/nftables.nft",
      "k3s-agent/nftables.nft",
      "k3s-server/nftables.nft",
    ]);
    for (const path of changed) {
      const lines = (text = ""): string[] => text.split("\n").filter((line) => !line.startsWith("# sha256"));
      const had = new Set(lines(before[path]));
      expect(lines(after[path]).filter((line) => !had.has(line))).toEqual([
        "      172.22.0.137 . BC:24:11:B3:ED:04, # alnair",
      ]);
      expect(lines(after[path])).toHaveLength(lines(before[path]).length + 1);
    }
  });

  test("a second run that changes nothing writes nothing", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    const times = (): number[] =>
      Object.keys(textsBelow(join(folder, "nix"))).map((path) => statSync(join(folder, "nix", path)).mtimeMs);
    const before = times();
    emit(folder, THREE);
    expect(times()).toEqual(before);
  });

  test("an OpenTofu reference is written in its OpenTofu form, and no CDKTF token gets into a file", () => {
    const folder = temporaryFolder();
    const app = testApp();
    const stack = new TerraformStack(app, "k3s");
    const pveNode = new TerraformVariable(stack, "proxmox_node", { type: "string" }).stringValue;
    const cluster = addCluster(stack, THREE, { ...REFERENCE, vm: { ...REFERENCE.vm, pveNode } });
    inside(folder, () => {
      new HostFiles(cluster, "nix");
      app.synth();
    });
    const texts = textsBelow(join(folder, "nix"));
    const description = JSON.parse(texts["cluster.json"] as string);
    expect(description.nodes.map((node: Json) => node.vm.pveNode)).toEqual(Array(3).fill("var.proxmox_node"));
    expect(Object.values(texts).join()).not.toContain("TfToken");
  });

  test("a token that does get into a file is an error, and nothing is written", () => {
    const folder = temporaryFolder();
    const authorizedKeysFile = join(folder, "keys");
    writeFileSync(
      authorizedKeysFile,
      readFileSync(EXAMPLE_KEYS, "utf8").trimEnd() + " ${TfToken[TOKEN.0]}\n",
    );
    expect(() => emit(folder, [ALPHARD], { ...REFERENCE, authorizedKeysFile })).toThrow(
      "k3s-server/configuration.nix would contain a CDKTF token",
    );
    expect(Object.keys(textsBelow(folder))).toEqual(["keys"]);
  });
});

describe("nothing is written", () => {
  test("while the cluster has a fault", () => {
    const folder = temporaryFolder();
    expect(() => emit(folder, [ALPHARD, { ...MIZAR, cores: 0 }])).toThrow("'cores' of 'mizar'");
    expect(textsBelow(folder)).toEqual({});
  });

  test.each(["validated", "unvalidated"])("while another stack is invalid, %s", (how) => {
    const folder = temporaryFolder();
    const app = new App({ outdir: join(folder, "out"), skipValidation: how === "unvalidated" });
    new HostFiles(addCluster(app, THREE), "nix");
    const later = new TerraformStack(app, "later");
    new Construct(later, "sick").node.addValidation({ validate: () => ["I am not well"] });
    expect(() => inside(folder, () => app.synth())).toThrow("I am not well");
    expect(textsBelow(folder)).toEqual({});
  });

  test("while its own stack is invalid and nobody validates it", () => {
    const folder = temporaryFolder();
    const app = new App({ outdir: join(folder, "out"), skipValidation: true });
    new HostFiles(addCluster(app, [ALPHARD, { ...MIZAR, cores: 0 }]), "nix");
    expect(() => inside(folder, () => app.synth())).toThrow("'cores' of 'mizar'");
    expect(textsBelow(folder)).toEqual({});
  });

  test("while anything carries an error annotation", () => {
    const folder = temporaryFolder();
    const app = new App({ outdir: join(folder, "out") });
    const cluster = addCluster(app, THREE);
    new HostFiles(cluster, "nix");
    Annotations.of(cluster).addError("not today");
    expect(() => inside(folder, () => app.synth())).toThrow("not today");
    expect(textsBelow(join(folder))).toEqual({});
  });

  test("by a second HostFiles of a cluster", () => {
    const folder = temporaryFolder();
    const app = testApp();
    const cluster = addCluster(app, THREE);
    new HostFiles(cluster, "nix");
    new HostFiles(cluster, "more", { folder: "nix-lab" });
    expect(() => inside(folder, () => app.synth())).toThrow(
      "k3s/cluster/nix and k3s/cluster/more are of the same cluster, which has one HostFiles; remove one",
    );
    expect(textsBelow(folder)).toEqual({});
  });

  test.each(["hosts", "nix/lab", "../nix", "nix_lab", "nix-", "nix-Lab"])(
    "to %s, where rollouts and previews would not look for it",
    (name) => {
      const app = testApp();
      new HostFiles(addCluster(app, THREE), "nix", { folder: name });
      expect(() => app.synth()).toThrow(
        `'folder' should be nix, or nix- and a name of a-z, 0-9 and -, got '${name}'`,
      );
    },
  );

  test.each(["elsewhere", "nowhere"])("through a nix/ that is a link to %s", (where) => {
    const [project, parent] = [temporaryFolder(), temporaryFolder()];
    mkdirSync(join(parent, "elsewhere"));
    symlinkSync(join(parent, where), join(project, "nix"));
    expect(() => emit(project, THREE)).toThrow(
      "nix should be a folder of this project and not behind a link",
    );
    expect(textsBelow(parent)).toEqual({});
  });

  test("into a document behind a linked folder", () => {
    const [project, elsewhere] = [temporaryFolder(), temporaryFolder()];
    const marked = "<!-- k3s-nodes:start -->\n<!-- k3s-nodes:end -->\n";
    writeFileSync(join(elsewhere, "README.md"), marked);
    symlinkSync(elsewhere, join(project, "k8s"));
    const app = testApp();
    inside(project, () => {
      new HostFiles(addCluster(app, THREE), "nix", { documents: ["k8s/README.md"] });
      expect(() => app.synth()).toThrow(
        "'documents' should be Markdown files of this project, such as k8s/README.md and not behind a link",
      );
    });
    expect(textsBelow(elsewhere)).toEqual({ "README.md": marked });
    expect(textsBelow(join(project))).toEqual({});
  });

  test("by a check, which names what does not match main.ts", () => {
    const folder = temporaryFolder();
    emit(folder, [ALPHARD, HAMAL]);
    const before = textsBelow(folder);
    const check = (nodes: readonly TestNode[]) => () => emit(folder, nodes, REFERENCE, { check: true });
    expect(check([ALPHARD, HAMAL])).not.toThrow();
    expect(check([ALPHARD, HAMAL, MIZAR])).toThrow(expect.objectContaining({ code: "stale" }));
    expect(check([ALPHARD, HAMAL, MIZAR])).toThrow(
      /missing +.*k3s-agent-1\/configuration\.nix[^]*\+ +172\.22\.0\.136 \. BC:24:11:B3:ED:03, # mizar/,
    );
    expect(textsBelow(folder)).toEqual(before);
  });
});

test("a fault of the cluster is not followed by complaints about files", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "nix", "k3s-server"), { recursive: true });
  writeFileSync(join(folder, "nix", "k3s-server", "configuration.nix"), "{ }\n");
  expect(() => emit(folder, [{ ...ALPHARD, cores: 0 }])).toThrow(
    /'cores' of 'alphard'(?![^]*configuration\.nix)/,
  );
});

describe("what people wrote", () => {
  test("a file edited by hand is refused by name, with a diff and what to do; accepted, it is overwritten", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    const path = join(folder, "nix", "k3s-agent", "nftables.nft");
    const generated = readFileSync(path, "utf8");
    appendFileSync(path, "# mine\n");
    expect(() => emit(folder, THREE)).toThrow(
      /k3s-agent\/nftables\.nft was edited[^]*-# mine[^]*npm run synth -- --accept nix\/k3s-agent\/nftables\.nft/,
    );
    expect(readFileSync(path, "utf8")).toBe(`${generated}# mine\n`);
    emit(folder, THREE, REFERENCE, { accept: ["nix/k3s-agent/nftables.nft"] });
    expect(readFileSync(path, "utf8")).toBe(generated);
  });

  test("every refused file of a run is named", () => {
    const folder = temporaryFolder();
    for (const id of ["k3s-agent", "k3s-server"]) {
      mkdirSync(join(folder, "nix", id), { recursive: true });
      writeFileSync(join(folder, "nix", id, "configuration.nix"), "{ }\n");
    }
    expect(() => emit(folder, THREE)).toThrow(
      /k3s-server\/configuration\.nix[^]*k3s-agent\/configuration\.nix/,
    );
    expect(Object.keys(textsBelow(folder))).toHaveLength(2);
  });

  test("local.nix is neither written nor removed, not even when its host goes away", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    const local = join(folder, "nix", "k3s-agent", "local.nix");
    writeFileSync(local, "{ }\n");
    emit(folder, [ALPHARD, MIZAR]);
    expect(
      Object.keys(textsBelow(join(folder, "nix"))).filter((path) => path.startsWith("k3s-agent/")),
    ).toEqual(["k3s-agent/local.nix"]);
  });

  test("a hardware configuration captured from the host is left alone and marked as captured", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    const path = join(folder, "nix", "k3s-agent", "hardware-configuration.nix");
    const captured = "# Captured from hamal; HostFiles leaves this file alone.\n{ }\n";
    writeFileSync(path, captured);
    emit(folder, THREE);
    expect(readFileSync(path, "utf8")).toBe(captured);
    const description = JSON.parse(readFileSync(join(folder, "nix", "cluster.json"), "utf8"));
    expect(description.nodes.map((node: Json) => node.hardwareConfiguration)).toEqual([
      "generated",
      "captured",
      "generated",
    ]);
    expect(Object.keys(description.files)).not.toContain("k3s-agent/hardware-configuration.nix");
    // Once the captured file is gone, the one of the model is written again.
    unlinkSync(path);
    emit(folder, THREE);
    expect(readFileSync(path, "utf8")).toContain("# Generated by HostFiles");
  });
});

test("a first line that says captured makes no other file a captured one", () => {
  const folder = temporaryFolder();
  emit(folder, THREE);
  const path = join(folder, "nix", "k3s-agent", "nftables.nft");
  writeFileSync(path, "# Captured from hamal; HostFiles leaves this file alone.\n");
  expect(() => emit(folder, THREE)).toThrow("k3s-agent/nftables.nft was not written by HostFiles");
});

describe("VMs that were there at the last synth", () => {
  test("one that vanishes is announced as destroyed", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    expect(warningsOf(emit(folder, [ALPHARD, MIZAR]))).toContain(
      "hamal, VM 135, will be DESTROYED by the next apply",
    );
  });

  test("one that is renamed in a way that would destroy it is an error with both ways out", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    const renamed = [ALPHARD, HAMAL, { ...MIZAR, id: "worker" }];
    expect(() => emit(folder, renamed)).toThrow(
      "VM 136 was proxmox_virtual_environment_vm.k3s_agent_1 and would be proxmox_virtual_environment_vm.worker",
    );
    expect(() => emit(folder, renamed)).toThrow('formerId: "k3s-agent-1"');
    expect(() => emit(folder, renamed)).toThrow(
      "npm run tofu -- state mv proxmox_virtual_environment_vm.k3s_agent_1 proxmox_virtual_environment_vm.worker",
    );
  });

  test("renamed VMs are reported together with every other fault", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    expect(() => emit(folder, [ALPHARD, { ...HAMAL, cores: 0 }, { ...MIZAR, id: "worker" }])).toThrow(
      /'cores' of 'hamal'[^]*VM 136 was proxmox_virtual_environment_vm\.k3s_agent_1/,
    );
  });

  test("either way out works, and announces no destruction", () => {
    const renamed = { ...MIZAR, id: "worker" };
    for (const way of ["formerId", "accept"]) {
      const folder = temporaryFolder();
      emit(folder, THREE);
      const node = way === "formerId" ? { ...renamed, formerId: "k3s-agent-1" } : renamed;
      const accept = way === "accept" ? ["x", "proxmox_virtual_environment_vm.worker"] : [];
      const outdir = emit(folder, [ALPHARD, HAMAL, node], REFERENCE, { accept });
      expect(warningsOf(outdir).join()).not.toContain("DESTROYED");
      expect(Object.keys(textsBelow(join(folder, "nix")))).toContain("worker/nftables.nft");
    }
  });

  test("a cluster.json that is missing or unusable does not stop a synth", () => {
    const folder = temporaryFolder();
    emit(folder, THREE);
    const before = textsBelow(folder);
    rmSync(join(folder, "nix", "cluster.json"));
    emit(folder, THREE);
    expect(textsBelow(folder)).toEqual(before);
    writeFileSync(join(folder, "nix", "cluster.json"), '{ "nodes": [{}], "files": {} }\n');
    const outdir = emit(folder, THREE, REFERENCE, { accept: ["nix/cluster.json"] });
    expect(warningsOf(outdir).join()).not.toContain("DESTROYED");
    expect(textsBelow(folder)).toEqual(before);
  });
});
