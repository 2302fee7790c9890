import { readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { defaultPath, mergeInto } from "../../rollout/kubeconfig";
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
