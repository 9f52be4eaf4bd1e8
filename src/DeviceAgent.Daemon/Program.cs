using System.CommandLine;
using Fota.DeviceAgent;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Daemon;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Shared;
using System.Security.Cryptography;

Option<string> config = new("--config") { Description = "The device's configuration file, agent.json.", Required = true };
Option<string> output = new("--out") { Description = "Where to write the certificate request (PKCS#10, PEM).", Required = true };
Option<bool> json = new("--json") { Description = "Print JSON: one object, or one a line as things happen." };

Command enrol = new("enrol", "Makes the device's key, where it is missing, and a request for its certificate.") { config, output };
enrol.SetAction(result => Commands.Enrol(result.GetRequiredValue(config), result.GetRequiredValue(output)));

Command run = new("run", "Runs until it is stopped (exit code 0) or the system has to be restarted (exit code 10).") { config, json };
run.SetAction(async (result, cancellation) => await Commands.RunAsync(result.GetRequiredValue(config), Voice(result, "rebooting"), cancellation));

Command check = new("check", "Checks in once and installs what is assigned. Exit code 1 when it was refused, 10 when the system has to be restarted, 11 when the update waits for a gate or a trial is undecided.") { config, json };
check.SetAction((result, cancellation) => OnceAsync(result, host => host.CheckAsync(cancellation)));

Command status = new("status", "Says what runs on the device and what became of the last update.") { config, json };
status.SetAction(result => Commands.Status(result.GetRequiredValue(config), result.GetValue(json)));

Option<bool> undecided = new("--undecided") { Description = "Confirm a trial that the health checks leave undecided, on your word. What a check speaks against stays unconfirmed." };
Command confirm = new("confirm", "Judges the release on trial now. Exit code 0 when what runs is confirmed, 1 when a check speaks against it, 10 when the system has to be restarted to go back, 11 when it stays undecided.") { config, undecided, json };
confirm.SetAction((result, cancellation) => OnceAsync(result, host => host.ConfirmAsync(result.GetValue(undecided) ? UndecidedTrial.ConfirmOnMyWord : UndecidedTrial.GoesOn, cancellation)));

Command rollback = new("rollback", "Goes back to the confirmed release in the other slot; the one that runs is not installed again. Exit code 10: the system has to be restarted; 1 when there is nothing to go back to.") { config, json };
rollback.SetAction((result, cancellation) => OnceAsync(result, host => host.RollbackAsync(cancellation)));

Command diagnose = new("diagnose", "Looks at every part that an update needs, and changes nothing. Exit code 1 when one is wrong.") { config, json };
diagnose.SetAction(async (result, cancellation) => await Commands.DiagnoseAsync(result.GetRequiredValue(config), result.GetValue(json), cancellation));

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
consent.SetAction(result => Commands.Consent(result.GetRequiredValue(config), result.GetValue(manifest) is { } text ? Sha256Digest.Parse(text) : null));

Argument<string> source = new("SOURCE") { Description = "A copy of the repository: a folder, or an http or https address." };
Argument<string> release = new("RELEASE") { Description = "The release: its version, or the path of its envelope." };
Command install = new("install", "Installs a release from a copy of the repository, without a server: proven as always. Exit code 1 when it was refused, 10 when the system has to be restarted, 11 when it has to wait.") { config, source, release, json };
install.SetAction((result, cancellation) => OnceAsync(result, host => host.InstallAsync(result.GetRequiredValue(source), result.GetRequiredValue(release), cancellation)));

RootCommand root = new("Keeps one device up to date, trusting only what it has proven.") { enrol, run, check, install, status, confirm, rollback, diagnose, consent, TufCommand.Create() };
int code = await CommandLineEntry.RunAsync(
    root, args, static e => e is SettingsException or DeviceStateException or DeviceBusyException or RejectedException or RepositoryUnavailableException or CryptographicException or ArgumentException);
return TufCommand.ExitCode(args, code);

IAgentVoice Voice(ParseResult result, string restart) => result.GetValue(json) ? new LinesForMachines() : new LinesForPeople(restart);

Task<int> OnceAsync(ParseResult result, Func<AgentHost, Task<AgentOutcome>> operation) => Commands.OnceAsync(result.GetRequiredValue(config), Voice(result, "restart the system to go on"), operation);
