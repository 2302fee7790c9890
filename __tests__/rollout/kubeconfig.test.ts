import { readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { certificatesOf, defaultPath, mergeInto, renewIn } from "../../src/rollout/kubeconfig";
import { temporaryFolder } from "../fixture";

const config = (server: string): Parameters<typeof mergeInto>[1] => ({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "k3s", cluster: { server } }],
  users: [{ name: "k3s", user: { "client-key-data": "x" } }],
  contexts: [{ name: "k3s", context: { cluster: "k3s", user: "k3s" } }],
  "current-context": "k3s",
});

test("a new file is for its owner's eyes alone, in a new folder", () => {
  const path = join(temporaryFolder(), "kube", "config");
  mergeInto(path, config("https://a:6443"));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(parse(readFileSync(path, "utf8"))).toEqual(config("https://a:6443"));
});

test("a file that a killed run left does not pass on its mode", () => {
  const path = join(temporaryFolder(), "config");
  writeFileSync(`${path}.new`, "half", { mode: 0o644 });
  mergeInto(path, config("https://a:6443"));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("what the file has else stays, and entries of the same name are replaced", () => {
  const path = join(temporaryFolder(), "config");
  const other = { name: "work", cluster: { server: "https://work" } };
  const old = {
    ...config("https://old"),
    clusters: [other, ...config("https://old").clusters],
    preferences: { colors: true },
  };
  writeFileSync(path, JSON.stringify(old), { mode: 0o644 });
  mergeInto(path, config("https://new"));
  const merged = parse(readFileSync(path, "utf8"));
  expect(merged.clusters).toEqual([other, { name: "k3s", cluster: { server: "https://new" } }]);
  expect(merged.preferences).toEqual({ colors: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ["/a/config", "/a/config"],
  ["/a/config:/b/config", "/a/config"],
  [":/b/config", "/b/config"],
  ["", join(homedir(), ".kube", "config")],
])("with KUBECONFIG '%s' it is merged into %s", (variable, path) => {
  expect(defaultPath(variable)).toBe(path);
});

describe("a kubeconfig is renewed", () => {
  const trusted = (key: string, authority = "ca"): Parameters<typeof mergeInto>[1] => ({
    ...config("https://a:6443"),
    clusters: [
      { name: "k3s", cluster: { server: "https://a:6443", "certificate-authority-data": authority } },
    ],
    users: [{ name: "k3s", user: { "client-key-data": key } }],
  });
  const written = (old: object): string => {
    const path = join(temporaryFolder(), "config");
    writeFileSync(path, JSON.stringify(old));
    return path;
  };
  const work = { name: "work", context: { cluster: "work", user: "me" } };

  test("where it is as this program writes it, and its current context stays", () => {
    const old = trusted("old");
    const path = written({ ...old, contexts: [work, ...old.contexts], "current-context": "work" });
    expect(renewIn(path, trusted("new"))).toBe(true);
    expect(parse(readFileSync(path, "utf8"))).toEqual({
      ...trusted("new"),
      contexts: [work, ...old.contexts],
      "current-context": "work",
    });
  });

  test.each([
    ["the context names another user", { ...trusted("old"), contexts: [{ ...work, name: "k3s" }] }],
    ["the server shows another certificate authority", trusted("old", "other")],
  ])("not where %s", (_, old) => {
    const path = written(old);
    expect(renewIn(path, trusted("new"))).toBe(false);
    expect(readFileSync(path, "utf8")).toBe(JSON.stringify(old));
  });
});

describe("what a server hands out", () => {
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  const pem = (block: string): string =>
    encoded(`-----BEGIN ${block}-----\nQUFB\nQUE=\n-----END ${block}-----\n`);
  const CHAIN = encoded("-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n".repeat(2));
  const cluster = { server: "https://127.0.0.1:6443", "certificate-authority-data": pem("CERTIFICATE") };
  const user = { "client-certificate-data": CHAIN, "client-key-data": pem("EC PRIVATE KEY") };
  const written = (more: { cluster?: object; user?: object } = {}): string =>
    stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "default", cluster: { ...cluster, ...more.cluster } }],
      users: [{ name: "default", user: { ...user, ...more.user } }],
      contexts: [{ name: "default", context: { cluster: "default", user: "default" } }],
    });

  test("is accepted with three certificates, as K3s writes them", () => {
    expect(certificatesOf("alphard", written())).toEqual({
      cluster: { "certificate-authority-data": pem("CERTIFICATE") },
      user,
    });
  });

  test.each([
    ["a program to run", { user: { exec: { command: "sh", args: ["-c", "id"] } } }, "user.exec"],
    ["a plug-in", { user: { "auth-provider": { name: "gcp" } } }, "user.auth-provider"],
    [
      "a password",
      { user: { username: "a", password: "b" } },
      "user.username is not a field that K3s writes; user.password",
    ],
    ["a file of the operator's", { user: { "client-key": "/root/.ssh/id_ed25519" } }, "user.client-key"],
    ["a proxy", { cluster: { "proxy-url": "http://attacker" } }, "cluster.proxy-url"],
    [
      "no check of the API",
      { cluster: { "insecure-skip-tls-verify": true } },
      "cluster.insecure-skip-tls-verify",
    ],
    [
      "a CA that is none",
      { cluster: { "certificate-authority-data": encoded("hello") } },
      "cluster.certificate-authority-data is not a CERTIFICATE in PEM and base64",
    ],
    [
      "more than PEM",
      {
        user: {
          "client-key-data": encoded(`${Buffer.from(pem("EC PRIVATE KEY"), "base64").toString()}exec: sh\n`),
        },
      },
      "user.client-key-data is not a PRIVATE KEY",
    ],
    ["a key that is no text", { user: { "client-key-data": { exec: "sh" } } }, "user.client-key-data is not"],
    [
      "no certificate",
      { user: { "client-certificate-data": undefined } },
      "user.client-certificate-data is not",
    ],
  ])("is refused, and the field named: %s", (_, more, field) => {
    const taking = (): unknown => certificatesOf("alphard", written(more));
    expect(taking).toThrow(`the kubeconfig of alphard was refused, and nothing was written: ${field}`);
  });

  test.each([
    ["no YAML", "a: [b"],
    ["another document", "null"],
    ["a list in the place of a cluster", "clusters: {}\nusers: []\n"],
    ["two users", stringify({ clusters: [{ cluster }], users: [{ user }, { user }] })],
    [
      "references without end",
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
        .split("")
        .map((name, at) => `${name}: &${name} [${`*${"abcdefg"[at]},`.repeat(9)}]`)
        .join("\n")}\n`,
    ],
  ])("%s is refused", (_, text) => {
    expect(() => certificatesOf("alphard", text)).toThrow(
      "the kubeconfig of alphard is not one that K3s writes",
    );
  });
});
