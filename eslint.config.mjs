import js from "@eslint/js";
import ts from "typescript";
import tseslint from "typescript-eslint";

/**
 * What `noImplicitOverride` asks for. The compiler's own option cannot be on: it holds for every file that is imported, and
 * the bindings that `cdktf get` writes to `.gen` break it.
 */
const explicitOverride = {
  meta: {
    type: "problem",
    schema: [],
    messages: { missing: "{{name}} overrides a member of the base class: say `override`." },
  },
  create(context) {
    const { program, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices;
    const checker = program.getTypeChecker();
    const isConcrete = (symbol) =>
      symbol.declarations?.every((one) => !(ts.getCombinedModifierFlags(one) & ts.ModifierFlags.Abstract));
    const check = (node) => {
      const member = esTreeNodeToTSNodeMap.get(node);
      const base = ts.isClassLike(member.parent) && ts.getClassExtendsHeritageElement(member.parent);
      if (!base || node.override || node.computed) return;
      const of = node.static ? checker.getTypeAtLocation(base.expression) : checker.getTypeAtLocation(base);
      const overridden = checker.getPropertyOfType(of, member.name.text);
      if (overridden && isConcrete(overridden)) {
        context.report({ node: node.key, messageId: "missing", data: { name: member.name.text } });
      }
    };
    return { "MethodDefinition[kind!='constructor']": check, PropertyDefinition: check };
  },
};

/** Text that is for a person: of an error, and what a program printed on standard error. */
const MESSAGE = "property.name=/^(message|problem|stderr)$/";
const READS = "/^(match|matchAll|includes|startsWith|endsWith|indexOf|search|replace|replaceAll|split)$/";

/** Code decides by codes, types and exit codes: rewording a message must not change what is done. */
const noDecisionByMessage = [
  `CallExpression[callee.property.name=${READS}][callee.object.${MESSAGE}]`,
  `CallExpression[callee.property.name=${READS}][callee.object.callee.name=/^message(Of|AtHost)$/]`,
  `CallExpression[callee.property.name=/^(test|exec)$/] > MemberExpression.arguments[${MESSAGE}]`,
  "CallExpression[callee.property.name=/^(test|exec)$/] > CallExpression.arguments[callee.name=/^message(Of|AtHost)$/]",
  `BinaryExpression[operator=/^[!=]==?$/]:not([right.type="Identifier"][right.name="undefined"]) > MemberExpression[${MESSAGE}]`,
  `SwitchStatement > MemberExpression.discriminant[${MESSAGE}]`,
].map((selector) => ({
  selector,
  message:
    "A message decides nothing: use the error's code (src/base/user-error.ts). What only says it in words is read in one named place, with its source.",
}));

/** Whoever has several clusters copies a command line that names theirs. */
const CLUSTER_COMMAND = "/npm run (plan|apply|tofu|rollout|template|doctor|nixpkgs|simulate)(?![\\w-])/";

const noUnnamedCluster = [
  `Literal[value=${CLUSTER_COMMAND}]`,
  `TemplateElement[value.raw=${CLUSTER_COMMAND}]`,
].map((selector) => ({
  selector,
  message:
    "Spell it with npmRun (src/base/command-line.ts), which names the cluster where there are several.",
}));

export default tseslint.config(
  { ignores: [".gen", "cdktf.out", "node_modules", "coverage", "dist", ".mutation", ".docs"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "docs/.vitepress/*.mts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { own: { rules: { "explicit-override": explicitOverride } } },
    rules: {
      // `interface VmSettings extends z.input<typeof VmSchema> {}`: of a type alias an editor shows no documentation.
      "@typescript-eslint/no-empty-object-type": ["error", { allowInterfaces: "with-single-extends" }],
      "own/explicit-override": "error",
      // Slow, and they have found nothing: most classes here have private members, which no other object has, and there is
      // one enumeration.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      "@typescript-eslint/no-unsafe-enum-assignment": "off",
      // Messages are full of counts, and a number reads in a text as it stands.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `if (wrong) return this.fault(…)` in a function that returns nothing is a guard, not a confusion.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
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
    files: ["src/**/*.ts", "constructs/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...noDecisionByMessage, ...noUnnamedCluster] },
  },
  {
    files: ["__tests__/**/*.ts", "testbed/**/*.ts"],
    rules: {
      // Tests and stand-ins read JSON as a reader of the file would, by path: a path that leads nowhere fails the test.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      // `JSON.parse(text) as Json` tells a reader what `any` is.
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      // JSON that they take apart is a map.
      "@typescript-eslint/no-dynamic-delete": "off",
      // `read<Node>(path)` says where it is called what the file holds.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
    },
  },
  {
    files: ["__tests__/**/*.ts"],
    rules: {
      // `afterAll(() => bed?.stop())`: what `beforeAll` declares is missing when `beforeAll` failed.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // A stand-in for a function that returns a promise is `async` and has nothing to wait for.
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    // Commander hands over options as `any`; what parses each option and the command's types say what they are.
    files: ["src/cli/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
  {
    files: ["__tests__/**/*.mjs", "src/cli/bin.mjs"],
    languageOptions: { globals: { console: "readonly", process: "readonly", window: "readonly" } },
  },
  {
    files: ["stryker.config.mjs", "testbed/mutation/*.cjs"],
    languageOptions: { globals: { process: "readonly" } },
  },
  {
    files: ["jest.config.js", ".dependency-cruiser.cjs"],
    languageOptions: { globals: { module: "writable", process: "readonly", require: "readonly" } },
  },
);
