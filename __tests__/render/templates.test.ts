import { compileTemplate } from "../../src/render/template-compiler";
import { fill } from "../../src/render/templates";

test("a template whose context lacks a name is an error, not a gap in the text", () => {
  expect(() => fill("k3s-agent.nix", { hostname: "mizar" })).toThrow(/package/);
});

describe("a name that the context lacks is an error", () => {
  const context = {
    hostname: "mizar",
    package: "k3s",
    serverAddr: "https://k3s:6443",
    tokenFile: "/token",
    s3SecretFile: "",
    clusterInit: false,
    joins: true,
    flags: [],
    mounts: "",
    registries: [],
  };
  const without = (name: keyof typeof context): object => ({ ...context, [name]: undefined });

  test.each([
    ["of its own", "package"],
    ["as an argument of a helper", "tokenFile"],
    ["as the list of a loop", "flags"],
    ["as a condition", "joins"],
  ] as const)("%s", (_, name) => {
    expect(() => fill("k3s-server.nix", context)).not.toThrow();
    const lacking = Object.entries(context).filter(([key]) => key !== name);
    expect(() => fill("k3s-server.nix", Object.fromEntries(lacking))).toThrow();
    expect(() => fill("k3s-server.nix", without(name))).toThrow("the template's context has no value for");
  });
});

describe("an unknown name is an error in every position", () => {
  const context = { known: "k", group: { known: "k" }, list: [{ known: "k" }], empty: "", no: false };

  test.each([
    "{{missing}}",
    "{{group.missing}}",
    "{{missing.known}}",
    "{{nix missing}}",
    "{{nix group.missing}}",
    "{{nix missing.known}}",
    "{{comment missing}}",
    "{{#if missing}}a{{/if}}",
    "{{#if group.missing}}a{{/if}}",
    "{{#if missing.known}}a{{/if}}",
    "{{#if no}}a{{else if missing}}b{{/if}}",
    "{{#unless missing}}a{{/unless}}",
    "{{#unless group.missing}}a{{/unless}}",
    "{{#each missing}}a{{/each}}",
    "{{#each group.missing}}a{{/each}}",
    "{{#each list}}{{missing}}{{/each}}",
    "{{#each list}}{{nix this.missing}}{{/each}}",
    "{{#each list}}{{nix @root.missing}}{{/each}}",
    "{{#each list}}{{nix ../missing}}{{/each}}",
    "{{#with missing}}a{{/with}}",
    "{{#missing}}a{{/missing}}",
    "{{^missing}}a{{/missing}}",
    "{{unknownHelper known}}",
    '{{#*inline "part"}}{{value}}{{/inline}}{{> part value=missing}}',
    '{{#*inline "part"}}a{{/inline}}{{#> part value=missing}}b{{/part}}',
  ])("%s", (text) => {
    const fillIn = (): string => compileTemplate(text)(context);
    expect(fillIn).toThrow();
  });

  test.each([
    ["{{known}}{{group.known}}", "kk"],
    ["{{nix known}}{{nix group.known}}", '"k""k"'],
    ["{{#if empty}}a{{else if no}}b{{else}}c{{/if}}{{#unless no}}d{{/unless}}", "cd"],
    ["{{#each list}}{{known}}{{../known}}{{/each}}", "kk"],
  ])("while a known name, or one stated as absent, is not an error: %s", (text, filled) => {
    expect(compileTemplate(text)(context)).toBe(filled);
  });

  test("a name without a value, at any depth", () => {
    const fillIn = (): string =>
      compileTemplate("{{#each list}}{{name}}{{/each}}")({ list: [{ name: undefined }] });
    expect(fillIn).toThrow("the template's context has no value for name");
  });
});
