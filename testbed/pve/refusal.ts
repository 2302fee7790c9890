/** An error response of Proxmox VE. The reason is the phrase of the HTTP status line, which the provider reads. */
export class Refusal extends Error {
  public constructor(
    public readonly status: number,
    public readonly reason: string,
    /** Errors by parameter. */
    public readonly errors?: Readonly<Record<string, string>>,
  ) {
    super(reason);
  }
}

export const invalid = (errors: Readonly<Record<string, string>>): Refusal =>
  new Refusal(400, "Parameter verification failed.", errors);

export const noConfiguration = (node: string, id: number): Refusal =>
  new Refusal(500, `Configuration file 'nodes/${node}/qemu-server/${id}.conf' does not exist`);
