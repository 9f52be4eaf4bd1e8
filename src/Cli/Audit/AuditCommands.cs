using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Fota.Cli.Packs;
using Fota.Cli.Server;
using Fota.Manifest;
using Fota.Manifest.Log;

namespace Fota.Cli.Audit;

/// <summary>`fota audit`: the log of a signer or of an update server, checked by anybody, against what devices pinned.</summary>
internal static class AuditCommands
{
    private static readonly Argument<string> s_source = new("SOURCE") { Description = "The log: a folder or an address that has `checkpoint` in it, for a server's own https://SERVER/api/v1/audit/log/. With --root, the repository: one that has `metadata/` and `log/` in it." };

    private static readonly Option<NoteKey?> s_key = new("--vkey") { HelpName = "VKEY", Description = "The log's key, as `fota-signer log show` prints it.", CustomParser = ParseKey };

    private static readonly Option<FileInfo> s_root = new Option<FileInfo>("--root") { HelpName = "FILE", Description = "In place of --vkey: a root.json that you trust; the repository's timestamp then names the log's key." }.AcceptExistingOnly();

    private static readonly Option<string?> s_pinnedBy = new("--pinned-by")
    {
        HelpName = "REPOSITORY",
        Description = "With --root, for a server's own log: a folder or an address that has `metadata/` in it, for the server's own https://SERVER/repo/. Its timestamp names the log's key, and what devices pin of it.",
    };

    private static readonly Option<string?> s_log = new("--log")
    {
        HelpName = "NAME",
        Description = "With --pinned-by: the log's name, demanded where the timestamp names several logs of servers. It is the one that `fota-signer online --server-log` has now.",
    };

    private static readonly Option<FileInfo[]> s_checkpoints = new Option<FileInfo[]>("--checkpoint")
    {
        HelpName = "FILE",
        Description = "A checkpoint that you kept from an earlier time: nothing before it may have changed. With --root, also one by a key that the log had before. May be repeated.",
    }.AcceptExistingOnly();

    private static readonly Option<FileInfo?> s_token = new("--token-file") { HelpName = "FILE", Description = "Your token, where the log is shown to auditors alone, as a server's own is." };

    public static Command Create() => new("audit", "Check the log of all that a signer, or an update server, did.") { Verify(), Prove(), VerifyProof(), EvidenceCommand.Create() };

