using System.CommandLine;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Daemon;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Shared;
using System.Security.Cryptography;

Option<string> config = new("--config") { Description = "The device's configuration file, agent.json.", Required = true };
Option<string> output = new("--out") { Description = "Where to write the certificate request (PKCS#10, PEM).", Required = true };
Option<bool> json = new("--json") { Description = "Print JSON." };

Command enrol = new("enrol", "Makes the device's key, where it is missing, and a request for its certificate.") { config, output };
enrol.SetAction(result => Commands.Enrol(AgentSettings.Load(result.GetRequiredValue(config)), result.GetRequiredValue(output)));

Command run = new("run", "Runs until it is stopped (exit code 0) or the system has to be restarted (exit code 10).") { config };
run.SetAction(async (result, cancellation) => await Commands.RunAsync(AgentSettings.Load(result.GetRequiredValue(config)), cancellation));

Command check = new("check", "Checks in once and installs what is assigned. Exit code 1 when it was refused, 10 when the system has to be restarted, 11 when the update waits for a gate or a trial is undecided.") { config };
check.SetAction(async (result, cancellation) => await Commands.CheckAsync(AgentSettings.Load(result.GetRequiredValue(config)), cancellation));

Command status = new("status", "Says what runs on the device and what became of the last update.") { config, json };
status.SetAction(result => Commands.Status(AgentSettings.Load(result.GetRequiredValue(config)), result.GetValue(json)));

Option<string?> manifest = new("--manifest-digest") { Description = "The release that the operator agrees to, as `status` names it." };
Option<bool> withdraw = new("--withdraw") { Description = "Take the consent back." };
Command consent = new("consent", "Gives the operator's consent to one release, for the gate of that name.") { config, manifest, withdraw };
consent.Validators.Add(result =>
{
    if (result.GetValue(withdraw) != (result.GetValue(manifest) is null))
    {
        result.AddError("consent: wanted one of --manifest-digest and --withdraw.");
    }
});
consent.SetAction(result => Commands.Consent(AgentSettings.Load(result.GetRequiredValue(config)), result.GetValue(manifest) is { } text ? Sha256Digest.Parse(text) : null));

Argument<string> source = new("SOURCE") { Description = "A copy of the repository: a folder, or an http or https address." };
Argument<string> release = new("RELEASE") { Description = "The release: its version, or the path of its envelope." };
Command install = new("install", "Installs a release from a copy of the repository, without a server: proven as always. Exit code 1 when it was refused, 10 when the system has to be restarted, 11 when it has to wait.") { config, source, release };
install.SetAction(async (result, cancellation) => await Commands.InstallAsync(AgentSettings.Load(result.GetRequiredValue(config)), result.GetRequiredValue(source), result.GetRequiredValue(release), cancellation));

RootCommand root = new("Keeps one device up to date, trusting only what it has proven.") { enrol, run, check, install, status, consent, TufCommand.Create() };
int code = await CommandLineEntry.RunAsync(
    root, args, static e => e is SettingsException or DeviceStateException or RejectedException or RepositoryUnavailableException or CryptographicException or ArgumentException);
return TufCommand.ExitCode(args, code);
