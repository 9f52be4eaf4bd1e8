using Fota.EndToEnd.Tests.Roles;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Identity;

/// <summary>docs/runbooks/change-server-ca.md, rehearsed: its commands as they stand there, with devices that follow it and devices that do not.</summary>
public sealed class ServerCaChangeTests
{
    private const string Reason = "is not of an authority in serverCa";

    private SignerSite _signer = null!;
    private FieldServer _server = null!;
    private Queue<(string Command, string Expected)> _steps = null!;

    [OneTimeSetUp]
    public async Task Install()
    {
        _signer = await SignerSite.CreateAsync();
        await _signer.ReleaseAsync("1.0.0");
        _server = await FieldServer.InstallAsync(_signer);
        string[] runbook = await File.ReadAllLinesAsync(RepositoryRoot.Path("docs", "runbooks", "change-server-ca.md"));
        _steps = new(RunbookTests.Blocks(runbook, "sh").Zip(RunbookTests.Blocks(runbook, "text")));
        foreach ((string program, string file) in new[] { ("fota", "Fota.Cli"), ("fota-server", "Fota.UpdateServer") })
        {
            File.CreateSymbolicLink(_signer.Path($"bin/{program}"), Path.Combine(AppContext.BaseDirectory, file));
        }
    }

    [OneTimeTearDown]
    public async Task Remove()
    {
        await _server.DisposeAsync();
        _signer.Dispose();
    }

    [Test]
    [Category("Full")]
    [Proves("I-21", "I-22")]
    public async Task Device_that_follows_the_runbook_never_loses_the_server_and_one_that_does_not_says_why()
    {
        string old = await File.ReadAllTextAsync(_signer.Path("home/ca/service-ca.pem"));
        FieldDevice follower = await ManufactureAsync("pump-0001"), straggler = await ManufactureAsync("pump-0002"), ahead = await ManufactureAsync("pump-0003");
        await _server.RestartAsync(TimeSpan.Zero);
        await AreServedAsync(follower, straggler, ahead);

        await StepAsync(); // the next CA, and the bundle
        string next = await File.ReadAllTextAsync(_signer.Path("home/ca/service-ca.next.pem"));
        follower.Trust(old, next);
        ahead.Trust(next); // the old one dropped too early
        await AreServedAsync(follower, straggler);
        await IsLostAsync(ahead);
        ahead.Trust(next, old);

        await StepAsync(); // who has it
        await StepAsync(); // the switch, and the server's certificate by the next CA
        await AreServedAsync(follower, straggler, ahead);
        await _server.StopAsync();
        await StepAsync(); // into its place
        await _server.RestartAsync(TimeSpan.Zero);
        await AreServedAsync(follower, ahead);
        await IsLostAsync(straggler);
        await StepAsync(); // who is missing: the signer and operators still reach the server by the bundle

        straggler.Trust(old, next); // by a technician
        follower.Trust(next);
        ahead.Trust(next);
        await AreServedAsync(follower, straggler, ahead);
        Assert.That(_steps, Is.Empty);
    }

    private Task<FieldDevice> ManufactureAsync(string name) => FieldDevice.ManufactureAsync(_signer, name, days: 3650, onToken: false);

    private async Task AreServedAsync(params FieldDevice[] devices)
    {
        foreach (FieldDevice device in devices)
        {
            ProgramRun run = await device.CheckAsync(_server.Address, TimeSpan.Zero);
            Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, FieldDevice.NothingIsPublished)), device.Name);
        }
    }

    private async Task IsLostAsync(FieldDevice device)
    {
        ProgramRun run = await device.CheckAsync(_server.Address, TimeSpan.Zero);
        Assert.That((run.ExitCode, run.ErrorLines.Length), Is.EqualTo((1, 1)), run.Error);
        Assert.That(run.Error, Does.StartWith("waiting: POST /api/v1/check-in: ").And.Contains(Reason));
    }

    private async Task StepAsync()
    {
        (string command, string expected) = _steps.Dequeue();
        string variables = $"H='{_signer.Home}'\nP='{_signer.Path("pins")}'\nS='{_server.Folder}'\nURL='{_server.Address}'\nexport FOTA_SERVER=$URL FOTA_TOKEN_FILE='{_server.Token}'\n";
        ProgramRun run = await ProgramRun.OfFileAsync("/bin/bash", _signer.Environment, "-c", $"set -euo pipefail\ncd '{_signer.Path("")}'\n{variables}{command}");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")), command);
        Assert.That(run.Output, Does.Match(RunbookTests.Pattern(expected)), command);
    }
}
