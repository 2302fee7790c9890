import { spawnSync } from "node:child_process";
import { builtProgram } from "../../../testbed/build/programs";
import { OPENTOFU } from "../../document-commands";
import { built, describeWith } from "../tools";
import { printed, sharedBed, TOFU } from "./bed";
import { block } from "./documents";

describeWith([built("tofu", "tofu")], "OpenTofu", () => {
  test.each(Object.entries(OPENTOFU))(
    "has the command %s of the documents, with its options",
    (command, options) => {
      const tofu = builtProgram("tofu", "tofu") ?? "";
      const { stdout } = spawnSync(tofu, [...command.split(" "), "-help"], { encoding: "utf8" });
      const [, usage = ""] = /^Usage: (.*)$/m.exec(stdout) ?? [];
      expect(usage.split(/\W+/)).toEqual(expect.arrayContaining(command.split(" ")));
      for (const option of options) expect(stdout).toContain(`\n  ${option}`);
    },
  );
});

describeWith(TOFU, "a cluster that is taken down as documented", () => {
  const bed = sharedBed();
  const vms = () => [...bed().pve.inventory.vms.keys()].sort();

  test("stays as long as main.ts does not allow its end", async () => {
    await bed().apply();
    expect(await bed().tofu("tofu", "destroy", "-auto-approve")).toMatchObject({
      status: 1,
      output: expect.stringContaining("prevent_destroy"),
    });
    expect(vms()).toEqual([134, 135, 136, 9903]);
  });

  test("then goes with its disks, and leaves the template", async () => {
    bed().edit("app.synth();", `${block("docs/how-to/take-down.md", "ts", "prevent_destroy")}app.synth();`);
    bed().edit("K3sCluster,", "K3sCluster, K3sNode,");
    await bed().synth();
    printed(await bed().tofu("tofu", "destroy", "-auto-approve"));
    expect(vms()).toEqual([9903]);
    for (const id of [134, 135, 136]) expect(bed().pve.inventory.storage.ofOwner(id)).toEqual([]);
  });
});
