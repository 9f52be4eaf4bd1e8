using System.Net;
using System.Text;
using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Cli.Tests;

/// <summary>`fota audit`, as an auditor runs it: on the files of a log, without the signer.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Proves("L-6", "L-7")]
public sealed class AuditCommandTests
{
    private const string Program = "Fota.Cli";

    private readonly MemoryLog _log = new();
    private string _folder = "";

    [SetUp]
    public void WriteLog()
    {
        _folder = Directory.CreateTempSubdirectory("fota-audit-").FullName;
        Append(300);
        File.Copy(At("log/checkpoint"), At("kept"));
        Append(100);
    }

    [TearDown]
    public void RemoveLog() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Whole_log_is_verified_by_its_key_and_an_earlier_checkpoint()
    {
        ProgramRun run = await VerifyAsync("--checkpoint", At("kept"), "--keep", At("next"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.StartWith("verified: log log.example/signer, 400 entries, 3 tiles, root hash ").And.EndWith("grown from 1 earlier checkpoints\n"));
        Assert.That(await File.ReadAllBytesAsync(At("next")), Is.EqualTo(await File.ReadAllBytesAsync(At("log/checkpoint"))));
    }

    [Test]
    public async Task A51_Changed_entry_is_found()
    {
        byte[] bundle = await File.ReadAllBytesAsync(At("log/tile/entries/000"));
        bundle[bundle.AsSpan().IndexOf("something"u8)] = (byte)'S';
        await File.WriteAllBytesAsync(At("log/tile/entries/000"), bundle);
        await IsRefusedAsync("Fota.Cli: LogMismatch: tile/0/000", []);
    }

    [Test]
    public async Task A51_Log_that_was_written_anew_is_found_by_whoever_kept_a_checkpoint()
    {
        MemoryLog other = new();
        Checkpoint content = other.Append(Enumerable.Range(0, 400).Select(static number => Entry(number, number == 7 ? "another thing" : "something"))).Content;
        other.Files[ITileSource.Checkpoint] = _log.Sign(content.Size, content.Root).Note.Bytes.ToArray();
        Write(other);
        Assert.That((await VerifyAsync()).ExitCode, Is.Zero, "its own checkpoint does not show it");
        await IsRefusedAsync("Fota.Cli: LogSplitView: log log.example/signer: wanted root hash", ["--checkpoint", At("kept")]);
    }

    [Test]
    public async Task Entry_of_another_form_or_at_another_place_is_found()
    {
        MemoryLog other = new();
        other.Append(Entry(0, "something"), Entry(2, "something"));
        Write(other);
        ProgramRun run = await ProgramRun.OfAsync(Program, "audit", "verify", At("log"), "--vkey", other.Key.Text);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((1, "Fota.Cli: LogMismatch: entry 1: wanted its number in it, got 2\n")));
    }

    [Test]
    public async Task Entry_is_proven_offline()
    {
        ProgramRun proven = await ProgramRun.OfAsync(Program, "audit", "prove", At("log"), "17", "--vkey", _log.Key.Text, "--output", At("17.tlog-proof"));
        Assert.That((proven.ExitCode, proven.Output), Is.EqualTo((0, Encoding.UTF8.GetString(Entry(17, "something")) + "\n")), proven.Error);
        Directory.Delete(At("log"), recursive: true);
        ProgramRun verified = await ProgramRun.OfAsync(Program, "audit", "verify-proof", At("17.tlog-proof"), "--vkey", _log.Key.Text);
        Assert.That((verified.ExitCode, verified.Output), Is.EqualTo((0, proven.Output + "verified: entry 17 of the 400 of log log.example/signer\n")));
        byte[] forged = await File.ReadAllBytesAsync(At("17.tlog-proof"));
        forged[60] ^= 1;
        await File.WriteAllBytesAsync(At("17.tlog-proof"), forged);
        Assert.That((await ProgramRun.OfAsync(Program, "audit", "verify-proof", At("17.tlog-proof"), "--vkey", _log.Key.Text)).ExitCode, Is.EqualTo(1));
    }

