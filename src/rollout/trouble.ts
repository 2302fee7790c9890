import { Trouble } from "../base/trouble";

export { Trouble };

/** The connection to a host did not come about or broke: nothing is known of what the host did since. */
export class ConnectionTrouble extends Trouble {}

/** It was closed or reset by the other side, as a busy SSH server does: another may come about at once. */
export class BrokenConnection extends ConnectionTrouble {}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
