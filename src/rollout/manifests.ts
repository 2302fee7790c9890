/** The objects of `k3s.manifests`, which a rollout applies to the cluster. */
import * as z from "zod";
import { groupBy } from "../base/group-by";
import { parseJson } from "../base/json";
import { hasCode, messageOf, UserError } from "../base/user-error";
import {
  isSecret,
  keyOf,
  kindOf,
  objectName,
  readManifests,
  type ManifestObject,
  type ObjectRef,
} from "../emit/kubernetes-manifests";
import { Deadline, pause } from "./deadline";
import type { Description } from "./description";
import type { Host } from "./host";
import { conflictsOf, isAbsent, isApiUnavailable, kubectl } from "./kubectl";
import type { Kubernetes } from "./kubernetes";
import type { Redactor } from "./secrets";

/** Owns the fields that the manifests state. */
const MANAGER = "k3s-rollout";

/** ConfigMap in kube-system with what was applied last. */
const INVENTORY = "k3s-rollout-manifests";

/** Of one request for all objects. */
const APPLY_SECONDS = 60;

/** How long the API may go on with an old definition of a kind. */
const DEFINITION_SECONDS = 10;

/** How long a new webhook, such as that of an operator just applied, may refuse all requests. */
const SETTLE_SECONDS = 120;

/** A shorter value is too common to be blanked in everything that is shown. */
const SHORTEST_SECRET = 6;

/** What an apply would do to an object of the manifests. */
export interface PlannedObject {
  readonly object: ObjectRef;
  readonly verdict: "new" | "changed" | "unchanged";
}

export interface ManifestPlan {
  readonly objects: readonly PlannedObject[];
  /** In the cluster, and in no manifest any more. */
  readonly left: readonly ObjectRef[];
}

/** `unknown`: the API does not say. `undefined`: there are no manifests, or it is not about them. */
export type ManifestOutlook = ManifestPlan | "unknown" | undefined;

/**
 * Reads the files, and has their secrets redacted.
 *
 * @throws UserError `invalid` with every fault of the files
 */
export function manifestObjects(
  { k3s }: Pick<Description, "k3s">,
  redactor: Redactor,
): readonly ManifestObject[] {
  const { objects, faults } = readManifests(k3s.manifests ?? []);
  const secrets = objects.flatMap((object) => object.secrets);
  for (const secret of secrets) if (secret.length >= SHORTEST_SECRET) redactor.learn(secret);
  if (faults.length === 0) return objects;
  throw new UserError("invalid", faults.map(({ file, problem }) => `${file} ${problem}`).join("\n"));
}

/** Whether an apply would change any object. */
export const isManifestPending = (outlook: ManifestOutlook): boolean =>
  outlook === "unknown" || pendingIn(outlook).length > 0;

const pendingIn = (outlook: ManifestPlan | undefined): readonly PlannedObject[] =>
  (outlook?.objects ?? []).filter(({ verdict }) => verdict !== "unchanged");

/** Whether an apply would now change what it would not have changed at an earlier look. */
export function isMorePending(earlier: ManifestOutlook, now: ManifestOutlook): boolean {
  if (earlier === "unknown") return false;
  if (now === "unknown") return !isManifestPending(earlier);
  const known = new Set(pendingIn(earlier).map(({ object }) => keyOf(object)));
  return pendingIn(now).some(({ object }) => !known.has(keyOf(object)));
}

/** The objects in the cluster, and how a rollout brings those of the manifests there. */
export class Manifests {
  public constructor(
    private readonly kubernetes: Kubernetes,
    private readonly objects: readonly ManifestObject[],
  ) {}

  /**
   * Asks the API what it would make of the objects, which changes nothing.
   *
   * @throws UserError `refused` with every object that the API would not take, and why; `unavailable` when it cannot say
   */
  public async plan(): Promise<ManifestPlan> {
    return { objects: this.objects.length === 0 ? [] : await this.planned(), left: await this.left() };
  }

