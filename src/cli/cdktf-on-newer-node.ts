import util from "node:util";

/**
 * CDKTF's last release asks `util.isArray` about each output (its `lib/terraform-output.ts`), and Node 22 and later warn of that
 * at every synth. This is what Node says to use in its place.
 */
Object.assign(util, { isArray: Array.isArray });
