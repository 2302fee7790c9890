/** The requests of a rollout to Kubernetes, answered by a real one. */
import { lastHeartbeat } from "../../../src/rollout/health";
import { barePods } from "../../../src/rollout/pods";
import { barePodFaults, drain, uncordon, type RebootOptions } from "../../../src/rollout/reboot";
import { remove } from "../../../src/rollout/remove";
import { runningIn } from "../../../src/rollout/running";
import { PodSimulator } from "../../../src/simulation/pod-loss";
import { hostState } from "../../rollout/plan-context";
import { FIVE_NODES } from "../../fixture";
import { describeWith } from "../tools";
import { Bed, KUBERNETES, pod } from "./bed";
import { objectName } from "../../../src/emit/kubernetes-manifests";
import { isManifestPending, Manifests } from "../../../src/rollout/manifests";
import { changedIn, manifests, revisions, verdicts } from "./manifests";

const OPTIONS: RebootOptions = { drainSeconds: 6, rebootSeconds: 10, forceBarePods: false };

describeWith(KUBERNETES, "a real Kubernetes", () => {
  let bed: Bed;

  beforeAll(async () => (bed = await Bed.start(FIVE_NODES)));
  afterAll(() => bed?.stop());

  const drained = async (name: string, options: Partial<RebootOptions> = {}): Promise<boolean> =>
    drain(bed.host(name), bed.kubernetes, await bed.kubernetes.nodes(), { ...OPTIONS, ...options });

  const node = async (name: string) => (await bed.kubernetes.nodes()).find((each) => each.name === name);

  /** A ReplicaSet with one pod on that node, optionally with a disruption budget that protects it. */
  async function replicaSet(name: string, on: string, { held }: { held: boolean }): Promise<void> {
    const { spec } = pod(name, on, { emptyDir: true });
    const selector = { matchLabels: { app: name } };
    const template = { metadata: { labels: { app: name } }, spec };
    await bed.plane.create(
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { name },
        spec: { replicas: 1, selector, template },
      },
      ...(held
        ? [
            {
              apiVersion: "policy/v1",
              kind: "PodDisruptionBudget",
              metadata: { name },
              spec: { minAvailable: 1, selector },
            },
          ]
        : []),
    );
    await bed.plane.until("its pod runs", async () =>
      (await bed.podsOn(on)).some((each) => each.includes(name)),
    );
  }

  const forget = (kind: string, name: string) =>
    bed.plane.kubectl(["delete", kind, name, "--cascade=foreground"]);

  test("has each node's role, and a heartbeat of its kubelet again and again", async () => {
    const nodes = await bed.kubernetes.nodes();
    expect(
      nodes.map(({ name, server, controlPlane, ready, cordoned }) => [
        name,
        server,
        controlPlane,
        ready,
        cordoned,
      ]),
    ).toEqual([
      ["acrux", true, true, true, false],
      ["alnair", true, true, true, false],
      ["alphard", true, true, true, false],
      ["hamal", false, false, true, false],
      ["mizar", false, false, true, false],
    ]);
    const before = lastHeartbeat(nodes, bed.host("hamal"));
    await bed.plane.until(
      "it is heard of",
      async () => lastHeartbeat(await bed.kubernetes.nodes(), bed.host("hamal")) !== before,
    );
  });

  test("a server that has joined etcd, and not its control plane yet, counts as a server", async () => {
    const label = (words: string) =>
      bed.plane.kubectl(["label", "node", "acrux", `node-role.kubernetes.io/control-plane${words}`]);
    await label("-");
    expect(await node("acrux")).toMatchObject({ server: true, controlPlane: false });
    await label("=true");
    expect(await node("acrux")).toMatchObject({ server: true, controlPlane: true });
  });

  test("a cordon is known as ours, and is taken back", async () => {
    await bed.kubernetes.cordon("mizar");
    expect(await node("mizar")).toMatchObject({ cordoned: true, cordonedByUs: true });
    await bed.kubernetes.uncordon("mizar");
    expect(await node("mizar")).toMatchObject({ cordoned: false, cordonedByUs: false });
  });

  test("says of a pod what recreates it and which claims it mounts", async () => {
    const { spec } = pod("claiming", "mizar");
    const volumes = [
      { name: "data", persistentVolumeClaim: { claimName: "data" } },
      {
        name: "scratch",
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
          },
        },
      },
    ];
    const labels = { app: "claiming" };
    await bed.plane.create({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "claiming" },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { ...spec, volumes } },
      },
    });
    const found = async () =>
      (await bed.kubernetes.pods()).find(({ name }) => name.startsWith("default/claiming"));
    await bed.plane.until("its pod is there", async () => (await found()) !== undefined);
    const { name = "", controller, claims } = (await found()) ?? {};
    expect([controller, claims]).toEqual([
      "deployment/claiming",
      ["data", `${name.slice("default/".length)}-scratch`],
    ]);
    await forget("deployment", "claiming");
  });

  test("says what runs, for a simulation of what the loss of a node costs", async () => {
    const memory = { memory: "256Mi" };
    const status = JSON.stringify({ status: { capacity: memory, allocatable: memory } });
    for (const name of ["alphard", "acrux", "alnair", "hamal", "mizar"])
      await bed.plane.kubectl(["patch", "node", name, "--subresource=status", "--type=merge", "-p", status]);
    await bed.plane.create(...lossy("mizar"));
    await bed.plane.kubectl(["wait", "--for=jsonpath={.status.phase}=Bound", "pvc/lossy", "--timeout=60s"]);
    let running = await runningIn(bed.kubernetes);
    const found = () => running.pods.find(({ labels }) => labels.app === "lossy");
    await bed.plane.until("its pod is ready, and its budget seen", async () => {
      running = await runningIn(bed.kubernetes);
      return found()?.ready === true && running.budgets[0]?.needed === 1;
    });
    expect(found()).toMatchObject({
      node: "mizar",
      controller: "deployment/lossy",
      memory: 112 * 1024 ** 2,
      nodeSelector: { "kubernetes.io/os": "linux" },
      nodeTerms: [
        { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "NotIn", values: ["acrux"] }] },
      ],
      claims: ["lossy"],
    });
    expect(running.nodes.find((each) => each.name === "mizar")).toMatchObject({
      labels: { "kubernetes.io/hostname": "mizar" },
      taints: [],
      cordoned: false,
      ready: true,
      memory: 256 * 1024 ** 2,
    });
    expect(new PodSimulator(running).lossOf(new Set(["mizar"]), true)).toMatchObject({
      workloads: [{ namespace: "default", controller: "deployment/lossy", before: 1, left: 0 }],
      budgets: [{ name: "default/lossy", needed: 1, left: 0 }],
      volumes: [{ claim: "default/lossy", pods: [found()?.name] }],
    });
    await forget("pdb", "lossy");
    await forget("deployment", "lossy");
  });

  describe("a pod without a controller", () => {
    beforeAll(() =>
      bed.run(
        pod("bare", "mizar"),
        pod("static", "mizar", { annotations: { "kubernetes.io/config.mirror": "x" } }),
      ),
    );

    test("is found before anything is changed, unless the kubelet makes it from a file", async () => {
      const pods = await bed.kubernetes.pods();
      expect(barePods(pods, "mizar")).toEqual(["default/bare"]);
      expect(barePodFaults(["hamal", "mizar"], pods, await bed.kubernetes.nodes(), OPTIONS)).toEqual([
        "mizar cannot be drained: default/bare has no controller that would recreate it on another node. --force-bare-pods deletes such pods for good",
      ]);
    });

    test("that is created later ends a drain at once, which names it, and the node takes pods again", async () => {
      await expect(drained("mizar", { drainSeconds: 200 })).rejects.toThrow(
        "mizar could not be drained, and was left as it is:\n" +
          "  cannot delete cannot delete Pods that declare no controller (use --force to override): default/bare\n" +
          "  default/bare is still there, and has no controller: see --force-bare-pods",
      );
      expect(await node("mizar")).toMatchObject({ cordoned: false, cordonedByUs: false });
    });

    test("is deleted with --force-bare-pods, and named", async () => {
      expect(await drained("mizar", { forceBarePods: true, drainSeconds: 30 })).toBe(true);
      expect(bed.said).toContainEqual("pods without a controller, deleted for good: default/bare");
      expect(await bed.podsOn("mizar")).toEqual(["default/static"]);
      await uncordon(bed.host("mizar"), bed.kubernetes);
    });
  });

  test("a drain evicts what a controller makes anew, and leaves DaemonSets' pods", async () => {
    await replicaSet("web", "hamal", { held: false });
    await bed.plane.create(DAEMON_SET);
    await bed.plane.until("its pod runs", async () => (await bed.podsOn("hamal")).length === 2);
    const before = await bed.podsOn("hamal");
    expect(await drained("hamal", { drainSeconds: 60 })).toBe(true);
    // The ReplicaSet creates another, which stays unscheduled: there is no scheduler.
    const after = await bed.podsOn("hamal");
    expect(after.filter((name) => before.includes(name))).toEqual([expect.stringMatching(/^default\/logs-/)]);
    await uncordon(bed.host("hamal"), bed.kubernetes);
    await forget("replicaset", "web");
    await forget("daemonset", "logs");
  });

  test("a disruption budget holds a drain up for its seconds; it is named, and no other server is asked again", async () => {
    await replicaSet("precious", "hamal", { held: true });
    bed.askedFor("");
    await expect(drained("hamal")).rejects.toThrow(
      /hamal could not be drained, and was left as it is:\n[^]*Cannot evict pod as it would violate the pod's disruption budget\.\n[^]*global timeout reached: 6s\n {2}default\/precious-\w+ is still there$/,
    );
    expect(bed.askedFor("drain")).toEqual(["alphard"]);
    expect(await node("hamal")).toMatchObject({ cordoned: false });
    await forget("pdb", "precious");
    await forget("replicaset", "precious");
  });

  test("a failure is reported by the first server that is asked", async () => {
    bed.askedFor("");
    await expect(bed.kubernetes.drain("nobody", 5, false)).rejects.toThrow('nodes "nobody" not found');
    await expect(bed.kubernetes.cordon("nobody")).rejects.toMatchObject({ code: "failed" });
    expect(bed.askedFor("nobody")).toEqual(["alphard", "alphard"]);
  });

  test.each([
    ["an agent", "mizar"],
    ["a server, whose finalizer is waited for", "alnair"],
  ])("%s is removed, when its K3s has stopped", async (_, name) => {
    const nodes = await bed.kubernetes.nodes();
    const fleet = {
      hosts: bed.hosts.map((host) => hostState(host)),
      unreachable: [],
      kubernetes: bed.kubernetes,
      nodes,
    };
    await remove(bed.host(name), fleet, { ...OPTIONS, forceBarePods: true, drainSeconds: 60 }, bed.log);
    expect(await node(name)).toBeUndefined();
    expect(bed.plane.isDown(name)).toBe(true);
  });

  test("a deletion that waits for a finalizer is not repeated at another server after its time limit", async () => {
    const finalizers = (value: string) =>
      bed.plane.kubectl([
        "patch",
        "node",
        "hamal",
        "--type=merge",
        "-p",
        `{"metadata":{"finalizers":${value}}}`,
      ]);
    await finalizers('["testbed/held"]');
    bed.askedFor("");
    await expect(bed.kubernetes.deleteNode("hamal", undefined, 3)).rejects.toMatchObject({ code: "failed" });
    expect(bed.askedFor("delete")).toEqual(["alphard"]);
    await finalizers("null");
  });

  describe("takes the objects of manifests", () => {
    test("a plan says what is new, also of kinds and in namespaces that come with it, and makes nothing", async () => {
      const plan = await manifests(bed).plan();
      expect(verdicts(plan)).toEqual({
        "Namespace add-on": "new",
        "ConfigMap add-on/settings": "new",
        "Secret add-on/password": "new",
        "CustomResourceDefinition pools.example.org": "new",
        "Pool add-on/nodes": "new",
        "ConfigMap default/beside": "new",
      });
      expect(plan.left).toEqual([]);
      expect((await bed.plane.kubectl(["get", "namespace", "add-on"])).status).not.toBe(0);
    });

    test("an apply makes them, and a second one finds nothing to do, and would change nothing", async () => {
      await manifests(bed).apply();
      const plan = await manifests(bed).plan();
      expect(changedIn(plan)).toEqual([]);
      expect(isManifestPending(plan)).toBe(false);
      const before = await revisions(bed);
      await manifests(bed).apply();
      expect(await revisions(bed)).toBe(before);
    });

    test("what others add to an object is left alone, and only what the manifest changes is changed", async () => {
      await bed.plane.kubectl(["label", "configmap", "settings", "-n", "add-on", "mine=yes"]);
      const edited = manifests(bed, (text) => text.replace('size: "1"', 'size: "2"'));
      expect(changedIn(await edited.plan())).toEqual(["ConfigMap add-on/settings"]);
      await edited.apply();
      const words = ["get", "configmap", "settings", "-n", "add-on", "-o"];
      const { stdout } = await bed.plane.kubectl([...words, "jsonpath={.data.size} {.metadata.labels.mine}"]);
      expect(stdout).toBe("2 yes");
    });

    test("a value that somebody else has changed is named with object, field and manager", async () => {
      const patch = ["-p", '{"data":{"size":"9","mode":"z"}}', "--field-manager=somebody"];
      await bed.plane.kubectl(["patch", "configmap", "settings", "-n", "add-on", ...patch]);
      await expect(manifests(bed).plan()).rejects.toMatchObject({
        code: "refused",
        message: expect.stringMatching(
          /ConfigMap add-on\/settings: \.data\.mode, of somebody[^]*ConfigMap add-on\/settings: \.data\.size, of somebody/,
        ) as string,
      });
      await bed.plane.kubectl(["delete", "configmap", "settings", "-n", "add-on"]);
      await manifests(bed).apply();
    });

    test("what the API refuses of a Secret is said without its words", async () => {
      const wrong = manifests(bed, (text) =>
        text.replace("stringData:", "type: kubernetes.io/tls\nstringData:"),
      );
      await expect(wrong.plan()).rejects.toMatchObject({
        code: "refused",
        message: expect.stringMatching(/Secret add-on\/password: the API's words are not shown/) as string,
      });
    });

    test("a Secret's value that is no text, which the API repeats, is not shown", async () => {
      const secret = { apiVersion: "v1", kind: "Secret", namespace: "default", name: "number", secrets: [] };
      const text = `{ apiVersion: v1, kind: Secret, metadata: { name: number }, stringData: { key: 12345678 } }`;
      const planned = new Manifests(bed.kubernetes, [{ ...secret, text }]).plan();
      await expect(planned).rejects.toMatchObject({
        code: "refused",
        message: expect.stringMatching(/Secret default\/number: the API's words are not shown/) as string,
      });
      const said = await planned.catch(String);
      expect(said).not.toContain("12345678");
    });

    test("an object that no manifest has any more is named, and stays, until somebody deletes it", async () => {
      const without = manifests(bed, (text) =>
        text.replace(/---\napiVersion: v1\nkind: (ConfigMap|Secret)[^]*/, ""),
      );
      const left = async (): Promise<string[]> => (await without.plan()).left.map(objectName);
      expect(await left()).toEqual(["Secret add-on/password", "ConfigMap beside"]);
      await without.apply();
      expect(await left()).toEqual(["Secret add-on/password", "ConfigMap beside"]);
      await bed.plane.kubectl(["delete", "configmap", "beside"]);
      expect(await left()).toEqual(["Secret add-on/password"]);
    });

    test("a definition and what it makes possible change together", async () => {
      const edited = manifests(bed, (text) =>
        text
          .replace(
            "x-kubernetes-preserve-unknown-fields: true",
            "properties: { spec: { type: object, properties: { size: { type: integer }, more: { type: string } } } }",
          )
          .replace("{ size: 3 }", "{ size: 3, more: a }"),
      );
      expect(verdicts(await edited.plan())).toMatchObject({
        "CustomResourceDefinition pools.example.org": "changed",
        "Pool add-on/nodes": "changed",
      });
      await edited.apply();
      expect(changedIn(await edited.plan())).toEqual([]);
      // A version that the cluster does not have.
      const next = manifests(bed, (text) =>
        text
          .replace("- name: v1\n", "- name: v2\n")
          .replace("example.org/v1\n", "example.org/v2\n")
          .replace(
            "x-kubernetes-preserve-unknown-fields: true",
            "properties: { spec: { type: object, properties: { size: { type: integer }, other: { type: string } } } }",
          )
          .replace("{ size: 3 }", "{ size: 3, other: a }")
          .replace(
            "    - name: v2\n",
            "    - { name: v1, served: true, storage: false, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }\n    - name: v2\n",
          ),
      );
      expect(verdicts(await next.plan())).toMatchObject({ "Pool add-on/nodes": "new" });
      await next.apply();
      const { stdout } = await bed.plane.kubectl([
        "get",
        "pools.v2.example.org",
        "nodes",
        "-n",
        "add-on",
        "-o",
        "jsonpath={.spec.other}",
      ]);
      expect(stdout).toBe("a");
    });
  });
});

