import { describeActual } from "../fault";
import { suggestion } from "../suggestion";
import { checkedText } from "./kinds";

/** Those that the provider knows (0.111.1, proxmoxtf/resource/vm/validators.go), by which PVE starts a VM. */
const CPU_TYPES = (
  "486 Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server Cascadelake-Server-noTSX " +
  "Cascadelake-Server-v2 Cascadelake-Server-v4 Cascadelake-Server-v5 Conroe Cooperlake Cooperlake-v2 EPYC EPYC-Genoa " +
  "EPYC-IBPB EPYC-Milan EPYC-Rome EPYC-Rome-v2 EPYC-Rome-v3 EPYC-Rome-v4 EPYC-v3 EPYC-v4 Haswell Haswell-IBRS " +
  "Haswell-noTSX Haswell-noTSX-IBRS Icelake-Client Icelake-Client-noTSX Icelake-Server Icelake-Server-noTSX " +
  "Icelake-Server-v3 Icelake-Server-v4 Icelake-Server-v5 Icelake-Server-v6 IvyBridge IvyBridge-IBRS KnightsMill " +
  "Nehalem Nehalem-IBRS Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4 Opteron_G5 Penryn SandyBridge SandyBridge-IBRS " +
  "SapphireRapids Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Client-v4 Skylake-Server " +
  "Skylake-Server-IBRS Skylake-Server-noTSX-IBRS Skylake-Server-v4 Skylake-Server-v5 Westmere Westmere-IBRS athlon " +
  "core2duo coreduo host kvm32 kvm64 max pentium pentium2 pentium3 phenom qemu32 qemu64 x86-64-v2 x86-64-v2-AES " +
  "x86-64-v3 x86-64-v4"
).split(" ");

const WISH = "a CPU type of PVE";

/** A CPU type of PVE, or one of an owner's own, whose name begins with `custom-`. */
export const cpuType = (example: string) =>
  checkedText(
    (name) =>
      CPU_TYPES.includes(name) || /^custom-[A-Za-z0-9._-]+$/.test(name)
        ? undefined
        : `should be ${WISH}${describeActual(name)}${suggestion(name, CPU_TYPES)}`,
    WISH,
    example,
  ).meta({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$" });
