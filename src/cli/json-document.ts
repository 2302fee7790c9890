/**
 * Versions of the documents that `--json` prints. Each has a schema in `schemas/`. Raise the one of a document when existing readers
 * would misread it.
 */
export const FORMAT_VERSIONS = {
  doctor: 1,
  gate: 2,
  preview: 1,
  rollout: 1,
  simulate: 1,
  template: 1,
} as const;

/** What a command prints for programs. */
export const documentOf = (command: keyof typeof FORMAT_VERSIONS, content: object): object => ({
  formatVersion: FORMAT_VERSIONS[command],
  ...content,
});
