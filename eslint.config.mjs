import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** A folder may import only from the folders that stand left of it in the flow of data (CONTRIBUTING.md). */
const layers = (forbidden) => ({
  "no-restricted-imports": [
    "error",
    {
      patterns: [
        { regex: "^cdktn", message: "Import from cdktf: the package alias decides which library that is." },
        {
          regex: "\\.gen/providers/proxmox(/index|/lazy-index)?$",
          message: "Import one generated module by its full path: the index loads every binding.",
        },
        ...forbidden.map((regex) => ({ regex, message: "Data flows one way; see CONTRIBUTING.md." })),
      ],
    },
  ],
});

const up = (names) => `^(\\.\\./)+(${names})(/|$)`;

export default tseslint.config(
  { ignores: [".gen", "cdktf.out", "node_modules"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  { files: ["**/*.ts"], rules: layers([]) },
  {
    files: ["cluster/**/*.ts"],
    rules: layers([
      up("constructs|render|files|rollout|preview|gate|tools|\\.gen"),
      "^cdktf",
      "^constructs$",
      "^(node:)?fs",
    ]),
  },
  {
    files: ["render/**/*.ts"],
    rules: layers([up("constructs|files|rollout|preview|gate|tools|\\.gen"), "^cdktf", "^constructs$"]),
  },
  {
    files: ["files/**/*.ts"],
    rules: layers([
      up("constructs|render|cluster|rollout|preview|gate|tools|\\.gen"),
      "^cdktf",
      "^constructs$",
    ]),
  },
  {
    files: ["rollout/**/*.ts"],
    rules: layers([up("constructs|render|preview|gate|tools|\\.gen"), "^cdktf", "^constructs$"]),
  },
  { files: ["preview/**/*.ts"], rules: layers([up("rollout|gate|tools|\\.gen")]) },
  {
    files: ["gate/**/*.ts"],
    rules: layers([up("constructs|render|files|rollout|tools|\\.gen"), "^cdktf", "^constructs$"]),
  },
  {
    files: ["testbed/build/**/*.ts", "testbed/nspawn/**/*.ts", "testbed/pve/**/*.ts", "testbed/tofu/**/*.ts"],
    rules: layers([
      up("constructs|render|cluster|files|rollout|preview|gate|tools|\\.gen"),
      "^cdktf",
      "^constructs$",
    ]),
  },
  {
    files: ["testbed/kubernetes/**/*.ts"],
    rules: layers([
      up("constructs|render|files|rollout|preview|gate|tools|\\.gen"),
      "^cdktf",
      "^constructs$",
    ]),
  },
  {
    files: ["testbed/k3s/**/*.ts"],
    rules: layers([up("constructs|files|rollout|preview|gate|tools|\\.gen"), "^cdktf", "^constructs$"]),
  },
  {
    files: ["__tests__/**/*.mjs"],
    languageOptions: { globals: { console: "readonly", process: "readonly", window: "readonly" } },
  },
  { files: ["jest.config.js"], languageOptions: { globals: { module: "writable" } } },
);
