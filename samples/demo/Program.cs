using System.CommandLine;
using Fota.Manifest;
using Fota.Samples.Demo;
using Fota.Shared;

Option<DirectoryInfo> programs = new("--programs") { Description = "Folder with fota, fota-signer, fota-server, fota-agent and samples/.", Required = true };
Option<DirectoryInfo> directory = new("--directory") { Description = "Where the demonstration works; emptied first.", Required = true };
Option<DirectoryInfo> plans = new("--plans") { Description = "Folder with ceremony.yaml.", Required = true };
Option<bool> keep = new("--keep") { Description = "Leave server and devices up at the end." };
RootCommand root = new("The whole chain: keys, a release, a canary rollout, a bad release, and an attacker.") { programs, plans, directory, keep };
root.SetAction(async (parsed, cancellation) =>
{
    await using Demonstration demonstration = new(parsed.GetRequiredValue(programs).FullName, parsed.GetRequiredValue(plans).FullName, parsed.GetRequiredValue(directory).FullName);
    return await demonstration.RunAsync(parsed.GetValue(keep), cancellation);
});
return await CommandLineEntry.RunAsync(root, args, static e => e is DemoFailedException or RejectedException);