    [Test]
    public async Task Log_of_a_repository_is_found_by_its_root_over_http()
    {
        await PublishAsync(Pinned());
        using HttpListener server = Serve(out string address);
        ProgramRun run = await ProgramRun.OfAsync(Program, "audit", "verify", address, "--root", At("root.json"));
        Assert.That((run.ExitCode, run.Output.StartsWith("verified: log log.example/signer, 400 entries", StringComparison.Ordinal)), Is.EqualTo((0, true)), run.Error);
        Append(0, rewritten: true);
        Assert.That((await ProgramRun.OfAsync(Program, "audit", "verify", _folder, "--root", At("root.json"))).Error, Does.StartWith("Fota.Cli: LogSplitView: "), "what devices pinned counts");
    }

    [Test]
    public async Task A51_Log_that_was_rewritten_when_it_got_another_key_is_found_by_the_root()
    {
        MemoryLog next = new("log.example/signer-2");
        await PublishAsync(Pinned(), next.Append(Enumerable.Range(0, 401).Select(static number => Entry(number, "another story"))));
        Rewrite(next);
        ProgramRun run = await ProgramRun.OfAsync(Program, "audit", "verify", _folder, "--root", At("root.json"));
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.StartWith("Fota.Cli: LogSplitView: log log.example/signer: wanted root hash"));
    }

    [Test]
    public async Task Checkpoint_that_was_kept_before_the_log_got_another_key_is_checked_by_the_root()
    {
        MemoryLog next = new("log.example/signer-2");
        await PublishAsync(Pinned(), next.Append(Enumerable.Range(0, 401).Select(static number => Entry(number, "something"))));
        Rewrite(next);
        string[] audit = ["audit", "verify", _folder, "--root", At("root.json"), "--checkpoint"];
        Assert.That((await ProgramRun.OfAsync(Program, [.. audit, At("kept")])).Output, Does.EndWith("grown from 3 earlier checkpoints\n"));
        await File.WriteAllBytesAsync(At("forged"), _log.Sign(300, Fota.Manifest.Sha256Digest.Of("another tree"u8)).Note.Bytes.ToArray());
        Assert.That((await ProgramRun.OfAsync(Program, [.. audit, At("forged")])).Error, Does.StartWith("Fota.Cli: LogSplitView: "));
        await File.WriteAllBytesAsync(At("foreign"), new MemoryLog().AppendNumbered(3).Note.Bytes.ToArray());
        Assert.That((await ProgramRun.OfAsync(Program, [.. audit, At("foreign")])).Error, Does.StartWith("Fota.Cli: SignatureInvalid: ").Or.StartWith("Fota.Cli: NoSignatures: "));
    }

    [Test]
    public async Task A51_Nothing_is_proven_of_a_log_that_contradicts_what_devices_pinned_or_the_auditor_kept()
    {
        await PublishAsync(Pinned());
        string[] prove = ["audit", "prove", _folder, "7", "--root", At("root.json"), "--output", At("7.tlog-proof")];
        Assert.That((await ProgramRun.OfAsync(Program, prove)).ExitCode, Is.Zero);
        File.Delete(At("7.tlog-proof"));
        await File.WriteAllBytesAsync(At("forged"), _log.Sign(300, Fota.Manifest.Sha256Digest.Of("another tree"u8)).Note.Bytes.ToArray());
        Assert.That((await ProgramRun.OfAsync(Program, [.. prove, "--checkpoint", At("forged")])).Error, Does.StartWith("Fota.Cli: LogSplitView: "));
        MemoryLog other = new();
        Checkpoint fork = other.Append(Enumerable.Range(0, 400).Select(static number => Entry(number, "another story"))).Content;
        other.Files[ITileSource.Checkpoint] = _log.Sign(fork.Size, fork.Root).Note.Bytes.ToArray();
        Rewrite(other);
        Assert.That((await ProgramRun.OfAsync(Program, prove)).Error, Does.StartWith("Fota.Cli: LogSplitView: "));
        Assert.That(File.Exists(At("7.tlog-proof")), Is.False);
    }

    [Test]
    [Proves("J-22")]
    public async Task A51_Server_s_log_is_held_against_what_devices_pinned_of_it()
    {
        await PublishAsync([new MemoryLog("log.example/of-the-signer").AppendNumbered(1)], [Pinned()]);
        string[] audit = ["audit", "verify", At("log"), "--root", At("root.json"), "--pinned-by", _folder];
        ProgramRun run = await ProgramRun.OfAsync(Program, audit);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.StartWith("verified: log log.example/signer, 400 entries, ").And.EndWith("grown from 1 earlier checkpoints\n"));
        MemoryLog other = new();
        Checkpoint fork = other.Append(Enumerable.Range(0, 401).Select(static number => Entry(number, "another story"))).Content;
        other.Files[ITileSource.Checkpoint] = _log.Sign(fork.Size, fork.Root).Note.Bytes.ToArray();
        Rewrite(other);
        Assert.That((await VerifyAsync()).ExitCode, Is.Zero, "its key alone does not show it");
        run = await ProgramRun.OfAsync(Program, audit);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.StartWith("Fota.Cli: LogSplitView: log log.example/signer: wanted root hash"));
    }

    /// <summary>Its entries and its signature are true: it is that of before, which nobody signs for any more.</summary>
    [Test]
    [Proves("J-22")]
    public async Task A51_Which_of_several_server_s_logs_it_is_is_not_for_the_server_to_say()
    {
        await PublishAsync([], [Pinned(), new MemoryLog("log.example/audit-2").AppendNumbered(2)]);
        string[] audit = ["audit", "verify", At("log"), "--root", At("root.json"), "--pinned-by", _folder];
        ProgramRun run = await ProgramRun.OfAsync(Program, audit);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((1, "Fota.Cli: --log: wanted the name of the log, as the timestamp names several (log.example/signer, log.example/audit-2), got none\n")));
        run = await ProgramRun.OfAsync(Program, [.. audit, "--log", "log.example/audit-2"]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((1, "Fota.Cli: ForeignLog: checkpoint: wanted origin log.example/audit-2, got another\n")));
        run = await ProgramRun.OfAsync(Program, [.. audit, "--log", "log.example/signer"]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.StartWith("verified: log log.example/signer, 400 entries, ").And.EndWith("\nother logs are named, and were not looked at: log.example/audit-2\n"));
    }

    [TestCase(false, "none")]
    [TestCase(true, "other.example/audit")]
    [Proves("J-22")]
    public async Task A51_Server_s_log_that_no_device_pinned_is_refused(bool another, string got)
    {
        await PublishAsync([Pinned()], another ? [new MemoryLog("other.example/audit").AppendNumbered(2)] : []);
        ProgramRun run = await ProgramRun.OfAsync(Program, "audit", "verify", At("log"), "--root", At("root.json"), "--pinned-by", _folder);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((1, $"Fota.Cli: ForeignLog: timestamp: wanted one that names server log log.example/signer, got {got}\n")));
    }

    [Test]
    public async Task Pins_are_taken_by_a_root_alone()
    {
        ProgramRun run = await VerifyAsync("--pinned-by", _folder);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((2, "Fota.Cli: --pinned-by: wanted --root beside it, got none. See --help.\n")));
    }

    [Test]
    public async Task A_name_is_taken_for_pins_alone()
    {
        ProgramRun run = await VerifyAsync("--log", "log.example/signer");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((2, "Fota.Cli: --log: wanted --pinned-by beside it, got none. See --help.\n")));
    }

    [Test]
    public async Task One_of_key_and_root_is_wanted()
    {
        Assert.That((await ProgramRun.OfAsync(Program, "audit", "verify", At("log"))).ExitCode, Is.EqualTo(2));
        Assert.That((await ProgramRun.OfAsync(Program, "audit", "verify", At("log"), "--vkey", "none")).Error, Does.Contain("--vkey: a vkey: wanted NAME+ID+KEY"));
    }

    private static byte[] Entry(int number, string subject) =>
        new LogEntry { Number = number, Time = DateTimeOffset.UnixEpoch, Kind = "test.happened", Actor = "test", Subject = subject }.Encode();

    private Task<ProgramRun> VerifyAsync(params string[] further) => ProgramRun.OfAsync(Program, ["audit", "verify", At("log"), "--vkey", _log.Key.Text, .. further]);

    private async Task IsRefusedAsync(string error, string[] further)
    {
        ProgramRun run = await VerifyAsync(further);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.StartWith(error));
    }

    private void Append(int count, bool rewritten = false)
    {
        if (rewritten)
        {
            _log.Files[ITileSource.Checkpoint] = _log.Sign(400, Fota.Manifest.Sha256Digest.Of("another tree"u8)).Note.Bytes.ToArray();
        }
        else
        {
            int first = (int)_log.Size;
            _log.Append(Enumerable.Range(first, count).Select(static number => Entry(number, "something")));
        }

        Write(_log);
    }

    private VerifiedCheckpoint Pinned() => VerifiedCheckpoint.Verify(File.ReadAllBytes(At("log/checkpoint")), _log.Key).IsAccepted();

    private Task PublishAsync(params VerifiedCheckpoint[] logs) => PublishAsync(logs, []);

    private async Task PublishAsync(VerifiedCheckpoint[] logs, VerifiedCheckpoint[] serverLogs)
    {
        RepositorySimulator repository = new() { Now = TimeProvider.System.GetUtcNow() };
        foreach (SimulatedRole role in (SimulatedRole[])[repository.Root, repository.Timestamp])
        {
            role.Expires = repository.Now.AddDays(30);
        }

        repository.RotateRoot();
        Array.ForEach(logs, repository.Logs.Add);
        Array.ForEach(serverLogs, repository.ServerLogs.Add);
        repository.PublishTimestamp();
        Directory.CreateDirectory(At("metadata"));
        foreach ((string name, byte[] file) in repository.Files)
        {
            await File.WriteAllBytesAsync(At($"metadata/{name}"), file);
        }

        await File.WriteAllBytesAsync(At("root.json"), repository.TrustedRoot);
    }

    private void Rewrite(MemoryLog log)
    {
        Directory.Delete(At("log"), recursive: true);
        Write(log);
    }

    private void Write(MemoryLog log)
    {
        foreach ((string path, byte[] file) in log.Files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At($"log/{path}"))!);
            File.WriteAllBytes(At($"log/{path}"), file);
        }
    }

    private HttpListener Serve(out string address)
    {
        for (int port = 40_000; ; port++)
        {
            HttpListener server = new();
            address = $"http://127.0.0.1:{port}/";
            server.Prefixes.Add(address);
            try
            {
                server.Start();
            }
            catch (HttpListenerException)
            {
                server.Close();
                continue;
            }

            server.BeginGetContext(Answer, server);
            return server;
        }
    }

    private void Answer(IAsyncResult result)
    {
        HttpListener server = (HttpListener)result.AsyncState!;
        if (!server.IsListening)
        {
            return;
        }

        HttpListenerContext context = server.EndGetContext(result);
        server.BeginGetContext(Answer, server);
        string file = At(context.Request.Url!.AbsolutePath[1..]);
        if (File.Exists(file))
        {
            context.Response.OutputStream.Write(File.ReadAllBytes(file));
        }
        else
        {
            context.Response.StatusCode = 404;
        }

        context.Response.Close();
    }

    private string At(string name) => Path.Combine(_folder, name);
}
