/** A reason to stop that a person can act upon: what is wrong, and what to do. */
export class Trouble extends Error {}

/** The connection to a host did not come about or broke: nothing is known of what the host did since. */
export class ConnectionTrouble extends Trouble {}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
