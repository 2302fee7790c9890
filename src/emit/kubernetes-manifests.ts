/** The owner's manifests of Kubernetes objects, as they are in the project. */
import fs from "node:fs";
import { parseDocument } from "yaml";
import * as z from "zod";

/** What identifies an object of the API. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for an object that has or states none. */
  readonly namespace: string;
  readonly name: string;
}

export interface ManifestObject extends ObjectRef {
  /** Its document, as it is in the file: kubectl reads YAML by rules of its own. */
  readonly text: string;
  /** Group and kind that it defines, such as `metallb.io/IPAddressPool`. @default - it defines none */
  readonly defines?: string;
  /** Values of a Secret. */
  readonly secrets: readonly string[];
}

export interface Manifests {
  readonly objects: readonly ManifestObject[];
  /** What is wrong with each file, without any of its text. */
  readonly faults: readonly { readonly file: string; readonly problem: string }[];
}

const LARGEST_MIB = 4;
const MOST_OBJECTS = 1000;

/** @param files - paths from the folder of `main.ts`, where commands run */
export function readManifests(files: readonly string[]): Manifests {
  const parts = files.map((file) => ({ file, ...readManifest(file) }));
  const objects = parts.flatMap((part) => part.objects);
  const faults = parts.flatMap(({ file, problems }) => problems.map((problem) => ({ file, problem })));
  const seen = new Set<string>();
  for (const part of parts)
    for (const object of part.objects) {
      if (seen.has(keyOf(object)))
        faults.push({ file: part.file, problem: `has ${objectName(object)}, which is stated before` });
      seen.add(keyOf(object));
    }
  const last = files.at(-1);
  if (objects.length > MOST_OBJECTS && last !== undefined)
    faults.push({ file: last, problem: `is one too many: there are more than ${MOST_OBJECTS} objects` });
  return { objects, faults };
}

/** The same for an object in every version of its group. An object without a namespace may be in `default`. */
export const keyOf = ({ apiVersion, kind, namespace, name }: ObjectRef): string =>
  [groupOf(apiVersion), kind, namespace === "default" ? "" : namespace, name].join("/");

/** `Deployment metallb-system/controller`, `ClusterRole admin` */
export const objectName = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;

/** Such as `metallb.io/IPAddressPool`. */
export const kindOf = ({ apiVersion, kind }: Pick<ObjectRef, "apiVersion" | "kind">): string =>
  `${groupOf(apiVersion)}/${kind}`;

export const isSecret = (object: Pick<ObjectRef, "apiVersion" | "kind">): boolean =>
  kindOf(object) === "/Secret";

const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? (apiVersion.split("/")[0] as string) : "";

interface Parsed {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly string[];
}

const wrong = (problem: string): Parsed => ({ objects: [], problems: [problem] });

function readManifest(file: string): Parsed {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return wrong("is not there");
  if (!stat.isFile()) return wrong("is no file");
  if (stat.size > LARGEST_MIB * 1024 * 1024) return wrong(`is larger than ${LARGEST_MIB} MiB`);
  const parts = documentsIn(fs.readFileSync(file, "utf8")).map(({ text, line }) => parsed(text, line));
  const objects = parts.flatMap((part) => part.objects);
  const problems = parts.flatMap((part) => part.problems);
  return objects.length === 0 && problems.length === 0 ? wrong("has no object") : { objects, problems };
}

/** A line that begins with `---` begins a document, wherever it is (YAML 1.2.2, 9.1.2). */
function documentsIn(text: string): { readonly text: string; readonly line: number }[] {
  let line = 1;
  return text.split(/^---(?=\s|$)/m).map((part) => {
    const start = line;
    line += part.split("\n").length - 1;
    return { text: part, line: start };
  });
}

function parsed(text: string, line: number): Parsed {
  // A pretty error would repeat the text around it, which may be a secret.
  const document = parseDocument(text, { version: "1.1", prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const at = line + text.slice(0, error.pos[0]).split("\n").length - 1;
    return wrong(`is no YAML at line ${at} (${error.code})`);
  }
  const at = `at line ${line + (/^\s*/.exec(text)?.[0].split("\n").length ?? 1) - 1}`;
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    return wrong(`has too many aliases ${at}`);
  }
  if (value === null || value === undefined) return { objects: [], problems: [] };
  const { data } = OBJECT.safeParse(value);
  if (data === undefined)
    return wrong(`has no object ${at}: it needs an apiVersion, a kind and a metadata.name`);
  if (data.kind.endsWith("List") && data.items !== undefined)
    return wrong(`has a ${data.kind} ${at}: write its items as documents`);
  // The API would repeat it, and no redactor knows it.
  if (isSecret(data) && !SECRET.safeParse(value).success)
    return wrong(`has a Secret ${at} with a value that is no text: put it in quotes`);
  return { objects: [objectOf(data, text)], problems: [] };
}

const TEXTS = z.record(z.string(), z.string()).nullish();
const SECRET = z.looseObject({ data: TEXTS, stringData: TEXTS });

const OBJECT = z.looseObject({
  apiVersion: z.string().regex(/^([a-z0-9.-]{1,253}\/)?v[a-z0-9]{1,30}$/),
  kind: z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,62}$/),
  metadata: z.looseObject({
    // Roles may have colons (kubernetes, apimachinery, pkg/api/validation/path).
    name: z.string().regex(/^(?!\.{1,2}$)[^\s/%\p{C}]{1,253}$/u),
    namespace: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
      .optional(),
  }),
  items: z.unknown().optional(),
  spec: z
    .looseObject({
      group: z.string().optional().catch(undefined),
      names: z
        .looseObject({ kind: z.string().optional().catch(undefined) })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
  data: z.record(z.string(), z.unknown()).optional().catch(undefined),
  stringData: z.record(z.string(), z.unknown()).optional().catch(undefined),
});

function objectOf(
  { apiVersion, kind, metadata, ...rest }: z.infer<typeof OBJECT>,
  text: string,
): ManifestObject {
  const { spec, data = {}, stringData = {} } = rest;
  const isDefinition = kindOf({ apiVersion, kind }) === "apiextensions.k8s.io/CustomResourceDefinition";
  return {
    apiVersion,
    kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    text,
    ...(isDefinition ? { defines: `${spec?.group}/${spec?.names?.kind}` } : {}),
    secrets: isSecret({ apiVersion, kind }) ? valuesOf(data, stringData) : [],
  };
}

/** As they are written, and as a program would read them. */
const valuesOf = (data: object, stringData: object): string[] => {
  const encoded = Object.values(data).filter((value) => typeof value === "string");
  const plain = Object.values(stringData).filter((value) => typeof value === "string");
  const decoded = encoded.map((value) => Buffer.from(value, "base64").toString("utf8"));
  const encodedAnew = plain.map((value) => Buffer.from(value).toString("base64"));
  return [...encoded, ...decoded, ...plain, ...encodedAnew];
};
