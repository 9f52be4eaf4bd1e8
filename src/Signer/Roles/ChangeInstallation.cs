using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Repository;

namespace Fota.Signer.Roles;

/// <summary>
/// Puts a complete change in force. All files of it, the settings and the state among them, are prepared in the change's folder; one rename of that
/// folder is the decision; then they are copied to their places, again by whoever opens the home next if this process is killed (A48).
/// </summary>
internal static class ChangeInstallation
{
    private const string Files = "install", RepositoryPrefix = "repository/", TranscriptPrefix = "transcript/";

    /// <summary>Prepares, and installs.</summary>
    /// <returns>What the online key signed.</returns>
    public static string Apply(SignerHome home, ChangeDraft draft, OnlineKeys keys, DateTimeOffset now)
    {
        PreparedChange prepared = Prepare(home, draft, keys, now);
        Decide(home.Folder);
        return prepared.Summary;
    }

    /// <summary>Demands every signature, has the online key sign snapshot and timestamp over it, and rehearses. Nothing is in force afterwards.</summary>
    public static PreparedChange Prepare(SignerHome home, ChangeDraft draft, OnlineKeys keys, DateTimeOffset now)
    {
        if (draft.Missing() is { Count: > 0 } missing)
        {
            throw new SignerRefusalException($"the change is not complete: {string.Join("; ", missing)}");
        }

        DemandLives(draft, now);
        RepositoryFolder served = draft.Change.Repository;
        (Dictionary<string, byte[]> files, RepositoryState state) = Collect(draft);
        OnlineFiles online = OnlineRefresh.Sign(home, draft.Change.After.Roles, keys, served.With(files), state, draft.Change.Request.AtLeast ?? 0, now);
        online.Files.ToList().ForEach(file => files[file.Key] = file.Value);
        IReadOnlyList<string> expired = ClientRehearsal.Run(served, served.With(files), state, now);
        files[RepositoryFolder.StateName] = state.ToJson();
        Write(home.Folder, draft.Change.After, files);

        // Before the decision: a process that is killed in between leaves an entry too many, never one too few.
        _ = home.Log.Append(new LogEvent(LogKinds.RoleChanged, keys.Timestamp.Label, string.Join(", ", draft.Change.Request.Roles), ("change", draft.Proposal.Digest), ("effects", string.Join("\n", draft.Proposal.Effects))));
        return new PreparedChange(files, string.Join("; ", expired.Prepend(online.Summary)));
    }

    /// <summary>Puts a file of the transcript among what is prepared: it appears with the change, or not at all.</summary>
    /// <param name="folder">The home.</param>
    /// <param name="name">Its name in the folder of transcripts; it begins with <see cref="HomeFolder.ChangeTranscript"/>.</param>
    /// <param name="content">The file.</param>
    public static void WriteTranscript(HomeFolder folder, string name, ReadOnlySpan<byte> content) => DurableFile.Replace(Path.Combine(folder.Change, Files, TranscriptPrefix, name), content);

    /// <summary>Puts what was prepared in force.</summary>
    public static void Decide(HomeFolder folder)
    {
        Directory.Move(folder.Change, folder.Installing);
        PosixFile.FlushDirectory(folder.Root);
        Finish(folder);
    }

    /// <summary>Completes a change that was decided, and removes what is left of one that was completed. Under the home's lock.</summary>
    /// <returns>What was completed, by its digest; null if nothing was to be.</returns>
    public static string? Finish(HomeFolder folder)
    {
        foreach (string leftover in new[] { folder.Installed, folder.Change + ".staged" }.Where(Directory.Exists))
        {
            Directory.Delete(leftover, recursive: true);
        }

        if (!Directory.Exists(folder.Installing))
        {
            return null;
        }

        string completed = Proposal.NameIn(folder.Installing), root = Path.Combine(folder.Installing, Files);
        foreach (string file in Prepared(root).OrderBy(file => Order(Path.GetRelativePath(root, file))).ThenBy(static file => file, StringComparer.Ordinal))
        {
            DurableFile.Replace(Path.Combine(folder.Root, Path.GetRelativePath(root, file)), File.ReadAllBytes(file));
        }

        // Gone by one rename: half of a folder is never taken for a whole one.
        Directory.Move(folder.Installing, folder.Installed);
        PosixFile.FlushDirectory(folder.Root);
        Directory.Delete(folder.Installed, recursive: true);
        return completed;
    }