  /**
   * Notes what the objects are, so that none is forgotten where it is interrupted, and applies them all.
   *
   * @throws UserError `failed` with every object that the API does not take, and why; `unavailable` when it does not settle
   */
  public async apply(): Promise<void> {
    const first = this.objects.filter(isFirst);
    const definitions = first.filter(isDefinition);
    // What was in a plan may be older than the lock.
    await this.keep([...this.objects, ...(await this.left())]);
    await this.settled(() => this.sent(first));
    if (definitions.length > 0) {
      const names = definitions.map(({ name }) => `customresourcedefinition/${name}`);
      await this.kubectl([["wait", "--for=condition=Established", `--timeout=${APPLY_SECONDS}s`, ...names]]);
    }
    const isKnown = new Deadline(definitions.length === 0 ? 0 : DEFINITION_SECONDS);
    await this.settled(
      () => this.sent(this.objects.filter((object) => !isFirst(object))),
      (error) => hasCode(error, "failed") && !isKnown.passed,
    );
  }

  /** What is in a namespace that only comes, or of a kind whose definition changes, the API cannot be asked about. */
  private async planned(): Promise<PlannedObject[]> {
    const definitions = await this.judged(this.objects.filter(isDefinition));
    const verdicts = new Map(definitions.map(({ object, verdict }) => [object.name, verdict]));
    const kinds = new Map(
      this.objects.filter(isDefinition).map(({ name, defines }) => [defines, verdicts.get(name)]),
    );
    const coming = await this.comingNamespaces();
    const comes = (object: ManifestObject): boolean =>
      kinds.get(kindOf(object)) === "new" || coming.has(object.namespace);
    const groups = groupBy(
      this.objects.filter((object) => !isDefinition(object)),
      (object) => (comes(object) ? "new" : (kinds.get(kindOf(object)) ?? "unchanged")),
    );
    return [
      ...(groups.get("new") ?? []).map((object) => ({ object, verdict: "new" as const })),
      ...definitions,
      ...(await this.presumed(groups.get("changed") ?? [])),
      ...(await this.judged(groups.get("unchanged") ?? [])),
    ];
  }

  /** The API would check an object against the old definition of its kind. */
  private async presumed(objects: readonly ManifestObject[]): Promise<PlannedObject[]> {
    const there = new Set(await this.present(objects));
    return objects.map((object) => ({ object, verdict: there.has(object) ? "changed" : "new" }));
  }

  private async judged(objects: readonly ManifestObject[]): Promise<PlannedObject[]> {
    const [live, wanted] = [await this.live(objects), await this.dryRun(objects)];
    const existing = new Map(live.map((object) => [keyOf(refOf(object)), comparable(object)]));
    return wanted.map((object) => {
      const before = existing.get(keyOf(refOf(object)));
      const same = before === comparable(object);
      return {
        object: refOf(object),
        verdict: before === undefined ? "new" : same ? "unchanged" : "changed",
      };
    });
  }

