/** Servers of a real Kubernetes with three etcd members, which fail one after the other. */
import { Kubernetes } from "../../../src/rollout/kubernetes";
import { server } from "../../fixture";
import { describeWith } from "../tools";
import { Bed, KUBERNETES } from "./bed";

const SERVERS = [
  server("k3s-server", "alphard", 134, { clusterInit: true }),
  server("k3s-server-1", "acrux", 137),
  server("k3s-server-2", "alnair", 138),
];

describeWith(KUBERNETES, "a real Kubernetes of three servers", () => {
  let bed: Bed;

  beforeAll(async () => (bed = await Bed.start(SERVERS)));
  afterAll(() => bed?.stop());

  test("another server is asked when the API of the first has ended", async () => {
    await bed.plane.kill("alphard", "kube-apiserver");
    bed.askedFor("");
    await bed.kubernetes.cordon("acrux");
    expect(bed.askedFor("cordon")).toEqual(["alphard", "acrux"]);
    expect((await bed.kubernetes.nodes()).find(({ name }) => name === "acrux")?.cordoned).toBe(true);
  });

  test("another server is asked when the API of the first has lost its etcd", async () => {
    await bed.plane.kill("acrux", "etcd");
    bed.askedFor("");
    await new Kubernetes([bed.host("acrux"), bed.host("alnair")]).uncordon("acrux");
    expect(bed.askedFor("uncordon")).toEqual(["acrux", "alnair"]);
  });

  test("without a quorum every server is asked, none answers, and they share the time limit", async () => {
    await bed.plane.kill("alphard", "etcd");
    bed.askedFor("");
    await expect(bed.kubernetes.cordon("alnair")).rejects.toThrow(/kubectl annotate node on alnair: /);
    const asks = bed.asksFor("annotate");
    expect(asks.map(({ host }) => host)).toEqual(["alphard", "acrux", "alnair"]);
    // The API of alphard has ended, which fails at once. acrux takes long, and leaves less time for alnair.
    const [, acrux, alnair] = asks.map(({ seconds }) => seconds);
    expect(alnair).toBeLessThan(acrux as number);
  });

  test("without a quorum a drain does not wait for its full time limit at each server", async () => {
    const [first, second] = [bed.host("acrux"), bed.host("alnair")];
    await expect(new Kubernetes([first, second]).drain("acrux", 6, false)).rejects.toThrow(/on alnair: /);
    const asks = bed.asksFor("drain");
    expect(asks).toMatchObject([{ host: "acrux", seconds: 6 }, { host: "alnair" }]);
    expect(asks[1]?.seconds).toBeLessThan(6);
  });
});
