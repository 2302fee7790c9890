import { X509Certificate } from "node:crypto";
import { npmRun } from "../base/command-line";
import { groupBy } from "../base/group-by";
import { certificateAuthorities, issuedCertificates } from "../config/k3s-certificates";
import { certificateDays } from "../config/rollout";
import type { Role } from "../config/settings";
import type { Host } from "./host";
import type { Report } from "./script";

/** Of several blocks of PEM only so many are read. */
const MAX_BLOCKS = 20;

/** A certificate on a host. */
export interface Certificate {
  /** Relative to K3s' data folder. */
  readonly file: string;
  readonly expires: Date;
  /** Seconds since K3s wrote it, by the host's clock. Its own text says when its CA was made (dynamiclistener, cert/cert.go). */
  readonly ageSeconds: number;
}

/** What a host has, each list with the one that expires first in front. */
export interface Certificates {
  readonly issued: readonly Certificate[];
  readonly authorities: readonly Certificate[];
  /** Files that are not certificates. */
  readonly unreadable: readonly string[];
}

export async function readCertificates(host: Host): Promise<Certificates> {
  const { role } = host.node;
  const files = [...issuedCertificates(role), ...certificateAuthorities(role)].join(" ");
  return certificatesIn(await host.call("certificates", { files }), role);
}

/** @param report - of `remote/certificates.sh` */
export function certificatesIn(report: Report, role: Role): Certificates {
  const now = Number(report.one("now"));
  const lines = groupBy(report.all("pem"), (line) => line.split(" ", 1)[0]);
  const found = report.all("certificate").map((line) => {
    const [file = "", written = ""] = line.split(" ");
    const own = (lines.get(file) ?? []).map((each) => each.slice(file.length + 1));
    return { file, ageSeconds: now - Number(written), dates: expiries(own.join("\n")) };
  });
  const among = (files: readonly string[]): Certificate[] =>
    found
      .filter(({ file }) => files.includes(file))
      // Behind an issued certificate is its authority's, which has a file of its own.
      .flatMap(({ file, ageSeconds, dates }) =>
        (files === authorities ? dates : dates.slice(0, 1)).map((expires) => ({ file, ageSeconds, expires })),
      )
      .sort((a, b) => a.expires.getTime() - b.expires.getTime());
  const authorities = certificateAuthorities(role);
  const issued = issuedCertificates(role);
  return {
    issued: among(issued),
    authorities: among(authorities),
    unreadable: found
      .filter(({ file, dates }) => dates.length === 0 && [...issued, ...authorities].includes(file))
      .map(({ file }) => file),
  };
}

/** When the certificates of a PEM text expire. The text may come from anywhere; what is not a certificate is left out. */
export function expiries(pem: string): Date[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.slice(0, MAX_BLOCKS).flatMap((block) => {
    try {
      const expires = new Date(new X509Certificate(block).validTo);
      return Number.isNaN(expires.getTime()) ? [] : [expires];
    } catch {
      return [];
    }
  });
}

/** Whole days that are left; negative after the end. */
export const daysLeft = (expires: Date, now: Date): number =>
  Math.floor((expires.getTime() - now.getTime()) / 86_400_000);

/** Days to the first expiry. */
export interface DaysLeft {
  /** Of what K3s issued to the host. @default - it has none */
  readonly issued?: number;
  /** Of the certificate authorities that it knows. @default - it has none */
  readonly authorities?: number;
}

export function daysOf({ issued, authorities }: Certificates, now: Date): DaysLeft {
  const least = ([first]: readonly Certificate[]): number | undefined =>
    first === undefined ? undefined : daysLeft(first.expires, now);
  return { issued: least(issued), authorities: least(authorities) };
}

/** What expires within the limit of `main.ts`, and what cannot be read. */
export function certificateFaults(
  { description }: Pick<Host, "description">,
  { issued: [first], authorities: [authority], unreadable }: Certificates,
  now: Date,
): string[] {
  const limit = certificateDays(description);
  return [
    ...(first !== undefined && daysLeft(first.expires, now) < limit
      ? [`its certificate ${first.file} ${leftInWords(daysLeft(first.expires, now))}: ${howToRenew()}`]
      : []),
    ...(authority !== undefined && daysLeft(authority.expires, now) < limit
      ? [
          `its certificate authority ${authority.file} ${leftInWords(daysLeft(authority.expires, now))}, and no restart renews it: ` +
            "follow docs.k3s.io/cli/certificate, 'Rotating Self-Signed CA Certificates', before",
        ]
      : []),
    ...unreadable.map((file) => `its certificate ${file} cannot be read as one`),
  ];
}

/** K3s looks only when it starts. The limit of `main.ts` is below both of its own: k3s, pkg/daemons/config/types.go and #12232. */
const howToRenew = (): string =>
  "restart K3s on it (systemctl restart k3s), which then renews every certificate with fewer than 120 days left, or 90 " +
  `before K3s 1.33.1; ${npmRun("rollout -- rotate certificates")} renews those of all hosts, one after the other`;

/** `expires in 12 days` */
export function leftInWords(days: number): string {
  const count = Math.abs(days);
  const words = `${count} ${count === 1 ? "day" : "days"}`;
  return days < 0 ? `expired ${words} ago` : `expires in ${words}`;
}