  /** Those of the manifests that the cluster does not have yet. */
  private async comingNamespaces(): Promise<ReadonlySet<string>> {
    const [names = ""] = await this.kubectl([
      ["get", "namespaces", "-o", 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'],
    ]);
    const there = new Set(names.split("\n"));
    const stated = this.objects.filter(isNamespace).map(({ name }) => name);
    return new Set(stated.filter((name) => !there.has(name)));
  }

  private async live(objects: readonly ObjectRef[]): Promise<ApiObject[]> {
    if (objects.length === 0) return [];
    const references = objects.map(({ apiVersion, kind, namespace, name }) => ({
      apiVersion,
      kind,
      metadata: { name, ...(namespace === "" ? {} : { namespace }) },
    }));
    const [output = ""] = await this.kubectl(
      [["get", "-f", "-", "--ignore-not-found", "--show-managed-fields", "-o", "json"]],
      references.map((each) => `---\n${JSON.stringify(each)}`).join("\n"),
    );
    return objectsIn(output);
  }

  /** @returns the objects as the API would have them */
  private async dryRun(objects: readonly ManifestObject[]): Promise<ApiObject[]> {
    if (objects.length === 0) return [];
    try {
      return objectsIn(await this.send(objects, ["--dry-run=server", ...AS_JSON]));
    } catch (error) {
      if (!hasCode(error, "failed")) throw error;
      throw new UserError("refused", await this.refusals(objects), { cause: error });
    }
  }

  /** kubectl goes on after an object that the API refuses. */
  private async sent(objects: readonly ManifestObject[]): Promise<void> {
    if (objects.length === 0) return;
    try {
      await this.send(objects, AS_NAMES);
    } catch (error) {
      if (!hasCode(error, "failed")) throw error;
      const refusals = await this.refusals(objects);
      throw new UserError("failed", `${refusals}\nOthers may be applied`, { cause: error });
    }
  }

  /** @returns what kubectl prints */
  private async send(objects: readonly ManifestObject[], words: readonly string[]): Promise<string> {
    try {
      const [output = ""] = await this.kubectl([[...APPLY, ...words]], textOf(objects));
      return output;
    } catch (error) {
      throw hasCode(error, "unavailable") && objects.some(isSecret) ? undecided() : error;
    }
  }

  /** kubectl does not say which of several objects the API refuses. */
  private async refusals(objects: readonly ManifestObject[]): Promise<string> {
    const refused: string[] = [];
    for (const object of objects) {
      try {
        await this.send([object], ["--dry-run=server", ...AS_NAMES]);
      } catch (error) {
        if (!hasCode(error, "failed")) throw error;
        refused.push(...refusalsOf(object, error));
      }
    }
    // Another answer than a moment ago. The first one's words may be about a Secret.
    const problem =
      refused.length === 0 ? "  another answer each time: run the same command again" : refused.join("\n");
    return `The API does not take what 'k3s.manifests' has:\n${problem}`;
  }

  /** Asks again while the API cannot decide, such as when an object needs a webhook whose pod is only starting. */
  private async settled(
    run: () => Promise<void>,
    isPassing: (error: unknown) => boolean = () => false,
  ): Promise<void> {
    const deadline = new Deadline(SETTLE_SECONDS);
    for (;;) {
      try {
        await run();
        return;
      } catch (error) {
        if (!isPassing(error) && (!isApiUnavailable(error) || deadline.passed)) throw error;
        await pause(2);
      }
    }
  }

  /** What was applied, is in no manifest any more, and is in the cluster. */
  private async left(): Promise<readonly ObjectRef[]> {
    const stated = new Set(this.objects.map(keyOf));
    return this.present((await this.inventory()).filter((object) => !stated.has(keyOf(object))));
  }

  private async inventory(): Promise<ObjectRef[]> {
    const [text = ""] = await this.kubectl([
      [
        "get",
        "configmap",
        INVENTORY,
        "-n",
        "kube-system",
        "--ignore-not-found",
        "-o",
        "jsonpath={.data.objects}",
      ],
    ]);
    if (text === "") return [];
    const { data } = INVENTORY_OBJECTS.safeParse(parseJson(text));
    if (data !== undefined) return data;
    throw new UserError(
      "invalid",
      `the ConfigMap ${INVENTORY} in kube-system, which says what was applied, is not as a rollout writes it`,
      { remedy: "put its old data there, or delete it: then what no manifest has any more is forgotten" },
    );
  }

  private async keep(objects: readonly ObjectRef[]): Promise<void> {
    if (objects.length > MOST_KEPT)
      throw new UserError("refused", `more than ${MOST_KEPT} objects are or were in manifests`, {
        remedy: "delete with kubectl what no manifest has any more",
      });
    const refs = objects.map(({ apiVersion, kind, namespace, name }) => ({
      apiVersion,
      kind,
      namespace,
      name,
    }));
    const configMap = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: INVENTORY, namespace: "kube-system" },
      data: { objects: JSON.stringify(refs) },
    };
    await this.kubectl([[...APPLY, "--force-conflicts"]], JSON.stringify(configMap));
  }

  /** Those that are there. Only where the API says that an object is not, it is gone. */
  private async present<T extends ObjectRef>(objects: readonly T[]): Promise<T[]> {
    return (await this.presentAtOnce(objects)) ?? this.presentEach(objects);
  }

  /** Of all in one question. @returns `undefined` where the answer does not say it of each */
  private async presentAtOnce<T extends ObjectRef>(objects: readonly T[]): Promise<T[] | undefined> {
    try {
      const live = await this.live(objects);
      const there = new Set(live.map((object) => keyOf(refOf(object))));
      const found = objects.filter((object) => there.has(keyOf(object)));
      // One with a namespace in its manifest, and of a kind that has none, is shown without it.
      return found.length === live.length ? found : undefined;
    } catch {
      // For one whose kind the API does not have, or which it does not show, kubectl shows none of the others.
      return undefined;
    }
  }

  private async presentEach<T extends ObjectRef>(objects: readonly T[]): Promise<T[]> {
    const found: T[] = [];
    for (const object of objects) {
      try {
        if ((await this.live([object])).length > 0) found.push(object);
      } catch (error) {
        if (!isAbsent(error)) found.push(object);
      }
    }
    return found;
  }

  private kubectl(commands: readonly (readonly string[])[], input = ""): Promise<string[]> {
    const ask = (server: Host, seconds: number): Promise<string[]> =>
      kubectl(server, commands, seconds, input);
    return this.kubernetes.ask(ask, undefined, APPLY_SECONDS);
  }
}

