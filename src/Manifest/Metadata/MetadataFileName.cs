namespace Fota.Manifest.Metadata;

/// <summary>The names of files in a repository with consistent snapshots (TUF 1.0.34 section 6.2.1), relative to its metadata or targets folder.</summary>
public static class MetadataFileName
{
    /// <summary>The one metadata file whose name has no version.</summary>
    public const string Timestamp = "timestamp.json";

    internal const string Extension = ".json";

    /// <summary>For example "2.root.json".</summary>
    public static string Root(long version) => OfRole("root", version);

    /// <summary>For example "7.snapshot.json".</summary>
    public static string Snapshot(long version) => OfRole("snapshot", version);

    /// <summary>For example "1.targets.json".</summary>
    public static string Targets(long version) => OfRole("targets", version);

    /// <summary>For example "3.infusion-pump.json". The role's name is percent-encoded, so that any name is one safe segment of a URL (A15).</summary>
    public static string OfRole(string role, long version) => $"{version}.{Unversioned(role)}";

    /// <summary>For example "infusion-pump.json": without a consistent snapshot, and in a client's store. Percent-encoded likewise.</summary>
    public static string Unversioned(string role) => Uri.EscapeDataString(role) + Extension;

    /// <summary>For example "infusion-pump/1.0.0/c14a...b681.manifest.suit".</summary>
    public static string OfTarget(string path, Sha256Digest digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        return OfTarget(path, digest.ToString());
    }

    internal static string OfTarget(string path, string digest)
    {
        ArgumentNullException.ThrowIfNull(path);
        int name = path.LastIndexOf('/') + 1;
        return $"{path[..name]}{digest}.{path[name..]}";
    }

    /// <summary>The name of a role's file as snapshot and timestamp write it, for example "targets.json".</summary>
    internal static string InMeta(string role) => role + Extension;
}
