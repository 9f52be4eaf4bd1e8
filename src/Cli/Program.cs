using System.CommandLine;
using System.Security.Cryptography;
using Fota.Cli;
using Fota.Cli.Audit;
using Fota.Cli.Login;
using Fota.Cli.Manifests;
using Fota.Cli.Packs;
using Fota.Cli.Server;
using Fota.Cli.Signing;
using Fota.Manifest;
using Fota.Shared;

RootCommand root = new("Fota for people: look at manifests, release firmware, roll it out, watch devices.")
{
    ManifestCommands.Create(),
    PackCommands.Create(),
    ReleaseCommands.Create(),
    CeremonyCommands.Create(),
    IdentityCommand.Create(),
    RolloutCommands.Create(),
    FleetCommands.CreateDevice(),
    FleetCommands.CreateFleet(),
    FleetCommands.CreateCatalog(),
    OperatorCommands.Create(),
    LoginCommands.CreateLogin(),
    LoginCommands.CreateLogout(),
    LoginCommands.CreateWhoAmI(),
    AuditCommands.Create(),
};

return await CommandLineEntry.RunAsync(root, args, static e => e is RejectedException or CommandFailedException or HttpRequestException or CryptographicException);
