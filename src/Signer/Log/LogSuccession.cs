using Fota.Interop.Posix;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Signer.Home;

namespace Fota.Signer.Log;

/// <summary>
/// Another key for the log, under another name. The tree goes on as it is; checkpoints of it are signed by the new key from now on, and the last one of the old key stays in
/// every timestamp.
/// </summary>
internal static class LogSuccession
{
    /// <summary>Puts the new key in the old one's place.</summary>
    /// <returns>What verifies the log from now on.</returns>
    public static NoteKey Run(SignerHome home, string label, string origin)
    {
        SignerSettings settings = home.Settings;
        _ = LogSettings.DemandOrigin("--origin", origin);
        if (settings.Logs.FirstOrDefault(log => string.Equals(log.Origin, origin, StringComparison.Ordinal)) is { } before)
        {
            throw new SignerRefusalException($"--origin: wanted a name that this log never had, got {origin}, which is that of key '{before.Key}' for ever");
        }

        if (home.ServerLogs.All.Concat(ServerPins.Published(home)).Any(log => string.Equals(log.Content.Origin, origin, StringComparison.Ordinal)))
        {
            throw new SignerRefusalException($"--origin: wanted a name that no log of a server has, got {origin}");
        }

        if (settings.Logs.Count == Fota.Manifest.Metadata.TimestampMetadata.MaxLogs)
        {
            throw new SignerRefusalException($"log: wanted fewer than {settings.Logs.Count} keys before this one: a timestamp names no more");
        }

        KeySettings key = settings.Key(label);
        VerificationKey verifier = home.Folder.PublicKey(key);
        IEnumerable<string> others =
        [
            .. RolesSettings.Names.SelectMany(role => settings.Role(role).Keys),
            .. settings.Products.SelectMany(static product => product.Keys),
            .. settings.Authorities.Select(static authority => authority.Key),
            .. settings.Logs.Select(static log => log.Key),
        ];
        LogSettings.Demand("--key", label, verifier.Algorithm, key.Token, settings.Key(settings.Roles.Timestamp.Keys[0]).Token, others);
        LogSettings next = new(label, origin);
        NoteKey now = next.Verifier(home.Folder, settings), old = settings.Log.Verifier(home.Folder, settings);
        _ = home.Log.Append(new LogEvent(LogKinds.LogSucceeded, label, origin, ("key", now), ("succeeded_key", old)));
        DurableFile.Replace(home.Folder.Settings, (settings with { Logs = [.. settings.Logs, next] }).ToJson());
        return now;
    }
}
