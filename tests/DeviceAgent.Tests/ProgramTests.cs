using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>The programs as they are installed: fota-agent and board, a key on a token, and a server behind mutual TLS 1.3.</summary>
public sealed class ProgramTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Test]
    public async Task Board_and_agent_bring_a_release_from_the_server_to_a_confirmed_boot()
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", serverAuthority.Pem);
        VerificationKey deviceKey = await EnrolAsync(programs, deviceAuthority);
        using FleetServer server = new(deviceKey);
        server.PublishForToday();
        await using FleetListener listener = await FleetListener.StartAsync(server, serverAuthority);
        programs.Settings["server"] = listener.Address.ToString();
        programs.Save();
        string board = await ManufactureAsync(programs, server);
        byte[] running = await File.ReadAllBytesAsync(programs.PathOf("image"));
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2, security: 2, image: DeltaScene.Next(running, "1.1.0"));
        server.Offer(release);
        server.OfferDelta(release.DeltaFrom(running), running);

        using Process power = programs.Start(InstalledPrograms.BoardProgram, "power-on", "--config", board, "--agent", InstalledPrograms.AgentProgram);
        (List<string> lines, int powerExitCode) = await ReadUntilAsync(power, static line => line.StartsWith("confirmed:", StringComparison.Ordinal));

        Assert.That(powerExitCode, Is.Zero);
        Assert.That(lines, Has.Some.EqualTo("board: slot B: starting 1.1.0 on trial, 2 tries left"));
        Assert.That(lines, Has.Some.EqualTo("rebooting"));
        Assert.That(listener.Subjects.Distinct(StringComparer.Ordinal), Is.EqualTo(new[] { "OU=infusion-pump, CN=pump-0001" }));
        Assert.That(server.States.Take(2), Is.EqualTo(new[] { ReportState.Installing, ReportState.Activated }));

        (int exitCode, string output, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig, "--json");
        using JsonDocument status = JsonDocument.Parse(output);
        Assert.That(exitCode, Is.Zero);
        Assert.That(status.RootElement.GetProperty("version").GetString(), Is.EqualTo("1.1.0"));
        Assert.That(status.RootElement.GetProperty("slot").GetString(), Is.EqualTo("B"));
        Assert.That(status.RootElement.GetProperty("floor").GetInt32(), Is.EqualTo(2));
        Assert.That(status.RootElement.GetProperty("last_transfer").GetProperty("kind").GetString(), Is.EqualTo("delta"));

        server.Offer(SampleRelease.Create("1.2.0", sequence: 3), server.Repository.Pump.Keys[0]);
        (exitCode, _, string refusal) = await programs.RunAsync(InstalledPrograms.AgentProgram, "check", "--config", programs.AgentConfig);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(refusal, Does.StartWith("refused: ThresholdNotMet: envelope: wanted "));
    }

    [Test]
    public async Task Server_of_another_authority_is_not_spoken_to()
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA"), stranger = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", serverAuthority.Pem);
        using FleetServer server = new(await EnrolAsync(programs, deviceAuthority));
        server.PublishForToday();
        await using FleetListener listener = await FleetListener.StartAsync(server, stranger);
        programs.Settings["server"] = listener.Address.ToString();
        programs.Save();
        await ManufactureAsync(programs, server);
        SayBooted(programs);

        (int exitCode, _, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "check", "--config", programs.AgentConfig);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.StartWith("waiting: POST /api/v1/check-in: "));
        Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(server.Requests, Is.Empty);
    }

    [Test]
    public async Task Service_manager_is_told_when_the_agent_is_ready_and_that_it_lives()
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", serverAuthority.Pem);
        using FleetServer server = new(await EnrolAsync(programs, deviceAuthority));
        server.PublishForToday();
        await ManufactureAsync(programs, server);
        SayBooted(programs);
        using Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(programs.PathOf("notify")));
        programs.Environment["NOTIFY_SOCKET"] = programs.PathOf("notify");
        programs.Environment["WATCHDOG_USEC"] = "300000";

        using Process agent = programs.Start(InstalledPrograms.AgentProgram, "run", "--config", programs.AgentConfig);
        using CancellationTokenSource patience = new(s_patience);
        List<string> messages = [];
        byte[] buffer = new byte[256];
        while (messages.Count(static message => message == "WATCHDOG=1") < 3 || !messages.Contains("READY=1"))
        {
            messages.Add(Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, patience.Token)));
        }

        ProcessSignal.Terminate(agent.Id);
        await agent.WaitForExitAsync(patience.Token);
        Assert.That(agent.ExitCode, Is.Zero);
        Assert.That(messages.Distinct(StringComparer.Ordinal), Is.EquivalentTo(new[] { "READY=1", "WATCHDOG=1" }));
    }

    [TestCase("check")]
    [TestCase("consent", "--withdraw")]
    public async Task Folder_of_another_user_is_not_written_to(string command, params string[] options)
    {
        using TestAuthority authority = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", authority.Pem);
        string folder = "/usr"; // another's, unless one is root
        if (Environment.IsPrivilegedProcess)
        {
            folder = Directory.CreateDirectory(programs.PathOf("device")).FullName;
            Assert.That((await ProgramRun.OfFileAsync("chown", null, "65534", folder)).ExitCode, Is.Zero);
        }

        programs.Settings["directory"] = folder;
        programs.Save();
        (int exitCode, _, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, [command, "--config", programs.AgentConfig, .. options]);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error.TrimEnd(), Does.EndWith($"{folder}: wanted a folder of the user who runs this, got another's: run it as the agent's user (sudo -u)"));
        Assert.That(Directory.Exists(Path.Combine(folder, "run")), Is.EqualTo(folder == "/usr" && Directory.Exists("/usr/run")));
    }

    [Test]
    public async Task Release_from_a_folder_is_installed_without_a_server_and_a_forged_one_is_not()
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", serverAuthority.Pem);
        using FleetServer server = new(await EnrolAsync(programs, deviceAuthority));
        server.PublishForToday();
        await ManufactureAsync(programs, server);
        SayBooted(programs);
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        server.Publish(release);
        server.Publish(SampleRelease.Create("1.2.0", sequence: 3), server.Repository.Pump.Keys[0]);
        server.WriteTo(programs.PathOf("card"));

        (int exitCode, _, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "install", "--config", programs.AgentConfig, programs.PathOf("card"), "1.2.0");
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.StartWith("refused: ThresholdNotMet: envelope: wanted "));

        (exitCode, _, error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "install", "--config", programs.AgentConfig, programs.PathOf("card") + "/", "1.1.0");
        Assert.That((exitCode, error), Is.EqualTo((10, "")));
        byte[] slot = await File.ReadAllBytesAsync(programs.PathOf("device/slots/b.img"));
        Assert.That(slot.AsSpan(0, release.Image.Length).SequenceEqual(release.Image), Is.True);
        Assert.That(new BootRecordStore(new FileDurableStore(programs.PathOf("device"))).Read()!.B.IsPending, Is.True);

        (exitCode, _, error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "install", "--config", programs.AgentConfig, programs.PathOf("nothing"), "1.1.0");
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error.TrimEnd(), Does.EndWith($": {programs.PathOf("nothing")}: wanted a folder, or an http or https address"));
    }

    [Test]
    [Proves("I-1")]
    public async Task P7_Key_file_in_a_production_layout_is_refused()
    {
        using TestAuthority authority = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", authority.Pem);
        programs.Settings["key"] = new JsonObject { ["unsafeFile"] = "key.pem" };
        programs.Save();
        (int exitCode, _, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "enrol", "--config", programs.AgentConfig, "--out", programs.PathOf("device.csr"));
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("unsafeFile: wanted no key file in a production layout"));
        Assert.That(programs.PathOf("key.pem"), Does.Not.Exist);

        programs.Settings["layout"] = "development";
        programs.Save();
        (exitCode, _, error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "enrol", "--config", programs.AgentConfig, "--out", programs.PathOf("device.csr"));
        Assert.That(exitCode, Is.Zero, error);
    }

    [TestCase("/usr/bin/softhsm2-util", "--import", "key.pem", "--token", "device", "--label", "device", "--id", "01", "--pin", "PIN")]
    [TestCase("/usr/bin/pkcs11-tool", "--module", SoftHsm.ModulePath, "--token-label", "device", "--login", "--pin", "PIN", "--keypairgen", "--key-type", "EC:prime256v1", "--label", "device", "--id", "01", "--extractable")]
    [Proves("I-1")]
    public async Task P7_Token_key_that_was_ever_extractable_is_refused_at_enrolment_and_at_start(string tool, params string[] arguments)
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", serverAuthority.Pem);
        using (ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            await File.WriteAllTextAsync(programs.PathOf("key.pem"), key.ExportPkcs8PrivateKeyPem());
        }

        string pin = (await File.ReadAllTextAsync(programs.PathOf("pin"))).TrimEnd(), officerPin = (await File.ReadAllTextAsync(programs.PathOf("so-pin"))).TrimEnd();
        (int exitCode, _, string error) = await programs.RunAsync("/usr/bin/softhsm2-util", "--init-token", "--free", "--label", "device", "--pin", pin, "--so-pin", officerPin);
        Assert.That(exitCode, Is.Zero, error);
        (exitCode, _, error) = await programs.RunAsync(tool, [.. arguments.Select(argument => argument switch { "PIN" => pin, "key.pem" => programs.PathOf(argument), _ => argument })]);
        Assert.That(exitCode, Is.Zero, error);

        (exitCode, _, error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "enrol", "--config", programs.AgentConfig, "--out", programs.PathOf("device.csr"));
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("token key 'device': wanted one that is sensitive and never was extractable").And.Contain("never extractable False"));
        Assert.That(programs.PathOf("device.csr"), Does.Not.Exist);

        (exitCode, _, error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "check", "--config", programs.AgentConfig);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("token key 'device': wanted one that is sensitive and never was extractable"));
    }

    [Test]
    public async Task Pin_file_that_others_may_read_is_refused()
    {
        using TestAuthority authority = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", authority.Pem);
        File.SetUnixFileMode(programs.PathOf("pin"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        (int exitCode, _, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "enrol", "--config", programs.AgentConfig, "--out", programs.PathOf("device.csr"));
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("wanted mode 0600"));
    }

    [Test]
    public async Task Setting_with_a_typing_mistake_is_refused_in_one_line()
    {
        using TestAuthority authority = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", authority.Pem);
        programs.Settings["serverCA"] = "service-ca.pem";
        programs.Save();
        (int exitCode, _, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error.TrimEnd(), Does.EndWith("agent.json: serverCA: no such setting").And.Not.Contains("\n"));
    }

    [Test]
    public async Task Wrong_argument_gives_one_line_and_exit_code_2()
    {
        using TestAuthority authority = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", authority.Pem);
        foreach (string program in (string[])[InstalledPrograms.AgentProgram, InstalledPrograms.BoardProgram])
        {
            (int exitCode, _, string error) = await programs.RunAsync(program, "fly");
            Assert.That(exitCode, Is.EqualTo(2));
            Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        }
    }

    [Test]
    public async Task Board_without_a_valid_slot_says_so_and_stops()
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", serverAuthority.Pem);
        using FleetServer server = new(await EnrolAsync(programs, deviceAuthority));
        string board = await ManufactureAsync(programs, server);
        File.Delete(programs.PathOf("device/slots/a.suit"));
        (int exitCode, string output, _) = await programs.RunAsync(InstalledPrograms.BoardProgram, "power-on", "--config", board, "--agent", InstalledPrograms.AgentProgram);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Does.Contain("slot A: refused: MissingField").And.Contain("no slot holds a release that may run"));
    }

    /// <summary>Reads until a line comes, asks the process to stop, and waits until it has.</summary>
    private static async Task<(List<string> Lines, int ExitCode)> ReadUntilAsync(Process process, Func<string, bool> isLast)
    {
        using CancellationTokenSource patience = new(s_patience, TimeProvider.System);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        List<string> lines = [];
        try
        {
            while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                lines.Add(line);
                if (isLast(line))
                {
                    ProcessSignal.Terminate(process.Id);
                }
            }

            await process.WaitForExitAsync(patience.Token);
            return (lines, process.ExitCode);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"not within {s_patience}:\n{string.Join('\n', lines)}\n{await error}");
            throw;
        }
    }

    internal static async Task<VerificationKey> EnrolAsync(InstalledPrograms programs, TestAuthority authority)
    {
        string request = programs.PathOf("device.csr");
        (int exitCode, _, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "enrol", "--config", programs.AgentConfig, "--out", request);
        Assert.That(exitCode, Is.Zero, error);
        string certificate = authority.IssueDevice(await File.ReadAllTextAsync(request));
        await File.WriteAllTextAsync(programs.PathOf("device.pem"), certificate);
        using X509Certificate2 issued = X509Certificate2.CreateFromPem(certificate);
        return VerificationKey.FromSubjectPublicKeyInfo(issued.PublicKey.ExportSubjectPublicKeyInfo());
    }

    // What a bootloader leaves, without one.
    internal static void SayBooted(InstalledPrograms programs)
    {
        InstalledRelease release = new(Sha256Digest.Of("any"u8), new SequenceNumber(1), ReleaseVersion.Parse("1.0.0"), new SecurityVersion(1));
        new BootFacts(SlotName.A, Trial: false, release).Write(new FileDurableStore(programs.PathOf("device")));
    }

    internal static async Task<string> ManufactureAsync(InstalledPrograms programs, FleetServer server)
    {
        SampleRelease factory = SampleRelease.Create("1.0.0", sequence: 1);
        SoftwareKey[] keys = [.. server.Repository.Pump.Keys];
        await File.WriteAllBytesAsync(programs.PathOf("image"), factory.Image);
        await File.WriteAllBytesAsync(programs.PathOf("image.suit"), factory.SignedBy(keys).Bytes.ToArray());
        await File.WriteAllBytesAsync(programs.PathOf("root.json"), server.Repository.TrustedRoot);
        await File.WriteAllTextAsync(programs.PathOf("release.pem"), keys[0].PublicKey.ToPem());
        await File.WriteAllTextAsync(programs.PathOf("approver.pem"), keys[1].PublicKey.ToPem());
        string board = programs.PathOf("board.json");
        await File.WriteAllTextAsync(board, """{"agentConfig":"agent.json","anchors":["release.pem","approver.pem"],"threshold":2,"hashBasedAnchors":"none"}""");
        (int exitCode, _, string error) = await programs.RunAsync(
            InstalledPrograms.BoardProgram, "manufacture", "--config", board, "--image", programs.PathOf("image"), "--envelope", programs.PathOf("image.suit"));
        Assert.That(exitCode, Is.Zero, error);
        return board;
    }
}