const APPLY = ["apply", "--server-side", `--field-manager=${MANAGER}`, "-f", "-"];
const AS_NAMES = ["-o", "name"];
const AS_JSON = ["--show-managed-fields", "-o", "json"];

const textOf = (objects: readonly ManifestObject[]): string =>
  objects.map(({ text }) => `---\n${text}`).join("\n");

const isNamespace = (object: ObjectRef): boolean => kindOf(object) === "/Namespace";

const isDefinition = ({ defines }: ManifestObject): boolean => defines !== undefined;

/** Others may be in it, or of its kind. */
const isFirst = (object: ManifestObject): boolean => isNamespace(object) || isDefinition(object);

/** Instead of the API's words about a Secret. */
const HIDDEN = "the API's words are not shown, since they may contain the secret";

const undecided = (): UserError =>
  new UserError("unavailable", `The API cannot decide about the manifests; ${HIDDEN}`);

function refusalsOf(object: ManifestObject, error: unknown): string[] {
  const name = objectName(object);
  const conflicts = conflictsOf(error);
  if (conflicts.length > 0)
    return conflicts.map(
      (conflict) =>
        `  ${name}: ${conflict}, has another value there; leave the field out of the manifest, or remove it from the object's other manager`,
    );
  return [`  ${name}: ${isSecret(object) ? HIDDEN : messageOf(error)}`];
}

const API_OBJECT = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    managedFields: z
      .array(
        z.looseObject({
          manager: z.string().optional(),
          operation: z.string().optional(),
          fieldsV1: z.unknown(),
        }),
      )
      .optional(),
  }),
});

type ApiObject = z.infer<typeof API_OBJECT>;

const LIST = z.looseObject({ kind: z.literal("List"), items: z.array(API_OBJECT) });

/** One object or a list of them; nothing where there is none. */
function objectsIn(output: string): ApiObject[] {
  if (output.trim() === "") return [];
  const json = parseJson(output);
  const objects = LIST.safeParse(json).data?.items ?? API_OBJECT.array().safeParse([json]).data;
  if (objects !== undefined) return objects;
  throw new UserError("unavailable", "the API returns objects that Kubernetes would not return");
}

const refOf = ({ apiVersion, kind, metadata }: ApiObject): ObjectRef => ({
  apiVersion,
  kind,
  namespace: metadata.namespace ?? "",
  name: metadata.name,
});

/** What the manifests decide of the object: without what the API counts, and what others say of its state. */
function comparable(object: ApiObject): string {
  const { managedFields = [], ...metadata } = object.metadata;
  const own = managedFields.find(({ manager, operation }) => manager === MANAGER && operation === "Apply");
  const stated = { ...metadata, resourceVersion: undefined, generation: undefined };
  return JSON.stringify([{ ...object, metadata: stated, status: undefined }, own?.fieldsV1]);
}

const MOST_KEPT = 2000;

const INVENTORY_OBJECTS = z
  .array(z.object({ apiVersion: z.string(), kind: z.string(), namespace: z.string(), name: z.string() }))
  .max(MOST_KEPT);
