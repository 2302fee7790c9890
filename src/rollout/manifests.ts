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
import { conflictsOf, isApiUnavailable, kubectl } from "./kubectl";
import type { Kubernetes } from "./kubernetes";
import type { Redactor } from "./secrets";

/** Owns the fields that the manifests state. */
const MANAGER = "k3s-rollout";

/** ConfigMap in kube-system with what was applied last. */
const INVENTORY = "k3s-rollout-manifests";

/** Of one request for all objects. */
const APPLY_SECONDS = 60;

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

/** `unknown`: no API answers. `undefined`: there are no manifests, or it is not about them. */
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
  outlook === "unknown" || (outlook?.objects ?? []).some(({ verdict }) => verdict !== "unchanged");

/** The objects in the cluster, and how a rollout brings those of the manifests there. */
export class Manifests {
  public constructor(
    private readonly kubernetes: Kubernetes,
    private readonly objects: readonly ManifestObject[],
  ) {}

  /**
   * Asks the API what it would make of the objects, which changes nothing.
   *
   * @throws UserError `refused` with every object that the API would not take, and why
   */
  public async plan(): Promise<ManifestPlan> {
    const { early, ready } = await this.divided();
    const [live, wanted, last] = [
      await this.live(ready),
      await this.applied(ready, ["--dry-run=server"]),
      await this.inventory(),
    ];
    const existing = new Map(live.map((object) => [keyOf(refOf(object)), comparable(object)]));
    const planned = wanted.map((object): PlannedObject => {
      const before = existing.get(keyOf(refOf(object)));
      const same = before === comparable(object);
      return {
        object: refOf(object),
        verdict: before === undefined ? "new" : same ? "unchanged" : "changed",
      };
    });
    const stated = new Set(this.objects.map(keyOf));
    const gone = last.filter((object) => !stated.has(keyOf(object)));
    return {
      objects: [...early.map((object) => ({ object, verdict: "new" as const })), ...planned],
      left: await this.stillThere(gone),
    };
  }

  /** Keeps what the objects are, so that none is forgotten where it is interrupted, and applies them all. @throws UserError `refused` like `plan`; `unavailable` when the API does not settle */
  public async apply({ left }: ManifestPlan): Promise<void> {
    const first = this.objects.filter(isFirst);
    const definitions = first.filter(({ defines }) => defines !== undefined);
    await this.keep([...this.objects, ...left]);
    await this.settled(() => this.applied(first, []));
    if (definitions.length > 0) {
      const names = definitions.map(({ name }) => `customresourcedefinition/${name}`);
      await this.kubectl([["wait", "--for=condition=Established", `--timeout=${APPLY_SECONDS}s`, ...names]]);
    }
    const others = this.objects.filter((object) => !isFirst(object));
    await this.settled(() => this.applied(others, []));
  }

  /** Objects whose namespace or kind an apply makes, about which the API says nothing before, and the others. */
  private async divided(): Promise<Record<"early" | "ready", readonly ManifestObject[]>> {
    const [namespaces = "", definitions = ""] = await this.kubectl([
      ["get", "namespaces", "-o", 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'],
      [
        "get",
        "customresourcedefinitions",
        "-o",
        'jsonpath={range .items[*]}{.spec.group}/{.spec.names.kind}{"\\n"}{end}',
      ],
    ]);
    const known = { namespaces: namespaces.split("\n"), kinds: definitions.split("\n") };
    const comes = (object: ManifestObject): boolean =>
      this.objects.some(
        (other) =>
          (isNamespace(other) && other.name === object.namespace && !known.namespaces.includes(other.name)) ||
          (other.defines === kindOf(object) && !known.kinds.includes(other.defines)),
      );
    return groupedBy(this.objects, comes);
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

  /** @returns the objects as the API has or would have them */
  private async applied(objects: readonly ManifestObject[], words: readonly string[]): Promise<ApiObject[]> {
    if (objects.length === 0) return [];
    try {
      return objectsIn(await this.send(objects, [...words, ...AS_JSON]));
    } catch (error) {
      if (!hasCode(error, "failed")) throw error;
      throw await this.refusals(objects, error);
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
  private async refusals(objects: readonly ManifestObject[], whole: unknown): Promise<UserError> {
    const refused: string[] = [];
    for (const object of objects) {
      try {
        await this.send([object], ["--dry-run=server", "-o", "name"]);
      } catch (error) {
        if (!hasCode(error, "failed")) throw error;
        refused.push(...refusalsOf(object, error));
      }
    }
    // Another answer than a moment ago. The first one's words may be about a Secret.
    const problem =
      refused.length === 0 ? "  another answer each time: run the same command again" : refused.join("\n");
    return new UserError("refused", `The API does not take what 'k3s.manifests' has:\n${problem}`, {
      cause: whole,
    });
  }

  /** Asks again while the API cannot decide, such as when an object needs a webhook whose pod is only starting. */
  private async settled(run: () => Promise<unknown>): Promise<void> {
    const deadline = new Deadline(SETTLE_SECONDS);
    for (;;) {
      try {
        await run();
        return;
      } catch (error) {
        if (!isApiUnavailable(error) || deadline.passed) throw error;
        await pause(2);
      }
    }
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
    return INVENTORY_OBJECTS.safeParse(parseJson(text)).data ?? [];
  }

  private async keep(objects: readonly ObjectRef[]): Promise<void> {
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

  /** An object whose kind the API does not know any more is gone too. */
  private async stillThere(objects: readonly ObjectRef[]): Promise<ObjectRef[]> {
    const found: ObjectRef[] = [];
    for (const object of objects) {
      try {
        if ((await this.live([object])).length > 0) found.push(object);
      } catch (error) {
        if (!hasCode(error, "failed")) throw error;
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
const AS_JSON = ["--show-managed-fields", "-o", "json"];

const textOf = (objects: readonly ManifestObject[]): string =>
  objects.map(({ text }) => `---\n${text}`).join("\n");

const isNamespace = (object: ObjectRef): boolean => kindOf(object) === "/Namespace";

/** Others may be in it, or of its kind. */
const isFirst = (object: ManifestObject): boolean => isNamespace(object) || object.defines !== undefined;

function groupedBy(
  objects: readonly ManifestObject[],
  isEarly: (object: ManifestObject) => boolean,
): Record<"early" | "ready", readonly ManifestObject[]> {
  const groups = groupBy(objects, (object) => (isEarly(object) ? "early" : "ready"));
  return { early: groups.get("early") ?? [], ready: groups.get("ready") ?? [] };
}

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

const INVENTORY_OBJECTS = z
  .array(z.object({ apiVersion: z.string(), kind: z.string(), namespace: z.string(), name: z.string() }))
  .max(2000);
