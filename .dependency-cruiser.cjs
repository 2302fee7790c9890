/** What each folder may import (CONTRIBUTING.md): data flows one way. `npm run lint` refuses anything else, and cycles. */
const ALLOWED = {
  "src/base": [],
  "src/config": ["src/base"],
  "src/firewall": ["src/base", "src/config"],
  "src/simulation": ["src/base", "src/config", "src/firewall"],
  "src/render": ["src/base", "src/config", "src/firewall", "src/simulation"],
  // The last to read: nothing imports it.
  "src/reference": ["src/base", "src/config", "src/cli"],
  "src/emit": ["src/base", "src/config", "src/render"],
  "src/init": ["src/base", "src/config", "src/render"],
  "src/provider": ["src/base", "src/config", ".gen", "cdktf"],
  "src/pve": ["src/base", "src/config"],
  "src/doctor": ["src/base", "src/config", "src/render", "src/emit", "src/init", "src/pve"],
  constructs: [
    "src/base",
    "src/config",
    "src/firewall",
    "src/render",
    "src/emit",
    "src/provider",
    ".gen",
    "cdktf",
  ],
  "src/preview": [
    "src/base",
    "src/config",
    "src/firewall",
    "src/simulation",
    "src/render",
    "src/emit",
    "src/provider",
  ],
  "src/gate": ["src/base", "src/provider"],
  "src/backup": ["src/base", "src/config"],
  "src/s3": ["src/base", "src/config"],
  "src/rollout": [
    "src/base",
    "src/config",
    "src/firewall",
    "src/simulation",
    "src/render",
    "src/emit",
    "src/backup",
    "src/s3",
    "src/pve",
  ],
  "src/template": ["src/base", "src/config", "src/render", "src/emit", "src/doctor", "src/rollout"],
  "src/cli": [
    "src/base",
    "src/config",
    "src/emit",
    "src/init",
    "src/provider",
    "constructs",
    "src/simulation",
    "src/preview",
    "src/gate",
    "src/pve",
    "src/rollout",
    "src/doctor",
    "src/template",
  ],
  "docs/.vitepress": ["src/base"],
  packaging: ["src/base", "src/render"],
  "testbed/build": [],
  "testbed/evidence": ["src/base", "testbed/build", "testbed/namespaces"],
  "testbed/package": [],
  "testbed/namespaces": [],
  "testbed/boot": [],
  "testbed/nspawn": [],
  "testbed/pve": [],
  "testbed/pve-node": [],
  "testbed/tofu": [],
  "testbed/machines": ["src/config", "testbed/namespaces", "testbed/package"],
  "testbed/kubernetes": ["src/config", "testbed/build", "testbed/namespaces"],
  "testbed/k3s": ["src/config", "src/render", "testbed/namespaces"],
  "testbed/pictures": ["testbed/machines", "testbed/namespaces", "testbed/package"],
  "testbed/reference.ts": ["src/config"],
  "testbed/bench": [
    "testbed/reference.ts",
    "constructs",
    "src",
    "testbed/machines",
    "testbed/namespaces",
    "testbed/package",
    ".gen",
    "cdktf",
  ],
  "main.ts": ["constructs", "cdktf"],
  // The package by its name, as an owner's main.ts has it.
  examples: ["cdktf"],
};

const escaped = (path) => path.replaceAll(".", "\\.");
const CDKTF = "node_modules/(cdktf|constructs)/";
const pathOf = (name) => (name === "cdktf" ? CDKTF : `^${escaped(name)}(/|$)`);

/** Everything of the repository but what is named, and CDKTF unless it is named. */
const layer = ([folder, imports]) => ({
  name: `imports-of-${folder}`,
  severity: "error",
  from: { path: pathOf(folder) },
  to: {
    path: ["^(src|constructs|testbed|__tests__|examples|\\.gen)/", "^main\\.ts$", CDKTF],
    pathNot: [folder, ...imports].map(pathOf),
  },
});

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(ALLOWED).map(layer),
    {
      name: "a-folder-without-a-rule",
      comment: "Say in .dependency-cruiser.cjs what it may import.",
      severity: "error",
      from: {
        path: "\\.m?ts$",
        pathNot: ["^__tests__/", "^\\.gen/", "node_modules/", ...Object.keys(ALLOWED).map(pathOf)],
      },
      to: {},
    },
    {
      name: "no-file-system",
      comment: "The model and what is rendered of it are functions of the settings.",
      severity: "error",
      from: { path: "^src/(config|firewall)/" },
      to: { path: "^(node:)?fs$" },
    },
    {
      name: "no-second-way-to-run-a-program",
      comment: "src/base/process.ts has the ways: their signals, groups and errors are thought through once.",
      severity: "error",
      from: { path: "^(src|constructs)/", pathNot: "^src/base/process\\.ts$" },
      to: { path: "^(node:)?child_process$" },
    },
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^\\.gen/"] },
    tsPreCompilationDeps: true,
  },
};
