# Evaluates hosts' configurations without nixpkgs, into the definitions that each file makes.
#
# It implements the part of NixOS' module system that the emitted files use: imports, functions called with the arguments that every
# module gets, and priorities. nixos-options.ts decides what a definition means, which of several wins and
# what is an error. `request` is JSON: folders of hosts by name, NixOS' release, nixpkgs' own revision if it
# knows it, and the packages that exist.
{ request }:

let
  inherit (builtins.fromJSON request) hosts release revision packages;

  # Where nixpkgs' own modules are; they are named, not read.
  modulesPath = "/nixpkgs/nixos/modules";
  isProfile = module: builtins.substring 0 (builtins.stringLength modulesPath) (toString module) == modulesPath;

  lib = {
    trivial.release = release;
    # That of a channel, a checkout or a flake; GitHub's archive does not know its own.
    trivial.revisionWithDefault = default: if revision == null then default else revision;
    optional = condition: element: if condition then [ element ] else [ ];
    mkOverride = priority: content: {
      _type = "override";
      inherit priority content;
    };
    mkDefault = lib.mkOverride 1000;
    mkForce = lib.mkOverride 50;
    # It changes only the order of what several files add.
    mkAfter = content: content;
  };

  # A missing package fails, as it does in nixpkgs.
  pkgs = builtins.listToAttrs (
    map (name: {
      inherit name;
      value = {
        __package = name;
        # Where it is installed, for `"${pkgs.curl}"`.
        outPath = "/nix/store/${name}";
      };
    }) packages
  );

  arguments = {
    inherit lib pkgs modulesPath;
    config = throw "this harness has no config to read";
    options = throw "this harness has no options to read";
  };

  load =
    module:
    let
      value = import module;
      set = if builtins.isFunction value then value arguments else value;
      imports = set.imports or [ ];
    in
    [
      {
        file = toString module;
        profiles = map toString (builtins.filter isProfile imports);
        # Not the `{ }` of a file that only imports.
        definitions = builtins.filter (it: it.path != [ ]) (
          flatten [ ] 100 (builtins.removeAttrs set [ "imports" ])
        );
      }
    ]
    ++ builtins.concatMap load (builtins.filter (it: !isProfile it) imports);

  flatten =
    path: priority: value:
    if !builtins.isAttrs value || value == { } || value ? __package then
      [
        {
          inherit path priority;
          value = plain value;
        }
      ]
    else if value._type or null == "override" then
      flatten path value.priority value.content
    else
      builtins.concatMap (name: flatten (path ++ [ name ]) priority value.${name}) (builtins.attrNames value);

  # A Nix path would be copied to the store on its way to JSON. It is distinguished from a string that looks like it.
  plain =
    value:
    if builtins.isPath value then
      { __path = toString value; }
    else if value ? __package then
      { inherit (value) __package; } # with its path it would become text
    else if builtins.isList value then
      map plain value
    else if builtins.isAttrs value then
      builtins.mapAttrs (_: plain) value
    else
      value;
in
builtins.mapAttrs (_: folder: load (/. + "${folder}/configuration.nix")) hosts
