/** Options that a release of NixOS no longer has: whoever states one cannot build with it. */

export interface RemovedOption {
  /** Such as `services.polipo`: also of every option below it. */
  readonly option: string;
  /** The first release without it. */
  readonly release: string;
  /** What to state instead. @default - nothing: remove it */
  readonly instead?: string;
}

const removed = (release: string, ...options: readonly string[]): RemovedOption[] =>
  options.map((option) => ({ option, release }));

/** From the release notes of NixOS (nixpkgs, nixos/doc/manual/release-notes/rl-2511.section.md and rl-2605.section.md). */
export const REMOVED_OPTIONS: readonly RemovedOption[] = [
  ...removed(
    "25.11",
    "system.switch.enableNg",
    "services.clamsmtp",
    "services.polipo",
    "services.siproxd",
    "services.sourcehut",
    "services.xserver.windowManager.yeahwm",
  ),
  { option: "boot.readOnlyNixStore", release: "25.11", instead: "boot.nixStoreMountOpts" },
  { option: "services.dwm-status.extraConfig", release: "25.11", instead: "services.dwm-status.settings" },
  {
    option: "services.postfix.sslCert",
    release: "25.11",
    instead: "services.postfix.config.smtpd_tls_chain_files",
  },
  {
    option: "services.postfix.sslKey",
    release: "25.11",
    instead: "services.postfix.config.smtpd_tls_chain_files",
  },
  ...removed(
    "26.05",
    "system.rebuild.enableNg",
    "networking.wireless.userControlled.group",
    "services.crabfit",
    "services.ethercalc",
    "services.pingvin-share",
  ),
  {
    option: "networking.wireless.userControlled.enable",
    release: "26.05",
    instead: "networking.wireless.userControlled",
  },
  ...["period", "ownedOnly", "removeRoot"].map((name) => ({
    option: `services.angrr.${name}`,
    release: "26.05",
    instead: "services.angrr.settings",
  })),
  {
    option: "services.kubernetes.addons.dns.coredns",
    release: "26.05",
    instead: "services.kubernetes.addons.dns.corednsImage",
  },
];

/** @returns the entries that lie between two releases and are stated */
export const removedBetween = (
  stated: ReadonlySet<string>,
  from: string,
  to: string,
  table: readonly RemovedOption[] = REMOVED_OPTIONS,
): RemovedOption[] =>
  table.filter(
    ({ option, release }) =>
      release > from &&
      release <= to &&
      [...stated].some((each) => each === option || each.startsWith(`${option}.`)),
  );
