/** What messages tell a reader to look at. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { documentOn, REFERRED } from "../../src/base/documents";
import { renderReadme } from "../../src/render/readme";
import packageJson from "../../package.json";
import { REPOSITORY } from "../fixture";
import { textOf } from "../markdown";
import { cluster } from "../system/clusters";

const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading as string);

test.each(Object.entries(REFERRED))(
  "the document on %s is in the package, and has the heading",
  (_, named) => {
    const [path, heading] = named;
    expect(headingsOf(textOf(path))).toContain(heading);
    expect(packageJson.files).toContain("docs/**/*.md");
    expect(path).toMatch(/^docs\/.*\.md$/);
  },
);

test("its path is one that the reader can open", () => {
  expect(documentOn("privileges")).toBe('"For applies" in docs/reference/proxmox-privileges.md');
});

test("every heading of the cluster's README that a message names is there", () => {
  const k3s = { tokenFile: "/var/lib/k3s-secrets/token", agentTokenFile: "/var/lib/k3s-secrets/agent-token" };
  const headings = headingsOf(renderReadme(cluster({ servers: 3, k3s }), ["nix"]));
  const sources = readdirSync(join(REPOSITORY, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => textOf(join("src", path)));
  const named = sources.flatMap((text) =>
    [...text.matchAll(/follow '(.+?)' in the cluster's README/g)].map(([, heading]) => heading as string),
  );
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((heading) => !headings.includes(heading))).toEqual([]);
});

test("no message names a heading of this repository's README", () => {
  const sources = readdirSync(join(REPOSITORY, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  expect(sources.filter((path) => /README, "/.test(textOf(join("src", path))))).toEqual([]);
});