    private static Command Verify()
    {
        Option<string?> keep = new("--keep") { HelpName = "FILE", Description = "Writes the checkpoint that was verified, for next time." };
        Option<bool> entries = new("--entries") { Description = "Prints each entry, a line of JSON." };
        Option<string?> mirror = new("--mirror") { HelpName = "FOLDER", Description = "Keeps a copy of the log there, which verifies without its server." };
        Command command = WithSource(new Command("verify", "Checks every entry and every tile of a log against its signed checkpoint."), keep, entries, mirror);
        command.SetAction(parsed =>
        {
            MirroredSource? copy = parsed.GetValue(mirror) is { } folder ? new MirroredSource(SourceOf(parsed), folder) : null;
            AuditedSource source = Open(parsed, copy ?? SourceOf(parsed));
            bool shown = parsed.GetValue(entries);
            AuditedLog audited = source.Audit(entry =>
            {
                if (shown)
                {
                    Output.JsonLine(entry.Span);
                }
            });
            copy?.Complete();
            if (parsed.GetValue(keep) is { } file)
            {
                OutputFile.Write(file, stream => stream.Write(audited.Checkpoint.Note.Bytes.Span));
            }

            Checkpoint content = audited.Checkpoint.Content;
            Output.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"verified: log {content.Origin}, {content.Size} entries, {audited.Tiles} tiles, root hash {content.Root}, grown from {source.Earlier.Count} earlier checkpoints"));
            if (source.Beside.Count > 0)
            {
                Output.Line($"other logs are named, and were not looked at: {string.Join(", ", source.Beside)}");
            }
        });
        return command;
    }

    private static Command Prove()
    {
        Argument<long> number = new("ENTRY") { Description = "The entry's number." };
        Option<string> output = new("--output", "-o") { HelpName = "FILE", Description = "Where the proof goes (.tlog-proof).", Required = true };
        Command command = WithSource(new Command("prove", "Writes a proof that an entry is in the log, which verifies offline.") { number }, output);
        command.SetAction(parsed =>
        {
            LogProof proof = Open(parsed, SourceOf(parsed)).Prove(parsed.GetValue(number));
            OutputFile.Write(parsed.GetRequiredValue(output), stream => stream.Write(proof.ToBytes()));
            Output.JsonLine(proof.ExtraBytes.Span);
        });
        return command;
    }

    private static Command VerifyProof()
    {
        Argument<FileInfo> file = new Argument<FileInfo>("PROOF") { Description = "The proof, as `prove` wrote it." }.AcceptExistingOnly();
        Option<NoteKey?> key = new("--vkey") { HelpName = "VKEY", Description = "The log's key.", Required = true, CustomParser = ParseKey };
        Command command = new("verify-proof", "Checks a proof, and prints the entry that it proves.") { file, key };
        command.SetAction(parsed =>
        {
            LogProof proof = LogProof.Decode(File.ReadAllBytes(parsed.GetRequiredValue(file).FullName)).OrThrow();
            Checkpoint content = proof.VerifyOwnEntry(parsed.GetRequiredValue(key)!).OrThrow().Content;
            Output.JsonLine(proof.ExtraBytes.Span);
            Output.Line(string.Create(CultureInfo.InvariantCulture, $"verified: entry {proof.Index} of the {content.Size} of log {content.Origin}"));
        });
        return command;
    }

    private static Command WithSource(Command command, params ReadOnlySpan<Option> further)
    {
        command.Arguments.Insert(0, s_source);
        command.Add(s_key);
        command.Add(s_root);
        command.Add(s_pinnedBy);
        command.Add(s_log);
        command.Add(s_checkpoints);
        command.Add(ServerConnection.Authority);
        command.Add(s_token);
        foreach (Option option in further)
        {
            command.Add(option);
        }

        command.Validators.Add(static result =>
        {
            if ((result.GetResult(s_key) is null) == (result.GetResult(s_root) is null))
            {
                result.AddError("wanted --vkey or --root, one of them.");
            }

            if (result.GetResult(s_pinnedBy) is not null && result.GetResult(s_root) is null)
            {
                result.AddError("--pinned-by: wanted --root beside it, got none.");
            }

            if (result.GetResult(s_log) is not null && result.GetResult(s_pinnedBy) is null)
            {
                result.AddError("--log: wanted --pinned-by beside it, got none.");
            }
        });
        return command;
    }

    private static ITileSource SourceOf(ParseResult parsed) => LogSources.Open(parsed.GetRequiredValue(s_source), parsed.GetValue(ServerConnection.Authority), parsed.GetValue(s_token));

    private static AuditedSource Open(ParseResult parsed, ITileSource source)
    {
        IReadOnlyList<FileInfo> checkpoints = parsed.GetValue(s_checkpoints) ?? [];
        if (parsed.GetValue(s_key) is { } key)
        {
            return AuditedSource.ByKey(source, key, checkpoints);
        }

        byte[] root = File.ReadAllBytes(parsed.GetValue(s_root)!.FullName);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return parsed.GetValue(s_pinnedBy) is { } repository
            ? AuditedSource.ByPin(source, parsed.GetValue(s_log), LogSources.Open(repository, parsed.GetValue(ServerConnection.Authority), token: null), root, checkpoints, now)
            : AuditedSource.ByRoot(source, root, checkpoints, now);
    }

    private static NoteKey? ParseKey(ArgumentResult result)
    {
        Verdict<NoteKey> key = Verdict.Of(() => NoteKey.Parse(result.Tokens[0].Value));
        if (key.IsAccepted(out NoteKey? read, out Rejection? rejection))
        {
            return read;
        }

        result.AddError($"--vkey: {rejection.Detail}.");
        return null;
    }
}
