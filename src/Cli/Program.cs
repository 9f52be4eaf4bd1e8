using System.CommandLine;
using Fota.Cli;
using Fota.Cli.Audit;
using Fota.Cli.Manifests;
using Fota.Cli.Packs;
using Fota.Cli.Server;
using Fota.Manifest;
using Fota.Shared;

RootCommand root = new("Fota for people: look at manifests, release firmware, roll it out, watch devices.")
{
    ManifestCommands.Create(),
    PackCommands.Create(),
    ReleaseCommand.Create(),
    RolloutCommands.Create(),
    FleetCommands.CreateDevice(),
    FleetCommands.CreateCatalog(),
    AuditCommands.Create(),
};

// What follows `release` is the signer's, help included; "--" keeps this parser from reading it.
string[] words = args is ["release", _, ..] ? ["release", "--", .. args[1..]] : args;
return await CommandLineEntry.RunAsync(root, words, static e => e is RejectedException or CommandFailedException or HttpRequestException);
