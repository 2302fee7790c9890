import * as z from "zod";
import { formatValue } from "../fault";
import { choice, group, integer } from "./kinds";

const port = () => integer(1, 65_535, { example: 9100 });

const inOrder = (ports: { readonly from: number; readonly to: number }, context: z.RefinementCtx): void => {
  if (ports.from <= ports.to) return;
  context.addIssue({
    code: "custom",
    message: `should be a range with 'from' at most 'to', got ${formatValue(ports)}`,
  });
};

const shape = {
  /** First port. */
  from: port(),
  /** Last port; the same as `from` for a single port. */
  to: port(),
};

const EXAMPLE = { from: 9100, to: 9100 };

export const PortRangeSchema = group({ ...shape }, EXAMPLE).superRefine(inOrder);

/** A range of ports. */
export interface PortRange extends Readonly<z.input<typeof PortRangeSchema>> {}

export const PublishedPortsSchema = group(
  {
    ...shape,
    /** Transport protocol. */
    protocol: choice("tcp", "udp"),
  },
  { protocol: "tcp", ...EXAMPLE },
).superRefine(inOrder);

/** A range of ports that are forwarded to pods. */
export interface PublishedPorts extends Readonly<z.input<typeof PublishedPortsSchema>> {}
