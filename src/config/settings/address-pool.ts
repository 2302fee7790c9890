import type * as z from "zod";
import { parseAddress } from "../address";
import { formatValue } from "../fault";
import { ipv4Address } from "./cidr";
import { group } from "./kinds";

export const AddressPoolSchema = group(
  {
    /** First address. */
    from: ipv4Address("192.0.2.200"),
    /** Last address; the same as `from` for a single one. */
    to: ipv4Address("192.0.2.219"),
  },
  { from: "192.0.2.200", to: "192.0.2.219" },
).superRefine((pool, context) => {
  const [from, to] = [parseAddress(pool.from), parseAddress(pool.to)];
  if (from === undefined || to === undefined || from <= to) return;
  const message = `should be a range with 'from' at most 'to', got ${formatValue(pool)}`;
  context.addIssue({ code: "custom", message });
});

/** Addresses from one to another. */
export interface AddressPool extends Readonly<z.input<typeof AddressPoolSchema>> {}
