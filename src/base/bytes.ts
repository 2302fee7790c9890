/** The slowest connection over which files are copied, in bytes a second. */
const SLOWEST = 50_000;

/** How long a copy of so many bytes may take, in seconds. */
export const transferSeconds = (bytes: number): number => 60 + Math.ceil(bytes / SLOWEST);

/** For a person, such as `12.3 MiB`. */
export const inMib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
