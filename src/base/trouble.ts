/** A reason to stop that a person can act upon: what is wrong, and what to do. */
export class Trouble extends Error {}