    /// <summary>The settings, the files of the repository and the transcript: nothing else that was put beside them, and nothing that only leads to a file.</summary>
    private static IEnumerable<string> Prepared(string root)
    {
        DirectoryInfo repository = new(Path.Combine(root, RepositoryPrefix.TrimEnd('/'))), transcript = new(Path.Combine(root, TranscriptPrefix.TrimEnd('/')));
        EnumerationOptions noLinks = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
        if (new DirectoryInfo(root).LinkTarget is not null)
        {
            return [];
        }

        IEnumerable<FileInfo> files = repository is { Exists: true, LinkTarget: null } ? repository.EnumerateFiles("*", noLinks) : [];
        IEnumerable<FileInfo> record = transcript is { Exists: true, LinkTarget: null } ? transcript.EnumerateFiles(HomeFolder.ChangeTranscript + "*") : [];
        return files.Concat(record).Prepend(new FileInfo(Path.Combine(root, HomeFolder.SettingsName))).Where(static file => file is { Exists: true, LinkTarget: null }).Select(static file => file.FullName);
    }

    // Nothing is named before it lies there. A folder that is served as it stands shows a new root last but for the timestamp.
    private static int Order(string path) => path switch
    {
        RepositoryPrefix + "metadata/timestamp.json" => 3,
        RepositoryPrefix + RepositoryFolder.StateName => 2,
        _ => path.EndsWith(".root.json", StringComparison.Ordinal) ? 1 : 0,
    };

    private static void DemandLives(ChangeDraft draft, DateTimeOffset now)
    {
        draft.Change.Request.DemandPast(now);

        // A change that lay about for long would begin its life old.
        foreach (ChangedRole role in draft.Roles.Where(role => role.Expires - now < (role.Expires - draft.Change.Request.Proposed) / 2))
        {
            throw new SignerRefusalException($"{role.Name} {role.Version}: wanted more than half of its life before it, got an expiry at {role.Expires:u}: `fota-signer role discard`, then propose the change again");
        }
    }

    private static (Dictionary<string, byte[]> Files, RepositoryState State) Collect(ChangeDraft draft)
    {
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        RepositoryState state = draft.Change.State;
        foreach (ChangedEnvelope changed in draft.Change.Envelopes)
        {
            byte[] envelope = draft.Envelope(changed.Path)!.Bytes.ToArray();
            files[RepositoryFolder.Target(changed.Path, Sha256Digest.Of(envelope))] = envelope;
        }

        foreach (ChangedRole role in draft.Roles)
        {
            SignedMetadata signed = draft.Role(role);
            files[RepositoryFolder.Metadata(role.Name, role.Version)] = SignedMetadata.Assemble(role.SignedBytes, signed.Signatures);
            state = state.With(role.Name, role.Version);
        }

        return (files, state);
    }

    private static void Write(HomeFolder folder, SignerSettings settings, Dictionary<string, byte[]> files)
    {
        string root = Path.Combine(folder.Change, Files);
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }

        DurableFile.Replace(Path.Combine(root, Path.GetFileName(folder.Settings)), settings.ToJson());
        foreach ((string path, byte[] file) in files)
        {
            DurableFile.Replace(Path.Combine(root, RepositoryPrefix, path), file);
        }
    }
}

/// <summary>A change that is complete and rehearsed, and not in force yet.</summary>
/// <param name="Files">What the repository gets, by path.</param>
/// <param name="Summary">What the online key signed, for people.</param>
internal sealed record PreparedChange(IReadOnlyDictionary<string, byte[]> Files, string Summary);
