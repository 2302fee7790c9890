/** A reason for which there is no preview, that a person can act upon. */
export class Trouble extends Error {}
