import fc from "fast-check";
import * as z from "zod";
import {
  AllowedFlowSchema,
  ClusterSchema,
  NetworkInterfaceSchema,
  NodeSchema,
} from "../../src/config/settings";
import { unwrapped } from "../../src/config/settings/kinds";
import { REFERENCE, type Json } from "../fixture";

/** Text that ends, starts or reorders something in a language into which a setting is written. */
const PIECES = [
  "`",
  "``",
  "|",
  "<img src=x onerror=alert(1)>",
  "%%{init: {}}%%",
  "%{",
  "${",
  "$${",
  "$",
  "%",
  "{{x}}",
  "''",
  '"',
  "'",
  "\\",
  ";",
  "}",
  "{",
  "]",
  "[",
  "#",
  "&lt;",
  "*/",
  "-->",
  "```",
  "\n",
  "\t",
  "\r",
  "\0",
  "\u2028",
  "\u202e",
  "\ud83e",
  "\u{1f984}",
  "${TfToken[TOKEN.4711]}",
  "<!-- k3s-nodes:end -->",
  " ",
  "a",
  "Z",
  "0",
  "-",
  "_",
  ".",
  "/",
];

const hostile = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((pieces) => pieces.join(""));

/** Texts of the kind that a setting wants, so that not every input ends at a fault. */
const FITTING: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  description: hostile,
  why: hostile,
  name: fc.constantFrom("storage0", "backup-0", "lab_0_"),
  over: fc.constantFrom("storage0", "backup-0", "lab_0_"),
  nodeLabels: fc.dictionary(fc.constantFrom("disk", "example.org/x"), fc.constantFrom("ssd", "", "a.b_c-d")),
  k3sFlags: fc.array(
    hostile.map((text) => `--kubelet-arg=x=${text}`),
    { maxLength: 2 },
  ),
  tags: fc.array(fc.constantFrom("a", "b+c", "d.e"), { maxLength: 2 }),
  pool: fc.constantFrom("p", "a/b"),
  cloneDatastore: fc.constantFrom("fast", "Cesspool-VM"),
  machine: fc.constantFrom("q35", "pc"),
  cpuType: fc.constantFrom("host", "qemu64"),
  cores: fc.integer({ min: 1, max: 64 }),
};

/** Any value of the right kind, and sometimes of another. The schemas are complete, so that every setting is here. */
function anyOf(schema: z.core.$ZodType, key = ""): fc.Arbitrary<unknown> {
  const wrong = fc.constantFrom<unknown>(null, 0, true, "", [], {});
  const right = FITTING[key] ?? ofKind(schema);
  return fc.oneof(
    { weight: 12, arbitrary: right },
    { weight: 3, arbitrary: ofKind(schema) },
    { weight: 1, arbitrary: wrong },
  );
}

function ofKind(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const kind = unwrapped(schema);
  if (kind instanceof z.ZodBoolean) return fc.boolean();
  if (kind instanceof z.ZodNumber)
    return fc.oneof(fc.integer({ min: -1, max: 70_000 }), fc.constantFrom(NaN, 1e21, 0.5));
  if (kind instanceof z.ZodString) return hostile;
  if (kind instanceof z.ZodRecord) return fc.dictionary(hostile, hostile, { maxKeys: 2 });
  if (kind instanceof z.ZodEnum) return fc.constantFrom(...kind.options);
  if (kind instanceof z.ZodArray) return fc.array(anyOf(kind.element), { maxLength: 2 });
  if (kind instanceof z.ZodObject) return group(kind.shape);
  if (kind instanceof z.ZodUnion) return fc.oneof(...kind.options.map(ofKind));
  throw new Error(`no arbitrary for ${kind._zod.def.type}`);
}

const group = (settings: z.core.$ZodShape): fc.Arbitrary<object> =>
  fc.record(Object.fromEntries(Object.entries(settings).map(([key, kind]) => [key, anyOf(kind, key)])), {
    requiredKeys: [],
  });

/** A few settings of a group, so that most others stay valid. */
const some = ({ shape }: z.ZodObject): fc.Arbitrary<Json> =>
  fc.subarray(Object.entries(shape), { maxLength: 3 }).chain((entries) => group(Object.fromEntries(entries)));

const maybe = (schema: z.ZodObject): fc.Arbitrary<Json> => fc.oneof(fc.constant({}), some(schema));

/** `base` with the settings of `over`, group by group. */
const merged = (base: Json, over: Json): Json =>
  isGroup(base) && isGroup(over)
    ? Object.keys(over).reduce((all, key) => ({ ...all, [key]: merged(base[key], over[key]) }), base)
    : over;

const isGroup = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const BARE = { description: hostile, why: hostile };

/** Nodes with a further interface, and flows over it. */
const connected = ([nic, flow, why]: [Json, Json, string]): Json =>
  merged(REFERENCE, {
    vm: {
      networkInterfaces: [
        { bridge: "vmbr0" },
        merged({ bridge: "vmbr1", name: "storage0", address: { network: "198.18.0.0/24" } }, nic),
      ],
    },
    firewall: {
      allow: ["nodes", "everyone", "198.18.0.0/24"].map((from) =>
        merged(
          { from, to: "every host", over: "storage0", protocol: "tcp", ports: { from: 9200, to: 9200 }, why },
          flow,
        ),
      ),
    },
  });

/** The cluster's settings, an agent's, and words for the operators' keys. */
export const inputs: fc.Arbitrary<{ cluster: Json; agent: Json }> = fc.record({
  cluster: fc.oneof(
    fc.constant(REFERENCE),
    some(ClusterSchema).map((over) => merged(REFERENCE, over)),
    fc.tuple(maybe(NetworkInterfaceSchema), maybe(AllowedFlowSchema), BARE.why).map(connected),
    BARE.why.map((why) => ({
      ...REFERENCE,
      firewall: {
        allow: [{ from: "pods", to: "every host", protocol: "tcp", ports: { from: 9100, to: 9100 }, why }],
      },
    })),
  ),
  agent: fc
    .tuple(fc.oneof(fc.constant({}), some(NodeSchema)), BARE.description)
    .map(([over, description]) => ({ hostname: "mizar", vmId: 136, description, ...over })),
});
