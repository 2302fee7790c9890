import * as z from "zod";
import { formatValue } from "../fault";
import { choice, group, whole } from "./kinds";

const port = () => whole(1, 65_535, { example: 9100 });

/** Of two ports: also the first of a range has to come first. */
const inOrder = (ports: { readonly from: number; readonly to: number }, context: z.RefinementCtx): void => {
  if (ports.from <= ports.to) return;
  context.addIssue({
    code: "custom",
    message: `should be a range from low to high, got ${formatValue(ports)}`,
  });
};

const shape = {
  /** First port. */
  from: port(),
  /** Last port; the first for one alone. */
  to: port(),
};

const EXAMPLE = { from: 9100, to: 9100 };

export const PortRangeSchema = group({ ...shape }, EXAMPLE).superRefine(inOrder);

/** Ports that follow on each other. */
export interface PortRange extends Readonly<z.input<typeof PortRangeSchema>> {}

export const protocol = () => choice("tcp", "udp");

export const PublishedPortsSchema = group(
  {
    ...shape,
    /** Transport protocol. */
    protocol: protocol(),
  },
  { protocol: "tcp", ...EXAMPLE },
).superRefine(inOrder);

/** Ports that are forwarded to pods. */
export interface PublishedPorts extends Readonly<z.input<typeof PublishedPortsSchema>> {}
