import { describeWith } from "../tools";
import { interruptedRollouts } from "./interruptions";
import { MACHINES } from "./tools";

describeWith(MACHINES, "an interrupted rollout of an agent", () => interruptedRollouts("hamal", "k3s-agent"));
