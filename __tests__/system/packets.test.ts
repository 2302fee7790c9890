import { LAB_CLUSTERS, startLab } from "./lab/clusters";
import { PATIENT, type Lab } from "./lab/lab";
import { describeWith, LAB } from "./tools";

describeWith(LAB, "packets", () => {
  describe.each(LAB_CLUSTERS)("of $name", (cluster) => {
    let lab: Lab;
    const checks = [...cluster.flows, ...(cluster.unmutated ?? [])];
    beforeAll(async () => {
      lab = await startLab(cluster);
    });
    afterAll(() => lab?.stop());

    test("all pass without a firewall, so that only the firewall can stop them", async () => {
      await lab.unload();
      expect(await lab.unexpected(checks, PATIENT, () => "open")).toEqual([]);
    });

    test("pass where they should and nowhere else, and what is refused is counted", async () => {
      await lab.load();
      expect(await lab.unexpected(checks, PATIENT)).toEqual([]);
      expect(await lab.idleCounters(["alphard", "hamal"])).toEqual([]);
    });
  });
});
