/** The commands of `template`. */
import { StatusLine } from "../base/status-line";
import type { Node } from "../config/model";
import type { Check } from "../doctor/check";
import { HOSTS_FOLDER } from "../emit/place";
import { nodesOfTemplate } from "../template/choice";
import { withImage, type Image } from "../template/image";
import { scan as scanned } from "../template/scan";
import { inWords, isHealthy } from "./doctor";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument, reportFailure } from "./failure";
import { interruptible } from "./interruption";
import { documentOf } from "./json-document";
import { terminalColumns } from "./terminal";

interface Options {
  readonly json: boolean;
  /** Of the template. @default - the only one */
  readonly vmId?: number;
}

/** `template scan`: looks for identities and secrets on a template's disk. */
export const scan = (path: string, { json, vmId }: Options): Promise<ExitCode> =>
  interruptible(async ({ stop }) => {
    try {
      const nodes = nodesOfTemplate(HOSTS_FOLDER, vmId);
      const checks = await withImage(path, (image) => scannedWithStatus(image, nodes, stop));
      console.log(
        json
          ? JSON.stringify(documentOf("template", { clean: isHealthy(checks), checks }), null, 2)
          : inWords(checks, terminalColumns(process.stdout)),
      );
      return isHealthy(checks) ? ExitCode.Done : ExitCode.Failed;
    } catch (error) {
      if (!json) return reportFailure(error);
      console.log(JSON.stringify(documentOf("template", failureDocument(error))));
      return exitCodeOf(error);
    }
  });

async function scannedWithStatus(image: Image, nodes: readonly Node[], stop: AbortSignal): Promise<Check[]> {
  const status = new StatusLine(process.stderr);
  let read = 0;
  status.show(() => `Reading ${image.path}: ${Math.floor((100 * read) / image.size)} %`);
  try {
    return await scanned(image, nodes, { stop, onRead: (bytes) => (read = bytes) });
  } finally {
    status.hide();
  }
}
