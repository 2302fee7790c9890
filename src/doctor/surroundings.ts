/** Where the doctor looks: tests give others. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** The project's. */
  readonly folder: string;
  /** Home of the person. */
  readonly home: string;
}
