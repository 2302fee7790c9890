import { Refusal } from "./refusal";

/** Privileges that a token has at a path and below it, until a longer path says otherwise. */
export type Grants = Readonly<Record<string, readonly string[] | "all">>;

export const EVERYTHING: Grants = { "/": "all" };

/** The privileges of Proxmox VE 9 that concern guests and what they need. */
const PRIVILEGES = [
  ..."VM.Allocate VM.Audit VM.Clone VM.Migrate VM.PowerMgmt VM.GuestAgent.Audit VM.GuestAgent.Unrestricted".split(
    " ",
  ),
  ..."CDROM CPU Cloudinit Disk HWType Memory Network Options".split(" ").map((name) => `VM.Config.${name}`),
  ..."Datastore.Allocate Datastore.AllocateSpace Datastore.Audit Mapping.Use Pool.Allocate Pool.Audit".split(
    " ",
  ),
  ..."SDN.Audit SDN.Use Sys.Audit Sys.Console Sys.Modify".split(" "),
];

/** An API token with its own privileges (`pveum user token add … --privsep 1`). */
export class Token {
  public constructor(
    /** `USER@REALM!NAME` */
    public readonly name: string,
    public readonly secret: string,
    private readonly grants: Grants,
  ) {}

  public holds(path: string, privilege: string): boolean {
    const within = (granted: string) => granted === "/" || path === granted || path.startsWith(`${granted}/`);
    const [closest] = Object.keys(this.grants)
      .filter(within)
      .sort((a, b) => b.length - a.length);
    const privileges = closest === undefined ? [] : (this.grants[closest] ?? []);
    return privileges === "all" || privileges.includes(privilege);
  }

  public privilegesAt(path: string): string[] {
    return PRIVILEGES.filter((privilege) => this.holds(path, privilege));
  }

  /** @throws Refusal unless the token has one of the privileges there */
  public demand(path: string, ...privileges: readonly string[]): void {
    if (privileges.some((privilege) => this.holds(path, privilege))) return;
    throw new Refusal(403, `Permission check failed (${path}, ${privileges.join("|")})`);
  }
}
