/** Steps from one version to a later one: minors of K3s, such as `1.34`, and releases of NixOS, such as `25.11`. */

/** The minor that an attribute of nixpkgs pins. @default - `k3s` pins none */
export const minorOfPackage = (name: string): string | undefined =>
  /^k3s_(\d+_\d+)$/.exec(name)?.[1]?.replace("_", ".");

/** The attribute of nixpkgs that pins a minor. */
export const packageOfMinor = (minor: string): string => `k3s_${minor.replace(".", "_")}`;

/** Number of minors from one to another, negative to an older one. Kubernetes has had one major version in all its time. */
export const minorSteps = (from: string, to: string): number => {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [from, to].map((text) =>
    text.split(".").map(Number),
  ) as [number[], number[]];
  return (otherMajor - major) * 1000 + otherMinor - minor;
};

/** The minors after one, up to another. */
export function minorsAfter(from: string, to: string): string[] {
  const [major = 1, minor = 0] = from.split(".").map(Number);
  return Array.from(
    { length: Math.max(0, minorSteps(from, to)) },
    (_, step) => `${major}.${minor + step + 1}`,
  );
}

/** Half-years since 2000: NixOS has a release each May and November. */
const halfYears = (release: string): number => {
  const [year = 0, month = 0] = release.split(".").map(Number);
  return year * 2 + (month === 11 ? 1 : 0);
};

/** Number of releases from one to another, negative to an older one. */
export const releaseSteps = (from: string, to: string): number => halfYears(to) - halfYears(from);

/** The releases after one, up to another. */
export const releasesAfter = (from: string, to: string): string[] =>
  Array.from({ length: Math.max(0, releaseSteps(from, to)) }, (_, step) => {
    const at = halfYears(from) + step + 1;
    return `${String(Math.floor(at / 2)).padStart(2, "0")}.${at % 2 === 1 ? "11" : "05"}`;
  });
