/** Builds the code into a folder: what `built.ts` runs. */
import { writeBundle } from "../../packaging/bundle";

const [, , folder = ""] = process.argv;
void writeBundle(folder);
