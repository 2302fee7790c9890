import { localStorageOf, resolveK3s, tokenFileOf } from "../../src/config/k3s";
import type { Cluster } from "../../src/config/model";
import { REFERENCE } from "../fixture";

const k3sWith = (more: object): Cluster["k3s"] => resolveK3s({ ...REFERENCE.k3s, ...more });

test("agents read the servers' token only where they have none of their own", () => {
  expect(tokenFileOf(k3sWith({}), "agent")).toBe("/var/lib/k3s-secrets/token");
  const k3s = k3sWith({ agentTokenFile: "/var/lib/k3s-secrets/agent-token" });
  expect(tokenFileOf(k3s, "agent")).toBe("/var/lib/k3s-secrets/agent-token");
  expect(tokenFileOf(k3s, "server")).toBe("/var/lib/k3s-secrets/token");
});

describe("volumes of K3s' provisioner are", () => {
  const flag = (path: string): string => `--default-local-storage-path=${path}`;
  const storage = (serverFlags: readonly string[], server: readonly string[], agent: readonly string[]) =>
    localStorageOf({
      k3s: k3sWith({ serverFlags }),
      nodes: [
        { role: "server", k3sFlags: server },
        { role: "agent", k3sFlags: agent },
      ] as unknown as Cluster["nodes"],
    });

  test("below K3s' data, unless a server says otherwise", () => {
    expect(storage([], [], [])).toBe("/var/lib/rancher/k3s/storage");
    expect(storage([], [], [flag("/srv/agent")])).toBe("/var/lib/rancher/k3s/storage");
    expect(storage(["--debug"], [flag("/srv/own")], [])).toBe("/srv/own");
    expect(storage([flag("/srv/all")], [flag("/srv/own")], [])).toBe("/srv/all");
  });

  test("in a folder whose path ends with its name", () => {
    expect(storage([flag("/srv//a//")], [], [])).toBe("/srv//a");
  });
});
