import { describeWith } from "../tools";
import { interruptedRollouts, ONCE } from "./interruptions";
import { MACHINES } from "./tools";

describeWith(MACHINES, "an interrupted boot on trial of an agent, once", () =>
  interruptedRollouts("hamal", "k3s-agent", ONCE),
);
