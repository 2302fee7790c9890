import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EMPTY_TEMPLATE } from "../src/config/template-vm";
import { flows } from "../src/firewall/flows";
import { checkPlan } from "../src/gate/gate";
import { readPlan } from "../src/gate/plan";
import { faultsOf } from "../testbed/evidence/faults";
import { claims, pageOf } from "../testbed/evidence/generate";
import { commandsIn, faultOf, isScript } from "./document-commands";
import { REPOSITORY } from "./fixture";
import { brokenLinks, DOCUMENTS, fenced, textOf } from "./markdown";
import { Project } from "./project";
import { cluster } from "./system/clusters";

test.each(DOCUMENTS)("%s links only to files and headings that exist", (document) => {
  expect(brokenLinks(document)).toEqual([]);
});

test.each(DOCUMENTS)("%s names only npm scripts that exist, here or in an owner's project", (document) => {
  const scripts = [...textOf(document).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(
    ([, script]) => script,
  );
  expect(scripts.filter((name) => !isScript(name as string))).toEqual([]);
});

describe("a block of commands", () => {
  const blocks = DOCUMENTS.flatMap((document) =>
    fenced(textOf(document), "sh").map((text) => ({ document, text })),
  );

  test("is a script that sh can read", () => {
    expect(blocks.length).toBeGreaterThan(30);
    const wrong = blocks.filter(({ text }) => spawnSync("sh", ["-n"], { input: text }).status !== 0);
    expect(wrong).toEqual([]);
  });

  test("has only commands and options that their programs know", () => {
    const wrong = blocks.flatMap(({ document, text }) =>
      commandsIn(text).flatMap((words) => {
        const fault = faultOf(words);
        return fault === undefined ? [] : [`${document}: ${words.join(" ")}: ${fault}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test.each([
    "npm run rollout -- apply --rebiuld",
    "npm run rolout -- apply",
    "npm run rollout apply",
    "npm run tofu -- state mv a b",
    "npm run docs -- --now",
    "npx ./proxmox-nixos-k3s-0.0.1.tgz init my-cluster",
    "npx jest __tests__/system/nothing",
    "curl https://example.org",
  ])("would be seen to have a mistake: %s", (line) => {
    expect(commandsIn(line).map(faultOf)).toEqual([expect.any(String)]);
  });

  test("that computes something prints it", () => {
    const computed = blocks.filter(({ text }) => text.startsWith("node "));
    expect(computed).toHaveLength(1);
    for (const { text } of computed) {
      const { status, stdout } = spawnSync("sh", ["-c", text], { cwd: REPOSITORY, encoding: "utf8" });
      expect({ status, stdout }).toEqual({ status: 0, stdout: "172.22.0.134 172.22.0.135 172.22.0.136\n" });
    }
  });
});

test("no document has a block that these tests would pass over: indented, in another language, or with a name", () => {
  const opened = DOCUMENTS.flatMap((document) =>
    [...textOf(document).matchAll(/^( *)```(\S+)(.*)$/gm)].map(([, indent, language, name]) =>
      // `system/tutorial.test.ts` follows the tutorial's blocks by their names.
      document === "docs/tutorial.md" ? `${indent}${language}` : `${indent}${language}${name}`,
    ),
  );
  expect([...new Set(opened)].sort()).toEqual(["md", "nix", "sh", "text", "ts"]);
});

/** The suite that compares a sample of output with what is printed, by the sample's first words. */
const SAMPLES: Readonly<Record<string, string>> = {
  "**1 node added": "documents",
  "1 VM is changed.": "documents",
  "# proxmox_virtual_environment_vm": "system/tofu/import",
  "$ npm run rollout -- plan": "system/machines/apply",
  "$ npm run rollout -- apply": "system/machines/apply",
  "$ npm run rollout -- verify": "system/machines/verify",
  "$ npm run rollout -- capture": "system/machines/verify",
  "$ npm run rollout -- remove": "system/machines/servers",
  "$ npm run rollout -- kubeconfig": "system/machines/verify",
  "$ npm run rollout -- rotate": "rollout/format",
};

test("every sample of output is compared with what is printed", () => {
  const samples = DOCUMENTS.flatMap((document) => fenced(textOf(document), "")).map((text) => text.trim());
  const heads = Object.keys(SAMPLES);
  expect(samples.filter((text) => !heads.some((head) => text.startsWith(head)))).toEqual([]);
  expect(heads.filter((head) => !samples.some((text) => text.startsWith(head)))).toEqual([]);
  for (const suite of Object.values(SAMPLES))
    expect(textOf(`__tests__/${suite}.test.ts`)).toMatch(/textOf\("docs|block\(PAGE/);
});

test("README's promise is two commands, and CI runs both", () => {
  const ci = textOf(".ci/run");
  for (const command of ["npm ci && npm run synth", "npm test"]) {
    expect(textOf("README.md")).toContain(`\`\`\`sh\n${command}\n\`\`\``);
    expect(ci).toContain(`\n${command}`.replace("npm test", "npm test --"));
  }
});

test("the table of who may reach what has every flow of the policy, with its ports and its reason", () => {
  const section = /^# Firewall[^]*?## Change it/.exec(textOf("docs/reference/firewall.md"))?.[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  const missing = flows(cluster({ servers: 3 })).filter((flow) => {
    const ports = "ports" in flow ? [flow.ports.from, flow.ports.to].map(String) : [];
    return !rows.some((row) => row.includes(flow.why) && ports.every((port) => row.includes(port)));
  });
  expect(missing).toEqual([]);
});

test("the samples of a preview and of the gate are what these say", () => {
  const page = textOf("docs/how-to/review-a-change.md");
  const said = [
    textOf("__tests__/preview/expected/add-an-agent.md"),
    checkPlan(readPlan(textOf("__tests__/gate/plans/tofu-1.10/cores.json")), [])
      .reasons.map(({ words }) => words)
      .join(),
  ].join("\n");
  const samples = [/```\n(\*\*1 node added[^]*?)```/, /```\n(1 VM is changed[^]*?)```/].map(
    (block) => block.exec(page)?.[1] ?? "",
  );
  const lines = samples
    .flatMap((sample) => sample.split("\n"))
    .map((line) => line.replace(/\. If that is meant: .*/, "").trim());
  expect(lines.filter((line) => !said.includes(line))).toEqual([
    "1 VM is changed.",
    "The plan does NOT pass:",
  ]);
});

/** The paths next to `main.ts` that git ignores. */
function ignored(paths: readonly string[]): string[] {
  const project = new Project();
  project.git("init", "-q");
  return project
    .git("check-ignore", ...paths)
    .split("\n")
    .filter(Boolean);
}

test("git takes nothing that the documents' commands write with secrets in it", () => {
  const scripts = [...DOCUMENTS, "nix/README.md"].flatMap((document) => fenced(textOf(document), "sh"));
  const redirected = scripts.flatMap((script) =>
    [...script.matchAll(/\s>\s*(\S+)/g)].map(([, path]) => path as string),
  );
  expect(redirected).toEqual(["plan.json"]);
  const written = [
    ...redirected,
    "state/terraform.tfstate",
    "state/terraform.tfstate.backup",
    "cdktf.out/stacks/k3s/plan.tfplan",
    ".rollout/logs/alphard.log",
    "backups/20261128T003000Z-alphard/snapshot",
    "kubeconfig",
  ];
  expect(ignored([...written, "known_hosts", ".terraform.lock.hcl", "nix/cluster.json"])).toEqual(written);
});

test("every file and folder that CONTRIBUTING.md names is there", () => {
  const code = [
    ...textOf("CONTRIBUTING.md").matchAll(
      /`((?:src|constructs|testbed|templates|__tests__|schemas)\/[\w./-]*)`/g,
    ),
  ];
  const paths = code.map(([, path]) => path as string);
  expect(paths.length).toBeGreaterThan(30);
  expect(paths.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
});

test("it is said in full how a template is emptied", () => {
  expect(fenced(textOf("docs/how-to/roll-out.md"), "sh")).toContain(`${EMPTY_TEMPLATE.join("\n")}\n`);
});

test("the evidence names the kernel's version, and not who built it", () => {
  expect(textOf("docs/evidence.md")).toMatch(/^\| Linux kernel +\| \d+\.\d+\.\d+ +\|$/m);
});

test("every promise of the documents has tests that there are", async () => {
  const ours = await claims();
  expect(faultsOf(ours)).toEqual([]);
  expect(Object.keys(ours.promises).length).toBeGreaterThan(60);
});

test("the evidence page is what npm run evidence writes", async () => {
  expect(textOf("docs/evidence.md")).toBe(pageOf(await claims()));
});