/** A Deployment with a pod on that node, whose volume is there, and a budget for it. */
function lossy(on: string): object[] {
  const metadata = { name: "lossy" };
  const labels = { app: "lossy" };
  const { spec } = pod("lossy", on);
  const terms = (operator: string, name: string) => ({
    nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator, values: [name] }] }],
  });
  const container = (name: string, memory: string) => ({
    name,
    image: "none",
    resources: { requests: { memory } },
  });
  const disk = { accessModes: ["ReadWriteOnce"], storageClassName: "" };
  const template = {
    metadata: { labels },
    spec: {
      ...spec,
      containers: [container("main", "32Mi"), container("beside", "16Mi")],
      initContainers: [
        { ...container("first", "64Mi"), restartPolicy: "Always" },
        container("second", "20Mi"),
      ],
      nodeSelector: { "kubernetes.io/os": "linux" },
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms("NotIn", "acrux") },
      },
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "lossy" } }],
    },
  };
  return [
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata,
      spec: {
        ...disk,
        capacity: { storage: "1Mi" },
        hostPath: { path: "/var/lib/none" },
        claimRef: { namespace: "default", name: "lossy" },
        nodeAffinity: { required: terms("In", on) },
      },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata,
      spec: { ...disk, volumeName: "lossy", resources: { requests: { storage: "1Mi" } } },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: { selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    },
  ];
}

const DAEMON_SET = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "logs" },
  spec: {
    selector: { matchLabels: { app: "logs" } },
    template: {
      metadata: { labels: { app: "logs" } },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": "hamal" },
        containers: [{ name: "main", image: "none" }],
      },
    },
  },
};
