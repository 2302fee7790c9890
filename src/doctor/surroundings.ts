/** The environment that is checked. Tests use others. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** The project's folder. */
  readonly folder: string;
  /** Folder of the cluster's hosts in it. */
  readonly hosts: string;
  /** The user's home folder. */
  readonly home: string;
}
