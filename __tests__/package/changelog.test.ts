/** What a new owner reads about versions and vulnerabilities. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import lock from "../../package-lock.json";
import packageJson from "../../package.json";
import { REPOSITORY } from "../fixture";
import { textOf } from "../markdown";

const headings = textOf("CHANGELOG.md")
  .split("\n")
  .filter((line) => line.startsWith("## ["));

test("the version of package.json has a section with its date, below the unreleased one", () => {
  const [unreleased, newest] = headings;
  expect(unreleased).toBe("## [Unreleased]");
  expect(newest).toMatch(/^## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  expect(newest).toContain(`[${packageJson.version}]`);
  expect([lock.version, lock.packages[""].version]).toEqual([packageJson.version, packageJson.version]);
});

test("the promise names what an owner's cluster depends on, as main.ts states it and as the state stores it", () => {
  const promise = textOf("CHANGELOG.md").split("## Update")[0] ?? "";
  for (const words of ["ids of constructs", "Terraform names", "names of emitted files", "cluster.json"]) {
    expect(promise).toContain(words);
    expect(textOf("CONTRIBUTING.md")).toContain(words);
  }
});

test("the issue templates ask for the version, and warn of secrets", () => {
  const folder = ".github/ISSUE_TEMPLATE";
  const forms = readdirSync(join(REPOSITORY, folder)).filter((name) => name !== "config.yml");
  for (const name of forms) {
    const { name: title, description, body } = parse(textOf(join(folder, name)));
    expect([title, description].every((text) => typeof text === "string")).toBe(true);
    const ids = body.flatMap(({ id }: { id?: string }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(body.every(({ type }: { type: string }) => /^(markdown|input|textarea)$/.test(type))).toBe(true);
  }
  const bug = textOf(join(folder, "bug.yml"));
  expect(bug).toContain("proxmox-nixos-k3s --version");
  expect(bug).toContain("Leave out secrets");
});
