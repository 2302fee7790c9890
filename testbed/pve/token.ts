import { Refusal } from "./refusal";

/** Privileges that a token has at a path and below it, until a longer path says otherwise. */
export type Grants = Readonly<Record<string, readonly string[] | "all">>;

export const EVERYTHING: Grants = { "/": "all" };

/** An API token with privileges of its own (`pveum user token add … --privsep 1`). */
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

  /** @throws Refusal unless the token has one of the privileges there */
  public demand(path: string, ...privileges: readonly string[]): void {
    if (privileges.some((privilege) => this.holds(path, privilege))) return;
    throw new Refusal(403, `Permission check failed (${path}, ${privileges.join("|")})`);
  }
}
