import type { Promises } from "./evidence";

/** What no test shows of any promise. */
export const GAPS: readonly string[] = [
  "Proxmox VE itself never ran in a test, and no NixOS ran on a VM in it.",
  "K3s 1.33.5 ran by hand behind rulesets of this project, before the rules against attackers in the tunnel, with restore, rotation and removal as in the runbook. No test runs a real K3s: `npm run test:k3s` does with your own, and its author has run it with a stand-in.",
  "NixOS' modules were evaluated with the emitted hosts by hand.",
  "The workflows never ran on GitHub.",
];

// Titles of suites, of which promises name many tests.
const LIFE = "a cluster's life with the real OpenTofu and its provider";
const API_ADDRESS = "the API's address, with keepalived itself";
const GROWS = "a cluster of one server grows to three, changes, and shrinks";
const RIGHTS = "the documented privileges, with the real OpenTofu and its provider";
const PLACED = "VMs placed on two PVE nodes, with the real OpenTofu and its provider";
const REAL_FAILURES = "failures of real members of etcd and of ways between hosts";
const MANIFESTS = "a real Kubernetes › takes the objects of manifests";
const DOCTOR = "doctor, asked of a stand-in for Proxmox VE's API over HTTPS";

/** Tests by the promise that they show. The ids are the marks' in README and below `docs/`. */
export const PROMISES: Promises = {
  // README: what you get
  "safe-arguments": {
    tests: {
      "__tests__/constructs/opentofu-json.test.ts": [
        "live clusters › an apply neither replaces nor restarts %s by itself",
        "names › addresses are those that state holds, without hashes",
        "stability › the order in which nodes are written changes nothing",
        "the provider's schema › has nothing against %s",
      ],
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › the first apply clones, sets and starts each VM`,
        `${LIFE} › the plan after it is empty`,
      ],
    },
  },
  "touches-only-changed-nodes": {
    tests: {
      "__tests__/constructs/opentofu-json.test.ts": [
        "stability › adding or removing nodes changes no other VM but for what it depends on",
      ],
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › a fourth node is made without one write to the others`,
        `${LIFE} › more cores wait for the next start, as the gate says, and nothing is powered off`,
        `${LIFE} › a node that is gone from main.ts is destroyed, and nothing of the others is written`,
        `${LIFE} › a VM that was powered off is started by any apply`,
      ],
    },
  },
  "hosts-are-nixos": {
    tests: {
      "__tests__/system/nix.test.ts": ["the configurations in Nix › of every host of %s"],
      "__tests__/system/nix-mistakes.test.ts": ["the check of configurations › catches %s"],
    },
    gaps: ["No NixOS was built or booted from an emitted directory in a test."],
  },
  "one-nixpkgs": {
    tests: {
      "__tests__/system/nixpkgs.test.ts": ["a pinned nixpkgs"],
      "__tests__/system/machines/nixpkgs.test.ts": ["one nixpkgs for all hosts"],
      "__tests__/rollout/nixpkgs.test.ts": [
        "a plan says which nixpkgs each host runs, and which one it will run",
        "hosts that are not part of a rollout and stay on another nixpkgs are announced",
        "a verification finds a host on another nixpkgs, and one that does not say which",
      ],
      "__tests__/rollout/format.test.ts": [
        "a verification has a column with the nixpkgs of each host where main.ts states one for all",
      ],
      "__tests__/constructs/host-files.test.ts": [
        "what is emitted › a flake and its lock beside them with a nixpkgs for all hosts, which leave with it",
        "what is emitted › an own %s is not replaced",
      ],
    },
    gaps: [
      "The real nixpkgs was not evaluated, and nixos-rebuild, nixos-anywhere, colmena and deploy-rs never ran with the emitted flake.",
    ],
  },
  "builds-elsewhere": {
    tests: {
      "__tests__/system/builder.test.ts": ["a system that another machine has built"],
      "__tests__/system/machines/builder.test.ts": ["systems that one host builds"],
      "__tests__/rollout/stream.test.ts": [
        "arrives as it was sent, and is counted",
        "does not end a sender that closes its output before it ends",
        "ends with the receiver, however much there is to send",
        "ends for the receiver with the sender, whose failure is the cause",
      ],
      "__tests__/system/machines/canary.test.ts": [
        "the join token › nor where one host builds the systems of all",
      ],
      "__tests__/doctor/machine.test.ts": ["Nix is looked for where this machine builds the hosts' systems"],
    },
    gaps: [
      "No NixOS was built or copied: the copied systems are a few small store paths, and no copy took minutes.",
    ],
  },
  "firewall-knows-every-node": {
    tests: {
      "__tests__/system/nft.test.ts": [
        "the ruleset in a kernel › of every host of %s › names all the other nodes and never its own host",
        "the ruleset in a kernel › and a cluster that grows › has one more element in one set of every other host",
      ],
      "__tests__/constructs/host-files.test.ts": [
        "what is emitted › one more agent changes one line of every other host's ruleset, and nothing else of its host",
      ],
    },
  },
  "reload-is-atomic": {
    tests: {
      "__tests__/system/reload.test.ts": [
        "a host of the reference cluster › whose ruleset is loaded ${RELOADS} times under traffic fails no connection, and touches no other table",
        "a host of the reference cluster › whose list of nodes lacks one is caught",
      ],
      "__tests__/system/nft.test.ts": [
        "the ruleset in a kernel › and a cluster that grows › keeps its former rules in force when the kernel refuses the new ones",
        "is replaced as a whole: a second load leaves what the first one did",
      ],
    },
    gaps: ["NixOS' own unit, which calls `nft -f`, is a stand-in."],
  },
  "leaves-kube-proxy-alone": {
    tests: {
      "__tests__/system/nft.test.ts": [
        "leaves the tables of kube-proxy, flannel and everybody else alone",
        "emitted text › never flushes the whole ruleset: %s",
        "emitted text › never flushes the whole ruleset: as committed",
      ],
      "__tests__/system/reload.test.ts": [
        "a host of the reference cluster › whose ruleset is loaded ${RELOADS} times under traffic fails no connection, and touches no other table",
      ],
      "__tests__/system/machines/first-contact.test.ts": [
        "first contact › a first take-over from a generation that flushes spares kube-proxy's rules",
      ],
    },
    gaps: ["The rules of a running kube-proxy, flannel and network policy controller were never there."],
  },
  "one-list-of-faults": {
    tests: {
      "__tests__/config/faults.test.ts": ["one run reports every problem of every node"],
      "__tests__/config/mistakes.test.ts": [
        "no mistake is told twice, without its place, by a trace, or in the words of a program",
      ],
      "__tests__/constructs/host-files.test.ts": [
        "nothing is written › while the cluster has a fault",
        "a fault of the cluster is not followed by complaints about files",
      ],
      "__tests__/system/fuzz.test.ts": [
        "settings of any kind › are faults, or files that hold what was meant: $runs of them, of seed $seed",
      ],
    },
  },
  "documents-are-up-to-date": {
    tests: {
      "__tests__/render/readme.test.ts": ["the document of %s", "the document of the reference cluster"],
      "__tests__/render/runbook.test.ts": [
        "every block is a script that sh can read",
        "K3s has every command and flag",
        "npm runs scripts that there are",
      ],
      "__tests__/constructs/documents.test.ts": [
        "the reference cluster's document for people › has its nodes after a synth, and nothing else of it is touched",
      ],
    },
    gaps: ["The runbook's commands are checked by name and flags. Nothing runs them against a cluster."],
  },
  "preview-says-what-happens": {
    tests: {
      "__tests__/preview/preview.test.ts": [
        "the preview, as a reviewer reads it › of: $name",
        "the preview, as a reviewer reads it › is what npm run preview prints of the working tree, which it leaves as it was",
      ],
      "__tests__/preview/settings.test.ts": [
        "every setting of the cluster has its effect, and no other",
        "every setting of a node has its effect, but for those of its VM, which OpenTofu knows",
      ],
      "__tests__/provider/impact.test.ts": [
        "every attribute and every block of the provider's schema has an impact",
      ],
    },
    gaps: [
      "A preview knows what the app emits, and not what runs: `plan`, `gate` and `rollout plan` look at that.",
    ],
  },
  "preview-in-pull-requests": {
    tests: {
      "__tests__/workflows.test.ts": [
        "the preview of a pull request › is in the summary of the job, also where it ends with %d",
        "the preview of a pull request › is one comment, which is written anew",
        "the workflows › pass actionlint",
      ],
    },
  },
  "rollout-keeps-the-cluster-available": {
    tests: {
      "__tests__/rollout/order.test.ts": [
        "agents before servers, when K3s stays what it is",
        "servers before agents, when any host's K3s is newer than a server's",
        "members learn of new nodes before these knock",
      ],
      "__tests__/system/machines/servers.test.ts": [
        `${GROWS} › servers are added one by one, when all members know them`,
        `${GROWS} › a changed firewall goes to agents first, to servers one by one, and reboots nobody`,
        `${GROWS} › a newer K3s goes to servers first, so that no kubelet is newer than its API`,
        `${GROWS} › a kernel reboots one node at a time, drained`,
        `${GROWS} › a server is left as it is while another is away, since etcd would lose its quorum`,
      ],
      "__tests__/system/kubernetes/quorum.test.ts": ["a real Kubernetes of three servers"],
    },
    gaps: [
      "The etcd of the rollouts' machines is a stand-in, as K3s is: a real etcd is asked, and not changed by a rollout.",
    ],
  },
  "drill-proves-a-restore": {
    tests: {
      "__tests__/system/kubernetes/aside.test.ts": [
        "a restore aside › holds every object of the snapshot, and none of later",
        "a restore aside › with another token is refused in K3s' words",
        "a restore aside › of a damaged snapshot fails, and so does one of none",
        "a restore aside › is no success when another cluster came up",
        "a restore aside › is no success when an object is missing",
      ],
      "__tests__/system/machines/restore.test.ts": ["a backup › is drilled"],
    },
    gaps: [
      "K3s itself was a stand-in, around a real etcd and a real API. By hand, K3s 1.33.5 restored in namespaces like these.",
    ],
  },
  "drill-touches-nothing": {
    tests: {
      "__tests__/system/kubernetes/aside.test.ts": [
        "a restore aside › leaves the cluster, its network and its data as they are",
      ],
      "__tests__/system/machines/restore.test.ts": [
        "a backup › is drilled › aside of the cluster, which goes on as it is",
      ],
    },
  },
  "drill-here": {
    tests: {
      "__tests__/rollout/aside-here.test.ts": [
        "another machine than Linux is refused before anything is looked for on it",
        "a K3s of the backup's minor version is asked for",
        "a file of the hosts that K3s reads is named by its flag",
        "all that is missing is named at once",
      ],
      "__tests__/system/aside-here.test.ts": ["a restore on the operator's machine"],
      "__tests__/system/kubernetes/aside.test.ts": [
        "a restore aside › on the operator's machine is compared with the cluster, and leaves nothing there",
      ],
      "__tests__/system/machines/restore.test.ts": [
        "a backup › is drilled › on the operator's machine only with a K3s of its version there",
      ],
    },
    gaps: [
      "K3s was a stand-in, around a real etcd and a real API or one that never ends. A real K3s has not run in a user namespace here.",
    ],
  },
  "own-drills": {
    tests: {
      "__tests__/render/drill.test.ts": [
        "each server has a day of its own, which every month has, and keeps it when another is added",
        "the server aside has the flags of the host's unit, and shares none of its files",
      ],
      "__tests__/system/kubernetes/aside.test.ts": [
        "a restore aside › that the server tries by itself › is the newest that is whole, and the cluster stays as it is",
        "a restore aside › that the server tries by itself › and is %s, fails by name",
        "a restore aside › that the server tries by itself › and is of %s, fails by name",
      ],
      "__tests__/system/nspawn/drill.test.ts": ["the unit of a drill, under systemd"],
      "__tests__/rollout/drill-newest.test.ts": [
        "a snapshot of any name is recorded so that a verification reads it",
        "an unreadable token, and a snapshot that K3s removes meanwhile, are recorded by name",
        "an API that hangs does not keep a drill from its success",
      ],
      "__tests__/rollout/drill-results.test.ts": [
        "a drill that failed is a fault with how it ended, and why",
        "the last that succeeded may be as old as two months, or as main.ts says, and no older",
      ],
      "__tests__/system/monitoring.test.ts": ["the metrics of a host › %s: %s is red then, and nothing else"],
    },
    gaps: ["K3s was a stand-in, around a real etcd and a real API or, under systemd, one that never ends."],
  },
  "restore-or-nothing": {
    tests: {
      "__tests__/system/machines/restore.test.ts": [
        "a backup › is restored",
        "a backup › that is damaged is refused before any host is asked",
      ],
    },
    gaps: [
      "No K3s was restored by this command: its steps are those that worked by hand with K3s 1.33.5, except that etcd's folder alone is moved, and not the one above.",
    ],
  },
  "restore-continues": {
    tests: { "__tests__/system/machines/interrupted-restore.test.ts": ["a restore that is interrupted"] },
  },
  "recover-from-nothing": {
    tests: {
      "__tests__/rollout/recover.test.ts": [
        "volumes that the backup has a copy of are no loss: the command is named that puts them back",
      ],
      "__tests__/system/machines/recover.test.ts": ["a cluster of which all machines are lost"],
    },
    gaps: [
      "No K3s was recovered by this command, and OpenTofu was not part of the test: the machines were put back to clones of the template.",
    ],
  },
  "recover-continues": {
    tests: {
      "__tests__/system/machines/interrupted-recover.test.ts": ["a recovery that is interrupted"],
      "__tests__/system/machines/interrupted-restore.test.ts": ["a restore that is interrupted"],
    },
  },
  "no-lock-out": {
    tests: {
      "__tests__/system/machines/lockout.test.ts": ["a firewall that locks its operator out"],
      "__tests__/system/machines/interrupted-agent.test.ts": ["an interrupted rollout of an agent"],
      "__tests__/system/machines/interrupted-server.test.ts": ["an interrupted rollout of a server"],
      "__tests__/system/machines/interrupted-trial-agent.test.ts": [
        "an interrupted boot on trial of an agent, once",
      ],
      "__tests__/system/machines/interrupted-trial-server.test.ts": [
        "an interrupted boot on trial of a server",
      ],
      "__tests__/system/machines/activation.test.ts": [
        "an activation › from which no switch leads back is ended by a reboot",
        "an activation › that a reset of the machine cuts off is told from one that failed",
      ],
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › a boot loader that cannot be written",
        "bad conditions › a boot default that can be neither set nor restored: the host still reverts",
      ],
      "__tests__/system/machines/trial.test.ts": [
        "a boot on trial › is not started when the boot loader cannot be written",
      ],
      "__tests__/system/machines/certificate.test.ts": [
        "an operator with an SSH certificate › is not locked out by a system that no longer trusts its authority",
      ],
      "__tests__/system/nspawn/rollout.test.ts": [
        "a rollout to hosts with systemd › a lock-out is seen by a new connection, and ends by the timer",
        "a rollout to hosts with systemd › an activation that hangs is ended by the timer",
        "a rollout to hosts with systemd › a reset before the commit leads back, too",
        "a rollout to hosts with systemd › after a killed operator the same again goes on at once",
      ],
      "__tests__/system/nspawn/trial.test.ts": ["a boot on trial of a host with systemd"],
      "__tests__/rollout/plan.test.ts": ["refused is › %s"],
    },
    gaps: [
      "A kernel or initrd that never reaches systemd, and a `/var` that is not mounted, lead to no return: the boot menu has the older generations.",
      "The boot loader that has to boot the old default is a stand-in.",
    ],
  },
  "success-is-checked": {
    tests: {
      "__tests__/system/machines/apply.test.ts": [
        "an agent is added to three machines › apply brings it to all, members first, and verifies it",
      ],
      "__tests__/system/machines/configuration.test.ts": [
        "the configuration of a host › that turns forwarding off is not confirmed, although its node is Ready",
      ],
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › K3s does not start: its last words are shown",
        "bad conditions › K3s of a server hangs in its start, which has no time-out",
      ],
      "__tests__/rollout/health.test.ts": [
        "a node whose kubelet has sent no heartbeat since the step began is not there",
        "a host that says '%s' is no host that is well: %s",
      ],
      "__tests__/system/nspawn/rollout.test.ts": [
        "a rollout to hosts with systemd › a server whose K3s is never ready reverts, without a job that is stuck",
      ],
    },
  },

  // README: requirements and quick start
  "node-versions": {
    tests: {
      "__tests__/system/package/node-versions.test.ts": [
        "the versions that are tried are those that are promised",
        "from an empty folder with the tarball and the registry alone › with Node %s there is a cluster whose tests pass, and nothing is deprecated",
      ],
    },
    gaps: ["One version of each major is tried, and all other tests run with the Node of `.nvmrc`."],
  },
  "synth-needs-node-only": {
    tests: {
      "__tests__/package/package.test.ts": [
        "a project of init › of %s has no fault, and its own tests pass",
        "its program runs an owner's commands",
      ],
    },
    gaps: ["git and other programs are in the PATH of these tests, and no registry is asked."],
  },
  "opentofu-versions": {
    tests: {
      "__tests__/gate/gate.test.ts": ["%s › %s is judged alike"],
      "__tests__/system/tofu/life-cycle.test.ts": [LIFE],
    },
    gaps: ["Applies are tested with one version of OpenTofu; of 1.10 there are plans."],
  },
  "init-makes-a-project": {
    tests: {
      "__tests__/init/init.test.ts": ["what is asked", "what is written"],
      "__tests__/package/package.test.ts": ["a project of init › of %s has no fault, and its own tests pass"],
      "__tests__/system/package/node-versions.test.ts": [
        "from an empty folder with the tarball and the registry alone › with Node %s there is a cluster whose tests pass, and nothing is deprecated",
      ],
    },
  },
  "examples-are-whole": {
    tests: {
      "__tests__/package/package.test.ts": [
        "an example › %s synthesizes without a fault or a warning, and is whole",
      ],
    },
    gaps: ["No example was applied or rolled out."],
  },
  "doctor-says-what-is-missing": {
    tests: {
      "__tests__/doctor/machine.test.ts": [
        "without cluster.json it checks the rest, and says what it did not check",
        "SSH",
        "names and addresses",
      ],
      "__tests__/system/doctor.test.ts": [
        `${DOCTOR} › the documented privileges for applies, and all that the nodes need, are found`,
        `${DOCTOR} › without %s an apply fails, and the doctor says so`,
        `${DOCTOR} › a template that is not there, is none, or is elsewhere`,
        `${DOCTOR} › a template with %s, of which clones would get something else than they state`,
        `${DOCTOR} › a datastore and a bridge that the PVE node does not have`,
        `${DOCTOR} › etcd on a datastore behind a network, or on disks that turn, is a warning`,
      ],
    },
  },
  "doctor-changes-nothing": {
    tests: {
      "__tests__/system/doctor.test.ts": [DOCTOR],
      "__tests__/doctor/machine.test.ts": ["what says the join token is looked for, not run or read"],
    },
    gaps: ["That no file is written on the operator's machine is not tested."],
  },
  "applies-the-plan-that-is-shown": {
    tests: {
      "__tests__/cli/tofu.test.ts": [
        "apply applies the plan that was saved, one VM at a time",
        "apply applies its own plan, whatever another command saves meanwhile, and leaves no file of it",
        "apply applies no plan that is another than the one that was shown",
        "apply does nothing when nobody can be asked and nobody said yes",
      ],
      "__tests__/system/tofu-question.test.ts": ["the question before an apply"],
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › the first apply clones, sets and starts each VM`,
      ],
    },
    gaps: ["With the real OpenTofu the question is answered by `--yes`."],
  },
  "names-what-it-destroys": {
    tests: {
      "__tests__/cli/tofu.test.ts": ["apply names the VMs that it would destroy"],
      "__tests__/cli/synth.test.ts": [
        "a node that goes is told with its files, and that its VM will be destroyed",
      ],
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › a node that is gone from main.ts is destroyed, and nothing of the others is written`,
      ],
    },
  },
  "opentofu-finishes-what-it-began": {
    tests: {
      "__tests__/system/tofu/trouble.test.ts": [
        "what goes wrong, with the real OpenTofu and its provider › a clone that is cut off › by nobody: OpenTofu finishes it after %s, and leaves no lock",
      ],
      "__tests__/cli/interruption.test.ts": [
        "a program in the foreground comes to its end, and its wrapper waits for it",
      ],
    },
  },

  // docs/how-to: nodes, import
  "never-restarts-a-vm": {
    tests: {
      "__tests__/constructs/opentofu-json.test.ts": [
        "live clusters › an apply neither replaces nor restarts %s by itself",
      ],
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › more cores wait for the next start, as the gate says, and nothing is powered off`,
        `${LIFE} › a disk of a cloned VM grows while it runs`,
        `${LIFE} › another PVE node migrates the VM while it runs`,
      ],
    },
  },
  "detaches-unknown-disks": {
    tests: {
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › a disk that main.ts does not know is detached as soon as another one changes`,
      ],
      "__tests__/gate/gate.test.ts": ["disks › that an imported VM has and main.ts does not state are named"],
    },
  },
  "renamed-construct-is-refused": {
    tests: {
      "__tests__/constructs/host-files.test.ts": [
        "VMs that were there at the last synth › one that is renamed in a way that would destroy it is an error with both ways out",
        "VMs that were there at the last synth › either way out works, and announces no destruction",
      ],
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › another construct id moves the VM in the state, without a write to any`,
      ],
    },
    gaps: [
      "Without the last synth's `cluster.json` nobody knows that a node was renamed: `prevent_destroy` stops the plan then.",
    ],
  },
  "one-line-for-each-node": {
    tests: {
      "__tests__/constructs/host-files.test.ts": [
        "what is emitted › one more agent changes one line of every other host's ruleset, and nothing else of its host",
      ],
      "__tests__/project.test.ts": ["one statement in main.ts is a fourth node"],
    },
  },
  "import-changes-nothing": {
    tests: {
      "__tests__/system/tofu/import.test.ts": [
        "VMs that run already, with the real OpenTofu and its provider › are imported exactly as documented, and their plan is the documented one",
        "VMs that run already, with the real OpenTofu and its provider › are given by the first apply what they have, are not restarted, and have an empty plan after it",
      ],
    },
  },

  // docs/how-to: review a change, pull requests
  "preview-writes-nothing": {
    tests: {
      "__tests__/preview/preview.test.ts": [
        "a preview › writes nothing into the project, whose nix/ is stale",
      ],
      "__tests__/system/preview.test.ts": [
        "a preview that is interrupted › by %s leaves no process, no folder and no worktree",
      ],
    },
  },
  "preview-says-whose-packages-ran": {
    tests: {
      "__tests__/preview/packages.test.ts": [
        "a base whose lock file differs gets its own packages, installed once",
        "a base whose packages cannot be installed runs with the working tree's, and it is said why:",
        "no script of a package runs",
      ],
      "__tests__/preview/preview.test.ts": [
        "the base › whose packages cannot be installed ran with this tree's, which is said",
      ],
      "__tests__/system/package/upgrade.test.ts": ["a preview of the next version of the package"],
    },
    gaps: [
      "No version was published yet: the next one is this repository with another number and one changed line.",
    ],
  },
  "preview-is-isolated": {
    tests: {
      "__tests__/system/preview.test.ts": [
        "without a network › and without credentials, there is a preview",
        "an app that a preview runs sees none of the operator's environment but a few harmless names",
        "an app that a preview runs has a home of its own",
        "the network › is out of reach for an app that a preview runs, loopback included",
      ],
    },
    gaps: [
      "The app can read the operator's files by their paths, as the sentence after it says.",
      "Where the kernel allows no network namespace, and on other systems than Linux, the app has the network. No test runs there.",
    ],
  },
  "impact-covers-the-provider": {
    tests: {
      "__tests__/provider/impact.test.ts": [
        "every attribute and every block of the provider's schema has an impact",
        "an impact that is missing is found",
        "nothing has an impact that the schema does not have",
        "%s from %j to %j: %s",
        "a default that is stated does nothing, for all that the provider adds to a VM in a real plan",
      ],
      "__tests__/system/tofu/life-cycle.test.ts": [LIFE],
    },
    gaps: [
      "Each impact was read in the provider's and Proxmox VE's source. With the real provider, cores, disks, migration and renaming are tested.",
    ],
  },
  "dangers-come-first": {
    tests: { "__tests__/preview/preview.test.ts": ["the preview, as a reviewer reads it › of: $name"] },
  },
  "gate-stops-what-nobody-allowed": {
    tests: {
      "__tests__/gate/gate.test.ts": [
        "what somebody has to agree to",
        "what passes",
        "a VM that is off",
        "disks",
        "--allow",
      ],
      "__tests__/gate/kinds.test.ts": [
        "of a VM that %s the kind is %s",
        "actions %j are of the kind unknown",
      ],
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › more cores wait for the next start, as the gate says, and nothing is powered off`,
        `${LIFE} › a disk that main.ts does not know is detached as soon as another one changes`,
        `${LIFE} › a VM that was powered off is started by any apply`,
        `${LIFE} › a node that is gone from main.ts is destroyed, and nothing of the others is written`,
      ],
    },
  },
  "gate-refuses-creations-that-fail": {
    tests: {
      "__tests__/gate/gate.test.ts": ["a creation that cannot succeed", "what Proxmox VE refuses to tokens"],
      "__tests__/gate/creation.test.ts": [
        "is refused when its template is not among the VMs that the token sees",
      ],
      "__tests__/system/tofu/trouble.test.ts": [
        "what goes wrong, with the real OpenTofu and its provider › an ID that a stranger has",
      ],
    },
  },
  "gate-finds-lost-vms": {
    tests: { "__tests__/gate/gate.test.ts": ["a VM that is lost"] },
  },
  "gate-judges-whole-plans": {
    tests: {
      "__tests__/gate/gate.test.ts": ["no verdict"],
      "__tests__/gate/command.test.ts": ["the command"],
    },
  },
  "gate-hides-what-is-sensitive": {
    tests: {
      "__tests__/gate/gate.test.ts": ["what is sensitive"],
      "__tests__/gate/sensitive.test.ts": ["by %s › whether it is sensitive: %s"],
    },
  },
  "strangers-get-no-secrets": {
    tests: {
      "__tests__/workflows.test.ts": [
        "a plan is judged by the base, not by the pull request",
        "a stranger's pull request",
        "what labels allow",
      ],
    },
    gaps: ["The workflows are read and their steps run here. What GitHub makes of them was never seen."],
  },

  // docs/how-to: roll out
  "rollout-plan-changes-nothing": {
    tests: {
      "__tests__/system/machines/apply.test.ts": [
        "an agent is added to three machines › plan says so, and changes nothing",
      ],
    },
  },
  "rollout-refuses-other-machines": {
    tests: {
      "__tests__/rollout/plan.test.ts": ["refused is", "clones that share an identity"],
      "__tests__/rollout/commands.test.ts": [
        "an apply with a join token to deliver › writes nothing, and so no token, to any host when one is another machine than the model means",
      ],
      "__tests__/system/machines/first-contact.test.ts": [
        "first contact › clones that share an identity are refused, and get their own when asked for",
        "first contact › a second cluster is not founded while a server runs",
        "first contact › a configuration whose root device is not there is refused before the build",
      ],
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › another machine at the address: its key is not the one that was pinned",
        "bad conditions › a key that no host accepts",
      ],
    },
  },
  "one-rollout-at-a-time": {
    tests: {
      "__tests__/system/kubernetes/lock.test.ts": ["a lock in a real Kubernetes"],
      "__tests__/rollout/remote.test.ts": ["the lock"],
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › two rollouts at once: the second says who has the lock",
      ],
      "__tests__/system/machines/activation.test.ts": [
        "an activation › of another rollout is told from one that only waits to be confirmed, with the time that is left",
      ],
    },
  },
  "all-build-before-one-changes": {
    tests: {
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › a build that fails",
        "bad conditions › a disk that is full",
      ],
      "__tests__/system/machines/apply.test.ts": [
        "an agent is added to three machines › apply brings it to all, members first, and verifies it",
      ],
    },
  },
  "stops-at-the-first-failure": {
    tests: {
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › a host that is down, and the others are not touched",
        "bad conditions › Ctrl-C: what has begun is finished, and nothing else is begun",
      ],
    },
  },
  "can-be-run-again": {
    tests: {
      "__tests__/system/machines/interrupted-agent.test.ts": ["an interrupted rollout of an agent"],
      "__tests__/system/machines/interrupted-server.test.ts": ["an interrupted rollout of a server"],
      "__tests__/system/machines/interrupted-delivery.test.ts": ["the delivery of a join token"],
      "__tests__/system/machines/activation.test.ts": [
        "an activation › whose operator was killed after its step '%s' is gone on with at once",
      ],
      "__tests__/system/nspawn/rollout.test.ts": [
        "a rollout to hosts with systemd › after a killed operator the same again goes on at once",
      ],
    },
    gaps: ["The program is killed after each step, and the connection is lost at one moment in each step."],
  },
  "refused-activation-changes-nothing": {
    tests: {
      "__tests__/system/machines/activation.test.ts": ["an activation › that NixOS refuses"],
      "__tests__/system/machines/trial.test.ts": [
        "a boot on trial › is begun when only the activation shows that it is refused",
      ],
    },
    gaps: ["NixOS' check of an activation is a stand-in."],
  },
  "a-trial-leads-back": {
    tests: {
      "__tests__/system/machines/trial.test.ts": ["a boot on trial"],
      "__tests__/system/nspawn/trial.test.ts": ["a boot on trial of a host with systemd"],
    },
    gaps: [
      "A kernel or initrd that never reaches systemd, and a `/var` that is not mounted, are not covered, as the page says.",
    ],
  },
  "a-hung-trial-is-reset": {
    tests: {
      "__tests__/system/machines/trial-reset.test.ts": ["a host that hangs in its boot on trial"],
      "__tests__/system/reset-by-ssh.test.ts": ["a reset over SSH"],
    },
    gaps: ["Proxmox VE's API, qm and pvesh are stand-ins, and no VM was ever reset by them."],
  },
  "a-trial-is-booted-once": {
    tests: {
      "__tests__/system/grub.test.ts": ["real GRUB"],
      "__tests__/system/systemd-boot.test.ts": ["real systemd-boot", "what is told to systemd-boot"],
      "__tests__/system/machines/trial-once.test.ts": ["a new kernel"],
      "__tests__/system/machines/interrupted-trial-agent.test.ts": [
        "an interrupted boot on trial of an agent, once",
      ],
    },
    gaps: [
      "No test writes the menus with NixOS' own generators, nor systemd-boot's variable with the real bootctl.",
    ],
  },
  "reboots-only-if-necessary": {
    tests: {
      "__tests__/system/machines/servers.test.ts": [
        `${GROWS} › a changed firewall goes to agents first, to servers one by one, and reboots nobody`,
        `${GROWS} › a kernel reboots one node at a time, drained`,
      ],
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › a cordon of somebody else's: the node reboots, stays cordoned, and that is said",
      ],
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        "a real Kubernetes › a cordon is known as ours, and is taken back",
        "a real Kubernetes › a drain evicts what a controller makes anew, and leaves DaemonSets' pods",
      ],
    },
    gaps: ["No test changes kernel parameters alone."],
  },
  "bare-pods-stop-it": {
    tests: {
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › a pod without a controller: it is found before anything is changed, and deleted when that is said",
      ],
      "__tests__/system/kubernetes/kubernetes.test.ts": ["a real Kubernetes › a pod without a controller"],
    },
  },
  "verify-finds-differences": {
    tests: {
      "__tests__/system/machines/verify.test.ts": ["verify"],
      "__tests__/rollout/ruleset.test.ts": [
        "%s is found",
        "what was counted and how the kernel numbers it is no difference",
      ],
      "__tests__/system/forwarding.test.ts": ["a host that is inspected › tells when %s forwards nothing"],
    },
  },
  "certificates-do-not-run-out": {
    tests: {
      "__tests__/rollout/certificates.test.ts": [
        "a verification fails",
        "the operator's kubeconfig",
        "the first expiry counts, of what K3s renews and of what it does not",
      ],
      "__tests__/system/machines/verify.test.ts": [
        "verify › fails where a certificate expires soon, and a restart of K3s mends that",
        "verify › shows how long the operator's kubeconfig is valid, and keys leave no host",
      ],
    },
    gaps: [
      "The certificates are real, and K3s' names and times for them come from its source: no K3s issued or renewed one in a test.",
    ],
  },
  // docs/how-to: upgrade-cluster
  "upgrade-refuses": {
    tests: {
      "__tests__/rollout/upgrade/cluster-faults.test.ts": [
        "what agents wait for comes before an upgrade, which may change an agent first",
        "an upgrade is no repair",
      ],
      "__tests__/rollout/upgrade/path.test.ts": ["a path of K3s", "a path of NixOS"],
      "__tests__/rollout/upgrade/tables.test.ts": [
        "bad releases of K3s",
        "deprecated APIs",
        "options in a Nix file",
        "removed options of NixOS",
      ],
      "__tests__/system/machines/upgrade.test.ts": [
        "an upgrade › refuses everything that is unsafe at once, before anything is built",
        "an upgrade › an older K3s is refused, since there is no way back",
      ],
      "__tests__/system/nixpkgs.test.ts": ["a pinned nixpkgs › evaluated for an upgrade"],
    },
    gaps: [
      "No nixpkgs was evaluated, and no real etcd or API server was asked for its metrics.",
      "The tables of bad releases and removed options have what their sources say, and not all there is.",
    ],
  },
  "upgrade-order": {
    tests: {
      "__tests__/rollout/upgrade/course.test.ts": [
        "one agent is changed and watched before servers and other agents",
        "a minor of K3s comes to a server first, which is watched, and to one agent before the others",
      ],
      "__tests__/system/machines/upgrade.test.ts": [
        "an upgrade › of NixOS: a backup that restores, the emptiest agent, a pause, servers one by one, agents",
        "an upgrade › of a minor of K3s: servers first, with a pause after the first, and one agent before the others",
      ],
    },
    gaps: ["No K3s and no NixOS was upgraded: both are stand-ins."],
  },
  "upgrade-goes-on": {
    tests: {
      "__tests__/rollout/upgrade/course.test.ts": [
        "a host that an earlier run left alone is watched before others are changed",
      ],
      "__tests__/system/machines/interrupted-upgrade.test.ts": ["an upgrade that is interrupted › %s"],
    },
  },
  // docs/how-to: rotate
  "rotation-keeps-quorum": {
    tests: {
      "__tests__/system/machines/rotate-certificates.test.ts": [
        "a rotation of certificates › says what it will do, and does nothing without a yes",
        "a rotation of certificates › renews all, one server after the other and then the agents, and shows the new expiry",
        "a rotation of certificates › stops where the other servers would have no quorum, and where K3s cannot rotate, which then runs on",
      ],
    },
    gaps: ["No K3s restarted in these tests: its process is a stand-in."],
  },
  "rotation-goes-on": {
    tests: {
      "__tests__/system/machines/rotate-certificates.test.ts": [
        "a rotation of certificates › that is %s in the middle of a host is finished by it, and the next run goes on",
        "a rotation of certificates › killed after a host leaves that one, and the next run does the others",
        "a rotation of certificates › names a host that does not answer, does the others, and is not a success",
      ],
    },
  },
  "certificates-are-rotated": {
    tests: {
      "__tests__/system/machines/rotate-certificates.test.ts": ["a rotation of certificates"],
      "__tests__/rollout/kubeconfig.test.ts": ["a kubeconfig is renewed"],
    },
    gaps: ["`k3s certificate rotate` is a stand-in that follows K3s' source."],
  },
  "token-is-rotated": {
    tests: {
      "__tests__/system/machines/rotate-token.test.ts": [
        "a rotation of the join token › gives all hosts the new one, servers one by one, and shows that the old one is refused",
        "a rotation of the agents' own token › goes to all servers and then to the agents, leaves the servers' token, and the old one is refused",
      ],
      "__tests__/rollout/token-rotation.test.ts": ["a rotation of tokens"],
    },
    gaps: [
      "K3s is a stand-in that answers as its source does. By hand, `k3s token rotate` with the same request behind it worked on K3s 1.33.5 with three servers.",
    ],
  },
  "token-rotation-goes-on": {
    tests: {
      "__tests__/system/machines/rotate-token.test.ts": [
        "a rotation of the join token › %s: %s on %s: the next run finishes it",
        "a rotation of the join token › a server that reboots in between cannot start with the old token, and the next run brings it back first",
        "a rotation of the join token › is refused, with nothing changed, while a server is away whose quorum it would need",
        "a rotation of the join token › another token than that of an interrupted rotation is the one that all get",
        "a rotation of the join token › hosts that are off are named, and caught up by the next apply, as a plan says",
      ],
    },
  },
  "encryption-keys-are-rotated": {
    tests: {
      "__tests__/system/machines/rotate-encryption.test.ts": ["a rotation of the encryption keys"],
    },
    gaps: ["`k3s secrets-encrypt` is a stand-in that prints what K3s' source does. No Secret was encrypted."],
  },
  "capture-takes-the-right-host": {
    tests: {
      "__tests__/system/machines/verify.test.ts": [
        "verify › capture takes no mounts of pods for the host's filesystems, and unmounts none of them",
        "verify › capture stores the hardware configuration of the right host, and of no other",
      ],
      "__tests__/rollout/hardware.test.ts": ["%s is no filesystem of a host", "%s is one"],
    },
    gaps: ["`nixos-generate-config` is a stand-in."],
  },
  "removal-keeps-quorum": {
    tests: {
      "__tests__/rollout/kubernetes.test.ts": ["removal", "a server may not be away when another is already"],
      "__tests__/system/machines/servers.test.ts": [
        `${GROWS} › the server that founded the cluster is not removed`,
        `${GROWS} › a removal that is held up says by what, and leaves the node as it is`,
        `${GROWS} › %s is removed: drained, powered off, and only then forgotten`,
        `${GROWS} › of two servers none can be spared`,
      ],
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        "a real Kubernetes › %s is removed, when its K3s has stopped",
        "a real Kubernetes › a disruption budget holds a drain up for its seconds; it is named, and no other server is asked again",
      ],
    },
    gaps: ["K3s' controller, which removes the member from etcd, is a stand-in."],
  },
  "whole-backups": {
    tests: {
      "__tests__/system/machines/backup.test.ts": ["a backup"],
      "__tests__/backup/manifest.test.ts": [
        "a backup is read as it was written",
        "one other byte in the snapshot is noticed",
      ],
      "__tests__/backup/store.test.ts": [
        "a backup that was begun has no name of a backup, for its owner's eyes, until it is complete",
        "only what ended rollouts left unfinished is swept away",
      ],
      "__tests__/backup/retention.test.ts": [
        "the newest is never over, whatever its age",
        "backups of another cluster are neither counted nor over",
      ],
    },
    gaps: [
      "The snapshots were a stand-in's: of K3s' commands only `etcd-snapshot save` ran by hand on a real one.",
    ],
  },
  "backup-from-bucket": {
    tests: {
      "__tests__/system/s3.test.ts": ["a backup from a bucket"],
      "__tests__/system/machines/restore.test.ts": [
        "a backup › is drilled › and so is one that a bucket alone had, without asking a host for it",
      ],
      "__tests__/system/kubernetes/snapshot.test.ts": [
        "a snapshot of a real etcd › says of Nodes and volumes what the API says",
      ],
      "__tests__/s3/bucket.test.ts": ["a server"],
      "__tests__/backup/stored-objects.test.ts": [
        "a snapshot tells which join token it needs, in its short and its long form",
      ],
    },
    gaps: [
      "The snapshots in the bucket were a stand-in's, uploaded by K3s' library and not by K3s: the names of its objects and of its own data in etcd are those of its source.",
      "A bucket in the name of the host, as at Amazon, was not asked for on a server.",
    ],
  },
  "volumes-in-backups": {
    tests: {
      "__tests__/system/machines/volumes.test.ts": [
        "volumes in a backup › come with what their filesystem has of them, for the owner's eyes, and are named in the manifest",
        "volumes in a backup › are put back as they were, and what is there stays beside them",
      ],
    },
    gaps: ["The provisioner that made the folders was a stand-in."],
  },
  "volumes-refused": {
    tests: {
      "__tests__/system/machines/volumes.test.ts": [
        "volumes in a backup › whose pods run are refused with what runs them, unless they are said to be quiet",
        "volumes in a backup › that no host should be asked for are refused, all at once",
        "volumes in a backup › on a host that does not answer are refused",
        "volumes in a backup › are no copy where somebody writes meanwhile",
      ],
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        "a real Kubernetes › says of a pod what recreates it and which claims it mounts",
      ],
    },
  },
  "volumes-put-back": {
    tests: {
      "__tests__/system/machines/volumes.test.ts": [
        "volumes in a backup › are put back as they were, and what is there stays beside them",
        "volumes in a backup › are put back on a disk that never had them",
        "volumes in a backup › %s: the volume is the former or the new one, whole, and the next command puts it back",
      ],
    },
  },
  "snapshot-age": {
    tests: {
      "__tests__/rollout/snapshots.test.ts": [
        "a server's newest snapshot may be as old as two of K3s' own schedule, and no older",
        "S3 is judged where main.ts states it: its age, and a copy that failed",
        "S3 is a place that is shown: with its age, and as empty where main.ts states a bucket",
      ],
      "__tests__/system/machines/backup.test.ts": [
        "a backup › that K3s takes by itself is shown by verify with its age, which fails past the limit",
      ],
    },
    gaps: ["The objects of K3s' snapshots were a stand-in's, written after its source."],
  },
  "kubeconfig-has-certificates-only": {
    tests: {
      "__tests__/rollout/kubeconfig.test.ts": [
        "what a server hands out",
        "a new file is for its owner's eyes alone, in a new folder",
        "what the file has else stays, and entries of the same name are replaced",
        "with KUBECONFIG '%s' it is merged into %s",
      ],
      "__tests__/system/machines/verify.test.ts": [
        "verify › kubeconfig has the cluster's own address and name, for its owner's eyes",
        "verify › a kubeconfig in which somebody put a program is refused, and nothing is written",
      ],
    },
  },
  "exit-codes": {
    tests: {
      "__tests__/cli/exit-code.test.ts": [
        "the exit code tells what a script does next: go on, come back later, or look",
        "the document of a failed %s",
      ],
      "__tests__/gate/command.test.ts": [
        "the command › ends with 0 when the plan passes",
        "the command › ends with 4 when it does not, and says what to do",
        "the command › ends with 1 when there is no verdict, and names the file",
      ],
      "__tests__/cli/tofu.test.ts": [
        "plan tells by its exit code that changes are pending where that is asked for",
      ],
      "__tests__/project.test.ts": ["a stale nix/ fails the check with a diff and what to do"],
      "__tests__/system/machines/trouble.test.ts": ["bad conditions"],
      "__tests__/system/preview.test.ts": [
        "a preview that is interrupted › by %s leaves no process, no folder and no worktree",
      ],
    },
  },
  "stopped-hosts-are-whole": {
    tests: {
      "__tests__/system/machines/interrupted-agent.test.ts": ["an interrupted rollout of an agent"],
      "__tests__/system/machines/interrupted-server.test.ts": ["an interrupted rollout of a server"],
      "__tests__/system/machines/trouble.test.ts": ["bad conditions"],
    },
  },
  "says-which-pods-hold-a-drain": {
    tests: {
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › a disruption budget that holds a pod: it is named, and the node takes pods again",
      ],
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        "a real Kubernetes › a disruption budget holds a drain up for its seconds; it is named, and no other server is asked again",
      ],
    },
  },

  // docs/how-to: join tokens
  "token-stays-secret": {
    tests: {
      "__tests__/canary.test.ts": [
        "credentials in the environment get into no file and no output",
        "a join token %s gets into no file and no output",
        "the canary sings: a secret that does get out is found, in files and JSON alike",
      ],
      "__tests__/config/faults.test.ts": ["secrets in the wrong place are refused and not repeated"],
      "__tests__/system/machines/rotate-token.test.ts": [
        "a rotation of the join token › no token is in an argument list, an environment, a log or the output of any of it",
      ],
      "__tests__/system/machines/canary.test.ts": ["the join token"],
      "__tests__/render/runbook.test.ts": [
        "no join token is an argument of a program on the operator's machine",
      ],
      "__tests__/rollout/secrets.test.ts": [
        "what was learned does not get out, in its long form or as the password alone",
      ],
    },
    gaps: [
      "Argument lists and environments are looked at again and again during a rollout: a program that lives for less than a look can be missed.",
    ],
  },
  "token-goes-where-it-belongs": {
    tests: {
      "__tests__/rollout/remote.test.ts": ["the join token"],
      "__tests__/system/machines/first-contact.test.ts": [
        "first contact › no token goes to a machine to whose key nobody has agreed, also with --yes",
      ],
      "__tests__/rollout/commands.test.ts": [
        "an apply with a join token to deliver › writes nothing, and so no token, to any host when one is another machine than the model means",
      ],
      "__tests__/system/machines/interrupted-delivery.test.ts": ["the delivery of a join token"],
    },
  },
  "host-keys-are-pinned": {
    tests: {
      "__tests__/system/machines/first-contact.test.ts": [
        "first contact › no token goes to a machine to whose key nobody has agreed, also with --yes",
      ],
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › another machine at the address: its key is not the one that was pinned",
      ],
    },
  },
  "hostile-hosts-deceive-nobody": {
    tests: {
      "__tests__/system/machines/hostile.test.ts": ["a hostile host"],
      "__tests__/rollout/hostile.test.ts": [
        "a file name with a line break adds no line to a plan",
        "no line from a host looks like one of this program",
      ],
    },
  },
  "tutorial-can-be-followed": {
    tests: {
      "__tests__/system/tutorial/tutorial.test.ts": [
        "every block of commands has a name, and runs here unless it says why it cannot",
        "the template's configuration",
        "the tutorial",
      ],
    },
    gaps: ["The commands for the Proxmox VE host and for the NixOS installer never ran."],
  },
  "token-is-never-replaced": {
    tests: {
      "__tests__/rollout/remote.test.ts": [
        "the join token › is installed for root alone where there is none, and never replaced",
      ],
      "__tests__/system/machines/trouble.test.ts": [
        "bad conditions › another token than the host's is not installed",
      ],
      "__tests__/rollout/plan.test.ts": [
        "refused is › a token that is another one, with the way to rotate it",
        "refused is › a token that is another one than a server shows to be that of before the last rotation",
      ],
    },
  },
  "token-file-stays-out-of-git": {
    tests: {
      "__tests__/rollout/token.test.ts": ["a file with the join token"],
      "__tests__/documents.test.ts": [
        "git takes nothing that the documents' commands write with secrets in it",
      ],
    },
  },
  "agents-have-their-own-token": {
    tests: {
      "__tests__/render/agent-token.test.ts": [
        "where agents have a token of their own, servers know it and no agent has the servers'",
      ],
      "__tests__/rollout/order.test.ts": [
        "servers come first where they have to know the agents' token before an agent uses it",
      ],
    },
    gaps: ["No K3s was run with a token for agents."],
  },

  // docs/how-to: high availability
  "one-server-founds-the-cluster": {
    tests: {
      "__tests__/config/faults.test.ts": [
        "servers › one of several has to found the cluster",
        "servers › only one of several may found the cluster",
        "servers › an even number is refused, unless it is asked for",
      ],
      "__tests__/system/nix.test.ts": [
        "the configurations in Nix › of every host of %s › let exactly one server found the cluster, and all others join it elsewhere than at themselves",
      ],
      "__tests__/constructs/host-files.test.ts": [
        "what is emitted › the order in which nodes are written changes no byte",
      ],
    },
  },

  "same-settings-same-files": {
    tests: {
      "__tests__/constructs/host-files.test.ts": [
        "what is emitted › the order in which nodes are written changes no byte",
        "what is emitted › a second run that changes nothing writes nothing",
      ],
      "__tests__/config/every-setting.test.ts": [
        "two syntheses of the same settings are identical, so that a difference shows an effect",
      ],
    },
  },

  // docs/reference: emitted files
  "overwrites-nothing-of-yours": {
    tests: {
      "__tests__/constructs/host-files.test.ts": ["what people wrote"],
      "__tests__/emit/emission.test.ts": [
        "what is refused",
        "what is not a regular file is refused, and no flag helps",
        "what is removed",
        "a file that took the place of ours is never removed, not even when it is accepted",
        "a list that anyone may have merged › touches nothing outside the folder, and nothing that is not ours",
      ],
      "__tests__/emit/properties.test.ts": [
        "a run leads exactly to the new files beside everybody else's, or is refused and changes nothing",
      ],
      "__tests__/emit/header.test.ts": [
        "whatever the body, a stamped text is ours, and no longer ours with any one line changed",
      ],
      "__tests__/emit/git.test.ts": ["a hand edit is refused also after it was committed"],
    },
  },
  "git-reverts-and-merges-regenerate": {
    tests: {
      "__tests__/emit/git.test.ts": [
        "a reverted commit is generated anew without refusal",
        "a merge that left conflict markers of style %s regenerates",
        "a merge of two branches that both added a host regenerates",
      ],
    },
  },
  "a-further-cluster-leaves-the-first": {
    tests: {
      "__tests__/constructs/several-clusters.test.ts": [
        "a further cluster › changes no file and no state of the first one but the commands of its README, stated %s",
        "a further cluster › has its own files, modules, name and state",
        "a further cluster › keeps its state when its stack is renamed",
      ],
      "__tests__/preview/clusters.test.ts": [
        "of a cluster that is added shows it alone, and the first one's documents",
      ],
    },
  },
  "no-cluster-is-guessed": {
    tests: {
      "__tests__/cli/cluster.test.ts": [
        "every command that is about one cluster › %s takes --cluster",
        "every command that is about one cluster › %j asks for a name where there are several",
      ],
      "__tests__/cli/tofu.test.ts": [
        "failures have an exit code other than 0 and say what to do › one of several stacks is chosen by name",
      ],
    },
  },
  "commands-name-their-cluster": {
    tests: {
      "__tests__/base/command-line.test.ts": [
        "it names the cluster of its command after npm's separator, also after what the command waits for",
        "every script that asks for a cluster's name is spelled with it",
      ],
      "__tests__/messages.test.ts": [
        "src reads no message to decide, and spells no command line that needs a cluster's name",
      ],
      "__tests__/constructs/several-clusters.test.ts": [
        "a further cluster › names itself in command lines of its documents, alerts and faults",
      ],
      "__tests__/cli/cluster.test.ts": [
        "command lines that a command prints › name the one that it was given, where there are several",
        "command lines that a command prints › say where a name belongs, of a command that is about all clusters",
        "command lines that a command prints › name the cluster whose hosts are in the plan that the gate refuses",
      ],
    },
  },
  "a-rollout-leaves-other-clusters": {
    tests: {
      "__tests__/system/machines/several-clusters.test.ts": [
        "of two clusters, a rollout to one › plans it alone, and what it says to run runs as it stands",
        "of two clusters, a rollout to one › changes its host, and sends the other's not a packet",
        "of two clusters, a rollout to one › locks the other's out neither from its hosts nor from its files",
        "of two clusters, a rollout to one › has its own context in the operator's kubeconfig",
      ],
    },
  },
  "clusters-share-nothing": {
    tests: {
      "__tests__/constructs/several-clusters.test.ts": [
        "what two clusters of an app must not share › a %s",
        "what two clusters of an app must not share › a folder of a bucket for snapshots",
        "what two clusters of an app must not share › what a PVE node has",
        "what two clusters of an app must not share › but VM IDs are free in another Proxmox VE, and a template and networks of pods may be one",
        "folders › of two clusters differ",
        "folders › of the owner's documents: two clusters cannot both write the list of nodes",
      ],
      "__tests__/config/dhcp-range.test.ts": [
        "what the DHCP server of a network gives away, as one cluster of an app states it",
      ],
    },
  },
  "no-left-over-cluster": {
    tests: {
      "__tests__/constructs/several-clusters.test.ts": [
        "folders › of clusters that the app no longer has are told, since commands would find them",
        "folders › do not change, since rollouts and the state go by them",
      ],
    },
  },
  "writes-all-or-nothing": {
    tests: {
      "__tests__/emit/crash.test.ts": [
        "a run killed at any step leaves every file old or new, and the next run finishes or undoes it",
        "two runs at the same time leave every file whole, and the next run is refused nothing",
        "a full disk changes nothing, and is not made fuller",
      ],
      "__tests__/constructs/host-files.test.ts": [
        "nothing is written",
        "what is emitted › a second run that changes nothing writes nothing",
      ],
      "__tests__/emit/emission.test.ts": [
        "what is written › a file with unchanged content keeps its inode and its modification time",
      ],
    },
    gaps: [
      "A power failure is not tried: the program is killed, and asks the disk to confirm before it renames.",
    ],
  },
  "regions-only": {
    tests: {
      "__tests__/emit/region.test.ts": [
        "a marked region",
        "what stands in a region is not overwritten",
        "a document is refused as a whole",
      ],
      "__tests__/constructs/documents.test.ts": ["the reference cluster's document for people"],
    },
  },
  "check-finds-stale-files": {
    tests: {
      "__tests__/project.test.ts": [
        "the committed nix/ is what main.ts says",
        "a stale nix/ fails the check with a diff and what to do",
      ],
      "__tests__/emit/report.test.ts": ["what is stale"],
    },
  },
  "every-host-imports-common-modules": {
    tests: {
      "__tests__/constructs/host-files.test.ts": [
        "what is emitted › every host imports the owner's modules of all hosts, and nothing writes them",
      ],
    },
  },
  "delivers-what-local-nix-names": {
    tests: {
      "__tests__/emit/host-folder.test.ts": [
        "what its files name outside of its directory comes along, and what that names",
        "what no rollout delivers is named, all at once",
        "a link within the project is followed; one that leads out of it, or nowhere, is a fault",
      ],
      "__tests__/system/machines/configuration.test.ts": [
        "the configuration of a host › comes with all that its owner's files name, beside them and of all hosts",
      ],
    },
  },

  // docs/how-to: template
  "template-fits-the-hosts": {
    tests: {
      "__tests__/render/template-vm.test.ts": [
        "a template has the hosts' keys, boot loader and root filesystem, and no K3s",
        "one for UEFI gets the serial number of the hosts' EFI system partition",
      ],
      "__tests__/system/template-vm.test.ts": [
        "a template in Nix › defines only options that NixOS has, for %s",
        "a template in Nix › calls nixpkgs' image builder for %s",
        "the serial number of an EFI system partition › becomes the UUID by which hosts mount it",
      ],
    },
    gaps: [
      "The image was never built, and no VM was made of it: nixpkgs and Proxmox VE do not run in the tests.",
    ],
  },

  "template-plan-changes-nothing": {
    tests: {
      "__tests__/system/template-making.test.ts": [
        "a template on a PVE node › is planned with what is there, and with the commands of nix/README.md",
        "a template on a PVE node › is refused where there is %s, which stays as it is",
      ],
    },
    gaps: ["Proxmox VE is a stand-in: its own programs never ran."],
  },
  "template-by-one-command": {
    tests: {
      "__tests__/system/template-making.test.ts": [
        "a template on a PVE node › is made of the image, as it is, and read back",
        "a template on a PVE node › is made after consent, which pins the SSH host key of the node",
        "a template on a PVE node › is not made without consent, or for a key that nobody compared",
        "a template on a PVE node › is not made of a copy that differs from the image",
        "a template on a PVE node › by the command › shows the plan, makes the template, and says so; as JSON in documents that fit their schema",
      ],
    },
    gaps: [
      "Proxmox VE is a stand-in: its own programs never ran, and no VM was cloned from such a template.",
    ],
  },
  "template-overwrites-nothing": {
    tests: {
      "__tests__/system/template-making.test.ts": [
        "a template on a PVE node › is refused where there is %s, which stays as it is",
        "a template on a PVE node › that qm %s does not make is told with what is left: %s",
        "a template on a PVE node › is not made when the connection breaks during the copy, which is removed",
        "a template on a PVE node › is not made when it is stopped during the copy, which is removed",
        "a template on a PVE node › names a copy that it cannot remove",
      ],
    },
    gaps: ["What Proxmox VE itself leaves of a command that fails was read in its source."],
  },
  "scan-finds-identities": {
    tests: {
      "__tests__/system/template-scan.test.ts": [
        "the scan of a template's disk › finds nothing in a clean one, whose programs contain the marks of keys and tokens",
        "the scan of a template's disk › finds %s",
        "the scan of a template's disk › finds a key and a token that were deleted, and tells them apart from files",
        "the scan of a template's disk › says what main.ts has to state for a disk that was made by hand",
        "the search through all bytes › misses none at the ends of the chunks in which it reads, and counts none twice",
      ],
    },
    gaps: ["The disk of a real NixOS was never scanned."],
  },
  "scan-shows-no-secret": {
    tests: {
      "__tests__/system/template-scan.test.ts": [
        "the scan of a template's disk › says at which byte, and shows nothing of what is there",
      ],
    },
  },

  // docs/how-to: several PVE nodes
  "inventory-writes": {
    tests: {
      "__tests__/system/inventory.test.ts": [
        "inventory, asked of a stand-in for Proxmox VE's API over HTTPS › writes what each PVE node has, says how main.ts takes it, and changes nothing in Proxmox VE",
        "inventory, asked of a stand-in for Proxmox VE's API over HTTPS › says what the token may not see, and writes nothing where it sees no PVE node's memory",
      ],
    },
  },
  "capacity-in-previews": {
    tests: {
      "__tests__/preview/capacity.test.ts": [
        "a change by which the loss of a PVE node costs room that there was is told",
        "one that makes it worse says from what, and one that makes it better says nothing",
        "a VM that no other PVE node could run is told",
      ],
    },
  },
  "simulated-failures": {
    tests: {
      "__tests__/simulation/simulation.test.ts": [
        "what fails › each PVE node, switch, bridge, datastore and node, and the holder of the API's address",
        "what fails › every two of them, but for the holder, which is one of the servers",
        "etcd",
        "the API's address",
        "published services",
      ],
      "__tests__/cli/simulate.test.ts": [
        "what a synth wrote is what is simulated",
        "the document matches its schema",
      ],
    },
  },
  "simulated-pods": {
    tests: {
      "__tests__/simulation/live.test.ts": [
        "replicas",
        "disruption budgets",
        "volumes",
        "memory",
        "a pod is refused by",
        "nodes of main.ts that are not in the cluster are named, and those that are only there",
      ],
      "__tests__/rollout/running.test.ts": [
        "a pod requests %s",
        "a budget says what it needs when Kubernetes has seen it as it is",
        "a volume with the nodes that can mount it, if a claim is bound to it",
        "a list of %s that Kubernetes would not return is an error by the server's name: %#",
      ],
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        "a real Kubernetes › says what runs, for a simulation of what the loss of a node costs",
      ],
      "__tests__/system/machines/verify.test.ts": [
        "verify › simulate --live › says what the loss of a node costs the pods that run, and changes nothing",
        "verify › simulate --live › an API that does not answer is an error by the server's name, also for a program",
      ],
      "__tests__/cli/simulate.test.ts": [
        "with --live › servers that do not answer are an error by name, and no result",
      ],
    },
    gaps: ["No scheduler ran: where it puts pods is an estimate, and no test compares it."],
  },
  "simulation-is-true": {
    tests: {
      "__tests__/system/simulation/simulation.test.ts": [
        `${REAL_FAILURES} › the outcome of every single failure is the predicted one`,
        `${REAL_FAILURES} › the outcome of 50 random pairs is the predicted one`,
        `${REAL_FAILURES} › a wrong prediction is noticed`,
      ],
      "__tests__/simulation/simulation.test.ts": [
        "etcd › the side with more than half of the members goes on, and an equal split leaves none",
        "etcd › two splits leave the largest of the parts",
      ],
    },
    gaps: ["etcd ran alone, and not in K3s; which server keepalived then chooses is shown elsewhere."],
  },
  "simulated-ha": {
    tests: {
      "__tests__/simulation/simulation.test.ts": ["Proxmox VE's HA manager"],
    },
    gaps: [
      "Proxmox VE's HA manager 5.2.0 showed most of this by hand in its own simulator; no test runs it.",
    ],
  },
  "simulation-refuses": {
    tests: {
      "__tests__/cli/simulate.test.ts": [
        "a failure that costs the quorum fails --fail-on, unless it is allowed by its name",
        "%j is refused, and says what to do",
      ],
    },
  },
  "worse-failures-in-previews": {
    tests: {
      "__tests__/preview/availability.test.ts": [
        "a failure that costs what it does not cost so far is told",
        "one that costs less or the same is not, nor one without the quorum that then costs the API's address alone",
        "a failure that was not possible before is told as new",
      ],
    },
  },
  "placed-apart": {
    tests: {
      "__tests__/system/tofu/placement.test.ts": [
        `${PLACED} › servers are on different PVE nodes, each cloned from its own template`,
      ],
      "__tests__/config/placement.test.ts": [
        "of ${CLUSTERS} clusters, each keeps every promise",
        "agents go where most memory is left, and with spread all where the fewest nodes are",
      ],
      "__tests__/constructs/pve.test.ts": [
        "servers are apart, whatever their order, and cluster.json says where",
      ],
    },
  },
  "placed-once": {
    tests: {
      "__tests__/system/tofu/placement.test.ts": [
        `${PLACED} › the plan after it is empty, also when another node comes and goes`,
      ],
      "__tests__/config/placement.test.ts": ["of ${CLUSTERS} clusters, each keeps every promise"],
      "__tests__/constructs/pve.test.ts": [
        "a node stays where it was when others come and go, and when its own pveNode is no longer stated",
      ],
    },
  },
  "placed-by-memory": {
    tests: {
      "__tests__/constructs/pve.test.ts": [
        "a node stays where it was when others come and go, and when its own pveNode is no longer stated",
        "VMs leave a PVE node that is no longer stated",
        "a cluster.json with a merge's conflict moves nothing: it has to be settled first",
        "a VM whose PVE node only OpenTofu knew is not moved: its PVE node has to be stated once",
        "nothing is placed where nothing would remember it",
      ],
    },
  },
  capacity: {
    tests: {
      "__tests__/config/mistakes.test.ts": ["PVE nodes"],
      "__tests__/config/placement.test.ts": [
        "ZFS takes a tenth of the memory and at most 16 GiB, unless stated",
      ],
      "__tests__/config/every-pve-setting.test.ts": ["another value of %s has an effect"],
    },
    gaps: ["What a VM takes beside its memory, such as QEMU itself, is not counted."],
  },
  "template-worked-out": {
    tests: {
      "__tests__/system/tofu/placement.test.ts": [
        `${PLACED} › servers are on different PVE nodes, each cloned from its own template`,
      ],
      "__tests__/config/mistakes.test.ts": ["PVE nodes"],
      "__tests__/constructs/pve.test.ts": [
        "each VM is cloned from its PVE node's copy of the template, or else from the template's PVE node",
        "copies of the template on all PVE nodes need no other template",
      ],
    },
  },
  "ha-resources": {
    gaps: ["No HA manager of Proxmox VE ran: that it migrates a VM to its home was read in its source."],
    tests: {
      "__tests__/system/tofu/placement.test.ts": [
        `${PLACED} › the HA manager gets each VM, its home, and the servers apart`,
        `${PLACED} › a VM that the HA manager started on another PVE node stays there, and nothing changes`,
        `${PLACED} › another pveNode changes the rule of its home, and the HA manager moves the VM`,
        `${PLACED} › a server that goes leaves the HA manager before its VM does, and without HA nothing is left there`,
      ],
      "__tests__/constructs/pve.test.ts": [
        "the HA manager has each VM, its home, and the servers apart, and node_name is left to it",
      ],
    },
  },
  "ha-contradictions": {
    tests: {
      "__tests__/config/mistakes.test.ts": ["PVE nodes"],
      "__tests__/constructs/pve.test.ts": [
        "servers that get another PVE node, which the HA manager keeps apart › %s cannot swap theirs: none would move",
        "servers that get another PVE node, which the HA manager keeps apart › one may follow another, and without the HA manager they migrate",
      ],
    },
    gaps: [
      "That its HA manager moves neither of two servers that swap their PVE nodes was read in its source, version 5.2.0.",
      "What Proxmox VE does with such rules was seen by hand in its HA manager's own simulator, version 5.2.0.",
    ],
  },
  "provider-id-from-the-first-start": {
    tests: {
      "__tests__/config/topology.test.ts": [
        "every node has its region, its PVE node as its zone, and a provider ID with its VM ID",
        "without a region, K3s gets none of them",
      ],
    },
    gaps: [
      "No K3s ran with these flags: what the kubelet and K3s' cloud controller make of them was read in their sources.",
    ],
  },

  // docs/how-to: roll out
  "finds-new-clones": {
    tests: {
      "__tests__/rollout/clones.test.ts": [
        "a clone is where its own interface is, in the stack that has its VM",
        "%s is found nowhere",
      ],
      "__tests__/system/machines/first-contact.test.ts": [
        "first contact › a clone without its own address is found at its present address, and confirmed at its own",
      ],
      "__tests__/system/tofu/life-cycle.test.ts": [
        `${LIFE} › the state has what each guest agent reported, by which a rollout finds a new clone`,
      ],
    },
  },

  // docs/reference: firewall
  "firewall-allows-exactly-its-flows": {
    tests: {
      "__tests__/system/packets.test.ts": ["packets"],
      "__tests__/system/mutation.test.ts": [
        "no rule, set, or element of a rule can be left out, since checks fail then",
      ],
      "__tests__/documents.test.ts": [
        "the table of who may reach what has every flow of the policy, with its ports and its reason",
      ],
    },
    gaps: ["Each documented change of the firewall is tried by itself, and not together with every other."],
  },
  "further-interfaces-take-stated-flows": {
    tests: {
      "__tests__/system/packets.test.ts": ["packets"],
      "__tests__/system/mutation.test.ts": [
        "no rule, set, or element of a rule can be left out, since checks fail then",
      ],
      "__tests__/firewall/over.test.ts": [
        "a flow over a further interface",
        "operators over a further interface",
        "the ruleset of a host with further interfaces",
      ],
    },
    gaps: ["A cable stands in for the VLAN, since kernels of containers lack VLANs."],
  },
  "rules-do-not-grow": {
    tests: {
      "__tests__/system/nft.test.ts": [
        "the ruleset in a kernel › and a cluster that grows › has as many rules as before: %s",
        "the ruleset in a kernel › and a cluster that grows › has one more element in one set of every other host",
      ],
    },
  },
  "forged-packets-are-refused": {
    tests: {
      "__tests__/system/packets.test.ts": [
        "packets › of $name › pass where they should and nowhere else, and what is refused is counted",
      ],
      "__tests__/system/mutation.test.ts": [
        "no rule, set, or element of a rule can be left out, since checks fail then",
      ],
    },
    gaps: ["WireGuard is a stand-in."],
  },
  "api-address-moves": {
    tests: {
      "__tests__/system/api-vip/api-vip.test.ts": [
        `${API_ADDRESS} › one server takes it when the servers start`,
        `${API_ADDRESS} › another takes over within 3 seconds when the holder's API is killed, and keeps it`,
        `${API_ADDRESS} › and when the holder's API is %s`,
        `${API_ADDRESS} › and at once when keepalived stops with K3s`,
        `${API_ADDRESS} › and when the holder's host is gone without a word`,
        `${API_ADDRESS} › a holder that is cut off loses it to one of the majority, and gives it up when its API has no quorum`,
        `${API_ADDRESS} › the check runs without root's rights`,
      ],
      "__tests__/system/nix.test.ts": ["the configurations in Nix › of every host of %s"],
    },
    gaps: [
      "NixOS' module of keepalived was read and not evaluated, and its unit never ran with K3s' on a host: systemd's order of the two was not tried.",
      "A real K3s was not asked for `/readyz` with kube-proxy's certificate.",
    ],
  },
  "forged-vrrp-is-refused": {
    tests: {
      "__tests__/system/api-vip/api-vip.test.ts": [
        `${API_ADDRESS} › an agent that forges VRRP takes it from nobody, as it would without the firewall`,
        `${API_ADDRESS} › without the rule for VRRP several hold it`,
      ],
      "__tests__/system/packets.test.ts": [
        "packets › of $name › pass where they should and nowhere else, and what is refused is counted",
      ],
      "__tests__/system/mutation.test.ts": [
        "no rule, set, or element of a rule can be left out, since checks fail then",
      ],
    },
  },
  "verify-wants-one-holder": {
    tests: {
      "__tests__/rollout/api-vip.test.ts": [
        "a verification wants exactly one holder, and a server",
        "a server that does not answer may hold it",
      ],
      "__tests__/system/machines/servers.test.ts": [
        `${GROWS} › an address of the API's own goes to servers first, to the one that holds it last, and then to agents`,
      ],
    },
    gaps: ["On these machines the address was given by hand: keepalived did not run on them."],
  },
  "haproxy-configuration": {
    tests: {
      "__tests__/system/haproxy.test.ts": [
        "the configuration for a balancer › is valid for HAProxy itself, without warnings",
        "the configuration for a balancer › and it refuses an invalid one",
      ],
    },
    gaps: ["HAProxy never stood in front of a real API."],
  },
  "k3s-waits-for-the-firewall": {
    tests: {
      "__tests__/system/machines/configuration.test.ts": [
        "the configuration of a host › runs no K3s on a host whose firewall was not loaded at its boot",
      ],
      "__tests__/system/machines/lab.test.ts": [
        "machines of the lab › an activation, as switch-to-configuration-ng does it, › stops K3s before it reloads the firewall, and starts it after that",
      ],
    },
    gaps: ["The order of units is that of a stand-in for systemd, which reads it from the emitted files."],
  },
  "settings-cannot-lock-you-out": {
    tests: {
      "__tests__/firewall/firewall.test.ts": ["operators are not locked out:", "a contradiction is a fault:"],
      "__tests__/firewall/ssh-access.test.ts": [
        "SSH from %s is open to %j",
        "a flow of %s to ports %d to %d opens SSH: %s",
      ],
      "__tests__/config/k3s-flags.test.ts": ["%s is refused, since the firewall would be wrong"],
      "__tests__/rollout/plan.test.ts": ["refused is › %s"],
    },
    gaps: ["`local.nix` may do anything. What it does to SSH is seen when a rollout confirms the host."],
  },

  // docs/reference: privileges
  "privileges-suffice": {
    tests: {
      "__tests__/system/tofu/rights.test.ts": [
        `${RIGHTS} › those for an apply are enough to make a VM, change it, migrate it and destroy it`,
        `${RIGHTS} › those for a plan are enough for a plan, and a VM's disk is hidden from those who have fewer`,
      ],
      "__tests__/system/doctor.test.ts": [`${DOCTOR} › without %s an apply fails, and the doctor says so`],
    },
    gaps: ["The stand-in asks for the privileges that Proxmox VE's source and documentation name."],
  },
  "missing-privileges": {
    tests: {
      "__tests__/system/tofu/rights.test.ts": [
        `${RIGHTS} › with none at all nothing is seen, and a plan says that everything is to be added`,
        `${RIGHTS} › without VM.Config.Disk a new VM is left incomplete and tainted, and the documented commands complete it`,
        `${RIGHTS} › startup needs Sys.Modify as well, of which the gate tells, and without it a new VM stays half-made`,
      ],
    },
    gaps: ["A plan without `VM.GuestAgent.Audit` is not tested."],
  },

  // docs/how-to/data-disks.md
  "formats-only-empty-disks": {
    tests: {
      "__tests__/system/data-disks.test.ts": [
        "a data disk › of %s › is formatted when it is empty, and only once",
        "a data disk › is never formatted when it has %s",
        "a data disk › is formatted after what its refusal says to do",
      ],
    },
    gaps: [
      "A disk whose only data is between its first and its last MiB, without a signature, counts as empty.",
    ],
  },
  "refuses-another-disk": {
    tests: {
      "__tests__/system/data-disks.test.ts": [
        "a data disk › that replaces the host's own is refused, empty or not",
        "a data disk › with data that was copied to it is kept as this host's",
      ],
    },
  },
  "missing-disk-boots": {
    tests: {
      "__tests__/system/nix.test.ts": [
        "the configurations in Nix › data disks are formatted and mounted by the names that they have in a guest, and K3s waits for its own",
      ],
      "__tests__/system/nix-mistakes.test.ts": ["the check of configurations › catches %s"],
      "__tests__/system/data-disks.test.ts": ["a data disk › that is missing is said to be, within the time"],
    },
    gaps: [
      "No NixOS was booted without its data disk; what systemd does with `nofail` was read in its sources.",
    ],
  },
  "k3s-waits-for-its-disk": {
    tests: {
      "__tests__/system/nix.test.ts": [
        "the configurations in Nix › data disks are formatted and mounted by the names that they have in a guest, and K3s waits for its own",
      ],
      "__tests__/system/nix-mistakes.test.ts": ["the check of configurations › catches %s"],
    },
    gaps: ["No systemd started the emitted unit of K3s without its mount."],
  },
  "data-disk-grows": {
    tests: {
      "__tests__/system/data-disks.test.ts": [
        "a data disk › of %s grows with its disk, and twice is harmless",
      ],
    },
    gaps: [
      "The test calls `systemd-growfs` itself, which systemd does on a host for `autoResize`. An ext4 grows unmounted in the test, with `resize2fs`, since the kernel grows a mounted one only for a root with all rights.",
    ],
  },
  "rollout-keeps-k3s-data": {
    tests: {
      "__tests__/rollout/plan.test.ts": [
        "K3s' data on a disk of its own › is refused where it would hide the data of %s",
        "K3s' data on a disk of its own › is refused on %s too",
        "K3s' data on a disk of its own › is refused when main.ts forgets it",
      ],
      "__tests__/system/data-disks.test.ts": [
        "what a host reports about K3s' data › is that it has joined, with its disk or without",
        "what a host reports about K3s' data › names disks that are mounted and in its fstab, and none of other folders",
      ],
    },
  },

  // docs/how-to/networks.md
  "k3s-stays-on-its-interface": {
    tests: {
      "__tests__/system/nix.test.ts": ["the configurations in Nix › of every host of %s › match the model"],
      "__tests__/system/nix-mistakes.test.ts": ["the check of configurations › catches %s"],
    },
    gaps: ["No K3s ran on a host with two network cards."],
  },
  "rollout-waits-for-interface": {
    tests: {
      "__tests__/rollout/plan.test.ts": [
        "refused is › a machine that does not have an interface yet which main.ts names",
      ],
    },
  },
  "one-default-route": {
    tests: {
      "__tests__/system/nix.test.ts": [
        "the configurations in Nix › further networks have the names, addresses, routes and VLANs of main.ts",
      ],
      "__tests__/system/nix-mistakes.test.ts": ["the check of configurations › catches %s"],
    },
    gaps: ["dhcpcd did not run: what its options do was read in its sources, and NixOS' in nixpkgs."],
  },
  "networks-apart": {
    tests: { "__tests__/config/mistakes.test.ts": ["a node's settings", "what two nodes may not share"] },
  },
  "found-by-mac": {
    tests: {
      "__tests__/system/links.test.ts": [
        "udev › gives the node's card its name, found by its permanent MAC address",
        "udev › gives a further card its own name",
        "udev › leaves the name of another card",
        "udev › gives no name to an interface that only took over the MAC address",
      ],
      "__tests__/rollout/plan.test.ts": [
        "a host whose interface has another name is not refused: it is found by its MAC address",
      ],
    },
    gaps: ["No NixOS was booted with the file; that NixOS puts it into the initrd was read in its sources."],
  },
  "renames-by-boot": {
    tests: {
      "__tests__/system/machines/activation.test.ts": [
        "an activation › that NixOS refuses › because it names a network interface is not started, either",
      ],
      "__tests__/system/machines/trial.test.ts": [
        "a boot on trial › is used for a system that cannot be activated: drained, confirmed, kept and uncordoned",
      ],
    },
    gaps: ["No test boots a machine that gives its interface another name."],
  },

  // docs/how-to/monitoring.md
  "pool-is-free": {
    tests: {
      "__tests__/config/mistakes.test.ts": ["a load balancer"],
      "__tests__/config/load-balancer.test.ts": ["the addresses of services in two clusters of an app"],
      "__tests__/render/load-balancer.test.ts": ["the documents say what gives services their addresses"],
    },
  },
  "outside-of-dhcp": {
    tests: {
      "__tests__/config/mistakes.test.ts": ["what a DHCP server gives away"],
      "__tests__/config/dhcp-range.test.ts": [
        "hosts that ask the DHCP server may have addresses in its range, and others only outside of it",
        "what the DHCP server of a network gives away, as one cluster of an app states it",
      ],
    },
  },
  "memberlist-between-nodes": {
    tests: {
      "__tests__/render/load-balancer.test.ts": ["the firewall"],
      "__tests__/system/packets.test.ts": [
        "packets › of $name › pass where they should and nowhere else, and what is refused is counted",
      ],
    },
  },
  "services-at-their-addresses": {
    tests: {
      "__tests__/system/packets.test.ts": [
        "packets › of $name › pass where they should and nowhere else, and what is refused is counted",
      ],
    },
    gaps: [
      "Neither MetalLB nor kube-vip ran. An entry in the LAN's ARP tables stands in for the node that answers.",
    ],
  },
  "storage-needs-no-port": {
    tests: {
      "__tests__/system/packets.test.ts": [
        "packets › of $name › pass where they should and nowhere else, and what is refused is counted",
      ],
    },
    gaps: ["Programs that answer on the ports stand in for Longhorn, NFS and Proxmox VE."],
  },
  "longhorn-finds-programs": {
    tests: { "__tests__/system/nix.test.ts": ["the configurations in Nix › of every host of %s"] },
    gaps: ["No Longhorn ran, and NixOS' modules were read, and not evaluated with these options."],
  },
  "manifests-are-read-at-synth": {
    tests: {
      "__tests__/config/mistakes.test.ts": ["manifests"],
      "__tests__/emit/kubernetes-manifests.test.ts": [
        "%s is said, without the text",
        "a file %s is said",
        "what is too large is not read",
      ],
    },
  },
  "manifests-planned-by-the-api": {
    tests: {
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        `${MANIFESTS} › a plan says what is new, also of kinds and in namespaces that come with it, and makes nothing`,
        `${MANIFESTS} › what others add to an object is left alone, and only what the manifest changes is changed`,
        `${MANIFESTS} › a definition and what it makes possible change together`,
      ],
    },
  },
  "manifests-applied-once": {
    tests: {
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        `${MANIFESTS} › an apply makes them, and a second one finds nothing to do, and would change nothing`,
      ],
      "__tests__/system/machines/verify.test.ts": [
        "verify › objects of manifests are applied once the cluster is verified, and never again unless they change",
      ],
    },
    gaps: ["No webhook was only starting."],
  },
  "manifests-tried-without-a-plan": {
    tests: {
      "__tests__/rollout/apply-manifests.test.ts": [
        "an API that cannot say what changes keeps no apply from trying, with hosts that are %s",
      ],
    },
    gaps: ["No webhook was down: the API's answer is a stand-in's."],
  },
  "no-object-unasked": {
    tests: {
      "__tests__/rollout/apply-manifests.test.ts": [
        "objects that change only after the rollout are listed and asked about",
        "a no to these leaves them, and says that the hosts are rolled out",
      ],
    },
  },
  "manifests-left-are-told": {
    tests: {
      "__tests__/rollout/apply-manifests.test.ts": [
        "after a command that applies none, what an apply would change is told with its command",
        "which has succeeded also where the API would not take them, or cannot say",
      ],
      "__tests__/system/machines/restore.test.ts": [
        "a backup › is restored › with everything in it, and nothing of later, on all servers",
      ],
      "__tests__/system/machines/recover.test.ts": [
        "a cluster of which all machines are lost › and has new ones › is restored on the first of them, before the others join it",
      ],
      "__tests__/system/machines/upgrade.test.ts": [
        "an upgrade › of NixOS: a backup that restores, the emptiest agent, a pause, servers one by one, agents",
      ],
    },
  },
  "manifest-conflicts-are-named": {
    tests: {
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        `${MANIFESTS} › a value that somebody else has changed is named with object, field and manager`,
      ],
      "__tests__/rollout/manifests.test.ts": ["conflicts are read from %j"],
    },
  },
  "left-objects-are-named": {
    tests: {
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        `${MANIFESTS} › an object that no manifest has any more is named, and stays, until somebody deletes it`,
      ],
      "__tests__/rollout/manifests.test.ts": [
        "what was applied is named when no file is left, and the API is asked about nothing else",
        "an apply first notes its objects, and those that the note has by then",
        "a note that no rollout wrote is not written over: %#",
        "%i of the objects is still there when the API says: %s",
      ],
    },
  },
  "manifest-secrets-stay-secret": {
    tests: {
      "__tests__/system/kubernetes/kubernetes.test.ts": [
        `${MANIFESTS} › what the API refuses of a Secret is said without its words`,
        `${MANIFESTS} › a Secret's value that is no text, which the API repeats, is not shown`,
      ],
      "__tests__/system/machines/verify.test.ts": [
        "verify › objects of manifests are applied once the cluster is verified, and never again unless they change",
      ],
      "__tests__/rollout/manifests.test.ts": [
        "secrets in manifests are blanked, and a faulty file is told without its text",
        "the API's words about a Secret are not shown: %s",
      ],
    },
    gaps: ["Values of fewer than 6 characters are not blanked."],
  },
  "local-manifests-are-warned-of": {
    tests: { "__tests__/rollout/manifests.test.ts": ["a local.nix with services.k3s.manifests"] },
  },
  "metrics-only-for-whom": {
    tests: {
      "__tests__/system/packets.test.ts": [
        "packets › of $name › pass where they should and nowhere else, and what is refused is counted",
      ],
      "__tests__/system/nix.test.ts": [
        "the configurations in Nix › metrics are served on the node's address, and written once a minute",
      ],
    },
    gaps: ["NixOS' modules were read, and not evaluated with these options."],
  },
  "metrics-by-few-rights": {
    tests: {
      "__tests__/system/nspawn/monitoring.test.ts": [
        "the unit of a host's metrics, under systemd with its limits › sees the firewall, K3s' folders and its unit, and writes for every user",
      ],
    },
  },
  "metrics-have-no-secret": {
    tests: {
      "__tests__/system/monitoring.test.ts": [
        "the metrics of a host › neither a token nor a key gets into the metrics",
      ],
    },
  },
  "vmalert-reads-alerts": {
    tests: { "__tests__/system/monitoring.test.ts": ["the alerts › are read by VictoriaMetrics' vmalert"] },
    gaps: ["vmagent and VictoriaMetrics' own queries did not run."],
  },
  "alerts-turn-red": {
    tests: {
      "__tests__/system/monitoring.test.ts": [
        "the metrics of a host › no alert is red on a host that is well: %s",
        "the metrics of a host › %s: %s is red then, and nothing else",
        "the metrics of a host › a clock that %s: K3sHostClockOff is red then, and nothing else",
        "the metrics of a host › every alert has such a host",
        "the metrics of a host › alerts and dashboard name only metrics that the exporter serves",
      ],
    },
    gaps: ["No K3s ran, and no clock was wrong. Grafana did not show the dashboard."],
  },
};
