import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Emitted } from "../../src/preview/emitted";
import { compareHosts, type HostChange } from "../../src/preview/hosts";
import type { Nodes } from "../../src/preview/nodes";
import { temporaryFolder } from "../fixture";

type Files = Readonly<Record<string, string>>;

const HOSTS: Files = {
  "hamal/local.nix": "{ imports = [ ./monitoring/node.nix ../common.nix ]; }",
  "hamal/monitoring/node.nix": "{ }",
  "mizar/configuration.nix": "{ }",
  "mizar/x.nix/default.nix": "{ }",
  "common.nix": "{ }",
};

function tree(files: Files): Emitted {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "nix", path)), { recursive: true });
    writeFileSync(join(folder, "nix", path), text);
  }
  return { stacks: [], emitsHosts: true, folder: "nix", tree: folder };
}

function changes(after: Files): HostChange[] {
  const kept = ["hamal", "mizar"].map((name) => {
    const node = { hostname: name, directory: name };
    return { before: node, after: node };
  });
  return compareHosts(tree(HOSTS), tree(after), { kept } as unknown as Nodes);
}

test("a file to which a host's own files refer changes that host, and no other", () => {
  const files = { ...HOSTS, "common.nix": "{ a = 1; }", "hamal/monitoring/node.nix": "{ b = 1; }" };
  expect(changes(files)).toEqual([{ hostname: "hamal", files: ["../common.nix", "monitoring/node.nix"] }]);
});

test("so does one in a folder that has the name of a Nix file", () => {
  expect(changes({ ...HOSTS, "mizar/x.nix/default.nix": "{ c = 1; }" })).toEqual([
    { hostname: "mizar", files: ["x.nix/default.nix"] },
  ]);
});
