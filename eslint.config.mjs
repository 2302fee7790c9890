import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: [".gen", "cdktf.out", "node_modules"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    rules: {
      // `interface VmSettings extends z.input<typeof VmSchema> {}`: of a type alias an editor shows no documentation.
      "@typescript-eslint/no-empty-object-type": ["error", { allowInterfaces: "with-single-extends" }],
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^cdktn",
              message: "Import from cdktf: the package alias decides which library that is.",
            },
            {
              regex: "\\.gen/providers/proxmox(/index|/lazy-index)?$",
              message: "Import one generated module by its full path: the index loads every binding.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["__tests__/**/*.mjs"],
    languageOptions: { globals: { console: "readonly", process: "readonly", window: "readonly" } },
  },
  {
    files: ["jest.config.js", ".dependency-cruiser.cjs"],
    languageOptions: { globals: { module: "writable" } },
  },
);
