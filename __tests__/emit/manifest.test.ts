import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeFormerStacks, stacksOfLastSynth } from "../../src/emit/manifest";
import { temporaryFolder } from "../fixture";

/** Leaves what a synth of these stacks leaves. */
function synth(outdir: string, ...names: string[]): void {
  const stacks = names.map((name) => {
    const workingDirectory = `stacks/${name}`;
    mkdirSync(join(outdir, workingDirectory, ".terraform"), { recursive: true });
    writeFileSync(join(outdir, workingDirectory, "cdk.tf.json"), "{}");
    return [
      name,
      { name, workingDirectory, synthesizedStackPath: `${workingDirectory}/cdk.tf.json` },
    ] as const;
  });
  writeFileSync(join(outdir, "manifest.json"), JSON.stringify({ stacks: Object.fromEntries(stacks) }));
}

/** @returns the folders of which stacks are there after a second synth */
function after(
  first: readonly string[],
  second: readonly string[],
  between?: (outdir: string) => void,
): string {
  const outdir = temporaryFolder();
  synth(outdir, ...first);
  between?.(outdir);
  const before = stacksOfLastSynth(outdir);
  synth(outdir, ...second);
  removeFormerStacks(outdir, before);
  return outdir;
}

test("the folder of a stack's former name is removed, and that of its new name stays", () => {
  const outdir = after(["k3s", "other"], ["homelab", "other"]);
  const there = ["k3s", "homelab", "other"].filter((name) => existsSync(join(outdir, "stacks", name)));
  expect(there).toEqual(["homelab", "other"]);
});

test("a folder that holds a state loses only what OpenTofu would plan", () => {
  const outdir = after(["k3s"], ["homelab"], (folder) =>
    writeFileSync(join(folder, "stacks/k3s/terraform.tfstate.backup"), "{}"),
  );
  const there = ["terraform.tfstate.backup", ".terraform", "cdk.tf.json"].filter((name) =>
    existsSync(join(outdir, "stacks/k3s", name)),
  );
  expect(there).toEqual(["terraform.tfstate.backup", ".terraform"]);
});

test("a folder that no synth made is left alone", () => {
  const outdir = after(["k3s"], ["k3s"], (folder) => mkdirSync(join(folder, "stacks/mine")));
  expect(existsSync(join(outdir, "stacks/mine"))).toBe(true);
});

test.each(["", "{", "{}"])("a manifest of %j is of no synth", (text) => {
  const outdir = temporaryFolder();
  writeFileSync(join(outdir, "manifest.json"), text);
  expect(stacksOfLastSynth(outdir)).toEqual([]);
});
