/** What a person is told when `main.ts` does not synthesize. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const faults = /^(Validation failed|Nothing was written)/.test(error.message);
  // The way to a fault through other people's code helps nobody; that to a mistake in code does.
  if (!faults) return error.stack || error.message;
  // CDKTF's advice to skip what it validates would not be heeded by HostFiles.
  return error.message.split("\nIf you wish to ignore")[0]?.trimEnd() ?? "";
}
